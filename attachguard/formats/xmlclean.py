"""XML written anew as data: no DOCTYPE, no instructions, nothing included, nothing that browsers or Office run."""

from lxml import etree

from attachguard.formats.formulas import formula_findings
from attachguard.formats.xmlactive import ACTIVE_NAMESPACES, OFFICE_PROGRAMS, SPREADSHEET
from attachguard.formats.xmlwalk import XINCLUDE


class NoDataError(ValueError):
    """A document of which nothing could be kept, or not without changing what it says."""


def clean_xml(text: str) -> bytes:
    """Rewrite a document in UTF-8 without what is not data; the text behind removed elements stays.

    Entities that the document itself declares are resolved (libxml2 bounds their growth), since their declarations
    go. Raises NoDataError when the document is malformed, the root has to go or an entity lies outside.
    """
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
    if _is_active(root):
        raise NoDataError("the whole document is of a kind that programs run")
    if next(root.iter(etree.Entity), None) is not None:
        raise NoDataError("an entity is not defined in the document")
    for element in [element for element in root.iter(etree.Element) if _is_active(element)]:
        _remove(element)
    for element in root.iter(etree.Element):
        formula = element.get(f"{{{SPREADSHEET}}}Formula")
        if formula is not None and any(formula_findings(formula)):
            del element.attrib[f"{{{SPREADSHEET}}}Formula"]
    return etree.tostring(root, encoding="utf-8", xml_declaration=True, with_tail=False) + b"\n"


def _is_active(element: etree._Element) -> bool:
    name = etree.QName(element)
    namespace = name.namespace or ""
    return namespace in ACTIVE_NAMESPACES or namespace in XINCLUDE or (namespace, name.localname) in OFFICE_PROGRAMS


def _remove(element: etree._Element) -> None:
    """Take an element out and leave the text behind it where it is."""
    parent = element.getparent()
    if parent is None:
        return
    before = element.getprevious()
    if element.tail and before is not None:
        before.tail = (before.tail or "") + element.tail
    elif element.tail:
        parent.text = (parent.text or "") + element.tail
    parent.remove(element)
