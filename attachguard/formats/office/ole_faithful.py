"""Comparing a copy of a doc or xls with its original: olefile reads both, the copy was written without it."""

import struct
from collections.abc import Iterator
from itertools import zip_longest

from attachguard.formats.ole import Compound, read_compound
from attachguard.formats.refusal import Refused
from attachguard.model import Finding

WORD = (("WordDocument",), ("Data",))
MAY_GO = frozenset({0x00D3, 0x01BD, 0x00DC, 0x01AD, 0x0802, 0x0803, 0x0804, 0x0805, 0x0806, 0x0807, 0x080A})
"""Records that show nothing: signs of macros, and where cells came from."""
REWRITTEN = frozenset({0x005C, 0x0085, 0x00FF, 0x01AE, 0x020B})
"""Records of which only the length is compared: they hold places or names."""
_HEADER = 1024
"""Bytes of a Word stream's head in which lengths become zero; the text stands behind (section 2.5.1)."""


def differences(original: bytes, copy: bytes, kept: frozenset[str], storages: frozenset[str]) -> Iterator[Finding]:
    """Tell how a copy differs, or what in it may not be."""
    before, after = read_compound(original), read_compound(copy)
    if before is None or after is None or after.findings or after.reader is None:
        yield Finding("copy.unfaithful", detail="one of the two can't be read")
        return
    for entry in after.entries:
        top = entry.path[0].lower()
        if top not in kept and top not in storages:
            yield Finding("copy.unsafe", "/".join(entry.path), "may not be there")
    try:
        for name in ("WordDocument", "Data", "Workbook", "Book"):
            yield from _stream(name, before, after)
    except Refused as refused:
        yield Finding("copy.unfaithful", refused.finding.where, "can't be read")


def _stream(name: str, before: Compound, after: Compound) -> Iterator[Finding]:
    old, new = before.find(name), after.find(name)
    if old is None or (name == "Data" and new is None):
        return
    if new is None:
        yield Finding("copy.unfaithful", name, "is missing")
        return
    first, second = before.read(old), after.read(new)
    if name in {"Workbook", "Book"}:
        yield from _records(name, first, second)
    elif first[_HEADER:] != second[_HEADER:] or len(first) != len(second):
        yield Finding("copy.unfaithful", name, "other text")


def _records(name: str, first: bytes, second: bytes) -> Iterator[Finding]:
    starts: set[int] = set()
    sheets: list[int] = []
    pairs = zip_longest(_walk(second, MAY_GO), _walk(first, MAY_GO), fillvalue=(0, -1, b""))
    for (_, number, body), theirs in pairs:
        same = number == theirs[1] and len(body) == len(theirs[2])
        if not same or (number not in REWRITTEN and body != theirs[2]):
            yield Finding("copy.unfaithful", name, "other records")
            return
    for at, number, body in _walk(second):
        if number == 0x0809:
            starts.add(at)
        elif number == 0x0085 and len(body) >= 4:
            sheets.append(struct.unpack_from("<L", body)[0])
    if any(place not in starts for place in sheets) and all(place in _starts(first) for place in _sheets(first)):
        yield Finding("copy.unfaithful", name, "a sheet is not where it should be")


def _starts(stream: bytes) -> set[int]:
    return {at for at, number, _ in _walk(stream) if number == 0x0809}


def _sheets(stream: bytes) -> Iterator[int]:
    return (struct.unpack_from("<L", body)[0] for _, number, body in _walk(stream) if number == 0x85 and len(body) >= 4)


def _walk(stream: bytes, without: frozenset[int] = frozenset()) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at + 4 <= len(stream):
        number, size = struct.unpack_from("<HH", stream, at)
        if number not in without and at + 4 + size <= len(stream):
            yield at, number, stream[at + 4 : at + 4 + size]
        at += 4 + size
