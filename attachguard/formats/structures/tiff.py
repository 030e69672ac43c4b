"""A TIFF's directories, pages and strips (TIFF 6.0, BigTIFF)."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from attachguard.formats.pictures.ifd import Directory, Entry, Tiff, tiff
from attachguard.formats.pictures.metadata import fields
from attachguard.formats.pictures.sizes import Sizes
from attachguard.formats.pictures.structure import Metadata, Structure

WIDTH, LENGTH, TILE_WIDTH, TILE_LENGTH = 0x0100, 0x0101, 0x0142, 0x0143
BITS, SAMPLES = 0x0102, 0x0115

DIRECTORIES = frozenset({0x014A, 0x8769, 0x8825, 0xA005})
"""Fields that point to further directories: SubIFDs, Exif, GPS, interoperability."""

DATA = ((0x0111, 0x0117), (0x0144, 0x0145), (0x0201, 0x0202), (0x0120, 0x0121))
"""Pairs of offsets and byte counts: strips, tiles, old JPEG, free areas."""

RAW_PHOTOS = {0xC612: "DNG raw photo", 0xC5D8: "CR2 raw photo"}
"""Fields by which raw photos in TIFF's clothes are known."""

PADDING = 15
"""Zero bytes at the end that round the file up to sixteen (measured: a common writer of pages does that)."""

PAGES = 1000
"""Pages that are walked; more are counted as one more (every sensible Limits.frames is below)."""

MOST_TEXTS = 2000
"""Text fields that are searched for markup; overlapping ones could otherwise be searched for ever."""

BRANCHES = 4000
"""Directories of all sorts that are walked."""


@dataclass(slots=True, kw_only=True)
class Walk:
    """What was seen so far."""

    end: int = 8
    complete: bool = True
    seen: set[int] = field(default_factory=set)
    budget: int = 0
    """Offsets that may still be read: no honest file has more than fit into it."""
    sizes: list[tuple[int, int]] = field(default_factory=list)
    decoded: int = 0
    metadata: list[Metadata] = field(default_factory=list)
    texts: set[tuple[int, int]] = field(default_factory=set)
    raw: str = ""

    def reach(self, end: int, reader: Tiff) -> None:
        """Something ends here: further than before, or outside the file."""
        if end > len(reader.data):
            self.complete = False
        else:
            self.end = max(self.end, end)


def pages(reader: Tiff) -> Iterator[Directory]:
    """Yield the main directories in order, each once (a chain that loops ends)."""
    seen: set[int] = set()
    at = reader.first
    while at and at not in seen and len(seen) <= PAGES:
        seen.add(at)
        directory = reader.directory(at)
        if directory is None:
            return
        yield directory
        at = directory.next


def walk(data: bytes) -> Structure | None:
    """Walk all directories; None when the bytes are no TIFF: no header, or no first page."""
    reader = tiff(data)
    if reader is None:
        return None
    walked = Walk(budget=len(data) // 2 + 1024)
    last = None
    for number, last in enumerate(pages(reader), 1):
        _directory(reader, last, walked)
        walked.sizes.append(_size(reader, last))
        walked.decoded += _decoded(reader, last)
        walked.metadata.extend(fields(f"page {number}", reader, last))
    if last is None or not any(WIDTH in page.entries for page in pages(reader)):
        return None
    if last.next and last.next not in walked.seen and len(walked.sizes) <= PAGES:
        walked.complete = False
    rest = data[walked.end :]
    if len(rest) <= PADDING and not rest.strip(b"\x00"):
        walked.end = len(data)
    raw = walked.raw or ("CR2 raw photo" if data[8:10] == b"CR" else "")
    return Structure(
        described=raw or ("multi-page TIFF picture" if len(walked.sizes) > 1 else "TIFF picture"),
        end=walked.end,
        complete=walked.complete,
        sizes=Sizes(frames=tuple(walked.sizes), decoded=walked.decoded),
        metadata=tuple(walked.metadata),
        texts=tuple(sorted(walked.texts)[:MOST_TEXTS]),
        accepted=not raw,
    )


def _size(reader: Tiff, page: Directory) -> tuple[int, int]:
    """Take the larger of page and tile: a decoder makes room for both (TIFF 6.0 section 15)."""
    page_size, tile_size = (
        (reader.integer(page.entries.get(wide)), reader.integer(page.entries.get(high)))
        for wide, high in ((WIDTH, LENGTH), (TILE_WIDTH, TILE_LENGTH))
    )
    return max(page_size, tile_size, key=lambda size: size[0] * size[1])


def _decoded(reader: Tiff, page: Directory) -> int:
    """Count a page's decoded bytes; a black and white pixel takes half the time of a grey one (measured)."""
    width, height = _size(reader, page)
    bits = reader.integer(page.entries.get(BITS), 1) * reader.integer(page.entries.get(SAMPLES), 1)
    return width * height * max(4, bits) // 8


def _directory(reader: Tiff, first: Directory, walked: Walk) -> None:
    """Note how far a directory and everything it points to reach."""
    waiting = [first]
    while waiting and len(walked.seen) < BRANCHES:
        directory = waiting.pop()
        if directory.at in walked.seen:
            continue
        walked.seen.add(directory.at)
        walked.reach(directory.end, reader)
        for entry in directory.entries.values():
            if entry.size > 8 or (entry.size > 4 and not reader.big):
                walked.reach(entry.at + entry.size, reader)
            _text(reader, entry, walked)
            walked.raw = walked.raw or RAW_PHOTOS.get(entry.tag, "")
            if entry.tag in DIRECTORIES:
                found = (reader.directory(at) for at in reader.integers(entry, 64))
                waiting.extend(inner for inner in found if inner)
        for offsets, counts in DATA:
            _data(reader, directory, (offsets, counts), walked)


def _data(reader: Tiff, directory: Directory, tags: tuple[int, int], walked: Walk) -> None:
    starts, lengths = (reader.integers(directory.entries.get(tag), walked.budget) for tag in tags)
    walked.budget = max(0, walked.budget - len(starts))
    for start, length in zip(starts, lengths, strict=False):
        walked.reach(start + length, reader)


def _text(reader: Tiff, entry: Entry, walked: Walk) -> None:
    """Note text and undefined bytes, which may hold markup; values that many fields share are noted once."""
    if entry.type in (1, 2, 7) and entry.size > 8 and reader.holds(entry):
        walked.texts.add((entry.at, entry.at + entry.size))
