"""Which functions a formula of an Excel 5 to 2003 workbook calls beyond calculating ([MS-XLS] section 2.5.198).

Formulas are token by token in the workbook's stream; a token that is not known ends the reading, and says so.
"""

import struct
from collections.abc import Iterator, Mapping

CALLING: Mapping[int, str] = {
    0x006E: "EXEC",
    0x007B: "DIRECTORY",
    0x0084: "FOPEN",
    0x0089: "FWRITELN",
    0x008A: "FWRITE",
    0x0095: "REGISTER",
    0x0096: "CALL",
    0x00A6: "FILES",
    0x00AF: "INITIATE",
    0x00B0: "REQUEST",
    0x00B1: "POKE",
    0x00B2: "EXECUTE",
    0x010B: "REGISTER.ID",
    0x0130: "SQL.REQUEST",
    0x017B: "RTD",
}
"""Numbers of functions that start programs or load from elsewhere (section 2.5.198.17, Ftab)."""

_COMMAND = 0x8000
"""Bit of a function's number that says: a command of macro sheets (section 2.5.198.63, fCeFunc)."""

_UNREAD = "?"

_BIFF8: Mapping[int, int] = {
    **dict.fromkeys(range(0x03, 0x17), 0),
    0x01: 4,
    0x02: 4,
    0x1C: 1,
    0x1D: 1,
    0x1E: 2,
    0x1F: 8,
    0x20: 7,
    0x21: 2,
    0x22: 3,
    0x23: 4,
    0x24: 4,
    0x25: 8,
    0x26: 6,
    0x27: 6,
    0x28: 6,
    0x29: 2,
    0x2A: 4,
    0x2B: 8,
    0x2C: 4,
    0x2D: 8,
    0x2E: 2,
    0x2F: 2,
    0x38: 2,
    0x39: 6,
    0x3A: 6,
    0x3B: 10,
    0x3C: 6,
    0x3D: 10,
}
"""Bytes behind a token's number, for the tokens of fixed length (sections 2.5.198.25 and following)."""

_BIFF5: Mapping[int, int] = {
    **_BIFF8,
    0x1A: 10,
    0x1B: 4,
    0x23: 14,
    0x24: 3,
    0x25: 6,
    0x2A: 3,
    0x2B: 6,
    0x2C: 3,
    0x2D: 6,
    0x39: 24,
    0x3A: 17,
    0x3B: 20,
    0x3C: 17,
    0x3D: 20,
}
"""The same of Excel 5 and 95, whose cells are shorter and whose links stand in the token."""

_STRING, _EXTENDED, _ATTRIBUTE, _FUNCTION, _VARIADIC = 0x17, 0x18, 0x19, 0x21, 0x22
_TABLE = 0x19
"""Extended token of a reference to a table (section 2.5.198.81), the only one that is longer than six bytes."""
_CHOOSE = 0x04
_CLASSES = 0x20
"""From here on a token comes in three classes, 0x20 apart (section 2.5.198.2)."""


def calls(tokens: bytes, *, is_new: bool) -> Iterator[str]:
    """Give the names of acting functions; `?` where a token is not known or cut off. Linear.

    `is_new`: of Excel 97 or later (BIFF8).
    """
    sizes, at = (_BIFF8 if is_new else _BIFF5), 0
    while at < len(tokens):
        number = tokens[at]
        base = number if number < _CLASSES else number & 0x1F | _CLASSES
        size = _size(tokens, at, base, sizes, is_new=is_new)
        if size is None or at + 1 + size > len(tokens):
            yield _UNREAD
            return
        if base in (_FUNCTION, _VARIADIC):
            called = struct.unpack_from("<H", tokens, at + 1 + (base == _VARIADIC))[0]
            if called in CALLING:
                yield CALLING[called]
            elif base == _VARIADIC and called & _COMMAND:
                yield "a command of macro sheets"
        at += 1 + size


def _size(tokens: bytes, at: int, base: int, sizes: Mapping[int, int], *, is_new: bool) -> int | None:
    """Say how many bytes stand behind a token's number; None where that is not known."""
    if base in sizes:
        return sizes[base]
    following = tokens[at + 1 : at + 4]
    if base == _STRING and len(following) > is_new:
        wide = is_new and following[1] & 0x01
        return 1 + is_new + following[0] * (2 if wide else 1)
    if base == _EXTENDED and following:
        return 13 if following[0] == _TABLE else 5
    if base == _ATTRIBUTE and len(following) == 3:
        jumps: int = struct.unpack_from("<H", following, 1)[0]
        return 3 + (2 * (jumps + 1) if following[0] & _CHOOSE else 0)
    return None
