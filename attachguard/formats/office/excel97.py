"""The streams of an Excel 97-2003 workbook in a copy: no sign of a VBA project, nothing about the sender.

Taking a record out moves what follows, so the few records that hold places in the stream are written anew ([MS-XLS]).
"""

import struct
from bisect import bisect_left
from collections.abc import Iterator

from attachguard.formats.refusal import Refused

KEPT = frozenset({"workbook", "book"})
"""Streams that make the workbook (section 2.1.7.20; Book is Excel 5 and 95)."""
STORAGES = frozenset({"_sx_db_cur"})
"""Storages of pivot tables' caches (section 2.1.7.12)."""

BOUNDSHEET, INDEX, EXTSST = 0x0085, 0x020B, 0x00FF
PROJECT = frozenset({0x00D3, 0x01BD})
"""ObProj and ObNoMacros: there is a VBA project, there are no macros in it (sections 2.4.193 and 2.4.192)."""
QUERY = frozenset({0x00DC, 0x01AD, 0x0802, 0x0803, 0x0804, 0x0805, 0x0806, 0x0807, 0x080A})
"""DbQuery, Qsi, QsiSXTag, DBQueryExt, ExtString, TxtQry, Qsir, Qsif, OleDbConn: where a table of cells came from
(section 2.1.7.20.5). The cells themselves are ordinary ones."""
PIVOT = frozenset({0x00B0, 0x00D5})
"""SxView and SXStreamID: pivot tables and their caches, whose own sources are described by the same records."""
SUPBOOK = 0x01AE
"""A link (section 2.4.271); the path of another workbook is written over, and its cells keep their last values."""
FORGOTTEN = "_"
"""What stands in the place of every character of such a path."""
WRITE_ACCESS = 0x005C
"""Who saved it (section 2.4.349)."""
Cuts = tuple[list[int], list[int]]
"""Where records were taken out, and how many bytes were, before each and after all."""

_BIFF8 = 0x0600
_USER = b"\x01\x00\x00 ".ljust(112)


def rewrite(streams: dict[tuple[str, ...], bytes]) -> dict[tuple[str, ...], bytes]:
    """Rewrite the workbook streams. Raises Refused."""
    if not any(path[0].lower() in KEPT for path in streams):
        raise Refused("copy.failed", "Workbook", "is missing")
    return {path: _workbook(data) if path[0].lower() in KEPT else data for path, data in streams.items()}


def gone(stream: bytes) -> frozenset[int]:
    """Say which records of a workbook stream are left out."""
    numbers = {number for _, number, _ in walk(stream)}
    is_new = len(stream) >= 6 and struct.unpack_from("<H", stream, 4)[0] >= _BIFF8
    if not is_new:
        return frozenset()
    return PROJECT if PIVOT & numbers else PROJECT | QUERY


def walk(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Walk whole records: place, number and body (section 2.1.4)."""
    at = 0
    while at + 4 <= len(stream):
        number, size = struct.unpack_from("<HH", stream, at)
        if at + 4 + size <= len(stream):
            yield at, number, stream[at + 4 : at + 4 + size]
        at += 4 + size


def _workbook(stream: bytes) -> bytes:
    without = gone(stream)
    version = _BIFF8 if without else 0
    cuts, sizes, total = list[int](), [0], 0
    for at, number, body in walk(stream):
        if number in without:
            total += 4 + len(body)
            cuts.append(at)
            sizes.append(total)
    written = [
        struct.pack("<HH", number, len(body)) + _moved(number, body, (cuts, sizes), version)
        for _, number, body in walk(stream)
        if number not in without
    ]
    return b"".join(written)


def _moved(number: int, body: bytes, cuts: Cuts, version: int) -> bytes:
    """Write a record's places in the stream as they are after the cuts."""
    if version < _BIFF8:
        return body
    if number == WRITE_ACCESS and len(body) == len(_USER):
        return _USER
    if number == SUPBOOK:
        return _forgotten(body)
    if not cuts[0]:
        return body
    if number == BOUNDSHEET and len(body) >= 4:
        return _shifted(body, (0,), cuts)
    if number == INDEX and len(body) >= 16:
        return _shifted(body, (12, *range(16, len(body) - 3, 4)), cuts)
    if number == EXTSST and len(body) >= 2:
        return _shifted(body, tuple(range(2, len(body) - 7, 8)), cuts)
    return body


def _forgotten(body: bytes) -> bytes:
    """Write over the path to another workbook (section 2.5.277: it begins with U+0001), in its own length."""
    length = struct.unpack_from("<H", body, 2)[0] if len(body) > 5 else 0
    wide = bool(body[4] & 0x01) if length else False
    start, stop = (5, 5 + length * (2 if wide else 1))
    encoding = "utf-16-le" if wide else "latin-1"
    path = body[start:stop].decode(encoding, errors="replace")
    if stop > len(body) or not path.startswith("\x01"):
        return body
    return body[:start] + ("\x01" + FORGOTTEN * (len(path) - 1)).encode(encoding) + body[stop:]


def _shifted(body: bytes, places: tuple[int, ...], cuts: Cuts) -> bytes:
    new = bytearray(body)
    for at in places:
        place = struct.unpack_from("<L", body, at)[0]
        struct.pack_into("<L", new, at, max(0, place - cuts[1][bisect_left(cuts[0], place)]))
    return bytes(new)
