"""pdfium, the reader that is independent of the one that writes: documents, pages and bitmaps that close themselves.

Everything a page is drawn with is chosen here once: as printed (annotations that print, layers in their print state),
fields of forms included, on white.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image
from pypdfium2 import raw

from attachguard.formats.pdf.endless import is_endless

Handle = ctypes.c_void_p
"""A document, page or bitmap of pdfium; only good for handing back to it."""

_MODES = {
    raw.FPDFBitmap_Gray: ("L", "L"),
    raw.FPDFBitmap_BGR: ("RGB", "BGR"),
    raw.FPDFBitmap_BGRx: ("RGB", "BGRX"),
    raw.FPDFBitmap_BGRA: ("RGBA", "BGRA"),
}
"""pdfium's bitmap formats, as Pillow's mode and the order of its bytes."""


class UnreadableError(ValueError):
    """pdfium doesn't open the document, the page, or the picture."""


@contextmanager
def opened(data: bytes) -> Iterator[Handle]:
    """Open a document with the empty password. Raises UnreadableError, also for what would take it far too long."""
    if is_endless(data):
        raise UnreadableError("streams without an end")
    document = raw.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        raise UnreadableError("pdfium does not open it")
    try:
        yield document
    finally:
        raw.FPDF_CloseDocument(document)


@contextmanager
def loaded(document: Handle, index: int) -> Iterator[Handle]:
    """Load a page, counted from 0. Raises UnreadableError."""
    page = raw.FPDF_LoadPage(document, index)
    if not page:
        raise UnreadableError(f"pdfium does not load page {index + 1}")
    try:
        yield page
    finally:
        raw.FPDF_ClosePage(page)


def page_count(document: Handle) -> int:
    """Count the pages."""
    return int(raw.FPDF_GetPageCount(document))


def opens(data: bytes) -> bool:
    """Whether pdfium opens the bytes with the empty password and finds a page."""
    try:
        with opened(data) as document:
            return page_count(document) > 0
    except UnreadableError:
        return False


def picture_of(bitmap: Handle) -> Image.Image:
    """Copy a bitmap out of pdfium. Raises UnreadableError for a format that is not known."""
    kind = raw.FPDFBitmap_GetFormat(bitmap)
    if kind not in _MODES:
        raise UnreadableError("a bitmap of an unknown format")
    mode, order = _MODES[kind]
    width, height = raw.FPDFBitmap_GetWidth(bitmap), raw.FPDFBitmap_GetHeight(bitmap)
    stride = raw.FPDFBitmap_GetStride(bitmap)
    address = ctypes.cast(raw.FPDFBitmap_GetBuffer(bitmap), ctypes.c_void_p).value
    if not address:
        raise UnreadableError("a bitmap without points")
    samples = (ctypes.c_ubyte * (stride * height)).from_address(address)  # read in place: it is copied once, below
    return Image.frombytes(mode, (width, height), samples, "raw", order, stride, 1)


def only_picture(data: bytes) -> Image.Image:
    """Decode the picture that is the first thing on the first page. Raises UnreadableError."""
    with opened(data) as document, loaded(document, 0) as page:
        thing = raw.FPDFPage_GetObject(page, 0)
        bitmap = raw.FPDFImageObj_GetBitmap(thing) if thing else None
        if not bitmap:
            raise UnreadableError("pdfium does not decode the picture")
        try:
            return picture_of(bitmap)
        finally:
            raw.FPDFBitmap_Destroy(bitmap)
