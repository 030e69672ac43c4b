"""Text that printing drew as a picture, or without saying which letters it is: found again, to be said beside it.

Printing programs drop the invisible text of scans, and draw what they can't express as a picture.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pikepdf

from attachguard.formats.pdf.characters import Word, ink_of, visible_words
from attachguard.formats.pdf.document import decoded, dictionary_at
from attachguard.formats.pdf.fonts import leaves_fonts_to_the_reader
from attachguard.formats.pdf.pdfium import UnreadableError
from attachguard.formats.pdf.render import Print, printing
from attachguard.formats.pdf.weblinks import WebLink

_DPI = 100
"""At which what shows is told from what does not: letters of six points are eight points high."""

_UNKNOWN = b"<fffd>"
"""What a character map says of a letter that nobody knows (Unicode: the replacement character)."""

_KEPT = 0.98
"""Share of the letters from which on nothing was lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Original and print, open side by side; None when they can't be compared."""

    original: Print | None
    printed: Print | None

    def lost_words(self, index: int) -> list[Word]:
        """Give the words that show on a page of the original and that the print does not say; none if it can't load."""
        if self.original is None or self.printed is None or self.original.pages != self.printed.pages:
            return []
        try:
            return _lost_words(self.original, self.printed, index)
        except UnreadableError:
            return []

    def web_links(self, index: int) -> list[WebLink]:
        """Give the links to the web of a page of the original; none if it can't load."""
        if self.original is None or self.printed is None or self.original.pages != self.printed.pages:
            return []
        try:
            with self.original.sheet(index) as sheet:
                return list(sheet.web_links())
        except UnreadableError:
            return []


def _lost_words(original: Print, printed: Print, index: int) -> list[Word]:
    with original.sheet(index) as theirs, printed.sheet(index) as ours:
        kept = ours.text()
        if _share(theirs.text(), kept) >= _KEPT:
            return []
        if leaves_fonts_to_the_reader(theirs):
            return []  # its letters may be drawn wrongly: what the print says is the only witness of that
        words = visible_words(theirs, ink_of(theirs.draw(_DPI), theirs))
        return list(_missing(words, Counter(kept.split())))


def may_have_lost_text(page: pikepdf.Object) -> bool:
    """Whether a printed page has pictures, no fonts, or fonts that do not say what their letters mean."""
    resources = dictionary_at(page, "/Resources")
    fonts = None if resources is None else dictionary_at(resources, "/Font")
    if resources is None or fonts is None or dictionary_at(resources, "/XObject") is not None:
        return True
    maps = [font.get("/ToUnicode") for font in fonts.values() if isinstance(font, pikepdf.Dictionary)]
    return any(not isinstance(letters, pikepdf.Stream) or _UNKNOWN in decoded(letters) for letters in maps)


@contextmanager
def comparing(original: bytes, printed: bytes) -> Iterator[Comparison]:
    """Open both. Never raises for what they hold."""
    with ExitStack() as open_ones:
        try:
            theirs, ours = open_ones.enter_context(printing(original)), open_ones.enter_context(printing(printed))
            comparison = Comparison(original=theirs, printed=ours)
        except UnreadableError:
            comparison = Comparison(original=None, printed=None)
        yield comparison


def _share(wanted: str, kept: str) -> float:
    letters, there = Counter("".join(wanted.split())), Counter("".join(kept.split()))
    return (letters & there).total() / max(1, letters.total())


def _missing(words: list[Word], kept: Counter[str]) -> Iterator[Word]:
    for word in words:
        if kept[word.text] > 0:
            kept[word.text] -= 1
        else:
            yield word
