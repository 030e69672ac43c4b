"""Writing a new compound file ([MS-CFB] version 3): the same bytes for the same streams, nothing left over between.

Every sector is written by us, so nothing of the original's free space, dead entries or tail can come along.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from attachguard.formats.ole import SIGNATURE

SECTOR = 512
MINI = 64
CUTOFF = 4096
"""Shorter streams live in the mini stream (section 2.2)."""
IN_HEADER = 109
"""Places of allocation table sectors that the header holds (section 2.5)."""
PER_SECTOR = SECTOR // 4

_END, _FREE, _FAT, _DIFAT, _NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFC, 0xFFFFFFFF
_STORAGE, _STREAM, _ROOT = 1, 2, 5
_BLACK = 1

Streams = Mapping[tuple[str, ...], bytes]
"""By path; storages are the ones that paths go through."""


@dataclass(slots=True, kw_only=True)
class _Entry:
    name: str
    kind: int
    data: bytes = b""
    left: int = _NONE
    right: int = _NONE
    child: int = _NONE
    start: int = 0
    size: int = 0


class _Sectors:
    """The file's sectors and their chains."""

    def __init__(self) -> None:
        self.content: list[bytes] = []
        self.table: list[int] = []

    def add(self, data: bytes, fill: bytes = b"\0") -> int:
        """Append a chain; give where it begins."""
        if not data:
            return _END
        start, count = len(self.table), -(-len(data) // SECTOR)
        self.content.append(data.ljust(count * SECTOR, fill))
        self.table += [*range(start + 1, start + count), _END]
        return start


def write_compound(streams: Streams, class_id: str) -> bytes:
    """Write streams and the storages they stand in; `class_id` is the root's, empty for none."""
    entries = _directory(streams)
    sectors, minis, mini_table = _Sectors(), bytearray(), list[int]()
    for entry in entries:
        if entry.kind != _STREAM:
            continue
        entry.size = len(entry.data)
        if entry.size >= CUTOFF:
            entry.start = sectors.add(entry.data)
        elif entry.size:
            entry.start = len(mini_table)
            count = -(-entry.size // MINI)
            mini_table += [*range(entry.start + 1, entry.start + count), _END]
            minis += entry.data.ljust(count * MINI, b"\0")
        else:
            entry.start = _END
    entries[0].start, entries[0].size = sectors.add(bytes(minis)), len(minis)
    mini_start = sectors.add(struct.pack(f"<{len(mini_table)}L", *mini_table), b"\xff")
    unused = struct.pack("<64xHBB3L36xQ", 0, 0, 0, _NONE, _NONE, _NONE, 0)
    rows = b"".join(_row(entry, class_id if entry.kind == _ROOT else "") for entry in entries)
    directory = sectors.add(rows + unused * (-len(entries) % (SECTOR // 128)))
    return _file(sectors, directory, mini_start, -(-len(mini_table) // PER_SECTOR))


def _directory(streams: Streams) -> list[_Entry]:
    """List root, storages and streams, each storage's children as a balanced tree (section 2.6.4)."""
    entries = [_Entry(name="Root Entry", kind=_ROOT)]
    numbers: dict[tuple[str, ...], int] = {(): 0}
    children: dict[int, list[int]] = {}
    for path, data in sorted(streams.items()):
        for depth in range(1, len(path) + 1):
            piece = path[:depth]
            if piece in numbers:
                continue
            is_stream = depth == len(path)
            numbers[piece] = len(entries)
            entries.append(
                _Entry(name=piece[-1], kind=_STREAM if is_stream else _STORAGE, data=data if is_stream else b"")
            )
            children.setdefault(numbers[piece[:-1]], []).append(numbers[piece])
    for parent, own in children.items():
        own.sort(key=lambda number: (len(entries[number].name), entries[number].name.upper()))
        entries[parent].child = _balance(own, entries)
    return entries


def _balance(numbers: Sequence[int], entries: list[_Entry]) -> int:
    """Make a tree of sorted entries; give its top. As deep as the logarithm of their number."""
    if not numbers:
        return _NONE
    middle = len(numbers) // 2
    entries[numbers[middle]].left = _balance(numbers[:middle], entries)
    entries[numbers[middle]].right = _balance(numbers[middle + 1 :], entries)
    return numbers[middle]


def _row(entry: _Entry, class_id: str) -> bytes:
    name = entry.name.encode("utf-16-le") + b"\0\0"
    head = struct.pack("<64sHBB3L", name, len(name), entry.kind, _BLACK, entry.left, entry.right, entry.child)
    identifier = UUID(class_id).bytes_le if class_id else bytes(16)
    return head + identifier + struct.pack("<L16xLQ", 0, entry.start, entry.size)


def _file(sectors: _Sectors, directory: int, mini_start: int, mini_count: int) -> bytes:
    """Put header, sectors, allocation table and, for large files, the table of its places together."""
    used, fats, difats = len(sectors.table), 0, 0
    while fats * PER_SECTOR < used + fats + difats:
        fats += 1
        difats = -(-max(0, fats - IN_HEADER) // (PER_SECTOR - 1))
    places = list(range(used, used + fats))
    table = [*sectors.table, *[_FAT] * fats, *[_DIFAT] * difats]
    table += [_FREE] * (fats * PER_SECTOR - len(table))
    first = used + fats if difats else _END
    header = struct.pack(
        "<8s16x5H6x9L",
        *(SIGNATURE, 0x3E, 3, 0xFFFE, 9, 6, 0, fats, directory, 0, CUTOFF, mini_start, mini_count, first, difats),
    )
    head = places[:IN_HEADER]
    header += struct.pack(f"<{IN_HEADER}L", *head, *[_FREE] * (IN_HEADER - len(head)))
    rest = b"".join(_more_places(places[IN_HEADER:], used + fats, difats))
    return b"".join((header, *sectors.content, struct.pack(f"<{len(table)}L", *table), rest))


def _more_places(places: list[int], first: int, count: int) -> list[bytes]:
    """Write the sectors that hold the places which the header has no room for (section 2.5)."""
    written = []
    for number in range(count):
        part = places[number * (PER_SECTOR - 1) : (number + 1) * (PER_SECTOR - 1)]
        part += [_FREE] * (PER_SECTOR - 1 - len(part))
        follows = first + number + 1 if number + 1 < count else _END
        written.append(struct.pack(f"<{PER_SECTOR}L", *part, follows))
    return written
