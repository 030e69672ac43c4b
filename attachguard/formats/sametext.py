"""Tells whether a cleaned text is its original without what acts: another way of reading than the one that cleaned.

The cleaner matches patterns; here characters are judged by their Unicode properties, and the original is cut at its
escape characters, behind which alone something may be missing, and not more than an escape sequence is long.
"""

import re
import unicodedata
from collections import Counter

from attachguard.formats.text import EIGHT_BIT, UNUSED, Decoded

_KEPT_CONTROLS = frozenset("\t\n\r\f")
_REORDERING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Bidi_Class of the explicit formatting characters (UAX #9, table 4)."""

_TAGS = range(0xE0000, 0xE0080)
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f")
_ESCAPES = re.compile("([\x1b\x9b])")
_MARK = "\ufeff"
_SOME_LETTER = dict.fromkeys(map(ord, UNUSED), "\ufffd")


def is_hidden(char: str) -> bool:
    """Tell by its Unicode properties whether a character acts: a control, a change of direction, a tag."""
    if char in _KEPT_CONTROLS:
        return False
    return unicodedata.category(char) == "Cc" or unicodedata.bidirectional(char) in _REORDERING or ord(char) in _TAGS


def readable(decoded: Decoded) -> str:
    """Give a text for comparison; in 8-bit text no byte is a C1 control, so the unused ones are some letter."""
    return decoded.text.translate(_SOME_LETTER) if decoded.encoding == EIGHT_BIT else decoded.text


def acting(text: str) -> str:
    """Name the characters of a text that act, each once; flags written with tags are none."""
    return "".join(char for char in Counter(_FLAG.sub("", text)) if is_hidden(char))


def is_faithful(original: str, copy: str) -> bool:
    """Tell whether a copy is its original without what acts, byte order marks left aside. Linear."""
    copy = copy.replace(_MARK, "")
    first, *rest = _ESCAPES.split(original.replace(_MARK, ""))
    position = len(_shown(first))
    if copy[:position] != _shown(first):
        return False
    for escape, piece in zip(rest[::2], rest[1::2], strict=True):
        shown, most = _shown(piece), len(_shown(piece[: _reach(escape, piece)]))
        lost = next((count for count in range(most + 1) if copy.startswith(shown[count:], position)), None)
        if lost is None:
            return False
        position += len(shown) - lost
    return position == len(copy)


def _reach(escape: str, piece: str) -> int:
    """Tell how many characters at most go with an escape character before them (ISO/IEC 6429, section 5.4)."""
    if escape == "\x9b" or piece.startswith("["):
        start = escape == "\x1b"
        for at, char in enumerate(piece[start:80], start=start):
            if not " " <= char <= "?":
                return at + ("@" <= char <= "~")
        return min(len(piece), 80)
    if piece[:1] in ("]", "P", "X", "^", "_") and piece:
        ends = [at for end in "\a\r\n" if (at := piece.find(end, 0, 300)) >= 0]
        return min([*ends, 300, len(piece)])
    return min(len(piece), 5)


def _shown(text: str) -> str:
    gone = acting(text)
    if not gone:
        return text
    flags = _FLAG.findall(text)
    pieces = [piece.translate({ord(char): None for char in gone}) for piece in _FLAG.split(text)]
    return "".join(piece + flag for piece, flag in zip(pieces, [*flags, ""], strict=True))
