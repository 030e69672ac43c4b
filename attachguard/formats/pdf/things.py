"""What is drawn on a page, thing by thing, as pdfium sees it."""

from collections.abc import Iterator

from pypdfium2 import raw

from attachguard.formats.pdf.pdfium import Handle

MOST = 20_000
"""Things on one page that are looked at."""


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
