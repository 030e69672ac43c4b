"""What do copies of pictures and texts cost beside the plainest thing that could be done to the same file?

    .venv/bin/python -m benchmarks.plain [FOLDER] [--rounds N]

FOLDER (default: what ATTACHGUARD_CORPUS names) holds `types.csv` with the columns file, set and true_type; its good
files are used, and some that are made here. Beside a plain re-save by Pillow, nh3's cleaning, lxml's parse and write,
or a pass through the standard library's csv and codecs, in turn, N rounds (default 5): the least CPU time of each
counts. Everything runs in this process, so use it on files you dare to read.

Target: the median copy <= 1.5 x the plain thing, the room's overhead aside (docs/sandbox.md).
"""

import argparse
import csv
import io
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import nh3
from lxml import etree
from PIL import Image, ImageSequence
from rich.console import Console
from rich.table import Table

from attachguard.formats.contract import Order
from attachguard.formats.registry import BY_KIND
from attachguard.formats.text import decode
from attachguard.model import Limits
from samples.makers import pictures, text

LIMITS = Limits()
REFUSED = frozenset({"image.malformed", "limit.pixels", "limit.frames", "file.malformed", "limit.xml_depth"})
ROUNDS = 5


def resave(data: bytes) -> None:
    """Decode and encode a picture as Pillow does by itself, all frames."""
    with Image.open(io.BytesIO(data)) as picture:
        frames = [frame.copy() for frame in ImageSequence.Iterator(picture)]
        several = {"save_all": True, "append_images": frames[1:]} if len(frames) > 1 else {}
        frames[0].save(io.BytesIO(), picture.format, **several)


def clean(data: bytes) -> None:
    """Clean a page by nh3's own lists."""
    nh3.clean(_text(data))


def parse(data: bytes) -> None:
    """Parse and write XML."""
    etree.tostring(etree.fromstring(data))


def cells(data: bytes) -> None:
    """Read and write a table."""
    csv.writer(io.StringIO()).writerows(csv.reader(io.StringIO(_text(data), newline="")))


def recode(data: bytes) -> None:
    """Decode and encode a text."""
    _text(data).encode()


def _text(data: bytes) -> str:
    decoded = decode(data)
    return decoded.text if decoded else ""


PLAIN: dict[str, Callable[[bytes], None]] = {
    **dict.fromkeys(("bmp", "gif", "jpeg", "png", "tiff"), resave),
    "html": clean,
    "xhtml": parse,
    "xml": parse,
    "csv": cells,
    "txt": recode,
}


def made() -> Iterator[tuple[str, str, bytes]]:
    """Make files as large as sellers send: kind, label and bytes."""
    photo = pictures.photo(2400, 1800)
    for kind, label, options in (
        ("jpeg", "photo of 4 megapixels", {"quality": 85}),
        ("png", "picture of 4 megapixels", {}),
        ("tiff", "scan of 4 megapixels", {"compression": "tiff_lzw"}),
        ("bmp", "screen of 4 megapixels", {}),
    ):
        buffer = io.BytesIO()
        photo.save(buffer, kind, **options)
        yield kind, label, buffer.getvalue()
    yield "gif", "animation", pictures.gif(40)
    rows = "".join(f"<tr><td>{n}</td><td style='color:red'>word {n * 7919 % 10007}</td></tr>" for n in range(10_000))
    yield "html", "table of 10,000 rows", f"<html><body><table>{rows}</table></body></html>".encode()
    entries = "".join(f'<e n="{n}"><a>{n * 7919 % 10007}</a></e>' for n in range(20_000))
    yield "xml", "statement of 20,000 entries", f'<?xml version="1.0"?><d xmlns="urn:d">{entries}</d>'.encode()
    yield "csv", "table of 50,000 rows", b"".join(b"%d;-%d,50;word\r\n" % (n, n * 7919 % 10007) for n in range(50_000))
    yield "txt", "log of 2 MiB", text.of_size(2 << 20)


def good(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Read the good files of the folder of which a copy is made."""
    with (folder / "types.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["true_type"] in PLAIN and row["set"] in {"good", "edge_good"}:
                yield row["true_type"], (folder / row["file"]).read_bytes()


def seconds(work: Callable[[], object]) -> float:
    """Measure CPU time."""
    began = time.process_time()
    work()
    return time.process_time() - began


def compared(kind: str, data: bytes, rounds: int) -> tuple[float, float, float, float] | None:
    """Time the plain thing, inspection, copy and comparison in turn, in milliseconds; None: one of them refuses."""
    reader = BY_KIND[kind]
    if REFUSED & {finding.code for finding in reader.inspect(data, LIMITS).findings}:
        return None  # the plain thing has no limits: it would go on to the end of the memory
    order = Order(original=data, method=reader.KIND.methods[0], printed=None, parts=(), limits=LIMITS)
    try:
        copy = reader.normalize(order).data
        PLAIN[kind](data)
    except (OSError, ValueError, SyntaxError, AttributeError, csv.Error):
        return None
    if copy is None:
        return None
    works = (
        lambda: PLAIN[kind](data),
        lambda: reader.inspect(data, LIMITS),
        lambda: reader.normalize(order),
        lambda: reader.verify(data, copy, LIMITS),
    )
    measured = [[seconds(work) for work in works] for _ in range(rounds)]
    plain, inspected, copied, verified = (min(times) * 1000 for times in zip(*measured, strict=True))
    return plain, inspected, copied, verified


def high(values: list[float]) -> float:
    """Give the 95th percentile."""
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


def main(arguments: list[str]) -> int:
    """Print the table; the exit code is 2 without a folder."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plain", description="Copies beside the plain thing.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(os.environ.get("ATTACHGUARD_CORPUS", "")))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    wanted = parser.parse_args(arguments)
    if not (wanted.folder / "types.csv").is_file():
        print("name a folder with types.csv, or set ATTACHGUARD_CORPUS", file=sys.stderr)
        return 2
    warnings.simplefilter("ignore")  # Pillow's, about odd tags
    groups: dict[str, list[tuple[str, bytes]]] = {kind: [] for kind in sorted(PLAIN)}
    for kind, data in good(wanted.folder):
        groups[kind].append((kind, data))
    for kind, label, data in made():
        groups[f"{kind}: {label}, {len(data) // 1024} KiB"] = [(kind, data)]
    table = Table("files", "number", "plain: median", "p95", "copy: median", "p95", "ratio", "inspect", "verify")
    for label, files in groups.items():
        times = [one for kind, data in files if (one := compared(kind, data, wanted.rounds))]
        plain, inspected, copied, verified = ([one[n] for one in times] for n in range(4))
        table.add_row(
            label,
            str(len(times)),
            *(f"{value:.2f}" for value in (statistics.median(plain), high(plain))),
            *(f"{value:.2f}" for value in (statistics.median(copied), high(copied))),
            f"{statistics.median(c / p for p, c in zip(plain, copied, strict=True)):.2f}",
            *(f"{statistics.median(values):.2f}" for values in (inspected, verified)),
        )
    Console(width=140).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
