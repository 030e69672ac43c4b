"""LibreOffice, where it is installed, opens the copies of office files and reads the same words in them.

Optional and slow: every file and every copy is opened by a fresh process. Run it by
`pytest -m slow tests/formats/test_libreoffice.py`.
"""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from attachguard.formats.contract import Order
from attachguard.formats.registry import BY_KIND
from attachguard.model import Limits
from samples.build import bytes_of
from samples.cases import load_cases
from tests.corpus import corpus

SOFFICE = shutil.which("soffice")
KINDS = frozenset({"docx", "xlsx", "odt", "ods", "doc", "xls", "rtf"})
TABLES = frozenset({"xlsx", "ods", "xls"})
SECONDS = 120

pytestmark = [
    pytest.mark.slow,
    pytest.mark.corpus,
    pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (Debian: libreoffice-writer, -calc) is not installed"),
]


def files(kind: str) -> Iterator[tuple[str, bytes]]:
    """Our own samples and the good files of the corpus of one kind: name and bytes."""
    for case in load_cases():
        for file in case.files:
            if file.kind == kind and file.delivered is not None:
                yield f"{case.name}-{file.stored_as}", bytes_of(case, file)
    for one in corpus("types.csv"):
        if one.true_type == kind and one.set == "good":
            yield one.path.name, one.path.read_bytes()


def words_of(data: bytes, kind: str, folder: Path) -> list[str] | None:
    """Have LibreOffice write a file as plain text; None when it does not open."""
    folder.mkdir()
    source = folder / f"file.{kind}"
    source.write_bytes(data)
    form = (
        "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
        if kind in TABLES
        else "txt:Text"
    )
    command = [
        str(SOFFICE),
        "--headless",
        "--norestore",
        f"-env:UserInstallation=file://{folder.parent}/profile",
        *("--convert-to", form, "--outdir", str(folder / "out"), str(source)),
    ]
    subprocess.run(command, check=False, capture_output=True, timeout=SECONDS)
    written = sorted((folder / "out").glob("*")) if (folder / "out").is_dir() else []
    if not written:
        return None
    return " ".join(path.read_text(encoding="utf-8", errors="replace") for path in written).split()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_libreoffice_opens_every_copy_and_reads_the_same_words(kind: str, tmp_path: Path) -> None:
    unopened, other, seen = [], [], 0
    for number, (name, data) in enumerate(files(kind)):
        fmt = BY_KIND[kind]
        found = {finding.code for finding in fmt.inspect(data, Limits()).findings}
        made = fmt.normalize(Order(original=data, method="rebuild", printed=None, parts=(), limits=Limits()))
        if made.data is None:
            continue
        found |= {finding.code for finding in made.findings}
        before = words_of(data, kind, tmp_path / f"{number}-before")
        after = words_of(made.data, kind, tmp_path / f"{number}-after")
        if before is None:
            continue  # LibreOffice does not read it either way
        seen += 1
        if after is None:
            unopened.append(name)
        elif before != after and not found:  # what was found gave way to its last value
            other.append(name)
    assert seen
    assert unopened == []
    assert other == []
