"""XML written anew as data: no DOCTYPE, no instructions, nothing included, nothing that browsers or Office run."""

import re

from lxml import etree

from attachguard.formats.xmlactive import ACTING_ATTRIBUTES, ACTIVE_NAMESPACES, OFFICE_PROGRAMS, acting
from attachguard.formats.xmlwalk import XINCLUDE

ELEMENTS = 600_000
"""Elements of a document that is rewritten; ten megabytes of bank statements have some 300,000."""


class NoDataError(ValueError):
    """A document of which nothing could be kept, or not without changing what it says."""


def clean_xml(text: str) -> bytes:
    """Rewrite a document in UTF-8 without what is not data; the text behind removed elements stays.

    Entities that the document itself declares are resolved (libxml2 bounds their growth), since their declarations
    go. Raises NoDataError when the document is malformed or too large, the root has to go or an entity lies
    outside.
    """
    if text.count("<") > 2 * ELEMENTS:
        raise NoDataError(f"more than {ELEMENTS} elements")
    # Entities: lxml's default since 5.0 resolves those the document declares itself, and no others.
    parser = etree.XMLParser(
        encoding="utf-8",
        attribute_defaults=False,
        dtd_validation=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        strip_cdata=False,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        raise NoDataError(f"not well-formed: {error.msg}") from error
    if _is_active(str(root.tag)):
        raise NoDataError("the whole document is of a kind that programs run")
    if next(root.iter(etree.Entity), None) is not None:
        raise NoDataError("an entity is not defined in the document")
    parents = [parent for element in root.iter(*_ACTIVE) if (parent := element.getparent()) is not None]
    for parent in dict.fromkeys(parents):
        _without_active(parent)
    if _MAY_ACT.search(text):
        _without_acting(root)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True, with_tail=False) + b"\n"


_ACTIVE = (
    *(f"{{{namespace}}}*" for namespace in (*ACTIVE_NAMESPACES, *sorted(XINCLUDE))),
    *(f"{{{namespace}}}{local}" for namespace, local in sorted(OFFICE_PROGRAMS)),
)
"""What is no data, as lxml looks for it."""

_MAY_ACT = re.compile("|".join((*sorted(ACTING_ATTRIBUTES), "<!DOCTYPE")))
"""Without one of these no attribute is one that acts; declarations may put names together."""

_WITH_ACTING_ATTRIBUTES = etree.XPath(
    f"//*[{' or '.join(f'@*[local-name()={name!r}]' for name in sorted(ACTING_ATTRIBUTES))}]"
)


def _without_acting(root: etree._Element) -> None:
    holders: list[etree._Element] = _WITH_ACTING_ATTRIBUTES(root)  # type: ignore[assignment]  # it selects elements
    for element in holders:
        for name, value in element.items():
            namespace, _, attribute = str(name).rpartition("}")
            if attribute in ACTING_ATTRIBUTES and acting(namespace.removeprefix("{"), attribute, str(value)):
                del element.attrib[name]


def _is_active(tag: str) -> bool:
    namespace, _, local = tag.rpartition("}")
    namespace = namespace.removeprefix("{")
    return namespace in ACTIVE_NAMESPACES or namespace in XINCLUDE or (namespace, local) in OFFICE_PROGRAMS


def _without_active(parent: etree._Element) -> None:
    """Take the active children out and leave the text behind each where it is. Linear in the children."""
    anchor: etree._Element | None = None
    texts = [parent.text or ""]
    for child in list(parent):
        if isinstance(child.tag, str) and _is_active(child.tag):
            texts.append(child.tail or "")
            parent.remove(child)
            continue
        _settle(parent, anchor, texts)
        anchor, texts = child, [child.tail or ""]
    _settle(parent, anchor, texts)


def _settle(parent: etree._Element, anchor: etree._Element | None, texts: list[str]) -> None:
    """Write text behind an anchor, or where there is none, at the start of the parent."""
    if len(texts) > 1 and anchor is None:
        parent.text = "".join(texts) or None
    elif len(texts) > 1 and anchor is not None:
        anchor.tail = "".join(texts) or None
