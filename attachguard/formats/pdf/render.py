"""Draw pages with pdfium the way a printer would get them, and read their text, links and sizes."""

import ctypes
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import Image
from pypdfium2 import raw

from attachguard.formats.pdf.pages import Box
from attachguard.formats.pdf.pdfium import Handle, UnreadableError, loaded, opened, page_count, picture_of
from attachguard.formats.pdf.weblinks import LONGEST, WebLink, is_web

_FLAGS = raw.FPDF_PRINTING | raw.FPDF_ANNOT
"""As printed: annotations that print, layers in their print state (ISO 32000-2, 12.5.3 and 8.11.4.4)."""

_WHITE = 0xFFFFFFFF

MOST_PIXELS = 25_000_000
"""Of one page; what 150 dpi make of an A1 sheet. Larger pages are drawn more coarsely."""

_FINE = 100
"""Device units per point, where pdfium answers in whole units."""

_LINKS = 2000
"""Links of one page that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """How a page's own coordinates (ISO 32000-2, 8.3.2.3) become points from the upper left corner as shown."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Give a point as shown, downwards from the top."""
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One page that is loaded; its sides are in points, turned and cropped as it is shown."""

    handle: Handle
    document: Handle
    form: Handle | None
    width: float
    height: float

    def draw(self, dpi: float, *, mode: str = "L") -> Image.Image:
        """Draw the page in grey ("L") or colour ("RGB"), with its form fields. Raises UnreadableError."""
        width = max(1, math.ceil(self.width * dpi / 72 - 0.01))
        height = max(1, math.ceil(self.height * dpi / 72 - 0.01))
        if width * height > MOST_PIXELS:
            shrink = math.sqrt(MOST_PIXELS / (width * height))
            width, height = max(1, int(width * shrink)), max(1, int(height * shrink))
        grey = mode == "L"
        bitmap = raw.FPDFBitmap_CreateEx(width, height, raw.FPDFBitmap_Gray if grey else raw.FPDFBitmap_BGR, None, 0)
        if not bitmap:
            raise UnreadableError("no memory for the page")
        flags = _FLAGS | (raw.FPDF_GRAYSCALE if grey else 0)
        try:
            raw.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, _WHITE)
            raw.FPDF_RenderPageBitmap(bitmap, self.handle, 0, 0, width, height, 0, flags)
            if self.form:
                raw.FPDF_FFLDraw(self.form, bitmap, self.handle, 0, 0, width, height, 0, flags)
            return picture_of(bitmap)
        finally:
            raw.FPDFBitmap_Destroy(bitmap)

    def text(self) -> str:
        """Read the page's text in the order of its content. Raises UnreadableError."""
        with self.reader() as reader:
            count = max(0, raw.FPDFText_CountChars(reader))
            buffer = (ctypes.c_ushort * (count + 1))()
            written = raw.FPDFText_GetText(reader, 0, count, buffer)
            return bytes(buffer)[: 2 * max(0, written - 1)].decode("utf-16-le", "replace")

    @contextmanager
    def reader(self) -> Iterator[Handle]:
        """Open the page's text. Raises UnreadableError."""
        reader = raw.FPDFText_LoadPage(self.handle)
        if not reader:
            raise UnreadableError("no text can be read")
        try:
            yield reader
        finally:
            raw.FPDFText_ClosePage(reader)

    def placement(self) -> Placement:
        """Say how the page's coordinates become places on the sheet: by asking for three points."""
        corner, right, up = self._device(0, 0), self._device(1000, 0), self._device(0, 1000)
        return Placement(
            a=(right[0] - corner[0]) / 1000,
            b=(right[1] - corner[1]) / 1000,
            c=(up[0] - corner[0]) / 1000,
            d=(up[1] - corner[1]) / 1000,
            e=corner[0],
            f=corner[1],
        )

    def _device(self, x: float, y: float) -> tuple[float, float]:
        across, down = ctypes.c_int(), ctypes.c_int()
        width, height = round(self.width * _FINE), round(self.height * _FINE)
        raw.FPDF_PageToDevice(self.handle, 0, 0, width, height, 0, x, y, across, down)
        return across.value / _FINE, down.value / _FINE

    def links(self) -> Iterator[Box]:
        """Give the rectangles of link annotations, in points from the upper left corner (top above bottom)."""
        placement = self.placement()
        position, link, rectangle = ctypes.c_int(0), raw.FPDF_LINK(), raw.FS_RECTF()
        for _ in range(_LINKS):
            if not raw.FPDFLink_Enumerate(self.handle, position, link):
                return
            if raw.FPDFLink_GetAnnotRect(link, rectangle):
                yield _placed(rectangle, placement)

    def web_links(self) -> Iterator[WebLink]:
        """Give the links that lead to verified addresses on the web, as far as they lie on the sheet."""
        placement = self.placement()
        position, link, rectangle = ctypes.c_int(0), raw.FPDF_LINK(), raw.FS_RECTF()
        for _ in range(_LINKS):
            if not raw.FPDFLink_Enumerate(self.handle, position, link):
                return
            address = self._address(link)
            if not is_web(address) or not raw.FPDFLink_GetAnnotRect(link, rectangle):
                continue
            box = _placed(rectangle, placement)
            if box.right > 0 and box.left < self.width and box.top > 0 and box.bottom < self.height:
                yield WebLink(box=box, address=address)

    def _address(self, link: Handle) -> str:
        """Read where a link leads; nothing where it does anything else than lead to an address."""
        action = raw.FPDFLink_GetAction(link)
        if not action or raw.FPDFAction_GetType(action) != raw.PDFACTION_URI:
            return ""
        size = raw.FPDFAction_GetURIPath(self.document, action, None, 0)
        if not 1 < size <= LONGEST:
            return ""
        buffer = ctypes.create_string_buffer(size)
        raw.FPDFAction_GetURIPath(self.document, action, buffer, size)
        return buffer.value.decode("latin-1")


def _placed(rectangle: raw.FS_RECTF, placement: Placement) -> Box:
    x0, y0 = placement.point(rectangle.left, rectangle.bottom)
    x1, y1 = placement.point(rectangle.right, rectangle.top)
    return Box(left=min(x0, x1), bottom=min(y0, y1), right=max(x0, x1), top=max(y0, y1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """An open document that can be drawn."""

    document: Handle
    form: Handle | None
    pages: int

    @contextmanager
    def sheet(self, index: int) -> Iterator[Sheet]:
        """Load a page, counted from 0. Raises UnreadableError."""
        with loaded(self.document, index) as page:
            if self.form:
                raw.FORM_OnAfterLoadPage(page, self.form)
            try:
                width, height = float(raw.FPDF_GetPageWidthF(page)), float(raw.FPDF_GetPageHeightF(page))
                yield Sheet(handle=page, document=self.document, form=self.form, width=width, height=height)
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
