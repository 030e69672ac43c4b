"""OpenDocument text (ODF 1.3)."""

from collections.abc import Sequence

from attachguard.formats import odf
from attachguard.formats.contract import Claim, Order, Sample
from attachguard.formats.odf import inspect
from attachguard.formats.office import odf_rebuild
from attachguard.formats.office.odf_faithful import differences
from attachguard.kinds import KINDS
from attachguard.model import Finding, Limits, Rebuilt

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["odt"]


def sniff(sample: Sample) -> Claim | None:
    """Claim a package that calls itself OpenDocument text; its relatives by name."""
    return odf.sniff(sample, "odt")


def normalize(order: Order) -> Rebuilt:
    """Write a new package of what shows the document; files inside and what acts stay behind."""
    return odf_rebuild.rebuild(order, "odt")


def verify(original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
    """Compare words, and see that the copy is whole: zipfile and lxml read both."""
    return tuple(differences(original, copy, limits))
