"""Excel workbooks (ISO/IEC 29500 SpreadsheetML)."""

from collections.abc import Sequence

from attachguard.formats import ooxml
from attachguard.formats.contract import Claim, Order, Sample
from attachguard.formats.office import ooxml_rebuild
from attachguard.formats.office.ooxml_faithful import differences
from attachguard.formats.ooxml_inspect import inspect
from attachguard.kinds import KINDS
from attachguard.model import Finding, Limits, Rebuilt

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["xlsx"]


def sniff(sample: Sample) -> Claim | None:
    """Claim a package whose main part is an Excel workbook without macros; its relatives by name."""
    return ooxml.sniff(sample, "xlsx")


def normalize(order: Order) -> Rebuilt:
    """Write a new package of what allowed relationships lead to; files inside and what acts stay behind."""
    return ooxml_rebuild.rebuild(order, "xlsx")


def verify(original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
    """Compare words and cell values, and see that the copy is whole: zipfile and lxml read both."""
    return tuple(differences(original, copy, limits))
