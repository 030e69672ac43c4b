"""How long do copies of office files take? CPU time of normalize and verify, and how many copies are made and believed.

    .venv/bin/python -m benchmarks.formats [FOLDER]

FOLDER (default: what ATTACHGUARD_CORPUS names) holds `types.csv` with the columns file, set and true_type; its good
files are used. Two rows are made here: a letter of about 50 KB, and tables of about 1 and 10 MiB, to see that time
grows with size. Everything runs in this process, so use it on files you dare to read.
"""

import csv
import os
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from attachguard.formats.contract import Order
from attachguard.formats.registry import BY_KIND
from attachguard.model import Limits
from tests.formats.office_made import docx, odt, xlsx

KINDS = ("docx", "xlsx", "odt", "ods", "doc", "xls")
LIMITS = Limits()
REFUSED = ("file.", "zip.", "limit.", "xml.")
"""Beginnings of findings with which a file is refused before a copy is thought of."""


def made() -> Iterator[tuple[str, str, bytes]]:
    """Make files of known sizes: kind, label and bytes."""
    words = "".join(f"word{number * 7919 % 100_003} " for number in range(40))
    yield "docx", "letter", docx("".join(f"<w:p><w:r><w:t>{words}{n}</w:t></w:r></w:p>" for n in range(1500)))
    yield "odt", "letter", odt("".join(f"<text:p>{words}{n}</text:p>" for n in range(1500)))
    for rows in (1000, 10_000, 100_000):
        cells = (
            f'<row r="{n}"><c r="A{n}"><f>B{n}*2</f><v>{n * 7919 % 1_000_003}</v></c></row>' for n in range(1, rows)
        )
        yield "xlsx", f"{rows} rows", xlsx(f"<sheetData>{''.join(cells)}</sheetData>")


def good(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Read the good files of the folder that would get as far as a copy."""
    with (folder / "types.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            kind = row["true_type"]
            if row["set"] not in {"good", "edge_good"} or kind not in KINDS:
                continue
            data = (folder / row["file"]).read_bytes()
            seen = BY_KIND[kind].inspect(data, LIMITS).findings
            if not any(finding.code.startswith(REFUSED) for finding in seen):
                yield kind, data


def measure(kind: str, data: bytes) -> tuple[float, float, bool]:
    """Time one copy in milliseconds of CPU, and say whether it was made, believed and is clean."""
    fmt = BY_KIND[kind]
    began = time.process_time()
    copy = fmt.normalize(Order(original=data, method="rebuild", printed=None, parts=(), limits=LIMITS)).data
    made_at = time.process_time()
    if copy is None:
        return (made_at - began) * 1000, 0.0, False
    doubts = fmt.verify(data, copy, LIMITS)
    verified = time.process_time()
    return (made_at - began) * 1000, (verified - made_at) * 1000, not doubts and not fmt.inspect(copy, LIMITS).findings


def nearly_all(values: list[float]) -> float:
    """Give the value below which 95 of 100 lie."""
    return sorted(values)[min(len(values) - 1, len(values) * 95 // 100)]


def main(arguments: list[str]) -> int:
    """Print the table; the exit code is 2 without a folder."""
    folder = Path(arguments[0] if arguments else os.environ.get("ATTACHGUARD_CORPUS", ""))
    if not (folder / "types.csv").is_file():
        print("name a folder with types.csv, or set ATTACHGUARD_CORPUS", file=sys.stderr)
        return 2
    table = Table("files", "number", "good copies", "normalize ms: median", "p95", "verify ms: median", "p95")
    files: dict[str, list[tuple[str, bytes]]] = {kind: [] for kind in KINDS}
    for kind, data in good(folder):
        files[kind].append((kind, data))
    for kind, label, data in made():
        files[f"{kind}, {label}, {len(data) // 1024} KiB"] = [(kind, data)] * 3
    for label, several in files.items():
        if not several:
            continue
        results = [measure(kind, data) for kind, data in several]
        normalized, verified = [r[0] for r in results], [r[1] for r in results]
        figures = [f(values) for values in (normalized, verified) for f in (statistics.median, nearly_all)]
        table.add_row(
            label, str(len(results)), str(sum(r[2] for r in results)), *(f"{figure:.1f}" for figure in figures)
        )
    Console(width=120).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
