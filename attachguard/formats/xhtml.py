"""XHTML pages: XML to one browser and, under another name, HTML to the next; so they are read both ways."""

from collections.abc import Callable, Mapping

from attachguard.formats import css
from attachguard.formats.characters import note_escapes
from attachguard.formats.charset import decode_xml
from attachguard.formats.contract import Claim, Sample
from attachguard.formats.harvest import Harvest
from attachguard.formats.markup import Tag
from attachguard.formats.textual import claimed
from attachguard.formats.unsupported import normalize, verify
from attachguard.formats.webpage import TELLING, Remarks, inspect_page
from attachguard.formats.xmlwalk import Walk, note_encoding
from attachguard.kinds import KINDS
from attachguard.model import Inspection, Limits

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["xhtml"]


def sniff(sample: Sample) -> Claim | None:
    """Claim XML whose root is `html` in the XHTML namespace (textual.py decides)."""
    return claimed(sample, "xhtml")


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
    remarks = Remarks(harvest)
    styles: list[str] = []

    def start(namespace: str, local: str, attributes: Mapping[str, str], line: Callable[[], str]) -> None:
        del namespace
        if not attributes and local.lower() not in TELLING:
            return
        named = tuple((name.rpartition(" ")[2].lower(), value) for name, value in attributes.items())
        remarks.about(Tag(local.lower(), named, 0, ""), lambda _: line())

    def characters(local: str, data: str) -> None:
        if local.lower() == "style":
            styles.append(data)

    Walk(harvest, start, characters, bare_doctype=True).over(text)
    for code, detail in css.dangers("".join(styles)):
        harvest.note(code, detail=detail)
