"""The first page or picture of a file, drawn anew as a small PNG: what a person sees before they open anything."""

from collections.abc import Callable, Mapping
from io import BytesIO
from types import MappingProxyType

from PIL import Image

from attachguard.formats.pdf.render import printing
from attachguard.formats.pictures.decode import opened
from attachguard.formats.pictures.sizes import Sizes, measure
from attachguard.model import Limits

SIDE = 1000
"""Pixels of the longer side."""


def draw_page(data: bytes, limits: Limits) -> bytes:  # noqa: ARG001 - the drawing itself is bounded
    """Draw the first page of a PDF. Raises what pdfium's wrapper raises."""
    with printing(data) as document, document.sheet(0) as sheet:
        longest = max(sheet.width, sheet.height, 1.0)
        return _png(sheet.draw(72 * SIDE / longest, mode="RGB"))


def draw_picture(format_: str) -> Callable[[bytes, Limits], bytes]:
    """Make the function that draws the first frame of a picture format, by Pillow's name of it."""

    def draw(data: bytes, limits: Limits) -> bytes:
        with opened(data, format_) as picture:
            if tuple(measure(Sizes(frames=(picture.size,)), limits)):
                raise ValueError("more pixels than may be drawn")
            picture.draft("RGB", (SIDE, SIDE))
            picture.thumbnail((SIDE, SIDE))
            return _png(_on_white(picture))

    return draw


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        page = Image.new("RGB", layer.size, "white")
        page.paste(layer, mask=layer.getchannel("A"))
        return page
    return picture.convert("RGB")


def _png(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.info.clear()
    picture.save(out, "PNG", compress_level=6)
    return out.getvalue()


PREVIEWS: Mapping[str, Callable[[bytes, Limits], bytes]] = MappingProxyType(
    {
        "bmp": draw_picture("BMP"),
        "gif": draw_picture("GIF"),
        "jpeg": draw_picture("JPEG"),
        "pdf": draw_page,
        "png": draw_picture("PNG"),
        "tiff": draw_picture("TIFF"),
    }
)
"""By the name of the kind."""
