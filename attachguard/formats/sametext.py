"""Tells whether a cleaned text is its original without what acts: another way of reading than the one that cleaned.

The cleaner matches patterns; here characters are judged by their Unicode properties, and the original is cut at its
escape characters, behind which alone something may be missing.
"""

import re
import unicodedata
from collections import Counter

_KEPT_CONTROLS = frozenset("\t\n\r\f")
_REORDERING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Bidi_Class of the explicit formatting characters (UAX #9, table 4)."""

_TAGS = range(0xE0000, 0xE0080)
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f")
_ESCAPES = re.compile("[\x1b\x9b]")
_MARK = "\ufeff"
_LONGEST = 400
"""Characters that may go with one escape character: its parameters, a window's title."""


def is_hidden(char: str) -> bool:
    """Tell by its Unicode properties whether a character acts: a control, a change of direction, a tag."""
    if char in _KEPT_CONTROLS:
        return False
    return unicodedata.category(char) == "Cc" or unicodedata.bidirectional(char) in _REORDERING or ord(char) in _TAGS


def acting(text: str) -> str:
    """Name the characters of a text that act, each once; flags written with tags are none."""
    return "".join(char for char in Counter(_FLAG.sub("", text)) if is_hidden(char))


def is_faithful(original: str, copy: str) -> bool:
    """Tell whether a copy is its original without what acts, byte order marks left aside. Linear."""
    copy = copy.replace(_MARK, "")
    pieces = _ESCAPES.split(original.replace(_MARK, ""))
    position = len(_shown(pieces[0]))
    if copy[:position] != _shown(pieces[0]):
        return False
    for piece in pieces[1:]:
        shown = _shown(piece)
        lost = next((n for n in range(min(len(shown), _LONGEST) + 1) if copy.startswith(shown[n:], position)), None)
        if lost is None:
            return False
        position += len(shown) - lost
    return position == len(copy)


def _shown(text: str) -> str:
    gone = acting(text)
    if not gone:
        return text
    flags = _FLAG.findall(text)
    pieces = [piece.translate({ord(char): None for char in gone}) for piece in _FLAG.split(text)]
    return "".join(piece + flag for piece, flag in zip(pieces, [*flags, ""], strict=True))
