"""Word documents (ISO/IEC 29500 WordprocessingML)."""

from attachguard.formats import ooxml
from attachguard.formats.contract import Claim, Sample
from attachguard.formats.ooxml_inspect import inspect
from attachguard.formats.unsupported import normalize, verify
from attachguard.kinds import KINDS

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["docx"]


def sniff(sample: Sample) -> Claim | None:
    """Claim a package whose main part is a Word document without macros; its relatives by name."""
    return ooxml.sniff(sample, "docx")
