"""Mail messages (RFC 5322, MIME)."""

from collections.abc import Sequence

from attachguard.formats.contract import Order
from attachguard.formats.eml.faithful import differences
from attachguard.formats.eml.inspection import inspect
from attachguard.formats.eml.rebuild import rebuild
from attachguard.formats.structures.eml import sniff
from attachguard.kinds import KINDS
from attachguard.model import Finding, Limits, Rebuilt

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["eml"]


def normalize(order: Order) -> Rebuilt:
    """Write the mail anew: kept fields, texts, delivered copies of what was handed out, a notice for the rest."""
    return rebuild(order)


def verify(original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
    """Compare fields and words, and count the files: each must be there or be named as removed."""
    return tuple(differences(original, copy, limits))
