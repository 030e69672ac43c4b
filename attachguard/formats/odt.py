"""OpenDocument text (ODF 1.3)."""

from attachguard.formats import odf
from attachguard.formats.contract import Claim, Sample
from attachguard.formats.odf import inspect
from attachguard.formats.unsupported import normalize, verify
from attachguard.kinds import KINDS

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["odt"]


def sniff(sample: Sample) -> Claim | None:
    """Claim a package that calls itself OpenDocument text; its relatives by name."""
    return odf.sniff(sample, "odt")
