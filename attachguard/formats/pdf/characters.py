"""The characters of a page that a reader can see: inside the sheet, and where the drawn page shows something.

Text under a covering box, in the colour of the paper, outside the crop or in a layer that is off is not there.
"""

import ctypes
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from PIL import Image, ImageChops
from pypdfium2 import raw

from attachguard.formats.pdf.likeness import spread
from attachguard.formats.pdf.pdfium import Handle
from attachguard.formats.pdf.render import Placement, Sheet

_MOST = 50_000
"""Characters of one page that are looked at."""

_CONTRAST = 24
"""Steps of grey between neighbouring points from which on something is to be seen."""

_EDGE = 1.5
"""Points of the drawing at the edge of a box that may show a neighbour, or the rim of what covers the letter."""

_EDGE_SHARE = 0.22
"""The same for tiny letters, as a share of the box."""

_WIDE_GAP = 1.6
"""Letters' widths without anything to see, from which on a word is looked at letter by letter."""

_WORD = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\ud800-\uf8ff\ufffd-\uffff]+")
"""What stands together: no white space, no control, no surrogate, nothing private, not the replacement character."""


class Spot(NamedTuple):
    """The box of what a letter draws, in points from the upper left corner of the sheet.

    A tuple, since pages have thousands: it is made in a third of the time.
    """

    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of the box."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Letters that stand together, and where the first and the last of them are."""

    text: str
    first: Spot
    last: Spot


@dataclass(frozen=True, slots=True)
class Ink:
    """Where a drawn page shows something: a byte per point of the drawing, 0 for a plain patch."""

    marks: bytes
    width: int
    height: int
    scale: float
    """Points of the drawing per point of the sheet."""

    def shows(self, spot: Spot) -> bool:
        """Whether anything shows well inside a box whose middle is on the sheet."""
        if not self._on_sheet(*spot.middle):
            return False
        left, right = self._inside(spot.left, spot.right, self.width)
        return any(self.marks.find(1, row + left, row + right) >= 0 for row in self._rows(spot.top, spot.bottom))

    def shows_all_along(self, left: float, right: float, top: float, bottom: float, letters: int) -> bool:
        """Whether a level row of letters shows something everywhere, but for gaps as letters have."""
        start, end = math.floor(left * self.scale), math.ceil(right * self.scale)
        if start < 0 or end > self.width or end <= start or not self._on_sheet(left, (top + bottom) / 2):
            return False
        seen = 0
        for row in self._rows(top, bottom):
            seen |= int.from_bytes(self.marks[row + start : row + end], "big")
        gap = max(2, math.ceil((end - start) / letters * _WIDE_GAP))
        return seen > 0 and seen.to_bytes(end - start, "big").find(bytes(gap)) < 0

    def _on_sheet(self, across: float, down: float) -> bool:
        return 0 <= across * self.scale < self.width and 0 <= down * self.scale < self.height

    def _rows(self, top: float, bottom: float) -> Iterator[int]:
        """Give where the rows of the drawing begin that lie well inside."""
        first, last = self._inside(top, bottom, self.height)
        return (row * self.width for row in range(first, last))

    def _inside(self, start: float, end: float, most: int) -> tuple[int, int]:
        """Give the points that lie well inside, or the one in the middle where nothing else does."""
        edge = min(_EDGE, _EDGE_SHARE * (end - start) * self.scale)
        first, last = math.ceil(start * self.scale + edge), math.floor(end * self.scale - edge)
        if last <= first:
            first = math.floor((start + end) / 2 * self.scale)
            last = first + 1
        return max(0, first), min(most, last)


def ink_of(drawn: Image.Image, sheet: Sheet) -> Ink:
    """Mark where a drawn page (grey) shows something."""
    lightest, darkest = spread(drawn, ImageChops.lighter), spread(drawn, ImageChops.darker)
    marks = ImageChops.subtract(lightest, darkest).point([int(step > _CONTRAST) for step in range(256)])
    return Ink(marks=marks.tobytes(), width=drawn.width, height=drawn.height, scale=drawn.width / sheet.width)


def visible_words(sheet: Sheet, ink: Ink) -> list[Word]:
    """Read the words of a page, leaving out every letter that shows nothing."""
    with sheet.reader() as reader:
        letters = _Letters(reader, sheet.placement())
        return [word for start, text in _words(reader) for word in _visible(start, text, letters, ink)]


def said(words: list[Word]) -> str:
    """Write words down."""
    return " ".join(word.text for word in words)


class _Letters:
    """Where pdfium says the letters of a page are."""

    def __init__(self, reader: Handle, placement: Placement) -> None:
        self._reader = reader
        self._placement = placement
        self._box = ctypes.c_double(), ctypes.c_double(), ctypes.c_double(), ctypes.c_double()

    def spot(self, index: int) -> Spot | None:
        """Give the box of one letter."""
        left, right, bottom, top = self._box
        if not raw.FPDFText_GetCharBox(self._reader, index, left, right, bottom, top):
            return None
        x0, y0 = self._placement.point(left.value, bottom.value)
        x1, y1 = self._placement.point(right.value, top.value)
        return Spot(left=min(x0, x1), top=min(y0, y1), right=max(x0, x1), bottom=max(y0, y1))


def _words(reader: Handle) -> Iterator[tuple[int, str]]:
    """Give the words of a page with the number of their first letter."""
    count = min(max(0, raw.FPDFText_CountChars(reader)), _MOST)
    for found in _WORD.finditer(_text_at_once(reader, count) or _text_by_letters(reader, count)):
        yield found.start(), found.group()


def _text_at_once(reader: Handle, count: int) -> str:
    """Read all letters in one call; nothing where that gives other letters than to ask for each does."""
    buffer = (ctypes.c_ushort * (count + 1))()
    written = raw.FPDFText_GetText(reader, 0, count, buffer)
    text = bytes(buffer)[: 2 * max(0, written - 1)].decode("utf-16-le", "replace")
    if len(text) != count:
        return ""
    alike = (raw.FPDFText_GetUnicode(reader, word.start()) == ord(word.group()[0]) for word in _WORD.finditer(text))
    return text if all(alike) else ""


def _text_by_letters(reader: Handle, count: int) -> str:
    codes = [raw.FPDFText_GetUnicode(reader, index) for index in range(count)]
    return "".join(chr(code) if code < 0x110000 else "\ufffd" for code in codes)


def _visible(start: int, text: str, letters: _Letters, ink: Ink) -> Iterator[Word]:
    """Give a word whole where all of it shows, else its letters that do."""
    first, last = letters.spot(start), letters.spot(start + len(text) - 1)
    if len(text) > 1 and first is not None and last is not None and first.right < last.right:
        level = first.top < last.bottom and last.top < first.bottom
        top, bottom = min(first.top, last.top), max(first.bottom, last.bottom)
        if level and ink.shows_all_along(first.left, last.right, top, bottom, len(text)):
            yield Word(text=text, first=first, last=last)
            return
    yield from _letter_by_letter(start, text, letters, ink)


def _letter_by_letter(start: int, text: str, letters: _Letters, ink: Ink) -> Iterator[Word]:
    run: list[tuple[str, Spot]] = []
    for index, letter in enumerate(text):
        spot = letters.spot(start + index)
        if spot is not None and ink.shows(spot):
            run.append((letter, spot))
        elif run:
            yield _joined(run)
            run = []
    if run:
        yield _joined(run)


def _joined(run: list[tuple[str, Spot]]) -> Word:
    return Word(text="".join(letter for letter, _ in run), first=run[0][1], last=run[-1][1])
