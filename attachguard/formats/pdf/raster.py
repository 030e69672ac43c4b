"""The method `raster`: every page as a picture of what it prints, with the text that can be seen as a text layer.

Nothing of the original's structure passes, only colours of points and letters. It looks the same everywhere, is larger,
and no longer sharp at any size.
"""

from dataclasses import dataclass

import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import Image, ImageChops

from attachguard.formats.pdf.about import About
from attachguard.formats.pdf.characters import ink_of, visible_words
from attachguard.formats.pdf.encode import Encoded, encode_exact_quickly, encode_jpeg
from attachguard.formats.pdf.images import picture_stream
from attachguard.formats.pdf.pages import Box
from attachguard.formats.pdf.pdfium import UnreadableError
from attachguard.formats.pdf.render import Print, Sheet, printing
from attachguard.formats.pdf.textlayer import text_layer
from attachguard.formats.pdf.weblinks import annotations
from attachguard.formats.pdf.writing import finished
from attachguard.model import Limits, Links


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharpness:
    """How finely pages are drawn, and how finely photographs among them are kept."""

    dpi: int
    quality: int


STEPS = (
    Sharpness(dpi=150, quality=80),
    Sharpness(dpi=120, quality=70),
    Sharpness(dpi=100, quality=55),
)
"""Tried in this order until the copy is small enough; below, small print can't be read."""

_FEW_COLOURS = 600
"""Different colours among a sixteenth of the points, up to which a page is drawn and not photographed."""

_SHADED = 0.25
"""Share of points neither light nor dark from which on a page without colours is a photograph."""

_GLANCE = 4
"""How many times coarser a page is drawn to see whether it has colours: most have none, and are drawn in grey then."""

_GREYS = 8
"""Steps of grey of a page without colours: text edges need no more."""


class TooMuchError(ValueError):
    """There are more pages than are drawn, or the copy is larger than a file may be even at the coarsest step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rastered:
    """A copy made of pictures."""

    data: bytes
    sharpness: Sharpness


def steps(limits: Limits) -> tuple[Sharpness, ...]:
    """Give the steps that are tried: what the policy asks for, then the coarser ones."""
    first = Sharpness(dpi=limits.flatten.dpi, quality=STEPS[0].quality)
    return (first, *(step for step in STEPS if step.dpi < first.dpi))


def rasterize(original: bytes, taken_over: About, limits: Limits) -> Rastered:
    """Draw every page. Raises UnreadableError when pdfium can't, TooMuchError when the result is too large."""
    with printing(original) as document:
        if document.pages < 1:
            raise UnreadableError("no pages")
        if document.pages > limits.pages:
            raise TooMuchError(f"{document.pages} pages, limit {limits.pages}")
        for sharpness in steps(limits):
            data = _drawn(document, taken_over, sharpness, limits)
            if data is not None:
                return Rastered(data=data, sharpness=sharpness)
    raise TooMuchError("the pages as pictures are larger than a file may be")


def _drawn(document: Print, taken_over: About, sharpness: Sharpness, limits: Limits) -> bytes | None:
    """Draw every page at one sharpness; None as soon as that turns out too large."""
    target = pikepdf.new()
    spent = 0
    for index in range(document.pages):
        unit = taken_over.units[index] if index < len(taken_over.units) else 1.0
        with document.sheet(index) as sheet:
            encoded = _page(sheet, unit, sharpness, target, limits)
        spent += len(encoded.data)
        if spent > limits.file_size:
            return None
    data = finished(target, taken_over)
    return data if len(data) <= limits.file_size else None


def _page(sheet: Sheet, unit: float, sharpness: Sharpness, target: pikepdf.Pdf, limits: Limits) -> Encoded:
    scale = min(unit, limits.page_points / max(sheet.width, sheet.height, 1))
    dpi = sharpness.dpi * min(scale, 1.0)
    page = sheet.draw(dpi, mode="L" if is_grey(sheet.draw(dpi / _GLANCE, mode="RGB")) else "RGB")
    encoded = encode_page(page, sharpness.quality)
    grey = page if page.mode == "L" else page.convert("L")
    words = visible_words(sheet, ink_of(grey.reduce(2), sheet))
    width, height = sheet.width * scale, sheet.height * scale
    layer = text_layer(words, sheet.height, target)
    content = (
        f"q {width:.3f} 0 0 {height:.3f} 0 0 cm /P Do Q\n{scale:.5f} 0 0 {scale:.5f} 0 0 cm\n".encode("ascii")
        + layer.content
    )
    leaf = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, round(width, 3), round(height, 3)]),
        Resources=Dictionary(XObject=Dictionary(P=picture_stream(encoded, target)), Font=layer.fonts),
        Contents=target.make_stream(content),
    )
    if limits.flatten.links is Links.KEEP_WEB:
        annotated = annotations(list(sheet.web_links()), Box(left=0, bottom=0, right=width, top=height), scale)
        if annotated is not None:
            leaf["/Annots"] = annotated
    target.pages.append(pikepdf.Page(target.make_indirect(leaf)))
    return encoded


def encode_page(drawn: Image.Image, quality: int) -> Encoded:
    """Encode a drawn page (grey or RGB) in the coding that suits it: two tones, greys, a palette, or a photograph's."""
    sample = drawn.resize((drawn.width // 4 + 1, drawn.height // 4 + 1), Image.Resampling.NEAREST)
    if drawn.mode == "L":
        tones = sample.histogram()
        between = sum(tones[16:240]) / max(1, sum(tones))
        return encode_jpeg(drawn, quality) if between > _SHADED else encode_exact_quickly(_few_greys(drawn))
    if sample.getcolors(_FEW_COLOURS) is None:
        return encode_jpeg(drawn, quality)
    return encode_exact_quickly(_few_colours(drawn))


def is_grey(drawn: Image.Image) -> bool:
    """Whether no part of a drawing has a colour."""
    red, green, blue = drawn.split()
    apart = ImageChops.lighter(ImageChops.difference(red, green), ImageChops.difference(green, blue))
    return int(apart.getextrema()[1]) <= 3  # type: ignore[arg-type] # one band: a pair of numbers


def _few_colours(drawn: Image.Image) -> Image.Image:
    """Give a page by a palette, chosen from every fourth point: half the time, and no speck of two points is missed."""
    quarter = drawn.resize((drawn.width // 2 + 1, drawn.height // 2 + 1), Image.Resampling.NEAREST)
    palette = quarter.quantize(colors=256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    return drawn.quantize(palette=palette, dither=Image.Dither.NONE)


def _few_greys(grey: Image.Image) -> Image.Image:
    """Give a page in a few greys, or two where it has no more."""
    levels = grey.histogram()
    if sum(levels[8:248]) == 0:
        return grey.convert("1", dither=Image.Dither.NONE)
    step = 255 / (_GREYS - 1)
    reduced = grey.point([round(tone / step) for tone in range(256)])
    few = Image.frombytes("P", grey.size, reduced.tobytes())
    few.putpalette(b"".join(bytes([round(level * step)] * 3) for level in range(_GREYS)))
    return few
