"""TIFF directories, bounded: for TIFF pictures and for the Exif blocks of JPEG and PNG (TIFF 6.0 section 2).

Nothing here raises for any input: what lies outside the file is not there.
"""

import struct
from dataclasses import dataclass
from typing import Literal

MOST_ENTRIES = 4096
"""Entries of one directory that are believed; more is not a directory."""

VALUE_SIZES = {
    1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8,
}  # fmt: skip
"""Bytes per value of each field type (TIFF 6.0 section 2; 13 IFD: TIFF Tech Note 1; 16-18: BigTIFF)."""

_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One field of a directory."""

    tag: int
    type: int
    count: int
    at: int
    """Where the value stands, inline or elsewhere."""
    size: int
    """Bytes of the value, as declared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """One image file directory."""

    at: int
    end: int
    """First byte after the directory itself."""
    entries: dict[int, Entry]
    """By tag; of a tag that occurs twice the first counts, as in libtiff."""
    next: int
    """Offset of the next directory, 0 for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiff:
    """Bytes with a TIFF header: byte order, classic or BigTIFF, first directory."""

    data: bytes
    order: Literal["<", ">"]
    big: bool
    first: int

    def directory(self, at: int) -> Directory | None:
        """Read the directory at an offset, or None where there is none."""
        number, width = ("Q", 20) if self.big else ("H", 12)
        start = at + struct.calcsize("<" + number)
        if at < 8 or start > len(self.data):
            return None
        (count,) = struct.unpack_from(self.order + number, self.data, at)
        end = start + count * width
        pointer = "Q" if self.big else "I"
        if not 1 <= count <= MOST_ENTRIES or end > len(self.data):
            return None
        following = 0
        if end + struct.calcsize("<" + pointer) <= len(self.data):
            (following,) = struct.unpack_from(self.order + pointer, self.data, end)
            end += struct.calcsize("<" + pointer)
        entries: dict[int, Entry] = {}
        for entry_at in range(start, start + count * width, width):
            entry = self._entry(entry_at)
            entries.setdefault(entry.tag, entry)
        return Directory(at=at, end=end, entries=entries, next=following)

    def _entry(self, at: int) -> Entry:
        tag, kind, count = struct.unpack_from(self.order + ("HHQ" if self.big else "HHI"), self.data, at)
        size = VALUE_SIZES.get(kind, 1) * count
        inline, value_at, pointer = (8, at + 12, "Q") if self.big else (4, at + 8, "I")
        if size > inline:
            (value_at,) = struct.unpack_from(self.order + pointer, self.data, value_at)
        return Entry(tag=tag, type=kind, count=count, at=value_at, size=size)

    def holds(self, entry: Entry) -> bool:
        """Whether the value lies inside the file."""
        return entry.at >= 0 and entry.at + entry.size <= len(self.data)

    def value(self, entry: Entry) -> bytes:
        """Cut out the raw value, ending at the end of the file."""
        return self.data[entry.at : entry.at + entry.size]

    def integers(self, entry: Entry | None, most: int) -> tuple[int, ...]:
        """Read the first `most` values of an integer field; empty when it is missing or of another type."""
        letter = _INTEGERS.get(entry.type) if entry else None
        if entry is None or letter is None or not self.holds(entry):
            return ()
        return struct.unpack_from(f"{self.order}{min(entry.count, most)}{letter}", self.data, entry.at)

    def integer(self, entry: Entry | None, default: int = 0) -> int:
        """Read the first value of an integer field, or the default."""
        return next(iter(self.integers(entry, 1)), default)


def tiff(data: bytes) -> Tiff | None:
    """Read a TIFF header (TIFF 6.0 section 2; BigTIFF: magic 43, 8-byte offsets); None when it is none."""
    order: Literal["<", ">"]
    if data[:2] == b"II":
        order = "<"
    elif data[:2] == b"MM":
        order = ">"
    else:
        return None
    if len(data) < 8:
        return None
    magic, first = struct.unpack_from(order + "HI", data, 2)
    if magic == 42:
        return Tiff(data=data, order=order, big=False, first=first)
    if magic == 43 and len(data) >= 16 and struct.unpack_from(order + "HH", data, 4) == (8, 0):
        return Tiff(data=data, order=order, big=True, first=struct.unpack_from(order + "Q", data, 8)[0])
    return None
