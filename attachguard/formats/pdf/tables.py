"""What is known to be dangerous or harmless in a PDF, as data. Section numbers are those of ISO 32000-2:2020."""

from collections.abc import Mapping
from types import MappingProxyType

ACTION_CODES: Mapping[str, str] = MappingProxyType(
    {  # 12.6.4, table 201: action types that reach out of the document or run something
        "/JavaScript": "pdf.javascript",
        "/Launch": "pdf.launch",
        "/GoToR": "pdf.remote_goto",
        "/GoToE": "pdf.remote_goto",
        "/SubmitForm": "pdf.submit_form",
        "/ImportData": "pdf.import_data",
        "/Rendition": "pdf.rich_media",
        "/Movie": "pdf.rich_media",
        "/Sound": "pdf.rich_media",
        "/GoTo3DView": "pdf.rich_media",
        "/RichMediaExecute": "pdf.rich_media",
    }
)

HARMLESS_ACTIONS = frozenset(
    {  # 12.6.4: they move the view, show or hide parts of the page, or empty form fields
        "/GoTo",
        "/GoToDp",
        "/URI",  # its scheme is looked at by itself
        "/Named",  # its name is looked at by itself
        "/Thread",  # its file is looked at by itself
        "/Hide",
        "/SetOCGState",
        "/Trans",
        "/ResetForm",
    }
)

SILENT_ACTIONS = frozenset({"/GoTo", "/GoToDp"})
"""12.6.4.2, 12.6.4.5: actions that only choose the view; harmless even when they run by themselves."""

HARMLESS_NAMED = frozenset({"/NextPage", "/PrevPage", "/FirstPage", "/LastPage", "/Print"})
"""12.6.4.12, table 215, and the print dialog, which every viewer knows."""

MEDIA_ANNOTATIONS = frozenset({"/RichMedia", "/Screen", "/Movie", "/Sound", "/3D"})
"""12.5.6.1, table 171: annotations that play something."""

WEB_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
"""Links a reader may be expected to follow with open eyes."""

ATTACKED_CODECS = frozenset({"/JBIG2Decode", "/JPXDecode"})
"""7.4.7, 7.4.9: decoders with a history of remote code execution (CVE-2021-30860 for JBIG2)."""

CALCULATOR_OPERATORS = frozenset(
    # 7.10.5, table 42: all a Type 4 function may say. Anything else is for a reader that compiles it
    # (CVE-2018-5158).
    b"abs add atan ceiling cos cvi cvr div exp floor idiv ln log mod mul neg round sin sqrt sub truncate "
    b"and bitshift eq false ge gt le lt ne not or true xor if ifelse copy dup exch index pop roll { }".split()
)

FILE_SPECIFICATIONS = ("/UF", "/F", "/Unix", "/Mac", "/DOS")
"""7.11.3, table 43: where a file specification names its file, and table 44: where /EF holds it; best first."""

EINVOICE_NAMES = frozenset({"factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml"})
"""Factur-X 1.0 section 6.2.2, ZUGFeRD 1.0 and 2.x: the names an invoice's XML must have, in lower case."""

EINVOICE_ROOTS = frozenset(
    {
        "{urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100}CrossIndustryInvoice",  # UN/CEFACT CII D16B
        "{urn:ferd:CrossIndustryDocument:invoice:1p0}CrossIndustryDocument",  # ZUGFeRD 1.0
        "{urn:oasis:names:specification:ubl:schema:xsd:Invoice-2}Invoice",  # OASIS UBL 2.1
        "{urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2}CreditNote",
    }
)
"""The root elements of EN 16931 invoices and their forerunner."""

HARMLESS_WARNINGS = (
    "input stream is complete but output may still be valid",  # a missing Adler-32, which no reader misses
    "object has offset 0",  # a free entry written as one in use; it is read as null, as 7.3.10 says
    "reported number of objects",  # a wrong /Size
    "Resources is missing or invalid; repairing",  # readers take an empty dictionary for it, as 7.8.3 says
    "setting missing or invalid /Type entry",  # readers find pages and catalog by their place, not their type
)
"""What qpdf warns of although all readers agree on the document, by a part of the sentence."""
