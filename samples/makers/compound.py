"""Compound files (MS-CFB version 3): the little file system inside .doc, .xls and documents with a password."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SECTOR = 512
MINI_SECTOR = 64
CUTOFF = 4096
"""Streams shorter than this live in the mini stream (2.2)."""
FREE, END, FAT_SECTOR, NOTHING = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
STORAGE, STREAM, ROOT = 1, 2, 5
RED, BLACK = 0, 1
ENTRIES_PER_SECTOR = SECTOR // 4


@dataclass(slots=True, kw_only=True)
class _Entry:
    """One row of the directory (2.6.1), while the file is being laid out."""

    name: str
    kind: int
    data: bytes = b""
    children: list[int] = field(default_factory=list)
    child: int = NOTHING
    left: int = NOTHING
    right: int = NOTHING
    colour: int = BLACK
    start: int = 0

    def order(self) -> tuple[int, str]:
        """Directory order: shorter names first, then by upper-case code points (2.6.4)."""
        return len(self.name), self.name.upper()

    def packed(self, class_id: bytes, size: int) -> bytes:
        name = self.name.encode("utf-16-le") + b"\0\0"
        head = struct.pack("<64sHBBIII", name, len(name), self.kind, self.colour, self.left, self.right, self.child)
        return head + class_id + struct.pack("<IQQIQ", 0, 0, 0, self.start, size)


def write(streams: Mapping[str, bytes], class_id: bytes = bytes(16)) -> bytes:
    """Write streams by their path (`Macros/VBA/dir`); storages are made as needed. Up to about 7 MB."""
    entries = _tree(streams)
    layout = _Layout()
    mini = _mini_stream(entries)
    for entry in entries:
        if entry.kind == STREAM and len(entry.data) >= CUTOFF:
            entry.start = layout.add(entry.data)
    entries[0].start = layout.add(mini.data) if mini.data else END
    mini_table = _table(mini.chain)
    mini_start = layout.add(mini_table) if mini.chain else END
    directory = b"".join(_row(entry, class_id, len(mini.data)) for entry in entries)
    directory += _unused() * (-len(entries) % (SECTOR // 128))
    directory_start = layout.add(directory)
    fat, places = layout.allocation_table()
    counts = (0, len(places), directory_start, 0, CUTOFF, mini_start, len(mini_table) // SECTOR, END, 0)
    header = struct.pack("<8s16xHHHHH6x9I", SIGNATURE, 0x3E, 3, 0xFFFE, 9, 6, *counts)
    header += b"".join(struct.pack("<I", place) for place in places)
    return header.ljust(SECTOR, b"\xff") + bytes(layout.sectors) + fat


def _row(entry: _Entry, class_id: bytes, mini_size: int) -> bytes:
    if entry.kind == ROOT:
        return entry.packed(class_id, mini_size)
    return entry.packed(bytes(16), len(entry.data))


def _unused() -> bytes:
    return struct.pack("<64xHBBIII16xIQQIQ", 0, 0, 0, NOTHING, NOTHING, NOTHING, 0, 0, 0, 0, 0)


def _tree(streams: Mapping[str, bytes]) -> list[_Entry]:
    """Make the directory entries and hang every storage's children into a balanced tree."""
    entries = [_Entry(name="Root Entry", kind=ROOT)]
    numbers = {"": 0}
    for path, data in streams.items():
        folder = ""
        steps = path.split("/")
        for depth, name in enumerate(steps):
            here = "/".join(steps[: depth + 1])
            if here not in numbers:
                last = depth == len(steps) - 1
                numbers[here] = len(entries)
                entries[numbers[folder]].children.append(len(entries))
                entries.append(_Entry(name=name, kind=STREAM if last else STORAGE, data=data if last else b""))
            folder = here
    for entry in entries:
        ordered = sorted(entry.children, key=lambda number: entries[number].order())
        entry.child = _balance(entries, ordered, len(ordered).bit_length() - 1)
    return entries


def _balance(entries: list[_Entry], ordered: Sequence[int], levels_below: int) -> int:
    """Hang sorted entries into a tree by halves; the lowest level is red, the rest black: a valid red-black tree."""
    if not ordered:
        return NOTHING
    middle = len(ordered) // 2
    top = entries[ordered[middle]]
    top.left = _balance(entries, ordered[:middle], levels_below - 1)
    top.right = _balance(entries, ordered[middle + 1 :], levels_below - 1)
    top.colour = RED if levels_below == 0 else BLACK
    return ordered[middle]


@dataclass(slots=True, kw_only=True)
class _Mini:
    data: bytes
    chain: list[int]


def _mini_stream(entries: Sequence[_Entry]) -> _Mini:
    """Put the short streams one behind another, in sectors of 64 bytes (2.4)."""
    data, chain = bytearray(), list[int]()
    for entry in entries:
        if entry.kind != STREAM or len(entry.data) >= CUTOFF:
            continue
        if not entry.data:
            entry.start = END
            continue
        entry.start = len(chain)
        data += _padded(entry.data, MINI_SECTOR, b"\0")
        chain += _links(entry.start, len(data) // MINI_SECTOR)
    return _Mini(data=bytes(data), chain=chain)


def _links(first: int, stop: int) -> list[int]:
    """Chain sectors that follow each other."""
    return [*range(first + 1, stop), END]


def _table(chain: Sequence[int]) -> bytes:
    return _padded(b"".join(struct.pack("<I", link) for link in chain), SECTOR, b"\xff")


def _padded(data: bytes, size: int, filler: bytes) -> bytes:
    return data + filler * (-len(data) % size)


@dataclass(slots=True, kw_only=True)
class _Layout:
    """The sectors behind the header, in order."""

    sectors: bytearray = field(default_factory=bytearray)
    chain: list[int] = field(default_factory=list)

    def add(self, data: bytes) -> int:
        """Append a chain of sectors and tell where it begins."""
        start = len(self.chain)
        self.sectors += _padded(data, SECTOR, b"\0")
        self.chain += _links(start, len(self.sectors) // SECTOR)
        return start

    def allocation_table(self) -> tuple[bytes, list[int]]:
        """Make the sector allocation table, which stands last and covers itself, and say where its sectors are."""
        used = len(self.chain)
        count = 1
        while count * ENTRIES_PER_SECTOR < used + count:
            count += 1
        if count > 109:
            raise ValueError("too large for the 109 table sectors that fit the header")
        places = list(range(used, used + count))
        return _table([*self.chain, *[FAT_SECTOR] * count]), places


def summary(title: str, program: str) -> bytes:
    """Write a SummaryInformation property set (MS-OLEPS 2.21, 2.25): title and the program it was made with."""
    format_id = bytes.fromhex("e0859ff2f94f6810ab9108002b27b3d9")
    values = ((1, struct.pack("<IHH", 2, 1252, 0)), (2, _string(title)), (18, _string(program)))
    offset, table, body = 8 + 8 * len(values), b"", b""
    for number, value in values:
        table += struct.pack("<II", number, offset + len(body))
        body += value
    section = struct.pack("<II", offset + len(body), len(values)) + table + body
    head = struct.pack("<HHI16xI", 0xFFFE, 0, 0x00020006, 1)
    return head + format_id + struct.pack("<I", len(head) + 20) + section


def _string(text: str) -> bytes:
    raw = text.encode("cp1252", "replace") + b"\0"
    return struct.pack("<II", 0x1E, len(raw)) + _padded(raw, 4, b"\0")
