"""Excel workbooks (ISO/IEC 29500 SpreadsheetML)."""

from attachguard.formats import ooxml
from attachguard.formats.contract import Claim, Sample
from attachguard.formats.ooxml_inspect import inspect
from attachguard.formats.unsupported import normalize, verify
from attachguard.kinds import KINDS

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["xlsx"]


def sniff(sample: Sample) -> Claim | None:
    """Claim a package whose main part is an Excel workbook without macros; its relatives by name."""
    return ooxml.sniff(sample, "xlsx")
