"""Draw pages with pdfium the way a printer would get them, and read their text and sizes."""

import ctypes
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import Image
from pypdfium2 import raw

from attachguard.formats.pdf.pdfium import Handle, UnreadableError, loaded, opened, page_count, picture_of

_FLAGS = raw.FPDF_PRINTING | raw.FPDF_ANNOT
"""As printed: annotations that print, layers in their print state (ISO 32000-2, 12.5.3 and 8.11.4.4)."""

_WHITE = 0xFFFFFFFF

MOST_PIXELS = 25_000_000
"""Of one page; what 150 dpi make of an A1 sheet. Larger pages are drawn more coarsely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """An open document that can be drawn."""

    document: Handle
    form: Handle | None
    pages: int

    def size(self, index: int) -> tuple[float, float]:
        """Give a page's width and height in points, turned and cropped as it is shown. Raises UnreadableError."""
        with loaded(self.document, index) as page:
            return float(raw.FPDF_GetPageWidthF(page)), float(raw.FPDF_GetPageHeightF(page))

    def draw(self, index: int, dpi: float, *, mode: str = "L") -> Image.Image:
        """Draw a page in grey ("L") or colour ("RGB"), with its form fields. Raises UnreadableError."""
        with self._shown(index) as page:
            scale = dpi / 72
            width = max(1, math.ceil(raw.FPDF_GetPageWidthF(page) * scale - 0.01))
            height = max(1, math.ceil(raw.FPDF_GetPageHeightF(page) * scale - 0.01))
            return self._drawn(page, width, height, mode)

    def text(self, index: int) -> str:
        """Read a page's text in the order of its content. Raises UnreadableError."""
        with self._shown(index) as page:
            reader = raw.FPDFText_LoadPage(page)
            if not reader:
                raise UnreadableError("no text can be read")
            try:
                count = max(0, raw.FPDFText_CountChars(reader))
                buffer = (ctypes.c_ushort * (count + 1))()
                written = raw.FPDFText_GetText(reader, 0, count, buffer)
                return bytes(buffer)[: 2 * max(0, written - 1)].decode("utf-16-le", "replace")
            finally:
                raw.FPDFText_ClosePage(reader)

    def _drawn(self, page: Handle, width: int, height: int, mode: str) -> Image.Image:
        if width * height > MOST_PIXELS:
            shrink = math.sqrt(MOST_PIXELS / (width * height))
            width, height = max(1, int(width * shrink)), max(1, int(height * shrink))
        kind = raw.FPDFBitmap_Gray if mode == "L" else raw.FPDFBitmap_BGR
        flags = _FLAGS | (raw.FPDF_GRAYSCALE if mode == "L" else 0)
        bitmap = raw.FPDFBitmap_CreateEx(width, height, kind, None, 0)
        if not bitmap:
            raise UnreadableError("no memory for the page")
        try:
            raw.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, _WHITE)
            raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, flags)
            if self.form:
                raw.FPDF_FFLDraw(self.form, bitmap, page, 0, 0, width, height, 0, flags)
            return picture_of(bitmap)
        finally:
            raw.FPDFBitmap_Destroy(bitmap)

    @contextmanager
    def _shown(self, index: int) -> Iterator[Handle]:
        with loaded(self.document, index) as page:
            if self.form:
                raw.FORM_OnAfterLoadPage(page, self.form)
            try:
                yield page
            finally:
                if self.form:
                    raw.FORM_OnBeforeClosePage(page, self.form)


@contextmanager
def printing(data: bytes) -> Iterator[Print]:
    """Open a document to draw its pages, form fields filled in. Raises UnreadableError."""
    with opened(data) as document:
        if raw.FPDF_GetFormType(document) == raw.FORMTYPE_NONE:
            yield Print(document=document, form=None, pages=page_count(document))
            return
        callbacks = raw.FPDF_FORMFILLINFO(version=2)
        form = raw.FPDFDOC_InitFormFillEnvironment(document, ctypes.byref(callbacks))
        try:
            if form:
                raw.FPDF_SetFormFieldHighlightAlpha(form, 0)  # the blue of fields is for the screen
            yield Print(document=document, form=form or None, pages=page_count(document))
        finally:
            if form:
                raw.FPDFDOC_ExitFormFillEnvironment(form)
