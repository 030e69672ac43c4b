"""A new PNG of the old one's chunks: those that show the picture are copied, every other one stays behind.

The compressed data is not touched, so the pixels and the animation are the same; what stands behind the end of a
compressed stream is cut off.
"""

import struct
import zlib
from collections.abc import Iterator

from attachguard.formats.contract import Order
from attachguard.formats.pictures.keepsakes import (
    PROFILE_BYTES,
    UPRIGHT,
    exif_with,
    orientation_of_exif,
    orientation_of_xmp,
    sound_profile,
)
from attachguard.formats.pictures.sizes import measure
from attachguard.formats.pictures.structure import Structure
from attachguard.formats.structures.png import DECODED, SIGNATURE, Chunk, chunks, walk
from attachguard.model import Finding, Rebuilt

SIZES = {
    b"IHDR": range(13, 14), b"PLTE": range(3, 769), b"tRNS": range(1, 257),
    b"cHRM": range(32, 33), b"gAMA": range(4, 5), b"sRGB": range(1, 2), b"sBIT": range(1, 5),
    b"cICP": range(4, 5), b"mDCV": range(24, 25), b"cLLI": range(8, 9),
    b"bKGD": range(1, 7), b"pHYs": range(9, 10), b"acTL": range(8, 9),
}  # fmt: skip
"""Chunks that are copied once, and the sizes they can have (PNG third edition, section 11)."""

FRAME_CONTROL = range(26, 27)

BLOCK = 1 << 20
"""Bytes that are inflated at a time."""


def rebuild(order: Order) -> Rebuilt:
    """Make the copy; without the structure of a PNG, a sound header, or with too many pixels, there is none."""
    data = order.original
    structure = walk(data)
    if structure is None:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail="not the structure of a PNG"),))
    too_much = tuple(measure(structure.sizes, order.limits))
    if too_much:
        return Rebuilt(data=None, findings=too_much)
    kept = tuple(_kept(data, _most_inflated(structure)))
    if not any(chunk.startswith(b"IHDR", 4) for chunk in kept[:1]):
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail="the header's checksum is wrong"),))
    return Rebuilt(data=b"".join((SIGNATURE, *kept, written(b"IEND", b""))))


def shown(data: bytes) -> bytes:
    """Cut out the part of the file that makes the pixels, compressed data as it stands there; see jpeg's."""
    kept = list[bytes]()
    for chunk in chunks(data):
        if chunk.type in DECODED and chunk.data:
            kept.append(data[chunk.at : chunk.end])
        elif chunk.type == b"iCCP":
            kept.extend(_profile(chunk))
    return b"".join((SIGNATURE, *kept, written(b"IEND", b"")))


def orientation(data: bytes) -> int:
    """Tell which way is up, by Exif or, where that says nothing, by XMP."""
    from_exif = from_xmp = UPRIGHT
    for chunk in chunks(data):
        if chunk.type == b"eXIf" and from_exif == UPRIGHT:
            from_exif = orientation_of_exif(chunk.data)
        elif chunk.type == b"iTXt" and chunk.data.startswith(b"XML:com.adobe.xmp\0") and from_xmp == UPRIGHT:
            from_xmp = orientation_of_xmp(chunk.data)
    return from_exif if from_exif != UPRIGHT else from_xmp


def written(kind: bytes, data: bytes) -> bytes:
    """Write a chunk with its length and checksum (section 5.3)."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _most_inflated(structure: Structure) -> int:
    """Tell how many bytes a frame can inflate to: 8 a pixel, one a row, in seven passes (sections 7 and 8)."""
    width, height = structure.sizes.frames[0]
    return width * height * 8 + height * 7 * 2


def _kept(data: bytes, most_inflated: int) -> Iterator[bytes]:
    """Yield the chunks between signature and IEND, in their order."""
    seen: set[bytes] = set()
    stream = _Stream(most_inflated)
    for chunk in chunks(data):
        if chunk.type == b"IDAT":
            if b"IDAT" not in seen:
                yield from _orientation(data)
            seen.add(b"IDAT")
            yield from _data(b"IDAT", b"", stream.until_end(chunk.data))
        elif chunk.type == b"fcTL" and len(chunk.data) in FRAME_CONTROL:
            if b"IDAT" in seen:
                stream = _Stream(most_inflated)
            yield written(b"fcTL", chunk.data)
        elif chunk.type == b"fdAT" and len(chunk.data) > 4:
            yield from _data(b"fdAT", chunk.data[:4], stream.until_end(chunk.data[4:]))
        elif chunk.type == b"iCCP" and not seen & {b"iCCP", b"IDAT", b"PLTE"}:
            seen.add(b"iCCP")
            yield from _profile(chunk)
        elif len(chunk.data) in SIZES.get(chunk.type, ()) and chunk.type not in seen and _sound(chunk):
            seen.add(chunk.type)
            yield written(chunk.type, chunk.data)


def _sound(chunk: Chunk) -> bool:
    return zlib.crc32(chunk.type + chunk.data) == chunk.checksum


def _data(kind: bytes, head: bytes, body: bytes) -> Iterator[bytes]:
    if body:
        yield written(kind, head + body)


def _orientation(data: bytes) -> Iterator[bytes]:
    up = orientation(data)
    if up != UPRIGHT:
        yield written(b"eXIf", exif_with(up))


def _profile(chunk: Chunk) -> Iterator[bytes]:
    """Keep a sound colour profile, inflated under a cap and compressed again (section 11.3.2.3)."""
    _name, _, rest = chunk.data.partition(b"\0")
    inflater = zlib.decompressobj()
    try:
        profile = sound_profile(inflater.decompress(rest[1:], PROFILE_BYTES))
    except zlib.error:
        return
    if profile is not None and inflater.eof:
        yield written(b"iCCP", b"ICC profile\0\0" + zlib.compress(profile))


class _Stream:
    """Follows one compressed stream across its chunks to tell where it ends; what it inflates is dropped.

    A stream that is broken or inflates to more than `most` bytes is copied as it is: there the decoder, which
    stops at the picture's last byte, has the last word.
    """

    def __init__(self, most: int) -> None:
        self._inflater = zlib.decompressobj()
        self._left = most
        self._lost = False

    def until_end(self, piece: bytes) -> bytes:
        """Return the part of the next piece that belongs to the stream."""
        if self._lost:
            return piece
        if self._inflater.eof:
            return b""
        rest = piece
        try:
            while rest and not self._inflater.eof and self._left >= 0:
                self._left -= len(self._inflater.decompress(rest, BLOCK))
                rest = self._inflater.unconsumed_tail
        except zlib.error:
            self._left = -1
        self._lost = self._left < 0
        if self._lost:
            return piece
        return piece[: len(piece) - len(self._inflater.unused_data)]
