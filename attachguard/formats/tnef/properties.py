"""MAPI properties inside a TNEF attribute, bounded ([MS-OXTNEF] section 2.1.3.4, [MS-OXCDATA] 2.11.1).

Our own reader: the counts in the stream say how often loops run, and the library at hand believes them.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

BODY, HTML_BODY, RTF_BODY, INTERNET_CODEPAGE = 0x1000, 0x1013, 0x1009, 0x3FDE
ATTACH_DATA, ATTACH_NAME, ATTACH_LONG_NAME, ATTACH_TYPE = 0x3701, 0x3704, 0x3707, 0x370E
DISPLAY_NAME, CONTENT_ID = 0x3001, 0x3712
SUBJECT, SENDER_NAME, SENDER_ADDRESS, DISPLAY_TO, DISPLAY_CC = 0x0037, 0x0C1A, 0x0C1F, 0x0E04, 0x0E03
SENT_TIME = 0x0039

STRING8, UNICODE, OBJECT, BINARY = 0x001E, 0x001F, 0x000D, 0x0102
_VARIABLE = frozenset({STRING8, UNICODE, OBJECT, BINARY})
_FIXED = {
    0x0001: 0, 0x0002: 2, 0x0003: 4, 0x0004: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8,
    0x000A: 4, 0x000B: 2, 0x0014: 8, 0x0040: 8, 0x0048: 16,
}  # fmt: skip
"""Bytes per value of the types of fixed length."""

_MULTIPLE, _NAMED = 0x1000, 0x8000


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One value of one property; several numbers in one property are left out, nothing here needs them."""

    id: int
    type: int
    value: bytes

    def text(self, codepage: str) -> str:
        """Decode the value as text; what can't be decoded is shown as U+FFFD."""
        encoding = "utf-16-le" if self.type == UNICODE else codepage
        return self.value.decode(encoding, "replace").rstrip("\x00")


class BrokenPropertiesError(ValueError):
    """The properties run out of their attribute, or are of a type that is not known."""


def read(data: bytes, most: int) -> Iterator[Property]:
    """Yield the properties of an attribute, `most` at most.

    Raises BrokenPropertiesError where they can't be read on, and where there are more.
    """
    try:
        yield from _properties(data, most)
    except struct.error as broken:
        raise BrokenPropertiesError(str(broken)) from broken


def _properties(data: bytes, most: int) -> Iterator[Property]:
    (count,) = struct.unpack_from("<I", data)
    if count > most:
        raise BrokenPropertiesError(f"{count} properties")
    at = 4
    for _ in range(count):
        kind, identity = struct.unpack_from("<HH", data, at)
        at += 4
        if identity >= _NAMED:
            at = _skip_name(data, at)
        multiple, kind = bool(kind & _MULTIPLE), kind & ~_MULTIPLE
        values, at = _values(data, at, kind, multiple=multiple)
        for value in values:
            yield Property(id=identity, type=kind, value=value)


def _skip_name(data: bytes, at: int) -> int:
    """Step over the name of a named property: a GUID, and a number or a padded text (2.1.3.4)."""
    kind, number = struct.unpack_from("<II", data, at + 16)
    return at + 24 if kind == 0 else at + 24 + _padded(number)


def _values(data: bytes, at: int, kind: int, *, multiple: bool) -> tuple[list[bytes], int]:
    count = 1
    if multiple or kind in _VARIABLE:
        (count,) = struct.unpack_from("<I", data, at)
        at += 4
    if kind in _FIXED:
        size = _FIXED[kind]
        end = at + _padded(size * count)
        if end > len(data):
            raise BrokenPropertiesError("a value ends outside its attribute")
        return ([] if multiple else [data[at : at + size]]), end
    if kind not in _VARIABLE:
        raise BrokenPropertiesError(f"property type {kind:#06x}")
    values = list[bytes]()
    for _ in range(count):
        (length,) = struct.unpack_from("<I", data, at)
        if at + 4 + length > len(data):
            raise BrokenPropertiesError("a value ends outside its attribute")
        values.append(data[at + 4 : at + 4 + length])
        at += 4 + _padded(length)
    return values, at


def _padded(length: int) -> int:
    return length + -length % 4
