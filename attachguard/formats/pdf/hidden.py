"""Text that a document holds and does not show: the layer under a scan, or something the reader is not to see."""

import ctypes
from collections.abc import Iterator

from pypdfium2 import raw

from attachguard.formats.pdf.pdfium import Handle, UnreadableError, loaded, opened, page_count
from attachguard.formats.pdf.things import texts_on
from attachguard.model import Finding, Limits

_UNSEEN_MODES = frozenset({raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP})
"""ISO 32000-2, 9.3.6, modes 3 and 7."""


def hidden_text(data: bytes, limits: Limits) -> Iterator[Finding]:
    """Tell of text in an invisible mode or outside the page; nothing of a document that pdfium can't open.

    Text in the colour of what is under it, or under something, is not told: only drawing the page would show it.
    """
    try:
        with opened(data) as document:
            for index in range(min(page_count(document), limits.pages)):
                yield from _on_page(document, index)
    except UnreadableError:
        return


def _on_page(document: Handle, index: int) -> Iterator[Finding]:
    with loaded(document, index) as page:
        sheet = raw.FS_RECTF()
        raw.FPDF_GetPageBoundingBox(page, sheet)
        for text in texts_on(page):
            if raw.FPDFTextObj_GetTextRenderMode(text) in _UNSEEN_MODES:
                yield Finding("pdf.hidden_text", f"page {index + 1}", "drawn invisibly")
                return
        for position in range(raw.FPDFPage_CountObjects(page)):
            text = raw.FPDFPage_GetObject(page, position)
            if raw.FPDFPageObj_GetType(text) == raw.FPDF_PAGEOBJ_TEXT and _outside(text, sheet):
                yield Finding("pdf.hidden_text", f"page {index + 1}", "outside the page")
                return


def _outside(text: Handle, sheet: raw.FS_RECTF) -> bool:
    left, bottom, right, top = ctypes.c_float(), ctypes.c_float(), ctypes.c_float(), ctypes.c_float()
    if not raw.FPDFPageObj_GetBounds(text, left, bottom, right, top):
        return False
    across = right.value < sheet.left or left.value > sheet.right
    return bool(across or top.value < sheet.bottom or bottom.value > sheet.top)
