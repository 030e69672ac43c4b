r"""The words an RTF file shows, read without regard to how they look: to compare a copy with its original."""

import re
from collections.abc import Iterator

from attachguard.formats.markup import words

UNSHOWN = words(
    """author buptim category colortbl comment company creatim doccomm file filetbl fonttbl hlinkbase info keywords
    listtable manager nextfile objalias objclass objdata objname operator pict printim private revtim rsidtbl sp
    stylesheet subject template title upr"""
)
r"""Destinations without words that a reader sees; so is every destination written with `\*` but shapes."""

SHOWN_STARS = words("shpinst shptxt")

_TOKEN = re.compile(
    rb"\{(?:[\r\n ]{0,64}(\\\*))?(?:[\r\n ]{0,64}\\([A-Za-z]{1,64}))?|(\})|\\bin([0-9]{1,10}) ?"
    rb"|\\(par|line|tab|cell|row|page|sect|emspace|enspace|nestcell|nestrow|lbr)(?![A-Za-z])(?:-?[0-9]{1,10})? ?"
    rb"|\\u(-?[0-9]{1,6}) ?|\\[A-Za-z]++(?:-?[0-9]{1,10})? ?|\\'([0-9A-Fa-f]{2})|\\([\\{}~_-])|\\.|([^\\{}]++)|\\",
    re.DOTALL,
)


def shown_text(data: bytes) -> str:
    """Give the text of a file up to the end of its outermost group. Linear; never raises."""
    return "".join(_pieces(data, max(data.find(b"{"), 0)))


def _pieces(data: bytes, position: int) -> Iterator[str]:
    hidden: list[bool] = []
    while match := _TOKEN.match(data, position):
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
    raw = bytes([int(byte, 16)]) if byte else symbol or text or b""
    return raw.decode("cp1252", "replace").replace("\r", "").replace("\n", "")
