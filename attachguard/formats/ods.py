"""OpenDocument spreadsheets (ODF 1.3)."""

from collections.abc import Sequence

from attachguard.formats.contract import Order
from attachguard.formats.odf_inspect import inspect
from attachguard.formats.office import odf_rebuild
from attachguard.formats.office.odf_faithful import differences
from attachguard.formats.sniffing import ods as sniff
from attachguard.kinds import KINDS
from attachguard.model import Finding, Limits, Rebuilt

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["ods"]


def normalize(order: Order) -> Rebuilt:
    """Write a new package of what shows the document; files inside and what acts stay behind."""
    return odf_rebuild.rebuild(order, "ods")


def verify(original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
    """Compare words, and see that the copy is whole: zipfile and lxml read both."""
    return tuple(differences(original, copy, limits))
