"""The streams of a Word 97-2003 document in a copy: no commands, no template, nothing about the sender.

All places in the main stream count from its beginning, so nothing is moved: what goes is overwritten with zeros where
it stands, and its length in the FIB becomes zero ([MS-DOC] section 2.5.1).
"""

import struct

from attachguard.formats.refusal import Refused

KEPT = frozenset({"worddocument", "0table", "1table", "data"})
"""Streams that make the document (section 2.1)."""

EMPTIED = (
    0x015A,  # fcCmds: commands, keys and buttons that call macros (section 2.9.339)
    0x0172,  # fcPrDrvr: the printer
    0x017A,  # fcPrEnvPort
    0x0182,  # fcPrEnvLand
    0x01B2,  # fcAutosaveSource: where it lay
    0x01FA,  # fcPms: where a mail merge gets its data
    0x027A,  # fcStwUser: variables that macros keep
    0x02CA,  # fcRouteSlip: who it was sent round to
    0x02D2,  # fcSttbSavedBy: who saved it, under which paths
)
"""Offsets in the FIB of places and lengths of what goes (sections 2.5.6 and 2.5.7)."""

ASSOCIATED = 0x019A
"""fcSttbfAssoc: template, title, author and the like, one string each."""

_WORD_97 = 0x00C1
_TABLE_1 = 0x0200
_FIRST_TABLE_END = 0x02DA


def rewrite(streams: dict[tuple[str, ...], bytes]) -> dict[tuple[str, ...], bytes]:
    """Empty what goes. Raises Refused when the document's streams are not where they should be."""
    names = {path[0].lower(): path for path in streams}
    if "worddocument" not in names:
        raise Refused("copy.failed", "WordDocument", "is missing")
    main = bytearray(streams[names["worddocument"]])
    if len(main) < 32 or struct.unpack_from("<H", main, 2)[0] < _WORD_97:
        return {names["worddocument"]: bytes(main)}
    table_name = "1table" if struct.unpack_from("<H", main, 10)[0] & _TABLE_1 else "0table"
    if table_name not in names or len(main) < _FIRST_TABLE_END:
        raise Refused("copy.failed", table_name, "is missing")
    table = bytearray(streams[names[table_name]])
    for at in EMPTIED:
        start, size = struct.unpack_from("<LL", main, at)
        _zero(table, start, size)
        struct.pack_into("<LL", main, at, start, 0)
    _forget_names(main, table)
    copied = {names["worddocument"]: bytes(main), names[table_name]: bytes(table)}
    return copied | ({names["data"]: streams[names["data"]]} if "data" in names else {})


def _forget_names(main: bytearray, table: bytearray) -> None:
    """Make all associated strings empty ones (section 2.9.274), in the place of the old."""
    start, size = struct.unpack_from("<LL", main, ASSOCIATED)
    if size < 6 or start + size > len(table) or table[start : start + 2] != b"\xff\xff":
        return
    count = struct.unpack_from("<H", table, start + 2)[0]
    empty = struct.pack("<HHH", 0xFFFF, count, 0) + bytes(2 * count)
    if len(empty) > size:
        return
    _zero(table, start, size)
    table[start : start + len(empty)] = empty
    struct.pack_into("<L", main, ASSOCIATED + 4, len(empty))


def _zero(table: bytearray, start: int, size: int) -> None:
    stop = min(len(table), start + size)
    if start < stop:
        table[start:stop] = bytes(stop - start)
