"""How unlike two drawings of a page are, whatever hair's breadth two programs put their lines apart.

A point of one drawing is explained when the other has as dark (or as light) a point within reach of it. What stays
unexplained is averaged over a few points, so that specks vanish and a lost word, mark, line or tint stands out.
Measured: what stays unexplained of pages drawn faithfully reaches 31 of 255, of lost things 51 and more (docs/pdf.md).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from attachguard.formats.pdf.pages import Box

DPI = 48
"""At which pages are compared: a tick in a box is five points wide."""

_BORDER = 2.0
"""Points to both sides of a link's edge in which its border may be drawn or not: printers disagree (12.5.4)."""


_PATCH = 3
"""Points to a side of the patches whose colours are compared."""

_COLOUR_ALARM = 11
"""Difference of redness or blueness, of 255, that is still alike at first sight."""

_LINE = 32
"""Points that belong to a line when they are in a row."""

_LINE_ALARM = 55
"""The darkest line, before it is looked at more closely, that is not worth that."""

MOST_LINES = 32
"""The darkest lost line that is still alike."""

MOST_LINES_OF_PICTURES = 75
"""The same where the copy's page is a picture: there a hairline lies on points, and is lighter or darker for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How much two drawings may differ."""

    reach: int
    """Points within which a point may find its explanation."""
    blur: int
    """Radius, at half resolution, over which the unexplained is averaged."""
    most: int
    """The largest average that is still alike, of 255."""


SAME_FONTS = Tolerance(reach=1, blur=1, most=45)
"""Both programs have the page's fonts, or the same families of their own."""

OTHER_FONTS = Tolerance(reach=2, blur=2, most=50)
"""The page leaves its fonts to the program: letters differ in shape, lines must not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSight:
    """What a quick comparison says."""

    unlike: int
    """The largest difference, of 255, that is not explained."""
    alarming: bool
    """Whether a second, finer look is worth while."""


def first_sight(theirs: Image.Image, ours: Image.Image) -> FirstSight:
    """Compare two drawings (grey, of one size) quickly; easily alarmed."""
    either = Image.new("L", theirs.size)
    differing = ImageChops.difference(theirs, ours).getbbox()
    if differing is not None:
        around = _wider(differing, theirs)  # outside, all is the same to the point, and so explained
        a, b = theirs.crop(around), ours.crop(around)
        either.paste(ImageChops.lighter(_unexplained(a, b, 1), _unexplained(b, a, 1)), around[:2])
    unlike = _worst(_averaged(either, 1))
    line = max(_worst(either.reduce((_LINE, 1))), _worst(either.reduce((1, _LINE))))
    return FirstSight(unlike=unlike, alarming=unlike > SAME_FONTS.most or line > _LINE_ALARM)


def _wider(part: tuple[int, int, int, int], whole: Image.Image) -> tuple[int, int, int, int]:
    """Give a part with the points around it."""
    left, top, right, bottom = part
    return max(0, left - 1), max(0, top - 1), min(whole.width, right + 1), min(whole.height, bottom + 1)


def colours_differ(theirs: Image.Image, ours: Image.Image) -> bool:
    """Whether two drawings (RGB, of one size) are worth a second look for their colours, grey tones left aside."""
    one, other = _chroma(theirs.reduce(_PATCH)), _chroma(ours.reduce(_PATCH))
    return any(_worst(ImageChops.difference(a, b)) > _COLOUR_ALARM for a, b in zip(one, other, strict=True))


def _chroma(picture: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Give how much redder and how much bluer than green every point is: nothing for any grey."""
    red, green, blue = picture.split()
    return ImageChops.subtract(red, green, 2, 128), ImageChops.subtract(blue, green, 2, 128)


def unlikeness(theirs: Image.Image, ours: Image.Image, tolerance: Tolerance, links: Sequence[Box] = ()) -> int:
    """Say how unlike two drawings (RGB, of one size) are at their worst place, from 0 to 255.

    `links` are rectangles, in points of the drawing, along whose edges ours may have lines that theirs have not.
    """
    lost, added = _unexplained(theirs, ours, tolerance.reach), _unexplained(ours, theirs, tolerance.reach)
    _forgive(added, links)
    return max(_worst(_averaged(lost, tolerance.blur)), _worst(_averaged(added, tolerance.blur)))


def lost_lines(theirs: Image.Image, ours: Image.Image, links: Sequence[Box] = ()) -> int:
    """Say how dark the darkest hairline is, level or upright, that only one of two drawings (RGB) has: 0 to 255.

    A hairline is too thin to stand out in `unlikeness`. Measured: pages drawn faithfully reach 26 (as pictures
    66), a lost line of 0.7 points 37.
    """
    a = theirs.convert("L").filter(ImageFilter.BoxBlur(1))
    b = ours.convert("L").filter(ImageFilter.BoxBlur(1))  # a line may lie on one row of points or between two
    lost, added = _unexplained(a, b, 1), _unexplained(b, a, 1)
    _forgive(added, links)
    either = ImageChops.lighter(lost, added)
    return max(_worst(either.reduce((_LINE, 1))), _worst(either.reduce((1, _LINE))))


def spread(picture: Image.Image, choose: Callable[[Image.Image, Image.Image], Image.Image]) -> Image.Image:
    """Give every point the lightest (or darkest) value of its nine neighbours; `choose` is of ImageChops."""
    wide = choose(choose(picture, _moved(picture, 1, 0)), _moved(picture, -1, 0))
    return choose(choose(wide, _moved(wide, 0, 1)), _moved(wide, 0, -1))


def _unexplained(a: Image.Image, b: Image.Image, reach: int) -> Image.Image:
    """Give how much darker the points of `a` are than anything within reach in `b`, in both readings of "reach"."""
    darkest_b, lightest_a = b, a
    for _ in range(reach):
        darkest_b, lightest_a = spread(darkest_b, ImageChops.darker), spread(lightest_a, ImageChops.lighter)
    return ImageChops.lighter(ImageChops.subtract(darkest_b, a), ImageChops.subtract(b, lightest_a))


def _forgive(added: Image.Image, links: Sequence[Box]) -> None:
    pen = ImageDraw.Draw(added)
    for link in links:
        outer = (link.left - _BORDER, link.bottom - _BORDER, link.right + _BORDER, link.top + _BORDER)
        pen.rectangle(outer, outline=0, width=int(2 * _BORDER) + 1)


def _moved(picture: Image.Image, across: int, down: int) -> Image.Image:
    """Move a picture by whole points; its edge is repeated, so that nothing comes in from outside."""
    moved = picture.copy()
    moved.paste(picture, (across, down))
    return moved


def _averaged(picture: Image.Image, blur: int) -> Image.Image:
    return picture.reduce(2).filter(ImageFilter.BoxBlur(blur))


def _worst(picture: Image.Image) -> int:
    extremes = [picture.getchannel(band).getextrema() for band in picture.getbands()]
    return max(int(highest) for _, highest in extremes)  # type: ignore[arg-type] # one band: a pair of numbers
