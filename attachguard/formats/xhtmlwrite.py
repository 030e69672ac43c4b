"""Between XHTML and the HTML that pages are rebuilt in: read XML into HTML syntax, write a page as XML."""

import re
from html.entities import html5

from lxml import etree

from attachguard.formats.pageclean import POLICY, Page
from attachguard.formats.textual import XHTML

_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31};)")
_PREDEFINED = frozenset({"amp;", "lt;", "gt;", "quot;", "apos;"})
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def without_named_entities(text: str) -> str:
    """Replace the names that XHTML's DTDs define (`&nbsp;`) by their characters: the DTDs are never loaded.

    A name that nobody defines becomes text, as browsers show it in HTML.
    """
    unknown = "&" if "<!ENTITY" in text else "&amp;"

    def character(match: re.Match[str]) -> str:
        return match[0] if match[1] in _PREDEFINED else html5.get(match[1], unknown + match[1])

    return _NAMED.sub(character, text)


def to_html(text: str) -> str | None:
    """Write XHTML in HTML syntax; None when it is not well-formed. Elements of other languages lose their names."""
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(without_named_entities(text).encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        return None
    etree.strip_tags(root, etree.Entity)
    for element in root.iter(etree.Element):
        namespace, _, local = str(element.tag).rpartition("}")
        element.tag = local.lower() if namespace in ("", f"{{{XHTML}") else f"x-{local}"
    etree.cleanup_namespaces(root)
    return etree.tostring(root, method="html", encoding="unicode")


def write_xhtml(page: Page) -> bytes:
    """Write a page as a new XHTML document (HTML 5, section 14), in UTF-8."""
    root = etree.fromstring(f'<html xmlns="{XHTML}"/>')
    if page.language:
        root.set("lang", page.language)
        root.set(_XML_LANG, page.language)
    head = etree.SubElement(root, f"{{{XHTML}}}head")
    policy = {"http-equiv": "Content-Security-Policy", "content": POLICY}
    etree.SubElement(head, f"{{{XHTML}}}meta", policy)
    etree.SubElement(head, f"{{{XHTML}}}title").text = page.title
    if page.styles:
        etree.SubElement(head, f"{{{XHTML}}}style").text = page.styles
    body = _body(page.body)
    if page.body_style:
        body.set("style", page.body_style)
    root.append(body)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8", doctype="<!DOCTYPE html>") + b"\n"


def _body(markup: str) -> etree._Element:
    reader = etree.HTMLParser(encoding="utf-8", no_network=True)
    root = etree.fromstring(f"<body>{markup}</body>".encode(), reader)
    body = root.find("body")
    if body is None:
        body = etree.Element("body")
    for element in body.iter(etree.Element):
        element.tag = f"{{{XHTML}}}{element.tag}"
    return body
