r"""The words an RTF file shows, read without regard to how they look: to compare a copy with its original."""

import re
from collections.abc import Iterator
from itertools import count

from attachguard.formats.markup import words

UNSHOWN = words(
    """author buptim category colortbl comment company creatim doccomm file filetbl fldinst fonttbl hlinkbase info
    keywords listtable manager nextfile objalias objclass objdata objname operator pict printim private revtim rsidtbl
    sp stylesheet subject template title upr"""
)
r"""Destinations without words that a reader sees; so is every destination written with `\*` but shapes."""

SHOWN_STARS = words("shpinst shptxt")

TOKENS = 1_000_000
"""Pieces of text and formatting of one file that are compared; each takes a microsecond or two."""


class TooMuchTextError(ValueError):
    """A file of more pieces than are compared."""


_BLANK = "par|line|tab|cell|row|page|sect|emspace|enspace|nestcell|nestrow|lbr"
_TOKEN = re.compile(
    (
        r"\{(?:[\r\n ]{0,64}(\\\*))?(?:[\r\n ]{0,64}\\(?!bin[0-9])([A-Za-z]{1,64})-?[0-9]{0,10} ?)?"
        r"|(\})|\\bin([0-9]{1,10}) ?"
        rf"|((?:\\(?:{_BLANK})(?![A-Za-z])-?+[0-9]{{0,10}}+ ?+){{1,500}})|\\u(-?[0-9]{{1,6}}) ?"
        rf"|(?:\\(?!(?:{_BLANK})(?![A-Za-z])|u-?[0-9]|bin[0-9])[A-Za-z]++-?+[0-9]{{0,10}}+ ?+){{1,500}}"
        r"|((?:\\'[0-9A-Fa-f]{2}){1,500})|((?:\\[\\{}~_-]){1,500})|\\.|([^\\{}]++)|\\"
    ).encode("ascii"),
    re.DOTALL,
)


def shown_text(data: bytes) -> str:
    """Give the text of a file up to the end of its outermost group. Linear. Raises TooMuchTextError."""
    return "".join(_pieces(data, max(data.find(b"{"), 0)))


def _pieces(data: bytes, position: int) -> Iterator[str]:
    hidden: list[bool] = []
    for number in count():
        match = _TOKEN.match(data, position)
        if match is None:
            return
        if number == TOKENS:
            raise TooMuchTextError(f"more than {TOKENS} pieces of text and formatting")
        position = match.end()
        star, word, close, binary = match.groups()[:4]
        if match[0][:1] == b"{":
            name = (word or b"").decode("ascii").lower()
            unshown = name in UNSHOWN or (star is not None and name not in SHOWN_STARS)
            hidden.append(unshown or (bool(hidden) and hidden[-1]))
        elif close:
            if len(hidden) < 2:
                return
            hidden.pop()
        elif binary:
            position += int(binary)
        elif not (hidden and hidden[-1]):
            yield _letters(match)


def _letters(match: re.Match[bytes]) -> str:
    """Give the text that one token stands for."""
    blank, code, byte, symbol, text = match.groups()[4:]
    if blank:
        return " "
    if code:
        return chr(int(code) % 0x10000)
    if byte:
        return bytes.fromhex(byte.replace(b"\\'", b"").decode("ascii")).decode("cp1252", "replace")
    raw = symbol[1::2] if symbol else text or b""
    return raw.decode("cp1252", "replace").replace("\r", "").replace("\n", "")
