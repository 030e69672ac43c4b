"""A new BMP of the old one's pixels: decoded by Pillow, written here, so that transparency survives."""

import struct

from PIL import Image

from attachguard.formats.contract import Order
from attachguard.formats.pictures.decode import REFUSALS, opened, reason
from attachguard.formats.pictures.sizes import measure
from attachguard.formats.structures.bmp import header, walk
from attachguard.model import Finding, Rebuilt

BITFIELDS = 3
FILE_HEADER, INFO_HEADER, V4_HEADER = 14, 40, 108

DIRECT = {"RGB": ("BGR", 24), "RGBA": ("BGRA", 32)}
"""Modes that are written pixel by pixel: Pillow's name of the layout, and bits per pixel."""

SHADES = {"1": ("1", 1), "L": ("L", 8)}
"""Modes that are written through a palette of greys: layout and bits per pixel."""

COLOURS = (("P;1", 1), ("P;4", 4), ("P", 8))
"""The same of mode P, the first in which all numbers of colours fit."""

V4_MASKS = struct.pack("<IIII", 0x00FF0000, 0x0000FF00, 0x000000FF, 0xFF000000) + b"BGRs" + bytes(48)
"""Red, green, blue and alpha masks, then sRGB and its unused end points (BITMAPV4HEADER)."""


def rebuild(order: Order) -> Rebuilt:
    """Make the copy; without the structure of a BMP, or with pixels that can't be decoded, there is none."""
    structure = walk(order.original)
    if structure is None:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail="not the structure of a BMP"),))
    too_much = tuple(measure(structure.sizes, order.limits))
    if too_much:
        return Rebuilt(data=None, findings=too_much)
    try:
        with opened(order.original, "BMP") as picture:
            picture.load()
            return Rebuilt(data=write(picture, resolution(order.original)))
    except REFUSALS as refusal:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail=reason(refusal)),))


def resolution(data: bytes) -> tuple[int, int]:
    """Read pixels per metre across and down; zeros where the header does not say."""
    found = header(data)
    if found is None or found.size < INFO_HEADER:
        return (0, 0)
    across, down = struct.unpack_from("<II", data, FILE_HEADER + 24)
    return (across, down)


def write(picture: Image.Image, per_metre: tuple[int, int]) -> bytes:
    """Write a picture as an uncompressed BMP, rows from bottom to top."""
    if picture.mode not in DIRECT and picture.mode not in SHADES and picture.mode != "P":
        picture = picture.convert("RGB")
    layout, depth = _layout(picture)
    palette = _palette(picture, 1 << depth)
    stride = (picture.width * depth + 31) // 32 * 4
    rows = picture.tobytes("raw", layout, stride, -1)
    head_size = V4_HEADER if picture.mode == "RGBA" else INFO_HEADER
    pixels_at = FILE_HEADER + head_size + len(palette)
    head = struct.pack(
        "<IiiHHIIIIII",
        head_size,
        picture.width,
        picture.height,
        1,
        depth,
        BITFIELDS if picture.mode == "RGBA" else 0,
        len(rows),
        *per_metre,
        len(palette) // 4,
        0,
    )
    if picture.mode == "RGBA":
        head += V4_MASKS
    return b"BM" + struct.pack("<IHHI", pixels_at + len(rows), 0, 0, pixels_at) + head + palette + rows


def _layout(picture: Image.Image) -> tuple[str, int]:
    """Choose how pixels are written: Pillow's name of the layout, and bits per pixel."""
    if picture.mode != "P":
        return DIRECT.get(picture.mode) or SHADES[picture.mode]
    highest = max(number for number, count in enumerate(picture.histogram()) if count)
    return next((layout, depth) for layout, depth in COLOURS if highest < 1 << depth)


def _palette(picture: Image.Image, entries: int) -> bytes:
    """Make the colour table: blue, green, red and a zero for each entry."""
    if picture.mode == "P":
        colours = (picture.getpalette("RGB") or [])[: entries * 3]
        triples = [tuple(colours[at : at + 3]) for at in range(0, len(colours) - 2, 3)]
    elif picture.mode in SHADES:
        triples = [(value, value, value) for value in range(0, 256, 255 // (entries - 1))]
    else:
        return b""
    return b"".join(bytes((blue, green, red, 0)) for red, green, blue in triples)
