"""Tells whether a cleaned text is its original without what acts: another way of reading than the one that cleaned.

The cleaner matches escape sequences; here the original is cut at every hidden character, and the copy must hold the
pieces in order, where only a piece behind an escape character may have lost its beginning.
"""

import re
import unicodedata

_ESCAPES = frozenset("\x1b\x9b")
_LONGEST = 400
"""Characters that may go with one escape character (its parameters, a window's title)."""
_KEPT_CONTROLS = frozenset("\t\n\r\f")
_TAGS = range(0xE0000, 0xE0080)
_FLAG = "\U0001f3f4"
_SUSPECT = re.compile("[\0-\x08\x0b\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\U000e0000-\U000e007f]")


def is_hidden(char: str) -> bool:
    """Tell by its Unicode properties whether a character acts: a control, a direction change, a tag."""
    if char in _KEPT_CONTROLS:
        return False
    reorders = unicodedata.bidirectional(char) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return unicodedata.category(char) == "Cc" or reorders or ord(char) in _TAGS


def first_hidden(text: str) -> int:
    """Find the first character that acts; -1 when there is none. Tags in a flag are part of it."""
    return next((match.start() for match in _SUSPECT.finditer(text) if _acts(text, match.start())), -1)


def is_faithful(original: str, copy: str) -> bool:
    """Tell whether a copy is the original without hidden characters and escape sequences. Linear."""
    position = start = 0
    behind_escape = False
    for match in _SUSPECT.finditer(original):
        at = match.start()
        if not _acts(original, at):
            continue
        kept = _matched(original[start:at], copy, position, behind_escape)
        if kept is None:
            return False
        position, start = kept, at + 1
        behind_escape = original[at] in _ESCAPES or (behind_escape and at - start < 1)
    end = _matched(original[start:], copy, position, behind_escape)
    return end == len(copy)


def _matched(piece: str, copy: str, position: int, behind_escape: bool) -> int | None:
    """Find a piece in the copy at a position; behind an escape it may have lost its beginning."""
    for lost in range(min(len(piece), _LONGEST) + 1 if behind_escape else 1):
        if copy.startswith(piece[lost:], position) and (lost < len(piece) or not behind_escape or _at_end(piece)):
            return position + len(piece) - lost
    return None


def _at_end(piece: str) -> bool:
    return True


def _acts(text: str, at: int) -> bool:
    if not is_hidden(text[at]):
        return False
    if ord(text[at]) in _TAGS:
        run = at
        while run and ord(text[run - 1]) in _TAGS and at - run < 9:
            run -= 1
        return not (run and text[run - 1] == _FLAG)
    return True
