"""XHTML pages: XML to one browser and, under another name, HTML to the next; so they are read both ways."""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from lxml import etree

from attachguard.formats import css
from attachguard.formats.characters import note_escapes
from attachguard.formats.charset import decode_xml
from attachguard.formats.contract import Order
from attachguard.formats.harvest import Harvest
from attachguard.formats.markup import MarkupError, Tag
from attachguard.formats.pagecheck import lost, picture_addresses, read, shown_words, unsafe
from attachguard.formats.pageclean import clean_page, lost_pictures
from attachguard.formats.pagecost import TooMuchError, weigh
from attachguard.formats.pagepictures import Album, differences
from attachguard.formats.sniffing import xhtml as sniff
from attachguard.formats.webpage import TELLING, Remarks, inspect_page
from attachguard.formats.xhtmlwrite import to_html, without_named_entities, write_xhtml
from attachguard.formats.xmlwalk import Walk, note_encoding
from attachguard.kinds import KINDS
from attachguard.model import Finding, Inspection, Limits, Rebuilt

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["xhtml"]

TOLD = 20
"""Doubts about a copy that are told: one is enough to refuse it."""


def inspect(data: bytes, limits: Limits) -> Inspection:
    """Report what runs, loads, sends, leads away or embeds, and what is wrong with the XML."""
    harvest = Harvest(limits)
    decoded = decode_xml(data)
    if decoded is None:
        harvest.note("file.malformed", detail="not text")
        return harvest.inspection()
    note_encoding(data, harvest)
    note_escapes(decoded.text, harvest)
    inspect_xml_page(decoded.text, harvest)
    inspect_page(decoded.text, harvest)
    return harvest.inspection()


def inspect_xml_page(text: str, harvest: Harvest) -> None:
    """Note the same as `inspect_page`, as an XML reader sees it: prefixes resolved, no raw text. Never raises."""
    album = Album(harvest.limits)
    remarks = Remarks(harvest, album)
    styles: list[str] = []

    def start(namespace: str, local: str, attributes: Mapping[str, str], line: Callable[[], str]) -> None:
        del namespace
        named = tuple((name.rpartition(" ")[2].lower(), value) for name, value in attributes.items())
        remarks.about(Tag(local.lower(), named, 0, ""), lambda _: line())

    def characters(local: str, data: str) -> None:
        if local.lower() == "style":
            styles.append(data)

    Walk(harvest, _tells, start, characters, bare_doctype=True).over(text)
    sheet = "".join(styles)
    for code, detail in (*css.dangers(sheet), *album.facts(Tag("style", (), 0, sheet))):
        harvest.note(code, detail=detail)


def _tells(namespace: str, local: str) -> bool:
    del namespace
    return local.lower() in TELLING


def normalize(order: Order) -> Rebuilt:
    """Write a new, well-formed page of what only shows; what is not well-formed is read as browsers read HTML."""
    decoded = decode_xml(order.original)
    if decoded is None:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail="not text"),))
    try:
        weigh(decoded.text)
        page = clean_page(to_html(decoded.text) or decoded.text, order.limits)
    except (TooMuchError, MarkupError) as error:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail=str(error)),))
    return Rebuilt(data=write_xhtml(page), findings=lost_pictures(page))


def verify(original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
    """Read the copy as XML: only listed things, and the words of the original."""
    page, before = read(copy.decode("utf-8"), is_xml=True), _tree(original)
    found = [Finding("copy.unsafe", detail=what) for what in islice(unsafe(page), TOLD)]
    found += differences(picture_addresses(before), picture_addresses(page), limits)
    missing = lost(shown_words(before), shown_words(page))
    if missing:
        found.append(Finding("copy.unfaithful", detail=f"words are missing: {' '.join(missing)}"))
    return found[:TOLD]


def _tree(original: bytes) -> etree._Element:
    """Read an original as XML where it is that."""
    decoded = decode_xml(original)
    text = without_named_entities(decoded.text) if decoded else ""
    try:
        return read(text, is_xml=True)
    except SyntaxError:  # lxml's XMLSyntaxError is one
        return read(text, is_xml=False)
