"""TrueType fonts without their programs: outlines stay, instructions for a reader's virtual machine go.

Instructions fit outlines to the points of coarse screens. They are two thirds of what printing embeds of a font, and
what interprets them has often been attacked (CVE-2015-3052, CVE-2021-24093). Without them letters look as on paper.
Sections are those of the OpenType specification 1.9.
"""

import itertools
import struct
from collections.abc import Mapping

TABLES = (b"OS/2", b"cmap", b"glyf", b"head", b"hhea", b"hmtx", b"loca", b"maxp", b"name", b"post")
"""Tables that say how letters look and which is which; `fpgm`, `prep` and `cvt ` are programs and their numbers."""

_VERSIONS = frozenset({b"\x00\x01\x00\x00", b"true"})
"""How a font with TrueType outlines begins ("Organization of an OpenType font")."""

_MOST_TABLES = 64

_WORDS, _SCALE, _TWO_SCALES, _MATRIX = 0x0001, 0x0008, 0x0040, 0x0080
_MORE, _INSTRUCTED = 0x0020, 0x0100
"""Flags of the parts of a composite glyph ("glyf: composite glyph description")."""

_WHOLE = 0xB1B0AFBA
"""What the checksum of a whole font comes to ("head: checksumAdjustment")."""


class BrokenFontError(ValueError):
    """A font program is not laid out as TrueType fonts are."""


def without_instructions(program: bytes) -> bytes:
    """Give a font with the same outlines and no instructions; once is as good as twice. Raises BrokenFontError."""
    try:
        tables = {tag: data for tag, data in _tables(program).items() if tag in TABLES}
        if b"glyf" in tables:
            tables[b"glyf"], tables[b"loca"] = _bare_glyphs(tables)
        return _font(tables)
    except (struct.error, KeyError, IndexError) as error:
        raise BrokenFontError("a font that is not laid out as TrueType fonts are") from error


def has_instructions(program: bytes) -> bool:
    """Whether a font is other than `without_instructions` writes it."""
    try:
        return without_instructions(program) != program
    except BrokenFontError:
        return True


def _tables(program: bytes) -> Mapping[bytes, bytes]:
    (count,) = struct.unpack_from(">H", program, 4)
    if program[:4] not in _VERSIONS or not 0 < count <= _MOST_TABLES:
        raise BrokenFontError("not a font with TrueType outlines")
    found = {}
    for number in range(count):
        tag, _, offset, length = struct.unpack_from(">4sIII", program, 12 + 16 * number)
        if offset + length > len(program):
            raise BrokenFontError("a table beyond the end of a font")
        found[tag] = program[offset : offset + length]
    return found


def _bare_glyphs(tables: Mapping[bytes, bytes]) -> tuple[bytes, bytes]:
    """Write the outlines and their places ("glyf", "loca") anew; places stay in the format that `head` names."""
    (long_places,) = struct.unpack_from(">h", tables[b"head"], 50)
    size, unit, letter = (4, 1, "I") if long_places else (2, 2, "H")
    count = len(tables[b"loca"]) // size
    places = [place * unit for place in struct.unpack_from(f">{count}{letter}", tables[b"loca"])]
    outlines = tables[b"glyf"]
    written = bytearray()
    starts = [0]
    for start, end in itertools.pairwise(places):
        if not start <= end <= len(outlines):
            raise BrokenFontError("a glyph beyond the end of a font")
        glyph = _bare(outlines[start:end])
        written += glyph + bytes(len(glyph) % 2)
        if len(written) > len(outlines) + 2 * count:
            raise BrokenFontError("glyphs that lie over each other")
        starts.append(len(written))
    return bytes(written), struct.pack(f">{len(starts)}{letter}", *(start // unit for start in starts))


def _bare(glyph: bytes) -> bytes:
    """Leave the instructions of one glyph out."""
    if not glyph:
        return glyph
    (contours,) = struct.unpack_from(">h", glyph)
    if contours < 0:
        return _bare_composite(glyph)
    at = 10 + 2 * contours
    if at == 10:
        return b""  # nothing is drawn
    (length,) = struct.unpack_from(">H", glyph, at)
    return glyph[:at] + b"\x00\x00" + glyph[at + 2 + length :]


def _bare_composite(glyph: bytes) -> bytes:
    made = bytearray(glyph[:10])
    at = 10
    flags = _MORE
    while flags & _MORE:
        flags, number = struct.unpack_from(">HH", glyph, at)
        numbers = 4 if flags & _WORDS else 2
        scales = 2 if flags & _SCALE else 4 if flags & _TWO_SCALES else 8 if flags & _MATRIX else 0
        end = at + 4 + numbers + scales
        if end > len(glyph):
            raise BrokenFontError("a glyph that breaks off")
        made += struct.pack(">HH", flags & ~_INSTRUCTED, number) + glyph[at + 4 : end]
        at = end
    return bytes(made)


def _font(tables: Mapping[bytes, bytes]) -> bytes:
    """Write a font: the directory, and its tables in the order of their names, each at a multiple of four."""
    count = len(tables)
    power = count.bit_length() - 1
    search = 16 << power
    head = bytearray(struct.pack(">4sHHHH", b"\x00\x01\x00\x00", count, search, power, 16 * count - search))
    body = bytearray()
    adjusted = 0
    for tag, data in sorted(tables.items()):
        written = data[:8] + bytes(4) + data[12:] if tag == b"head" else data
        offset = 12 + 16 * count + len(body)
        adjusted = offset + 8 if tag == b"head" else adjusted
        head += struct.pack(">4sIII", tag, _sum(written), offset, len(written))
        body += written + bytes(-len(written) % 4)
    font = head + body
    if adjusted:
        struct.pack_into(">I", font, adjusted, (_WHOLE - _sum(font)) % 2**32)
    return bytes(font)


def _sum(data: bytes | bytearray) -> int:
    """Add up 32-bit words ("Calculating checksums")."""
    padded = bytes(data) + bytes(-len(data) % 4)
    words: tuple[int, ...] = struct.unpack(f">{len(padded) // 4}I", padded)
    return sum(words) % 2**32
