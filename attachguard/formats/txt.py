"""Plain text."""

from attachguard.formats.characters import note_hidden
from attachguard.formats.contract import Claim, Sample
from attachguard.formats.harvest import Harvest
from attachguard.formats.text import decode
from attachguard.formats.textual import textual_claim
from attachguard.formats.unsupported import normalize, verify
from attachguard.kinds import KINDS
from attachguard.model import Inspection, Limits

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["txt"]


def sniff(sample: Sample) -> Claim | None:
    """Claim text that is none of the other textual kinds, and speak for text that is not accepted at all."""
    claim = sample.shared(textual_claim)
    return claim if claim is not None and claim.kind in ("txt", None) else None


def inspect(data: bytes, limits: Limits) -> Inspection:
    """Report what acts on a terminal or on the reader's eye instead of being read."""
    harvest = Harvest(limits)
    decoded = decode(data)
    if decoded is None:
        harvest.note("file.malformed", detail="not text")
    else:
        note_hidden(decoded, harvest)
    return harvest.inspection()
