"""The fonts of a document: whether a page leaves them to its reader, and whether a program passed unchanged."""

import ctypes
import hashlib
from collections.abc import Iterator

import pikepdf
from pypdfium2 import raw

from attachguard.formats.pdf.document import TooLargeError, decoded, open_pdf
from attachguard.formats.pdf.pdfium import Handle
from attachguard.formats.pdf.render import Sheet
from attachguard.formats.pdf.things import texts_on
from attachguard.model import Limits

_FONT_FILES = ("/FontFile", "/FontFile2", "/FontFile3")
"""9.8.1, table 120: where a font's program is embedded."""

_FAMILIES = (
    # 9.6.2.2: the fonts every reader has, and the names under which their look-alikes go
    *("helvetica", "arial", "times", "courier", "symbol", "zapfdingbats", "liberation", "nimbus", "foxit"),
)


def leaves_fonts_to_the_reader(sheet: Sheet) -> bool:
    """Whether a page uses a font that is neither embedded nor one that every reader has."""
    known: dict[int, bool] = {}
    for text in texts_on(sheet.handle):
        font = raw.FPDFTextObj_GetFont(text)
        address = ctypes.addressof(font.contents) if font else 0
        if font and address not in known:
            known[address] = _is_foreign(font)
            if known[address]:
                return True
    return False


def _is_foreign(font: Handle) -> bool:
    if raw.FPDFFont_GetIsEmbedded(font) == 1:
        return False
    buffer = ctypes.create_string_buffer(200)
    raw.FPDFFont_GetBaseFontName(font, buffer, len(buffer))
    name = buffer.value.decode("latin-1").lower()
    return not any(family in name for family in _FAMILIES)


def shared_font_programs(original: bytes, copy: bytes, limits: Limits) -> Iterator[str]:
    """Tell of font programs that the copy has byte for byte from the original: printing makes new ones.

    Raises pikepdf.PikepdfError when the copy can't be read; an original that can't be read shares nothing.
    """
    ours = set(_programs(copy, limits))
    if not ours:
        return
    try:
        theirs = set(_programs(original, limits))
    except pikepdf.PikepdfError:
        return
    if ours & theirs:
        yield "a font program of the original"


def _programs(data: bytes, limits: Limits) -> Iterator[bytes]:
    with open_pdf(data, limits) as pdf:
        for item in pdf.objects:
            if isinstance(item, pikepdf.Dictionary) and any(key in item for key in _FONT_FILES):
                for key in _FONT_FILES:
                    program = item.get(key)
                    if isinstance(program, pikepdf.Stream):
                        yield from _digest(program)


def _digest(program: pikepdf.Stream) -> Iterator[bytes]:
    try:
        yield hashlib.sha256(decoded(program)).digest()
    except (TooLargeError, pikepdf.PikepdfError):
        return  # a program that can't be decoded is in no copy
