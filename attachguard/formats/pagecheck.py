"""Looks at a rebuilt page with another parser (libxml2) than the one that wrote it (html5ever)."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from lxml import etree

from attachguard.formats.addresses import canonical, scheme
from attachguard.formats.markup import words
from attachguard.formats.pageclean import ATTRIBUTES, LINK_SCHEMES, TAGS, WITHOUT_CONTENT
from attachguard.formats.pictureurl import is_picture
from attachguard.formats.wordcount import words_in

AROUND = words("html head meta title style body")
"""Elements of the document that is put around a rebuilt page."""

KEPT = 0.98
"""Share of an original's words that a copy must have: what is left out was never shown, so nearly all (measured:
0.995 and more on people's pages; markup that two parsers read differently costs the rest)."""

_NAME = re.compile(r"[\w:./{}-]+")
_NAMELESS = "x-nameless"

_SILENT = WITHOUT_CONTENT | {"textarea"}
_LISTED = TAGS | AROUND


def read(page: str, *, is_xml: bool) -> etree._Element:
    """Read a page into a tree. Raises etree.XMLSyntaxError for XML that is none."""
    data = page.encode("utf-8", "replace")
    if is_xml:
        parser = etree.XMLParser(
            encoding="utf-8", resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
        )
        return etree.fromstring(data, parser)
    reader = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    root: etree._Element | None = etree.fromstring(data or b" ", reader)
    return etree.Element("html") if root is None else root  # lxml gives no root for a page without an element


def unsafe(root: etree._Element) -> Iterator[str]:
    """Name what stands in a rebuilt page that is on no list: elements, attributes, addresses."""
    known: dict[object, str] = {}
    for element in root.iter():
        name = known.get(element.tag)
        if name is None:
            name = known[element.tag] = _local(element.tag)
        if name not in _LISTED:
            yield f"<{name}>"
            continue
        for attribute, value in element.items():
            if not _listed(name, str(attribute), str(value)):
                yield f"{attribute!s} of <{name}>"


def picture_addresses(root: etree._Element) -> list[str]:
    """List the pictures that a page holds itself, in order."""
    sources = (str(image.get("src", "")) for image in root.iter("{*}img"))
    return [source for source in sources if canonical(source).startswith("data:")]


def lost(original: Iterable[str], copy: Iterable[str]) -> list[str]:
    """List the words that a copy lacks, when they are too many; empty when it is faithful."""
    before, after = Counter(original), Counter(copy)
    missing = before - after
    if missing.total() <= before.total() * (1 - KEPT):
        return []
    return list(islice(missing, 10))


def shown_words(root: etree._Element) -> list[str]:
    """List the words a page shows, in order, and take its tree apart on the way.

    Only listed elements part words: the others will not be there.
    """
    names = {tag: _local(tag) for tag in {str(element.tag) for element in root.iter(etree.Element)}}
    if any(_NAME.fullmatch(tag) is None for tag in names):
        names = _renamed(root)
    silent = [tag for tag, name in names.items() if name in _SILENT]
    other = [tag for tag, name in names.items() if name not in TAGS]
    etree.strip_elements(root, *silent, etree.Comment, etree.ProcessingInstruction, etree.Entity, with_tail=False)
    etree.strip_tags(root, *other)
    return list(words_in(" ".join(map(str, root.itertext()))))


def _renamed(root: etree._Element) -> dict[str, str]:
    """Give names that can be said to elements whose names a parser let pass and nobody can say."""
    for element in root.iter(etree.Element):
        if _NAME.fullmatch(str(element.tag)) is None:
            element.tag = _NAMELESS
    return {tag: _local(tag) for tag in {str(element.tag) for element in root.iter(etree.Element)}}


def _local(tag: object) -> str:
    """Name an element without its namespace; entities and the like have no name."""
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def _listed(name: str, attribute: str, value: str) -> bool:
    if name in AROUND:
        return attribute in {"lang", "style", "charset", "http-equiv", "content", _XML_LANG}
    if attribute == "href":
        plain = canonical(value)
        return plain.startswith("#") or scheme(plain) in LINK_SCHEMES
    if attribute == "src":
        return is_picture(value)
    return attribute in ATTRIBUTES["*"] or attribute in ATTRIBUTES.get(name, ()) or attribute == "rel"


_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
