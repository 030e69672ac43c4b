"""The characters of a page that a reader can see: inside the sheet, and where the drawn page shows something.

Text under a covering box, in the colour of the paper, outside the crop or in a layer that is off is not there.
"""

import ctypes
import math
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageChops
from pypdfium2 import raw

from attachguard.formats.pdf.likeness import spread
from attachguard.formats.pdf.render import Sheet

_MOST = 50_000
"""Characters of one page that are looked at."""

_CONTRAST = 24
"""Steps of grey between neighbouring points from which on something is to be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """One character and the box of what it draws, in points from the upper left corner of the sheet."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of the box."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


Word = tuple[Character, ...]
"""Characters that stand together."""


@dataclass(frozen=True, slots=True)
class Ink:
    """Where a drawn page shows something: a byte per point of the drawing, 0 for a plain patch."""

    marks: bytes
    width: int
    height: int
    scale: float
    """Points of the drawing per point of the sheet."""

    def seen(self, character: Character) -> bool:
        """Whether anything shows inside a character's box."""
        left, right = self._inner(character.left, character.right)
        top, bottom = self._inner(character.top, character.bottom)
        left, right = max(0, left), min(self.width, right)
        for row in range(max(0, top), min(self.height, bottom)):
            if self.marks.find(1, row * self.width + left, row * self.width + right) >= 0:
                return True
        return False

    def _inner(self, start: float, end: float) -> tuple[int, int]:
        """Give the points that lie well inside: what shows at the very edge may be a neighbour's."""
        first, last = math.ceil(start * self.scale + 0.5), math.floor(end * self.scale - 0.5)
        middle = int((start + end) / 2 * self.scale)
        return (first, last) if last > first else (middle, middle + 1)


def ink_of(drawn: Image.Image, sheet: Sheet) -> Ink:
    """Mark where a drawn page (grey) shows something."""
    lightest, darkest = spread(drawn, ImageChops.lighter), spread(drawn, ImageChops.darker)
    marks = ImageChops.subtract(lightest, darkest).point([int(step > _CONTRAST) for step in range(256)])
    return Ink(marks=marks.tobytes(), width=drawn.width, height=drawn.height, scale=drawn.width / sheet.width)


def visible_words(sheet: Sheet, ink: Ink) -> list[Word]:
    """Read the words of a page, leaving out every character that shows nothing."""
    words: list[list[Character]] = [[]]
    for character in _characters(sheet):
        if character.text.isspace() or not ink.seen(character):
            words.append([])
        else:
            words[-1].append(character)
    return [tuple(word) for word in words if word]


def said(words: list[Word]) -> str:
    """Write words down."""
    return " ".join("".join(character.text for character in word) for word in words)


def _characters(sheet: Sheet) -> Iterator[Character]:
    placement = sheet.placement()
    left, right, bottom, top = ctypes.c_double(), ctypes.c_double(), ctypes.c_double(), ctypes.c_double()
    with sheet.reader() as reader:
        for index in range(min(raw.FPDFText_CountChars(reader), _MOST)):
            code = raw.FPDFText_GetUnicode(reader, index)
            if is_text(code) and raw.FPDFText_GetCharBox(reader, index, left, right, bottom, top):
                x0, y0 = placement.point(left.value, bottom.value)
                x1, y1 = placement.point(right.value, top.value)
                yield Character(
                    text=chr(code), left=min(x0, x1), top=min(y0, y1), right=max(x0, x1), bottom=max(y0, y1)
                )


def is_text(code: int) -> bool:
    """Whether a code point can stand in a text: no control, no surrogate, not private, not the replacement."""
    if code < 0x20 or 0x7F <= code < 0xA0:
        return code in {0x09, 0x0A, 0x0D}
    return not (0xD800 <= code < 0xF900 or code in {0xFFFD, 0xFFFE, 0xFFFF} or code > 0xEFFFF)
