"""What in XML is no data: elements that browsers or Office programs run, show or load by."""

from collections.abc import Mapping

from attachguard.formats.addresses import RUNNING, canonical, scheme, shown
from attachguard.formats.formulas import formula_findings

ACTIVE_NAMESPACES: Mapping[str, str] = {
    "http://www.w3.org/1999/xhtml": "XHTML",
    "http://www.w3.org/2000/svg": "SVG",
    "http://www.w3.org/1999/XSL/Transform": "XSLT",
    "http://www.w3.org/TR/WD-xsl": "XSLT",
    "http://www.w3.org/1999/XSL/Format": "XSL-FO",
    "urn:schemas-microsoft-com:xslt": "XSLT script",
    "http://www.mozilla.org/xbl": "XBL",
    "http://www.w3.org/ns/xbl": "XBL",
    "http://www.mozilla.org/keymaster/gatekeeper/there.is.only.xul": "XUL",
    "http://www.w3.org/2001/xml-events": "XML Events",
}
"""Namespaces whose elements browsers run or show, wherever they stand in a document."""

OFFICE_PROGRAMS = frozenset(
    {
        ("http://schemas.microsoft.com/office/word/2003/wordml", "binData"),
        ("http://schemas.microsoft.com/office/word/2003/wordml", "docSuppData"),
        ("http://schemas.microsoft.com/office/word/2003/wordml", "docOleData"),
        ("http://schemas.microsoft.com/office/word/2003/wordml", "ocx"),
        ("http://schemas.microsoft.com/office/2006/xmlPackage", "binaryData"),
        ("urn:schemas-microsoft-com:office:excel", "SupBook"),
    }
)
"""Elements in which Word and Excel 2003 XML carry macros, objects, controls and links to other workbooks."""

ACTING_ATTRIBUTES = frozenset({"Formula", "href"})
"""Local names of attributes that are looked at."""

SPREADSHEET = "urn:schemas-microsoft-com:office:spreadsheet"


def acting(namespace: str, attribute: str, value: str) -> str:
    """Say what an attribute does when somebody opens the document; empty: nothing.

    A formula that calls, in Excel's XML, and an address that is a program, in any: MathML and XLink make links of it.
    """
    if attribute == "Formula" and namespace == SPREADSHEET:
        return next((f"formula {detail}" for _, detail in formula_findings(value)), "")
    if attribute == "href" and scheme(canonical(value)) in RUNNING:
        return f"link {shown(value)}"
    return ""
