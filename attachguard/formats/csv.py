"""CSV tables (RFC 4180), with the delimiters and the `sep=` line of real life.

Imports are absolute, so `csv` below is the standard library's.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import islice, zip_longest

from attachguard.formats.characters import note_hidden, without_hidden
from attachguard.formats.contract import Order
from attachguard.formats.harvest import PER_CODE, Harvest
from attachguard.formats.sametext import acting, is_faithful, readable
from attachguard.formats.sniffing import csv as sniff
from attachguard.formats.tables import TooManyError, formulas, neutralized, separator
from attachguard.formats.text import EIGHT_BIT, Decoded, decode, encode_8bit
from attachguard.kinds import KINDS
from attachguard.model import Finding, Inspection, Limits, Rebuilt

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["csv"]


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


def normalize(order: Order) -> Rebuilt:
    """Neutralize the cells that start like a formula and drop what acts; encoding, dialect and all else stay."""
    decoded = decode(order.original)
    if decoded is None:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail="not text"),))
    try:
        text = neutralized(without_hidden(decoded))
    except TooManyError as error:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail=str(error)),))
    if not text:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail="nothing to read is left"),))
    return Rebuilt(data=_encoded(decoded, text))


def verify(original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
    """Read the copy again under every delimiter, and compare its text and its cells with the original's."""
    del limits
    read_before, read_after = decode(original), decode(copy)
    if read_before is None or read_after is None:
        return (Finding("copy.unfaithful", detail="not text"),)
    before, after = readable(read_before), readable(read_after)
    found = [
        Finding("copy.unsafe", f"row {cell.row}, column {cell.column}", "a formula")
        for cell in islice(formulas(after), PER_CODE)
    ]
    if acting(after):
        found.append(Finding("copy.unsafe", detail=f"holds {acting(after)}"))
    if not is_faithful(_unmarked(before), _unmarked(after)):
        found.append(Finding("copy.unfaithful", detail="other text"))
    if before != after and not acting(before) and not _same_cells(before, after):
        found.append(Finding("copy.unfaithful", detail="other cells"))
    return found


def _same_cells(before: str, after: str) -> bool:
    """Read both as the table is meant, and compare cell by cell without apostrophes."""
    for old, new in zip_longest(_rows(before), _rows(after)):
        if old != new and (old is None or new is None or list(map(_unmarked, old)) != list(map(_unmarked, new))):
            return False
    return True


def _unmarked(text: str) -> str:
    """Take the apostrophes away, since the copy has some more."""
    return text.replace("'", "")


def _rows(text: str) -> Iterator[list[str]]:
    """Read the cells as the table is meant."""
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator(text))


def _encoded(decoded: Decoded, text: str) -> bytes:
    if decoded.encoding == EIGHT_BIT:
        return encode_8bit(text)
    return (f"\ufeff{text}" if decoded.had_bom else text).encode(decoded.encoding)
