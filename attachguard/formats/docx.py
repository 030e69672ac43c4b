"""Word documents (ISO/IEC 29500 WordprocessingML)."""

from collections.abc import Sequence

from attachguard.formats.contract import Order
from attachguard.formats.office import ooxml_rebuild
from attachguard.formats.office.ooxml_faithful import differences
from attachguard.formats.ooxml_inspect import inspect
from attachguard.formats.sniffing import docx as sniff
from attachguard.kinds import KINDS
from attachguard.model import Finding, Limits, Rebuilt

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["docx"]


def normalize(order: Order) -> Rebuilt:
    """Write a new package of what allowed relationships lead to; files inside and what acts stay behind."""
    return ooxml_rebuild.rebuild(order, "docx")


def verify(original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
    """Compare words and cell values, and see that the copy is whole: zipfile and lxml read both."""
    return tuple(differences(original, copy, limits))
