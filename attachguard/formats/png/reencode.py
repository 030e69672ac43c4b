"""A PNG whose picture data was unpacked and packed anew: the same rows and pixels, in a stream of our making.

A copy of chunks keeps the sender's compressed bytes, and with them whatever they do to a weak decoder. Here every
frame has exactly the rows its size says, each with a filter that exists (PNG third edition, sections 8, 9 and 10), a
palette has every colour that a pixel could name, and nothing stands behind the last row.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from attachguard.formats.contract import Order
from attachguard.formats.png.rebuild import rebuild, written
from attachguard.formats.structures.png import SIGNATURE, Chunk, chunks
from attachguard.model import Finding, Rebuilt

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Samples of a pixel by colour type."""

PALETTE = 3
"""The colour type whose pixels are numbers of colours."""

DEPTHS = {
    0: frozenset({1, 2, 4, 8, 16}), 2: frozenset({8, 16}), 3: frozenset({1, 2, 4, 8}), 4: frozenset({8, 16}),
    6: frozenset({8, 16}),
}  # fmt: skip
"""Bits of a sample that a colour type allows (section 11.2.1, table 11.1)."""

PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Left, top, and the steps to the right and down of Adam7's passes (section 8.1)."""

FILTERS = bytes(range(5))

BLOCK = 1 << 20
"""Bytes that are unpacked at a time."""

SMALL = 64 << 20
"""Unpacked bytes up to which the packing takes its time."""


class UnsoundError(ValueError):
    """Picture data that is not what its header says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a frame's pixels are laid out."""

    width: int
    height: int
    pixel: int
    """Bits of one pixel."""
    interlaced: bool

    def rows(self) -> Iterator[tuple[int, int]]:
        """Yield number and length in bytes, the filter's included, of the rows of each pass (section 8)."""
        for left, top, right, down in PASSES if self.interlaced else ((0, 0, 1, 1),):
            wide, high = -((left - self.width) // right), -((top - self.height) // down)
            if wide > 0 and high > 0:
                yield high, (wide * self.pixel + 7) // 8 + 1


def reencode(order: Order) -> Rebuilt:
    """Make the copy; where there is none of the chunks, or the data is not what the header says, there is none."""
    made = rebuild(order)
    if made.data is None:
        return made
    try:
        return Rebuilt(data=b"".join((SIGNATURE, *_packed_anew(made.data))), findings=made.findings)
    except (UnsoundError, zlib.error) as refusal:
        detail = str(refusal) if isinstance(refusal, UnsoundError) else "picture data that can't be unpacked"
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail=detail),))


def _packed_anew(data: bytes) -> Iterator[bytes]:
    """Yield the chunks of a copy with their picture data packed anew, one chunk for each frame."""
    found = chunks(data)
    header = next(found)
    shape, colours = _shape(header.data)
    yield written(header.type, header.data)
    frame, number = shape, 0
    for kind, group in groupby(found, key=lambda chunk: chunk.type):
        if kind == b"IDAT":
            yield written(kind, _packed(shape, (chunk.data for chunk in group)))
        elif kind == b"fdAT":
            yield written(kind, struct.pack(">I", number) + _packed(frame, (chunk.data[4:] for chunk in group)))
            number += 1
        else:
            for chunk in group:
                body = chunk.data
                if kind == b"fcTL":
                    frame, body = _frame(shape, chunk), struct.pack(">I", number) + chunk.data[4:]
                    number += 1
                elif kind == b"PLTE":
                    body = body[: colours * 3].ljust(colours * 3, b"\0")
                yield written(kind, body)


def _shape(header: bytes) -> tuple[Shape, int]:
    """Read IHDR, and how many colours a palette has to have."""
    width, height, depth, colour, packing, filtering, interlacing = struct.unpack(">IIBBBBB", header)
    if depth not in DEPTHS.get(colour, ()) or packing or filtering or interlacing > 1:
        raise UnsoundError("a header that does not exist")
    shape = Shape(width=width, height=height, pixel=depth * CHANNELS[colour], interlaced=interlacing == 1)
    return shape, 1 << depth if colour == PALETTE else 256


def _frame(shape: Shape, control: Chunk) -> Shape:
    """Read the size of an animation's frame, which lies within the picture (section 11.3.6.2)."""
    width, height, left, top = struct.unpack_from(">IIII", control.data, 4)
    if left + width > shape.width or top + height > shape.height:
        raise UnsoundError("a frame that reaches beyond the picture")
    return replace(shape, width=width, height=height)


def _packed(shape: Shape, pieces: Iterable[bytes]) -> bytes:
    size = sum(rows * length for rows, length in shape.rows())
    packer = zlib.compressobj(6 if size <= SMALL else 1)
    return b"".join((*map(packer.compress, _checked(shape, _unpacked(pieces, size))), packer.flush()))


def _unpacked(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Inflate the first `size` bytes of a stream; what may follow, its checksum included, is never read."""
    inflater = zlib.decompressobj()
    for piece in pieces:
        rest = piece
        while rest and size:
            block = inflater.decompress(rest, min(size, BLOCK))
            size -= len(block)
            rest = inflater.unconsumed_tail
            if block:
                yield block
    while size and (block := inflater.decompress(inflater.unconsumed_tail, min(size, BLOCK))):
        size -= len(block)
        yield block
    if size:
        raise UnsoundError(f"{size} bytes of the picture are missing")


def _checked(shape: Shape, blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Pass blocks on, looking at the byte in front of every row."""
    passes = shape.rows()
    left, length, at = 0, 1, 0
    for block in blocks:
        start = 0
        while start < len(block):
            if not left:
                rows, length = next(passes)
                left, at = rows * length, 0
            part = block[start : start + left]
            if part[-at % length :: length].translate(None, FILTERS):
                raise UnsoundError("a filter that does not exist")
            at, left, start = at + len(part), left - len(part), start + len(part)
        yield block
