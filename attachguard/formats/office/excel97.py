"""The streams of an Excel 97-2003 workbook in a copy: no sign of a VBA project, nothing about the sender.

Taking a record out moves what follows, so the few records that hold places in the stream are written anew ([MS-XLS]).
"""

import struct
from bisect import bisect_left

from attachguard.formats.refusal import Refused

KEPT = frozenset({"workbook", "book"})
"""Streams that make the workbook (section 2.1.7.20; Book is Excel 5 and 95)."""
STORAGES = frozenset({"_sx_db_cur"})
"""Storages of pivot tables' caches (section 2.1.7.12)."""

BOF, BOUNDSHEET, INDEX, EXTSST = 0x0809, 0x0085, 0x020B, 0x00FF
PROJECT = frozenset({0x00D3, 0x01BD})
"""ObProj and ObNoMacros: there is a VBA project, there are no macros in it (sections 2.4.193 and 2.4.192)."""
WRITE_ACCESS = 0x005C
"""Who saved it (section 2.4.349)."""
_BIFF8 = 0x0600
_USER = b"\x01\x00\x00 ".ljust(112)


def rewrite(streams: dict[tuple[str, ...], bytes]) -> dict[tuple[str, ...], bytes]:
    """Rewrite the workbook streams. Raises Refused."""
    if not any(path[0].lower() in KEPT for path in streams):
        raise Refused("copy.failed", "Workbook", "is missing")
    return {path: _workbook(data) if path[0].lower() in KEPT else data for path, data in streams.items()}


def _workbook(stream: bytes) -> bytes:
    records = []
    cuts: list[int] = []
    at, version = 0, 0
    while at + 4 <= len(stream):
        number, size = struct.unpack_from("<HH", stream, at)
        if number == BOF and size >= 2 and not version:
            version = struct.unpack_from("<H", stream, at + 4)[0]
        if number in PROJECT and version >= _BIFF8 and size == 0:
            cuts.append(at)
        elif at + 4 + size <= len(stream):
            records.append((at, number, stream[at + 4 : at + 4 + size]))
        at += 4 + size
    written = [
        struct.pack("<HH", number, len(body)) + _moved(number, body, cuts, version) for _, number, body in records
    ]
    return b"".join(written)


def _moved(number: int, body: bytes, cuts: list[int], version: int) -> bytes:
    """Write a record's places in the stream as they are after the cuts."""
    if version < _BIFF8:
        return body
    if number == WRITE_ACCESS and len(body) == len(_USER):
        return _USER
    if not cuts:
        return body
    if number == BOUNDSHEET and len(body) >= 4:
        return _shifted(body, (0,), cuts)
    if number == INDEX and len(body) >= 16:
        return _shifted(body, (12, *range(16, len(body) - 3, 4)), cuts)
    if number == EXTSST and len(body) >= 2:
        return _shifted(body, tuple(range(2, len(body) - 7, 8)), cuts)
    return body


def _shifted(body: bytes, places: tuple[int, ...], cuts: list[int]) -> bytes:
    new = bytearray(body)
    for at in places:
        place = struct.unpack_from("<L", body, at)[0]
        struct.pack_into("<L", new, at, max(0, place - 4 * bisect_left(cuts, place)))
    return bytes(new)
