"""How each accepted kind is recognised: one function a kind, and SNIFFERS, which holds them all.

They load no library that decodes, parses a document or draws: who only asks what a file is, is ready at once.
"""

import re
from collections.abc import Callable

from attachguard.formats import odf, ole, ooxml
from attachguard.formats.contract import Claim, Sample
from attachguard.formats.pictures.hidden import comment_opener, second_type
from attachguard.formats.pictures.structure import claim
from attachguard.formats.structures import bmp as bmp_structure
from attachguard.formats.structures import eml as eml_structure
from attachguard.formats.structures import gif as gif_structure
from attachguard.formats.structures import jpeg as jpeg_structure
from attachguard.formats.structures import pdf as pdf_structure
from attachguard.formats.structures import png as png_structure
from attachguard.formats.structures import tiff as tiff_structure
from attachguard.formats.structures import tnef as tnef_structure
from attachguard.formats.textual import claimed, textual_claim
from attachguard.kinds import KINDS
from attachguard.model import Finding

BMP_FILE_SIZE_AT = 2
"""Where the field stands that turns a BMP into a script when it reads `/*`."""
GIF_SCREEN_WIDTH_AT = 6
"""The same of a GIF (GIF89a section 18)."""

_RTF_START = re.compile(rb"(?:\xef\xbb\xbf)?[\s\x00]{0,64}\{\\rt")


def bmp(sample: Sample) -> Claim | None:
    """Claim `BM` with a known bitmap header; tell of truncation, trailing data and polyglots."""
    structure = bmp_structure.walk(sample.data)
    if structure is None:
        return None
    return claim(KINDS["bmp"], sample, structure, tuple(comment_opener(sample.data, BMP_FILE_SIZE_AT)))


def csv(sample: Sample) -> Claim | None:
    """Claim plain text under a table's name: what it is then opened as (textual.py decides)."""
    return claimed(sample, "csv")


def doc(sample: Sample) -> Claim | None:
    """Claim an OLE file whose main stream is Word's."""
    nature = sample.shared(ole.nature)
    if nature is None or nature.kind != "doc":
        return None
    return Claim(kind="doc", described=nature.described, findings=nature.findings)


def docx(sample: Sample) -> Claim | None:
    """Claim a package whose main part is a Word document without macros; its relatives by name."""
    return ooxml.sniff(sample, "docx")


def gif(sample: Sample) -> Claim | None:
    """Claim a GIF header with at least one frame; tell of truncation, trailing data and polyglots."""
    structure = gif_structure.walk(sample.data)
    if structure is None:
        return None
    return claim(KINDS["gif"], sample, structure, tuple(comment_opener(sample.data, GIF_SCREEN_WIDTH_AT)))


def html(sample: Sample) -> Claim | None:
    """Claim text that begins with an HTML tag, or has one under an HTML name (textual.py decides)."""
    return claimed(sample, "html")


def jpeg(sample: Sample) -> Claim | None:
    """Claim SOI with a frame header behind it; tell of truncation, trailing data and polyglots."""
    structure = jpeg_structure.walk(sample.data)
    return None if structure is None else claim(KINDS["jpeg"], sample, structure)


def ods(sample: Sample) -> Claim | None:
    """Claim a package that calls itself an OpenDocument spreadsheet; its relatives by name."""
    return odf.sniff(sample, "ods")


def odt(sample: Sample) -> Claim | None:
    """Claim a package that calls itself OpenDocument text; its relatives by name."""
    return odf.sniff(sample, "odt")


def png(sample: Sample) -> Claim | None:
    """Claim a PNG signature followed by IHDR; tell of truncation, trailing data and polyglots."""
    structure = png_structure.walk(sample.data)
    return None if structure is None else claim(KINDS["png"], sample, structure)


def rtf(sample: Sample) -> Claim | None:
    r"""Claim `{\rt` (Word asks for no more), after white space or a UTF-8 mark at most."""
    return Claim(kind="rtf", described=KINDS["rtf"].title) if _RTF_START.match(sample.data) else None


def tiff(sample: Sample) -> Claim | None:
    """Claim a TIFF header with at least one page; tell of truncation, trailing data and polyglots."""
    structure = tiff_structure.walk(sample.data)
    return None if structure is None else claim(KINDS["tiff"], sample, structure)


def tnef(sample: Sample) -> Claim | None:
    """Claim the signature with at least one attribute behind it; tell of truncation and trailing data."""
    stream = tnef_structure.read(sample.data)
    if stream is None:
        return None
    findings: list[Finding] = []
    if not stream.complete:
        findings.append(Finding("type.truncated", detail="the last attribute is longer than the file"))
    rest = len(sample.data) - stream.end
    if rest:
        findings.append(Finding("type.trailing_data", f"offset {stream.end}", f"{rest} bytes"))
        findings.extend(second_type(sample.data))
    return Claim(kind="tnef", described=KINDS["tnef"].title, findings=tuple(findings))


def txt(sample: Sample) -> Claim | None:
    """Claim text that is none of the other textual kinds, and speak for text that is not accepted at all."""
    found = sample.shared(textual_claim)
    return found if found is not None and found.kind in ("txt", None) else None


def xhtml(sample: Sample) -> Claim | None:
    """Claim XML whose root is `html` in the XHTML namespace (textual.py decides)."""
    return claimed(sample, "xhtml")


def xls(sample: Sample) -> Claim | None:
    """Claim an OLE file whose main stream is Excel's."""
    nature = sample.shared(ole.nature)
    if nature is None or nature.kind != "xls":
        return None
    return Claim(kind="xls", described=nature.described, findings=nature.findings)


def xlsx(sample: Sample) -> Claim | None:
    """Claim a package whose main part is an Excel workbook without macros; its relatives by name."""
    return ooxml.sniff(sample, "xlsx")


def xml(sample: Sample) -> Claim | None:
    """Claim text that reads as XML up to its root, when that is not XHTML nor a type that is denied (textual.py)."""
    return claimed(sample, "xml")


SNIFFERS: tuple[Callable[[Sample], Claim | None], ...] = (
    bmp,
    csv,
    doc,
    docx,
    eml_structure.sniff,
    gif,
    html,
    jpeg,
    ods,
    odt,
    pdf_structure.sniff,
    png,
    rtf,
    tiff,
    tnef,
    txt,
    xhtml,
    xls,
    xlsx,
    xml,
)
"""Order means nothing: all of them are asked."""
