r"""RTF's fields: which may stay, and where a HYPERLINK leads (RTF 1.9.1, "Fields"; ISO/IEC 29500-1 section 17.16.5)."""

import re

from attachguard.formats.fieldlinks import astray
from attachguard.formats.markup import words

FIELDS = words(
    """ADVANCE AUTHOR AUTONUM AUTONUMLGL AUTONUMOUT BARCODE BIBLIOGRAPHY BIDIOUTLINE CITATION COMMENTS COMPARE
    CREATEDATE DATE EDITTIME EQ FORMCHECKBOX FORMDROPDOWN FORMTEXT HYPERLINK IF INDEX KEYWORDS LASTSAVEDBY LISTNUM
    MERGEFIELD MERGEREC MERGESEQ NOTEREF NUMCHARS NUMPAGES NUMWORDS PAGE PAGEREF PRINTDATE REF REVNUM SAVEDATE
    SECTION SECTIONPAGES SEQ SET SHAPE STYLEREF SUBJECT SYMBOL TA TC TIME TITLE TOA TOC XE ="""
)
"""Fields that count, date, number and refer inside the document. Others read files, start programs or ask for macros;
their last result stays."""

_KEYWORD = re.compile(r'[\s"]*+(=|[A-Za-z]++)')


def keyword_of(instruction: str) -> str:
    """Give a field's keyword in capitals, empty when there is none."""
    found = _KEYWORD.match(instruction)
    return found[1].upper() if found else ""


def may_stay(instruction: str) -> bool:
    """Tell whether a field may stay as it is."""
    keyword = keyword_of(instruction)
    return keyword in FIELDS and not any(True for _ in astray(instruction))
