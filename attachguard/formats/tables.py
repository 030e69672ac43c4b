"""Reads CSV in every way that programs read it, and takes the harm out of cells without touching the rest.

Inspection reads with the standard library's `csv`; neutralizing finds the same cells with a scanner of its own, since
it must know where each stands in the text.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from attachguard.formats.cells import BLANK, POSSIBLE, STARTERS, is_formula

DELIMITERS = ",;\t|"
"""What programs separate cells with, in the order of preference when a table has none of them."""

csv.field_size_limit(1 << 30)  # a cell of any size that fits in a file: the limit is the file's

_SEP = re.compile(r"[\ufeff\"]{0,2}sep=([^\r\n])\"?[ ;,]{0,3}(?:\r\n|\r|\n|$)", re.IGNORECASE)
_SUSPECT = re.compile(f"[{re.escape(STARTERS)}](?<![^,;|{BLANK}].)")
"""Where a cell that starts like a formula could begin, whatever separates cells; most tables have none."""
_SUSPECT_UNQUOTED = {
    own: re.compile(
        f"[{re.escape(STARTERS)}](?<![^,;|{BLANK}].)"
        rf"(?!(?<=-)[0-9]{{1,15}}(?:[.,][0-9]{{1,15}})?(?:[{re.escape(own)}\r\n]|\Z))"
    )
    for own in DELIMITERS
}
"""The same in a table without quotation marks, but for negative numbers up to the end of their cell: every other way
of reading ends the cell there, or sooner."""
_SUSPECTS = {
    delimiter: re.compile(f"{re.escape(delimiter)}(?:[{BLANK}]{{0,63}}[{re.escape(STARTERS)}]|[{BLANK}]{{64}})")
    for delimiter in DELIMITERS
}
"""The same for one delimiter; a long run of blanks is suspect by itself, so that the search stays linear."""
_DECIMAL_COMMA = re.compile("(?<=[0-9]),(?=[0-9])")
_SAMPLE_LINES = 200

FORMULAS = 200_000
"""Cells of one table that are neutralized; a table of nothing else is no table."""

_ROUNDS = 4
"""An apostrophe for one way of reading can turn a list item of another into a formula; that settles at once."""


class TooManyError(ValueError):
    """A table of more formulas than are neutralized."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell that starts like a formula, and where it stands (both counted from 1)."""

    row: int
    column: int
    content: str


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
        if ";" in bare or "\t" in bare or "|" in bare:
            bare = _DECIMAL_COMMA.sub("", bare)
        counts.update({delimiter: 1 for delimiter in DELIMITERS if delimiter in bare})
    return max(DELIMITERS, key=lambda delimiter: counts[delimiter])


def formulas(text: str) -> Iterator[Cell]:
    """Find the cells that start like a formula, first as the table is meant, then as other readers may split it.

    Where the table's own delimiter stands inside a cell of another reading, what follows it was looked at already.
    A file that leaves a quotation mark open is also read without any quoting. Linear, at most ten readings.
    """
    own = separator(text)
    if _is_calm(text, own):
        return
    for delimiter in dict.fromkeys(own + DELIMITERS):
        if delimiter != own and not _SUSPECTS[delimiter].search(text):
            continue
        yield from _formulas(text, delimiter, own, csv.QUOTE_MINIMAL)
        if text.count('"') % 2:
            yield from _formulas(text, delimiter, own, csv.QUOTE_NONE)


def _is_calm(text: str, own: str) -> bool:
    """Tell at one look that no reading of a table has a cell that starts like a formula."""
    if own not in DELIMITERS:
        return False
    suspect = _SUSPECT if '"' in text else _SUSPECT_UNQUOTED[own]
    return suspect.search(text) is None


def _formulas(text: str, delimiter: str, own: str, quoting: Literal[0, 3]) -> Iterator[Cell]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting)
    for number, row in enumerate(reader, start=1):
        for column, cell in enumerate(row, start=1):
            if cell[:1] in POSSIBLE and is_formula(cell if delimiter == own else cell.partition(own)[0]):
                yield Cell(row=number, column=column, content=cell)


def neutralized(text: str) -> str:
    """Put an apostrophe before what would start each formula: spreadsheet programs then show the cell as text.

    Nothing else changes: delimiters, quotation marks, line ends and all other cells stay. Linear. Raises
    TooManyError.
    """
    for _ in range(_ROUNDS):
        places = sorted(set(islice(_places(text), FORMULAS + 1)))
        if len(places) > FORMULAS:
            raise TooManyError(f"more than {FORMULAS} cells start like a formula")
        if not places:
            break
        pieces = [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]
        text = "'".join(pieces)
    return text


def _places(text: str) -> Iterator[int]:
    own = separator(text)
    if _is_calm(text, own):
        return
    for delimiter in dict.fromkeys(own + DELIMITERS):
        if delimiter != own and not _SUSPECTS[delimiter].search(text):
            continue
        yield from _places_under(text, delimiter, own, quoting=True)
        if text.count('"') % 2:
            yield from _places_under(text, delimiter, own, quoting=False)


_QUOTES = re.compile('[^"]*+("++)')


def _places_under(text: str, delimiter: str, own: str, *, quoting: bool) -> Iterator[int]:
    mark = re.escape(delimiter)
    rest = re.compile(rf"([^{mark}\r\n]*+)(?:{mark}|\r\n?|\n|\Z)")
    calm = _calm_cells(mark, quoting=quoting)
    start, end = 0, len(text)
    while start < end:
        skipped = calm.match(text, start)
        start = skipped.end() if skipped else start
        if start == end:
            return
        quoted = _end_of_quoted(text, start) if quoting and text[start] == '"' else start
        cell = rest.match(text, quoted)
        if cell is None:
            return
        content = text[start + 1 : quoted].removesuffix('"').replace('""', '"') + cell[1] if quoted > start else cell[1]
        if is_formula(content if delimiter == own else content.partition(own)[0]):
            place = start
            while text[place] in BLANK:
                place += 1
            yield place
        start = cell.end()


def _calm_cells(mark: str, *, quoting: bool) -> re.Pattern[str]:
    """Make the pattern of cells that can't be formulas, each up to its end: nearly all that there are."""
    opening = re.escape(STARTERS + BLANK) + mark
    quoted = rf"|\"[^{opening}\"][^\"]*+\"(?=[{mark}\r\n])" if quoting else ""
    number = rf"-[0-9]{{1,15}}(?:[.,][0-9]{{1,15}})?(?=[{mark}\r\n])"
    return re.compile(rf"(?:(?:[^{opening}][^{mark}\r\n]*+{quoted}|{number})?(?:{mark}|\r\n?|\n)){{0,500}}")


def _end_of_quoted(text: str, start: int) -> int:
    """Find where a cell that begins with a quotation mark stops being quoted: behind an odd number of them."""
    position = start + 1
    while run := _QUOTES.match(text, position):
        position = run.end()
        if len(run[1]) % 2:
            return position
    return len(text)
