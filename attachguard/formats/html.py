"""HTML pages (WHATWG HTML)."""

from collections.abc import Sequence
from itertools import islice

from attachguard.formats.characters import note_escapes
from attachguard.formats.charset import HIDING, decode_html, html_label
from attachguard.formats.contract import Order
from attachguard.formats.harvest import Harvest
from attachguard.formats.markup import MarkupError
from attachguard.formats.pagecheck import lost, picture_addresses, read, shown_words, unsafe
from attachguard.formats.pageclean import clean_page, lost_pictures, write_html
from attachguard.formats.pagecost import TooMuchError
from attachguard.formats.pagepictures import differences
from attachguard.formats.sniffing import html as sniff
from attachguard.formats.webpage import inspect_page
from attachguard.kinds import KINDS
from attachguard.model import Finding, Inspection, Limits, Rebuilt

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["html"]

TOLD = 20
"""Doubts about a copy that are told: one is enough to refuse it."""


def inspect(data: bytes, limits: Limits) -> Inspection:
    """Report what runs, loads, sends, leads away or embeds, in every way a browser may read the page."""
    harvest = Harvest(limits)
    decoded = decode_html(data)
    if decoded is None:
        harvest.note("file.malformed", detail="not text")
    else:
        if html_label(data) in HIDING:
            harvest.note("file.malformed", "line 1", f"in the encoding {html_label(data)}, which hides markup")
        note_escapes(decoded.text, harvest)
        inspect_page(decoded.text, harvest)
    return harvest.inspection()


def normalize(order: Order) -> Rebuilt:
    """Write a new UTF-8 page of what only shows; one too costly to read has no copy."""
    decoded = decode_html(order.original)
    if decoded is None:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail="not text"),))
    try:
        page = clean_page(decoded.text, order.limits)
    except (TooMuchError, MarkupError) as error:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail=str(error)),))
    return Rebuilt(data=write_html(page).encode("utf-8", "replace"), findings=lost_pictures(page))


def verify(original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
    """Read the copy with another parser: only listed things, and the words of the original."""
    decoded, page = decode_html(original), read(copy.decode("utf-8"), is_xml=False)
    before = read(decoded.text if decoded else "", is_xml=False)
    found = [Finding("copy.unsafe", detail=what) for what in islice(unsafe(page), TOLD)]
    found += differences(picture_addresses(before), picture_addresses(page), limits)
    missing = lost(shown_words(before), shown_words(page)) if decoded else ["all"]
    if missing:
        found.append(Finding("copy.unfaithful", detail=f"words are missing: {' '.join(missing)}"))
    return found[:TOLD]
