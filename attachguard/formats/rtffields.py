r"""RTF's fields: which may stay, and where a HYPERLINK leads (RTF 1.9.1, "Fields"; ISO/IEC 29500-1 section 17.16.5)."""

import re

from attachguard.formats.links import is_plain_link, leads_outside
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
_TARGET = re.compile(r'[\s"]*+HYPERLINK((?:\s{1,64}\\[A-Za-z])*)\s*+"?([^"\s]*+)', re.IGNORECASE)


def keyword_of(instruction: str) -> str:
    """Give a field's keyword in capitals, empty when there is none."""
    found = _KEYWORD.match(instruction)
    return found[1].upper() if found else ""


def hyperlink_of(instruction: str) -> str:
    r"""Give where a HYPERLINK field leads outside of the document; empty for a place inside it (`\l`)."""
    found = _TARGET.match(instruction)
    if found is None or "\\l" in found[1].lower():
        return ""
    return found[2].replace("\\\\", "\\")


def leads_astray(instruction: str) -> bool:
    """Tell whether a HYPERLINK field leads to anything but the web, a mailbox, a telephone or the document itself."""
    target = hyperlink_of(instruction)
    return not is_plain_link(target) and leads_outside(target)


def may_stay(instruction: str) -> bool:
    """Tell whether a field may stay as it is."""
    keyword = keyword_of(instruction)
    return keyword in FIELDS and not (keyword == "HYPERLINK" and leads_astray(instruction))
