"""What is drawn on a page, thing by thing, as pdfium sees it."""

import ctypes
from collections.abc import Iterator

from pypdfium2 import raw

from attachguard.formats.pdf.pdfium import Handle

MOST = 20_000
"""Things on one page that are looked at."""

_WHOLE = 0.98
"""Share of a page's sides from which on something covers it."""


def things_on(page: Handle) -> Iterator[Handle]:
    """Give the things drawn on a page, and those in the forms among them, in no particular order."""
    waiting = [raw.FPDFPage_GetObject(page, index) for index in range(min(MOST, raw.FPDFPage_CountObjects(page)))]
    for _ in range(MOST):
        if not waiting:
            return
        thing = waiting.pop()
        yield thing
        if raw.FPDFPageObj_GetType(thing) == raw.FPDF_PAGEOBJ_FORM:
            count = min(MOST, max(0, raw.FPDFFormObj_CountObjects(thing)))
            waiting.extend(raw.FPDFFormObj_GetObject(thing, index) for index in range(count))


def texts_on(page: Handle) -> Iterator[Handle]:
    """Give the texts among the things on a page."""
    return (thing for thing in things_on(page) if raw.FPDFPageObj_GetType(thing) == raw.FPDF_PAGEOBJ_TEXT)


def begins_with_a_picture(page: Handle) -> bool:
    """Whether the first thing drawn on a page is a picture that covers it: a scan, or a page drawn as a picture."""
    first = raw.FPDFPage_GetObject(page, 0) if raw.FPDFPage_CountObjects(page) > 0 else None
    if not first or raw.FPDFPageObj_GetType(first) != raw.FPDF_PAGEOBJ_IMAGE:
        return False
    left, bottom, right, top = ctypes.c_float(), ctypes.c_float(), ctypes.c_float(), ctypes.c_float()
    raw.FPDFPageObj_GetBounds(first, left, bottom, right, top)
    width, height = right.value - left.value, top.value - bottom.value
    return bool(width >= _WHOLE * raw.FPDF_GetPageWidthF(page) and height >= _WHOLE * raw.FPDF_GetPageHeightF(page))
