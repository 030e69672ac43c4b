"""PDF documents (ISO 32000-2:2020): what acts is found, the rest is printed."""

from attachguard.formats.pdf.gate import verify
from attachguard.formats.pdf.inspection import inspect
from attachguard.formats.pdf.normalization import normalize
from attachguard.formats.structures.pdf import sniff
from attachguard.kinds import KINDS

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["pdf"]
