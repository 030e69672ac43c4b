"""A GIF whose frames were unpacked and packed anew: the same pixels, places, times and colours.

A copy of blocks keeps the sender's compressed bytes, and with them whatever they do to a weak decoder. Each frame is
decoded by itself to the numbers of its colours, so that how frames lie over each other stays as it was.
"""

import struct
from collections.abc import Iterator
from io import BytesIO

from PIL import Image

from attachguard.formats.contract import Order
from attachguard.formats.gif.rebuild import rebuild
from attachguard.formats.pictures.decode import REFUSALS, opened, reason
from attachguard.formats.structures.gif import IMAGE, Block, blocks, colour_table
from attachguard.model import Finding, Rebuilt

TABLE, INTERLACED = 0x87, 0x40
"""Of an image descriptor's packed field: what tells of the local colour table, and the order of rows (section 20)."""

DESCRIPTOR = 10
"""Bytes of an image descriptor."""

_COLOURS = bytes(byte for number in range(256) for byte in (number, 0, 255 - number))
"""256 colours of which none is grey: with these a decoder gives the numbers, and no shades."""


def reencode(order: Order) -> Rebuilt:
    """Make the copy; where there is none of the blocks, or a frame can't be decoded, there is none."""
    made = rebuild(order)
    if made.data is None:
        return made
    try:
        return Rebuilt(data=b"".join(_packed_anew(made.data)), findings=made.findings)
    except REFUSALS as refusal:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail=reason(refusal)),))


def _packed_anew(data: bytes) -> Iterator[bytes]:
    yield data[: 13 + colour_table(data[10])]
    for block in blocks(data).blocks:
        if block.kind == IMAGE:
            yield _frame(data, block)
        else:
            yield data[block.at : block.end]
    yield b"\x3b"


def _frame(data: bytes, block: Block) -> bytes:
    """Write a frame's descriptor, colours and pixels; rows go from top to bottom."""
    flags = data[block.at + DESCRIPTOR - 1]
    colours = data[block.at + DESCRIPTOR : block.body - 1]
    width, height = struct.unpack_from("<HH", data, block.at + 5)
    place = data[block.at : block.at + DESCRIPTOR - 1] + bytes([flags & TABLE])
    return place + colours + _pixels(data[block.body - 1 : block.end], (width, height), flags & INTERLACED)


def _pixels(packed: bytes, size: tuple[int, int], interlaced: int) -> bytes:
    """Unpack one frame's pixels and pack them again, the size of the first code in front."""
    screen = struct.pack("<6sHHBBB", b"GIF89a", *size, 0xF7, 0, 0)
    alone = screen + _COLOURS + struct.pack("<BHHHHB", IMAGE, 0, 0, *size, interlaced) + packed + b"\x3b"
    with opened(alone, "GIF") as picture:
        picture.load()
        if picture.mode != "P" or picture.size != size:
            raise ValueError("a frame without pixels")
        numbers = Image.frombytes("L", size, picture.tobytes())
    buffer = BytesIO()
    numbers.save(buffer, "GIF", interlace=0, optimize=False)
    again = buffer.getvalue()
    frame = next(found for found in blocks(again).blocks if found.kind == IMAGE)
    return again[frame.body - 1 : frame.end]
