"""A new GIF of the old one's blocks: frames, their times and the loop are copied, everything else stays behind."""

from collections.abc import Iterator

from attachguard.formats.contract import Order
from attachguard.formats.pictures.keepsakes import PROFILE_BYTES, sound_profile
from attachguard.formats.pictures.sizes import measure
from attachguard.formats.structures.gif import (
    APPLICATION,
    EXTENSION,
    GRAPHIC_CONTROL,
    IMAGE,
    PLAIN_TEXT,
    Block,
    application,
    blocks,
    colour_table,
    sub_blocks,
    walk,
)
from attachguard.model import Finding, Rebuilt

LOOPS = frozenset({b"NETSCAPE2.0", b"ANIMEXTS1.0"})
"""Application extensions whose first sub-block says how often the animation runs."""

LONGEST = 255
"""Bytes of the longest sub-block."""

PROFILE = b"ICCRGBG1012"
"""The application extension that holds a colour profile (ICC.1:2022 annex B.6)."""


def rebuild(order: Order) -> Rebuilt:
    """Make the copy; without the structure of a GIF, or with more pixels than are decoded, there is none."""
    data = order.original
    structure = walk(data)
    if structure is None:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail="not the structure of a GIF"),))
    too_much = tuple(measure(structure.sizes, order.limits))
    if too_much:
        return Rebuilt(data=None, findings=too_much)
    head = data[: 13 + colour_table(data[10])]
    return Rebuilt(data=b"".join((head, *_kept(data), b"\x3b")))


def _kept(data: bytes) -> Iterator[bytes]:
    """Yield the blocks between header and trailer, in their order."""
    control = b""
    for block in blocks(data).blocks:
        if block.kind == IMAGE:
            yield control + _image(data, block)
            control = b""
        elif block.label == GRAPHIC_CONTROL:
            control = _graphic_control(data, block) or control
        elif block.label == PLAIN_TEXT:
            control = b""  # it belonged to the text (section 23), which no viewer shows
        elif block.label == APPLICATION:
            yield from _application(data, block)


def _image(data: bytes, block: Block) -> bytes:
    """Copy a frame, to the last sub-block that is whole."""
    packed = bytearray()  # a list of sub-blocks of one byte each would take a hundred times their size
    for piece in sub_blocks(data, block.body):
        packed += piece
    return data[block.at : block.body] + _in_sub_blocks(bytes(packed))


def _in_sub_blocks(data: bytes) -> bytes:
    """Cut data into sub-blocks as long as they can be (section 15)."""
    pieces = (data[at : at + LONGEST] for at in range(0, len(data), LONGEST))
    return b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\0"


def _graphic_control(data: bytes, block: Block) -> bytes:
    """Copy time, transparency and disposal (section 23): four bytes, no more."""
    body = next(sub_blocks(data, block.body), b"")
    return bytes([EXTENSION, GRAPHIC_CONTROL, 4]) + body + b"\0" if len(body) == 4 else b""


def _application(data: bytes, block: Block) -> Iterator[bytes]:
    name = application(data, block)
    pieces = list(sub_blocks(data, block.body))[1:]
    opening = bytes([EXTENSION, APPLICATION, 11]) + name
    if name in LOOPS:
        loop = next((piece for piece in pieces if len(piece) == 3 and piece[0] == 1), None)
        if loop is not None:
            yield opening + _in_sub_blocks(loop)
    elif name == PROFILE and sum(map(len, pieces)) <= PROFILE_BYTES:
        profile = sound_profile(b"".join(pieces))
        if profile is not None:
            yield opening + _in_sub_blocks(profile)
