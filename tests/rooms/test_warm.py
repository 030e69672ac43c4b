"""Behind the walls nothing can be imported: what the readers need was loaded before, or every file misses it."""

import subprocess
import sys
from pathlib import Path

from samples.build import bytes_of
from samples.cases import load_cases

SLOW = frozenset({"pdf_of_five_hundred_pages", "pdf_too_many_pages", "pdf_huge_page"})
"""Cases that only repeat what others do, for minutes."""

READ_ALL = """
import sys
from pathlib import Path
sys.path.append(sys.argv[1])
from attachguard.formats.contract import Order
from attachguard.model import Limits
from attachguard.sandbox import inside, warm

warm.codecs()
readers = inside.real_readers()
inside.rehearse(readers)
limits = Limits(pixels=1_000_000, pages=5)
before, late, read = set(sys.modules), set(), 0

def look(path):
    data = path.read_bytes()
    found = readers.identify(data, path.suffix[1:].lower(), limits)
    if found.kind is None:
        return
    module = readers.formats[found.kind]
    module.inspect(data, limits)
    for method in module.KIND.methods:
        order = Order(original=data, method=method, printed=data, parts=(), limits=limits)
        copy = module.normalize(order).data
        if copy is not None:
            module.verify(data, copy, limits)

for path in sorted(Path(sys.argv[2]).iterdir()):
    try:
        look(path)
    except Exception as error:
        print("raised", path.name, type(error).__name__, file=sys.stderr)
    read += 1
print(read, *sorted(set(sys.modules) - before))
"""


IDENTIFY_ALL = """
import sys
from pathlib import Path
sys.path.append(sys.argv[1])
from attachguard.model import Limits
from attachguard.sandbox import inside, warm

warm.codecs()
porter = inside.porter()
before, read = set(sys.modules), 0
for path in sorted(Path(sys.argv[2]).iterdir()):
    porter.identify(path.read_bytes(), path.suffix[1:].lower(), Limits())
    read += 1
heavy = {"PIL", "lxml", "pikepdf", "pypdfium2", "nh3", "tinycss2"} & set(sys.modules)
print(read, *sorted(set(sys.modules) - before), *sorted(heavy))
"""


def test_no_reader_imports_anything_when_it_reads(tmp_path: Path) -> None:
    read_by(READ_ALL, tmp_path)


def test_the_porter_imports_nothing_when_it_reads_and_no_library_that_decodes_before(tmp_path: Path) -> None:
    read_by(IDENTIFY_ALL, tmp_path)


def read_by(program: str, folder: Path) -> None:
    """Have every sample read by a program that prints how many it read, and what it should not have loaded."""
    made = [(file.name, bytes_of(case, file)) for case in load_cases() if case.name not in SLOW for file in case.files]
    files = [(name, data) for name, data in made if len(data) < 1024 * 1024]
    for number, (name, data) in enumerate(files):
        extension = name.rpartition(".")[2] if name.isascii() else ""
        (folder / f"{number}.{extension}").write_bytes(data)
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, root, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == [str(len(files))], done.stderr


NOT_NEEDED = (
    "PIL._avif",
    "PIL._webp",
    "PIL._imagingft",
    "PIL.PsdImagePlugin",
    "PIL.EpsImagePlugin",
    "PIL.WmfImagePlugin",
)


LOADED = """
import sys
sys.path.append(sys.argv[1])
from attachguard.sandbox import inside

inside.real_readers()
from PIL import Image

print(*[name for name in sys.argv[2:] if sys.modules.get(name)], *sorted(Image.OPEN))
"""


def test_what_no_accepted_file_needs_is_not_there_to_be_attacked() -> None:
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, "-I", "-c", LOADED, root, *NOT_NEEDED], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["BMP", "DIB", "GIF", "JPEG", "PNG", "PPM", "TIFF"]
