"""A BMP's headers and where its pixels end ([MS-WMF] 2.2.2, "Bitmap Storage" in the Windows GDI reference)."""

import struct
from dataclasses import dataclass

from attachguard.formats.pictures.sizes import Sizes
from attachguard.formats.pictures.structure import Metadata, Structure

HEADER_SIZES = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
"""BITMAPCOREHEADER, OS/2 2.x short, BITMAPINFOHEADER, V2, V3, OS/2 2.x, V4, V5."""

RGB, RLE8, RLE4, BITFIELDS, JPEG, PNG, ALPHABITFIELDS = range(7)
UNCOMPRESSED = frozenset({RGB, BITFIELDS, ALPHABITFIELDS})

DEPTHS = frozenset({0, 1, 2, 4, 8, 16, 24, 32})
"""Bits per pixel; 0: the pixels are a JPEG or PNG, for printers. 2 is Windows CE's."""

PADDING = 3
"""Zero bytes that writers put at the end to round the size of the file up to four (measured)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The fields that say where everything is."""

    size: int
    width: int
    height: int
    depth: int
    compression: int
    pixels_at: int
    pixels_size: int
    """Bytes of the pixels: computed where they are not compressed, else as declared."""
    profile: tuple[int, int] = (0, 0)
    """Offset and size of a V5 header's colour profile."""


def header(data: bytes) -> Header | None:
    """Read file header and bitmap header; None when they can't be a BMP's."""
    if data[:2] != b"BM" or len(data) < 26:
        return None
    pixels_at, size = struct.unpack_from("<II", data, 10)
    if size not in HEADER_SIZES or len(data) < 14 + size or not 14 + size <= pixels_at <= len(data):
        return None
    compression = declared = 0
    if size == 12:
        width, height, planes, depth = struct.unpack_from("<HHHH", data, 18)
    else:
        width, height, planes, depth = struct.unpack_from("<iiHH", data, 18)
    if size >= 40:
        compression, declared = struct.unpack_from("<II", data, 30)
    height = abs(height)  # negative: rows from top to bottom
    if width <= 0 or height == 0 or depth not in DEPTHS or planes > 1:
        return None
    if compression in UNCOMPRESSED:
        declared = (width * depth + 31) // 32 * 4 * height
    profile = (0, 0)
    if size == 124:
        profile_at, profile_size = struct.unpack_from("<II", data, 14 + 112)
        profile = (14 + profile_at, profile_size) if profile_at else (0, 0)
    return Header(
        size=size,
        width=width,
        height=height,
        depth=depth,
        compression=compression,
        pixels_at=pixels_at,
        pixels_size=declared,
        profile=profile,
    )


def walk(data: bytes) -> Structure | None:
    """Find the end of pixels and profile; None when the bytes are no BMP."""
    found = header(data)
    if found is None:
        return None
    end = max(found.pixels_at + found.pixels_size, sum(found.profile))
    if found.compression not in UNCOMPRESSED and not found.pixels_size:
        end = len(data)  # RLE may leave its size out; the decoder finds the end
    complete = end <= len(data)
    if len(data) - end <= PADDING and not data[end:].strip(b"\x00"):
        end = len(data)
    return Structure(
        described="BMP picture",
        end=min(end, len(data)),
        complete=complete,
        sizes=Sizes(frames=((found.width, found.height),)),
        texts=((14, found.pixels_at),),
        metadata=_profile(data, found),
    )


def _profile(data: bytes, found: Header) -> tuple[Metadata, ...]:
    """Tell of a linked profile: the path of a file on its maker's machine (bV5CSType PROFILE_LINKED)."""
    if found.size == 124 and data[14 + 56 : 14 + 60] == b"KNIL":
        return (Metadata(where="header", detail="path of a colour profile"),)
    return ()
