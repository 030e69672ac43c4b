"""Characters that act on a terminal or on the reader's eye instead of being read.

C0 and C1 controls and escape sequences are ISO/IEC 6429; the reordering ones are Unicode UAX #9 explicit formatting
(embeddings, overrides, isolates: CVE-2021-42574), the unseen ones the tag characters (U+E0000 to U+E007F).
"""

import re

from attachguard.formats.harvest import Harvest
from attachguard.formats.places import Places
from attachguard.formats.text import EIGHT_BIT, Decoded

_ESCAPE = "\x1b\x9b"
_C0 = "\x01-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f"
_C1 = "\x80-\x9a\x9c-\x9f"
_BIDI = "\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f"

_FLAG = "\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f"
"""The flags of England, Scotland and Wales are written with tag characters (UTS #51, ED-14a)."""

_FINDERS = (
    ("text.escape", re.compile(f"[{_ESCAPE}]")),
    ("text.control", re.compile(f"[{_C0}{_C1}]")),
    ("text.bidi", re.compile(f"(?:{_FLAG})|([{_BIDI}])")),
)
_FINDERS_8BIT = (
    ("text.escape", re.compile("\x1b")),
    ("text.control", re.compile(f"[{_C0}]")),
)
"""In 8-bit text the five bytes that windows-1252 leaves unused are letters of the encoding it is really in."""

_CONTROL_SEQUENCE = r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]?"
_CONTROL_STRING = r"\x1b[\]PX^_][^\x07\x1b\r\n]{0,256}(?:\x07|\x1b\\)?"
_OTHER_ESCAPE = r"\x1b[ -/]{0,4}[0-~]?"
_SEQUENCE = re.compile(f"{_CONTROL_SEQUENCE}|{_CONTROL_STRING}|{_OTHER_ESCAPE}")
_HIDDEN = re.compile(f"({_FLAG})|[{_C0}{_C1}{_ESCAPE}{_BIDI}]")
_ANY = re.compile(f"[{_C0}{_C1}{_ESCAPE}{_BIDI}]")
"""Most texts have none of it."""
_HIDDEN_ASCII = bytes((*range(1, 9), 0x0B, *range(0x0E, 0x20), 0x7F))
"""What of it is ASCII."""

_HIDDEN_8BIT = re.compile(f"[{_C0}\x1b]")


def note_hidden(decoded: Decoded, harvest: Harvest) -> None:
    """Report escape sequences, control characters and characters that reorder or are not shown. Linear."""
    if not _holds_hidden(decoded.text):
        return
    places = Places(decoded.text)
    for code, finder in _FINDERS_8BIT if decoded.encoding == EIGHT_BIT else _FINDERS:
        count, first = _count(finder, decoded.text)
        if count:
            char = decoded.text[first]
            harvest.note(code, places.line(first), f"U+{ord(char):04X} first, {count} in all")


def note_escapes(text: str, harvest: Harvest) -> None:
    """Report ESC alone: in a page it switches some browsers to another character set (ISO-2022-JP)."""
    first = text.find("\x1b")
    if first >= 0:
        harvest.note("text.escape", Places(text).line(first), f"{text.count(chr(27))} in all")


def without_hidden(decoded: Decoded) -> str:
    """Return the text without what `note_hidden` reports; an escape sequence goes with its parameters. Linear."""
    if not _holds_hidden(decoded.text):
        return decoded.text
    text = _SEQUENCE.sub("", decoded.text) if "\x1b" in decoded.text or "\x9b" in decoded.text else decoded.text
    if decoded.encoding == EIGHT_BIT:
        text = _HIDDEN_8BIT.sub("", text)
    else:
        text = _HIDDEN.sub(lambda match: match[1] or "", text)
    # What comes to stand at the start must not be taken for a byte order mark.
    return text if text == decoded.text else text.lstrip("\ufeff")


def _holds_hidden(text: str) -> bool:
    """Tell quickly whether there is anything to look for."""
    if text.isascii():
        data = text.encode("ascii")
        return len(data.translate(None, _HIDDEN_ASCII)) < len(data)
    return _ANY.search(text) is not None


def _count(finder: re.Pattern[str], text: str) -> tuple[int, int]:
    """Count what is found, and where the first stands (a group, where the finder has one, must have matched)."""
    first, count = -1, 0
    for match in finder.finditer(text):
        if finder.groups and match[1] is None:
            continue
        first = match.start() if first < 0 else first
        count += 1
    return count, first
