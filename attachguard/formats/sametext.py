"""Tells whether a cleaned text is its original without what acts: another way of reading than the one that cleaned.

The cleaner matches patterns; here characters are judged by their Unicode properties, and escape sequences are walked
over as a terminal does.
"""

import re
import unicodedata

from attachguard.formats.text import EIGHT_BIT, UNUSED, Decoded

_KEPT_CONTROLS = frozenset("\t\n\r\f")
_REORDERING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Bidi_Class of the explicit formatting characters (UAX #9, table 4)."""

_TAGS = range(0xE0000, 0xE0080)
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f")
_ESCAPE = re.compile("[\x1b\x9b]")
_MARK = "\ufeff"
ESCAPES = 400_000
"""Escape sequences of a text that is compared; a coloured log of ten megabytes has some 250,000."""

_SOME_LETTER = dict.fromkeys(map(ord, UNUSED), "\ufffd")


def is_hidden(char: str) -> bool:
    """Tell by its Unicode properties whether a character acts: a control, a change of direction, a tag."""
    if char in _KEPT_CONTROLS:
        return False
    return unicodedata.category(char) == "Cc" or unicodedata.bidirectional(char) in _REORDERING or ord(char) in _TAGS


_PLAIN_ASCII = bytes(byte for byte in range(0x80) if not is_hidden(chr(byte)))
"""The ASCII characters that only show."""


def readable(decoded: Decoded) -> str:
    """Give a text for comparison; in 8-bit text no byte is a C1 control, so the unused ones are some letter."""
    return decoded.text.translate(_SOME_LETTER) if decoded.encoding == EIGHT_BIT else decoded.text


def acting(text: str) -> str:
    """Name the characters of a text that act, each once; flags written with tags are none."""
    if text.isascii():
        text = text.encode("ascii").translate(None, _PLAIN_ASCII).decode("ascii")
    return "".join(sorted(char for char in set(_FLAG.sub("", text)) if is_hidden(char)))


def is_faithful(original: str, copy: str) -> bool:
    """Tell whether a copy is its original without what acts, byte order marks left aside.

    Linear; a text of more than ESCAPES escape sequences is not compared, and so not believed.
    """
    holds_escapes = "\x1b" in original or "\x9b" in original
    plain = _without_sequences(original) if holds_escapes else original
    return plain is not None and _shown(plain).replace(_MARK, "") == copy.replace(_MARK, "")


def _without_sequences(text: str) -> str | None:
    """Cut escape sequences out; None where there are too many."""
    pieces, position, escapes = [], 0, 0
    while (found := _ESCAPE.search(text, position)) is not None:
        escapes += 1
        if escapes > ESCAPES:
            return None
        pieces.append(text[position : found.start()])
        position = _end_of_sequence(text, found.start())
    pieces.append(text[position:])
    return "".join(pieces)


def _end_of_sequence(text: str, at: int) -> int:
    """Walk over an escape sequence as a terminal does (ISO/IEC 6429, sections 5.3 to 5.6); cut short, it ends there."""
    introducer = text[at + 1 : at + 2]
    if text[at] == "\x9b" or introducer == "[":
        at = _over(text, at + (1 if text[at] == "\x9b" else 2), "0", "?", 64)
        at = _over(text, at, " ", "/", 8)
        return _over(text, at, "@", "~", 1)
    if introducer and introducer in "]PX^_":
        end = at + 2
        while end < len(text) and end < at + 258 and text[end] not in "\x07\x1b\r\n":
            end += 1
        if text.startswith("\x07", end):
            return end + 1
        return end + 2 if text.startswith("\x1b\\", end) else end
    return _over(text, _over(text, at + 1, " ", "/", 4), "0", "~", 1)


def _over(text: str, at: int, lowest: str, highest: str, most: int) -> int:
    """Step over at most so many characters of a range."""
    end = at
    while end < len(text) and end < at + most and lowest <= text[end] <= highest:
        end += 1
    return end


def _shown(text: str) -> str:
    gone = acting(text)
    if not gone:
        return text
    flags = _FLAG.findall(text)
    pieces = [piece.translate({ord(char): None for char in gone}) for piece in _FLAG.split(text)]
    return "".join(piece + flag for piece, flag in zip(pieces, [*flags, ""], strict=True))
