"""CSV tables (RFC 4180), with the delimiters and the `sep=` line of real life.

Imports are absolute, so `csv` below is the standard library's.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from attachguard.formats.cells import STARTERS, is_formula
from attachguard.formats.characters import note_hidden
from attachguard.formats.contract import Claim, Sample
from attachguard.formats.harvest import PER_CODE, Harvest
from attachguard.formats.text import decode
from attachguard.formats.textual import claimed
from attachguard.formats.unsupported import normalize, verify
from attachguard.kinds import KINDS
from attachguard.model import Inspection, Limits

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["csv"]

DELIMITERS = ",;\t|"
"""What programs separate cells with, in the order of preference when a table has none of them."""

csv.field_size_limit(1 << 30)  # a cell of any size that fits in a file: the limit is the file's

_SEP = re.compile(r"[\ufeff\"]{0,2}sep=([^\r\n])\"?[ ;,]{0,3}(?:\r\n|\r|\n|$)", re.IGNORECASE)
_SUSPECT = re.compile(rf"(?:^|(?<=[\s,;|\"\ufeff]))[{re.escape(STARTERS)}]")
"""Where a cell that starts like a formula could begin, whatever separates cells; most tables have none."""
_SUSPECTS = {
    delimiter: re.compile(rf"{re.escape(delimiter)}(?:[\s\"]{{0,63}}[{re.escape(STARTERS)}]|[\s\"]{{64}})")
    for delimiter in DELIMITERS
}
"""The same for one delimiter; a long run of blanks is suspect by itself, so that the search stays linear."""
_SAMPLE_LINES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell that starts like a formula, and where it stands (both counted from 1)."""

    row: int
    column: int
    content: str


def sniff(sample: Sample) -> Claim | None:
    """Claim plain text under a table's name: what it is then opened as (textual.py decides)."""
    return claimed(sample, "csv")


def inspect(data: bytes, limits: Limits) -> Inspection:
    """Report the cells that start like a formula, under every delimiter, and characters that are not to be read."""
    harvest = Harvest(limits)
    decoded = decode(data)
    if decoded is None:
        harvest.note("file.malformed", detail="not text")
        return harvest.inspection()
    note_hidden(decoded, harvest)
    for cell in islice(formulas(decoded.text), PER_CODE):
        harvest.note("csv.formula", f"row {cell.row}, column {cell.column}", cell.content[:80])
    return harvest.inspection()


def separator(text: str) -> str:
    """Tell what separates the cells: what a `sep=` line says, else the delimiter met in most of the first lines."""
    said = _SEP.match(text)
    if said and said[1] != '"':
        return said[1]
    counts = Counter[str]()
    for number, line in enumerate(io.StringIO(text[: 64 * 1024], newline="")):
        if number == _SAMPLE_LINES:
            break
        bare = re.sub(r'"[^"]*+"', "", line)
        counts.update({delimiter: 1 for delimiter in DELIMITERS if delimiter in bare})
    return max(DELIMITERS, key=lambda delimiter: counts[delimiter])


def formulas(text: str) -> Iterator[Cell]:
    """Find the cells that start like a formula, first as the table is meant, then as other readers may split it.

    Where the table's own delimiter stands inside a cell of another reading, what follows it was looked at already.
    A file that leaves a quotation mark open is also read without any quoting. Linear, at most ten readings.
    """
    own = separator(text)
    if not _SUSPECT.search(text) and own in DELIMITERS:
        return
    for delimiter in dict.fromkeys(own + DELIMITERS):
        if delimiter != own and not _SUSPECTS[delimiter].search(text):
            continue
        yield from _formulas(text, delimiter, own, csv.QUOTE_MINIMAL)
        if text.count('"') % 2:
            yield from _formulas(text, delimiter, own, csv.QUOTE_NONE)


def _formulas(text: str, delimiter: str, own: str, quoting: Literal[0, 3]) -> Iterator[Cell]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting)
    for number, row in enumerate(reader, start=1):
        for column, cell in enumerate(row, start=1):
            if is_formula(cell if delimiter == own else cell.partition(own)[0]):
                yield Cell(row=number, column=column, content=cell)
