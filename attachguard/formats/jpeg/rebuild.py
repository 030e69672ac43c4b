"""A new JPEG of the old one's picture data: what shows the picture is copied, everything else stays behind.

The compressed data is not touched, so the pixels are the same to the last bit. Codings that many viewers can't
read (arithmetic, lossless, hierarchical) are decoded and encoded again as ordinary JPEG.
"""

import struct
from collections.abc import Iterator
from io import BytesIO

from attachguard.formats.contract import Order
from attachguard.formats.pictures.decode import REFUSALS, opened, reason
from attachguard.formats.pictures.keepsakes import (
    UPRIGHT,
    exif_with,
    orientation_of_exif,
    orientation_of_xmp,
    sound_profile,
)
from attachguard.formats.pictures.sizes import measure
from attachguard.formats.structures.jpeg import (
    APP0,
    APP1,
    APP2,
    APP14,
    EOI,
    EXIF,
    FRAMES,
    ICC,
    XMP,
    Segment,
    segments,
    walk,
)
from attachguard.model import Finding, Rebuilt

COMMON_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended sequential, progressive; Huffman coded (T.81 table B.1)."""

COPIED = COMMON_FRAMES | {0xC4, 0xDA, 0xDB, 0xDC, 0xDD}
"""Frame headers, Huffman tables, scans, quantization tables, number of lines, restart interval (T.81 table B.1)."""

DECODED = COPIED | FRAMES | {0xCC, EOI}
"""What a decoder needs: the same, any frame header, and arithmetic coding's conditioning."""

ICC_CHUNK = 65_519
"""Bytes of a colour profile that fit one segment beside its 14 bytes of header (ICC.1:2022 annex B.4)."""

QUALITY = 95
"""Of what has to be encoded again."""


def rebuild(order: Order) -> Rebuilt:
    """Make the copy; without any structure, or with too many pixels to encode again, there is none."""
    data = order.original
    structure = walk(data)
    if structure is None:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail="not the structure of a JPEG"),))
    if not is_common(data):
        too_much = tuple(measure(structure.sizes, order.limits))
        return Rebuilt(data=None, findings=too_much) if too_much else _encoded_again(data)
    return Rebuilt(data=b"".join((b"\xff\xd8", *_kept(data), b"\xff\xd9")))


def shown(data: bytes) -> bytes:
    """Cut out the part of the file that shows the picture, compressed data as it stands there.

    A decoder that is given this proves as much as one that is given the file, and can't be kept busy or put off
    by a hundred thousand comments, bytes between segments or broken metadata.
    """
    found = tuple(segments(data))
    kept = (data[segment.at : segment.end] for segment in found if segment.marker in DECODED)
    return b"".join((b"\xff\xd8", *_jfif(data, found), *_adobe(data, found), *_profile(data, found), *kept))


def is_common(data: bytes) -> bool:
    """Whether the frame is of a coding that every viewer reads: one frame, Huffman coded, 8 bits a sample."""
    frames = [segment for segment in segments(data) if segment.marker in FRAMES]
    return len(frames) == 1 and frames[0].marker in COMMON_FRAMES and data[frames[0].body] == 8


def orientation(data: bytes) -> int:
    """Tell which way is up, by Exif or, where that says nothing, by XMP."""
    from_exif = from_xmp = UPRIGHT
    for segment in segments(data):
        body = data[segment.body : segment.stop] if segment.marker == APP1 else b""
        if body.startswith(EXIF) and from_exif == UPRIGHT:
            from_exif = orientation_of_exif(body[6:])
        elif body.startswith(XMP) and from_xmp == UPRIGHT:
            from_xmp = orientation_of_xmp(body)
    return from_exif if from_exif != UPRIGHT else from_xmp


def _kept(data: bytes) -> Iterator[bytes]:
    """Yield what goes between SOI and EOI."""
    found = tuple(segments(data))
    yield from _jfif(data, found)
    up = orientation(data)
    if up != UPRIGHT:
        yield _segment(APP1, EXIF + b"\0" + exif_with(up))
    yield from _adobe(data, found)
    yield from _profile(data, found)
    for segment in found:
        if segment.marker in COPIED:
            yield data[segment.at : segment.end]


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _jfif(data: bytes, found: tuple[Segment, ...]) -> Iterator[bytes]:
    """Keep version and resolution of the first JFIF header, not its thumbnail (JFIF 1.02)."""
    for segment in found:
        body = data[segment.body : segment.stop]
        if segment.marker == APP0 and body.startswith(b"JFIF\0") and len(body) >= 12:
            yield _segment(APP0, body[:12] + b"\0\0")
            return


def _adobe(data: bytes, found: tuple[Segment, ...]) -> Iterator[bytes]:
    """Keep the first Adobe segment's twelve bytes: decoders take the colour transform from them (TN 5116)."""
    for segment in found:
        body = data[segment.body : segment.stop]
        if segment.marker == APP14 and body.startswith(b"Adobe") and len(body) >= 12:
            yield _segment(APP14, body[:12])
            return


def _profile(data: bytes, found: tuple[Segment, ...]) -> Iterator[bytes]:
    """Keep the colour profile, put together from its numbered chunks and cut into new ones (ICC.1:2022 B.4)."""
    chunks: dict[int, bytes] = {}
    for segment in found:
        body = data[segment.body : segment.stop]
        if segment.marker == APP2 and body.startswith(ICC) and len(body) > 14:
            chunks.setdefault(body[12], body[14:])
    profile = sound_profile(b"".join(chunks[number] for number in sorted(chunks)))
    if profile is None:
        return
    pieces = [profile[at : at + ICC_CHUNK] for at in range(0, len(profile), ICC_CHUNK)]
    for number, piece in enumerate(pieces, 1):
        yield _segment(APP2, ICC + bytes([number, len(pieces)]) + piece)


def _encoded_again(data: bytes) -> Rebuilt:
    buffer = BytesIO()
    try:
        with opened(data, "JPEG") as picture:
            picture.load()
            profile = sound_profile(picture.info.get("icc_profile") or b"")
            plain = picture.copy()
    except REFUSALS as refusal:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail=reason(refusal)),))
    plain.info = {}
    up = orientation(data)
    exif = b"" if up == UPRIGHT else EXIF + b"\0" + exif_with(up)
    plain.save(buffer, "JPEG", quality=QUALITY, subsampling=0, exif=exif, icc_profile=profile)
    return Rebuilt(data=buffer.getvalue())
