"""A TNEF stream's attributes, walked and bounded ([MS-OXTNEF] section 2.1)."""

import struct
from dataclasses import dataclass

SIGNATURE = b"\x78\x9f\x3e\x22"

MESSAGE, ATTACHMENT = 1, 2
"""The two levels an attribute can belong to (2.1.3.1)."""

MOST_ATTRIBUTES = 100_000

ATT_SUBJECT, ATT_BODY, ATT_MESSAGE_PROPS = 0x8004, 0x800C, 0x9003
ATT_ATTACH_DATA, ATT_ATTACH_TITLE, ATT_ATTACH_REND, ATT_ATTACHMENT = 0x800F, 0x8010, 0x9002, 0x9005
ATT_FROM, ATT_DATE_SENT, ATT_OEM_CODEPAGE = 0x8000, 0x8005, 0x9007


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute (2.1.3.2 and 2.1.3.3)."""

    level: int
    id: int
    at: int
    data: bytes
    checksum: int

    @property
    def sound(self) -> bool:
        """Whether the checksum is right: the sum of the bytes, modulo 65,536 (2.1.3.1)."""
        return sum(self.data) & 0xFFFF == self.checksum


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """All attributes, and where they end."""

    attributes: tuple[Attribute, ...]
    end: int
    complete: bool
    """False: the last attribute says it is longer than the file, or there are too many."""


def read(data: bytes) -> Stream | None:
    """Walk the attributes; None when the bytes are no TNEF: no signature, or no attribute behind it."""
    if not data.startswith(SIGNATURE):
        return None
    at, found = 6, list[Attribute]()
    complete = True
    while len(found) < MOST_ATTRIBUTES and at + 11 <= len(data):
        level, identity, _type, length = struct.unpack_from("<BHHI", data, at)
        if level not in (MESSAGE, ATTACHMENT):
            break
        end = at + 11 + length
        if end > len(data):
            complete = False
            break
        (checksum,) = struct.unpack_from("<H", data, end - 2)
        found.append(Attribute(level=level, id=identity, at=at, data=data[at + 9 : end - 2], checksum=checksum))
        at = end
    if not found:
        return None
    complete = complete and len(found) < MOST_ATTRIBUTES
    return Stream(attributes=tuple(found), end=at if complete else len(data), complete=complete)
