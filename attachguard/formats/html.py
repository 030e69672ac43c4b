"""HTML pages (WHATWG HTML)."""

from attachguard.formats.characters import note_escapes
from attachguard.formats.charset import decode_html
from attachguard.formats.contract import Claim, Sample
from attachguard.formats.harvest import Harvest
from attachguard.formats.textual import claimed
from attachguard.formats.unsupported import normalize, verify
from attachguard.formats.webpage import inspect_page
from attachguard.kinds import KINDS
from attachguard.model import Inspection, Limits

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["html"]


def sniff(sample: Sample) -> Claim | None:
    """Claim text that begins with an HTML tag, or has one under an HTML name (textual.py decides)."""
    return claimed(sample, "html")


def inspect(data: bytes, limits: Limits) -> Inspection:
    """Report what runs, loads, sends, leads away or embeds, in every way a browser may read the page."""
    harvest = Harvest(limits)
    decoded = decode_html(data)
    if decoded is None:
        harvest.note("file.malformed", detail="not text")
    else:
        note_escapes(decoded.text, harvest)
        inspect_page(decoded.text, harvest)
    return harvest.inspection()
