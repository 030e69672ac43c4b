"""TNEF streams for the tests, put together attribute by attribute ([MS-OXTNEF])."""

import struct

SIGNATURE = b"\x78\x9f\x3e\x22\x01\x00"
VERSION = (1, 0x9006, 0x0008, struct.pack("<I", 0x00010000))
CODEPAGE = (1, 0x9007, 0x0006, struct.pack("<II", 1252, 0))


def attribute(level: int, identity: int, kind: int, data: bytes) -> bytes:
    return struct.pack("<BHHI", level, identity, kind, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def stream(*attributes: tuple[int, int, int, bytes]) -> bytes:
    return SIGNATURE + b"".join(attribute(*one) for one in (VERSION, CODEPAGE, *attributes))


def prop(identity: int, kind: int, value: bytes) -> bytes:
    """A property of variable length with one value."""
    padding = b"\0" * (-len(value) % 4)
    return struct.pack("<HHII", kind, identity, 1, len(value)) + value + padding


def number(identity: int, value: int) -> bytes:
    """A property of type long."""
    return struct.pack("<HHI", 0x0003, identity, value)


def properties(*props: bytes) -> bytes:
    return struct.pack("<I", len(props)) + b"".join(props)


def message(*props: bytes) -> tuple[int, int, int, bytes]:
    """The attribute that holds the message's properties."""
    return (1, 0x9003, 0x0006, properties(*props))


def file(title: str, data: bytes, *props: bytes) -> tuple[tuple[int, int, int, bytes], ...]:
    """The attributes of one attached file."""
    return (
        (2, 0x9002, 0x0006, b"\0" * 14),
        (2, 0x8010, 0x0001, title.encode("cp1252") + b"\0"),
        (2, 0x800F, 0x0006, data),
        (2, 0x9005, 0x0006, properties(*props)),
    )


def rtf_stored(rtf: bytes) -> bytes:
    """Compressed RTF that is not compressed ([MS-OXRTFCP] 2.1.3.1.2)."""
    return struct.pack("<II4sI", len(rtf) + 12, len(rtf), b"MELA", 0) + rtf


EXAMPLE_RTF = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
)
"""The example of [MS-OXRTFCP] section 4.1.1: `hello world`."""
