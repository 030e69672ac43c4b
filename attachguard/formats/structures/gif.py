"""A GIF's blocks, walked from the header to the trailer (GIF89a specification)."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from attachguard.formats.pictures.sizes import Sizes
from attachguard.formats.pictures.structure import Metadata, Structure, most_steps

IMAGE, EXTENSION, TRAILER = 0x2C, 0x21, 0x3B
GRAPHIC_CONTROL, COMMENT, PLAIN_TEXT, APPLICATION = 0xF9, 0xFE, 0x01, 0xFF

SHOWING_APPLICATIONS = frozenset({b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"})
"""Application extensions that say how to show the picture: the number of loops, and an ICC profile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block with its sub-blocks."""

    kind: int
    """IMAGE or EXTENSION."""
    label: int
    """Of an extension: which; 0 for an image."""
    at: int
    body: int
    """Where the sub-blocks begin."""
    end: int
    size: tuple[int, int] = (0, 0)
    """Of an image: right and lower edge on the canvas."""


@dataclass(slots=True, kw_only=True)
class Walk:
    """A walk over the blocks, and how it ended."""

    blocks: list[Block]
    end: int
    complete: bool
    strays: list[Metadata]
    """Bytes between blocks that belong to none; lenient decoders step over them, others stop there."""


_INTRODUCER = re.compile(rb"[\x21\x2c\x3b]")


def colour_table(flags: int) -> int:
    """Bytes of the colour table that a packed field announces (sections 18 and 20)."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def blocks(data: bytes) -> Walk:
    """Walk from the first block to the trailer, the end of the file or the cap, over what is no block."""
    at = 13 + colour_table(data[10])
    walk = Walk(blocks=[], end=len(data), complete=False, strays=[])
    steps = most_steps(data)
    while at < len(data) and steps > 0:
        steps -= 1
        if data[at] == TRAILER:
            walk.end, walk.complete = at + 1, True
            return walk
        block = _block(data, at)
        if block is None:
            found = _INTRODUCER.search(data, at + 1)
            beyond = found.start() if found else len(data)
            if data[at:beyond].strip(b"\0"):  # an empty sub-block too many is a habit of some writers
                what = f"{beyond - at} bytes that belong to nothing"
                walk.strays.append(Metadata(where=f"offset {at}", detail=what))
            at = beyond
            continue
        end, used = _sub_blocks_end(data, block.body, steps)
        steps -= used
        if end is None:
            walk.blocks.append(block)
            return walk
        walk.blocks.append(Block(kind=block.kind, label=block.label, at=at, body=block.body, end=end, size=block.size))
        at = end
    return walk


def sub_blocks(data: bytes, at: int) -> Iterator[bytes]:
    """Yield the sub-blocks from an offset to their terminator (section 15)."""
    while at < len(data) and data[at]:
        yield data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]


def _sub_blocks_end(data: bytes, at: int, steps: int) -> tuple[int | None, int]:
    """Where the terminator's next byte is (None: beyond the file or the cap), and the steps it took."""
    for used in range(steps):
        if at >= len(data):
            return None, used
        length = data[at]
        at += 1 + length
        if not length:
            return at, used
    return None, steps


def _block(data: bytes, at: int) -> Block | None:
    if data[at] == EXTENSION and at + 2 < len(data):
        return Block(kind=EXTENSION, label=data[at + 1], at=at, body=at + 2, end=len(data))
    if data[at] == IMAGE and at + 11 <= len(data):
        left, top, width, height, flags = struct.unpack_from("<HHHHB", data, at + 1)
        body = at + 11 + colour_table(flags)
        edge = (left + width, top + height)
        return Block(kind=IMAGE, label=0, at=at, body=body, end=len(data), size=edge)
    return None


def walk(data: bytes) -> Structure | None:
    """Walk the blocks; None when the bytes are no GIF: no header, or no frame behind it."""
    if data[:6] not in (b"GIF87a", b"GIF89a") or len(data) < 14:
        return None
    found = blocks(data)
    images = [block for block in found.blocks if block.kind == IMAGE]
    if not images:
        return None
    width, height = struct.unpack_from("<HH", data, 6)
    canvas = (max(width, images[0].size[0]), max(height, images[0].size[1]))
    extensions = [block for block in found.blocks if block.kind == EXTENSION]
    return Structure(
        described="animated GIF picture" if len(images) > 1 else "GIF picture",
        end=found.end,
        complete=found.complete,
        sizes=Sizes(
            frames=tuple((max(canvas[0], one.size[0]), max(canvas[1], one.size[1])) for one in images), moving=True
        ),
        metadata=tuple(_told(data, extensions)),
        strays=tuple(found.strays),
        texts=tuple((one.at, one.end) for one in extensions if one.label != GRAPHIC_CONTROL),
    )


def application(data: bytes, block: Block) -> bytes:
    """Read the application identifier and authentication code of an application extension (section 26)."""
    return next(sub_blocks(data, block.body), b"")


def _told(data: bytes, extensions: list[Block]) -> Iterator[Metadata]:
    for block in extensions:
        where = f"extension at offset {block.at}"
        if block.label == COMMENT:
            yield Metadata(where=where, detail="comment")
        elif block.label == APPLICATION:
            name = application(data, block)
            if name not in SHOWING_APPLICATIONS:
                what = "XMP" if name == b"XMP DataXMP" else f"data of {name[:11].decode('latin-1')}"
                yield Metadata(where=where, detail=what)
        elif block.label != GRAPHIC_CONTROL:
            yield Metadata(where=where, detail="private data")
