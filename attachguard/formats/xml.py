"""XML documents: invoices, bank statements and other data. What is not data is a finding (XML 1.0, fifth edition)."""

from collections.abc import Callable, Mapping

from attachguard.formats.charset import decode_xml
from attachguard.formats.contract import Claim, Sample
from attachguard.formats.formulas import formula_findings
from attachguard.formats.harvest import Harvest
from attachguard.formats.textual import claimed
from attachguard.formats.unsupported import normalize, verify
from attachguard.formats.xmlwalk import Walk, note_encoding
from attachguard.kinds import KINDS
from attachguard.model import Inspection, Limits

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["xml"]

ACTIVE_NAMESPACES: Mapping[str, str] = {
    "http://www.w3.org/1999/xhtml": "XHTML",
    "http://www.w3.org/2000/svg": "SVG",
    "http://www.w3.org/1999/XSL/Transform": "XSLT",
    "http://www.w3.org/TR/WD-xsl": "XSLT",
    "http://www.w3.org/1999/XSL/Format": "XSL-FO",
    "urn:schemas-microsoft-com:xslt": "XSLT script",
    "http://www.mozilla.org/xbl": "XBL",
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

SPREADSHEET = "urn:schemas-microsoft-com:office:spreadsheet"


def sniff(sample: Sample) -> Claim | None:
    """Claim text that reads as XML up to its root, when that is not XHTML nor a type that is denied (textual.py)."""
    return claimed(sample, "xml")


def inspect(data: bytes, limits: Limits) -> Inspection:
    """Report what is not data: DOCTYPE, instructions, inclusions, active elements; and what no reader can read."""
    harvest = Harvest(limits)
    decoded = decode_xml(data)
    if decoded is None:
        harvest.note("file.malformed", detail="not text")
        return harvest.inspection()
    note_encoding(data, harvest)

    def start(namespace: str, local: str, attributes: Mapping[str, str], line: Callable[[], str]) -> None:
        if namespace in ACTIVE_NAMESPACES:
            harvest.note("xml.active", line(), f"{ACTIVE_NAMESPACES[namespace]} {local}")
        elif (namespace, local) in OFFICE_PROGRAMS:
            harvest.note("xml.active", line(), f"{local}, which an office program runs or loads")
        formula = attributes.get(f"{SPREADSHEET} Formula")
        if formula is not None:
            for _, detail in formula_findings(formula):
                harvest.note("xml.active", line(), f"formula {detail}")

    Walk(harvest, start, _nothing, bare_doctype=False).over(decoded.text)
    return harvest.inspection()


def _nothing(local: str, data: str) -> None:
    """Pass over text: in XML it is data."""
