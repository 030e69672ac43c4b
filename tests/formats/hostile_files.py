"""Files of ten mebibytes that want to keep their reader busy or fill its memory, for every picture and text kind.

Each is honest to its format as far as the reader must believe it: wide, deep, many of what is cheap to write and dear
to read, and small bytes that stand for many pixels.
"""

import io
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from PIL import Image

from tests.formats.pictures_made import chunk, colours, saved, segment

SIZE = 10 * 1024 * 1024
"""As large as a received file may be."""

SIDE = 7071
"""A square of this side is just below fifty million pixels, the limit for one picture."""


def filled(piece: bytes, head: bytes = b"", tail: bytes = b"") -> bytes:
    """Repeat a piece between head and tail to about SIZE bytes."""
    return head + piece * ((SIZE - len(head) - len(tail)) // len(piece)) + tail


def numbered(piece: str, head: bytes = b"", tail: bytes = b"") -> bytes:
    """The same, with a number of six digits wherever the piece says `%06d`."""
    length = len(piece.replace("%06d", "000000").encode())
    marks = piece.count("%06d")
    count = min(999_999, (SIZE - len(head) - len(tail)) // length)
    return head + "".join(piece % ((number,) * marks) for number in range(count)).encode() + tail


# -- pictures


def bmp(depth: int, size: tuple[int, int], pixels: bytes, compression: int = 0, masks: bytes = b"") -> bytes:
    """A BMP with a header of forty bytes."""
    palette = b"\1\2\3\0" * (1 << depth if depth <= 8 else 0)
    start = 54 + len(palette) + len(masks)
    head = struct.pack("<IiiHHIIiiII", 40, *size, 1, depth, compression, len(pixels), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + head + masks + palette + pixels


def runs(piece: bytes) -> bytes:
    """Runs of a BMP's pixels and their end, with room for its headers and palette."""
    room = 14 + 40 + 4 * 256
    return filled(piece, bytes(room), b"\0\1")[room:]


def _png(width: int, height: int, depth: int, colour: int, *, interlaced: int = 0) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)


def _zeros(length: int) -> bytes:
    """Compress so many zero bytes, a piece at a time."""
    packer = zlib.compressobj(9)
    pieces = [packer.compress(bytes(1 << 20)) for _ in range(length >> 20)]
    return b"".join((*pieces, packer.compress(bytes(length & 0xFFFFF)), packer.flush()))


def png_of_pixels() -> bytes:
    return _png(SIDE, SIDE, 16, 6) + chunk(b"IDAT", _zeros(SIDE * (SIDE * 8 + 1))) + chunk(b"IEND", b"")


def png_interlaced() -> bytes:
    """Seven passes; more bytes than the last of them needs do no harm."""
    data = _zeros(SIDE * SIDE * 8 + 4 * SIDE)
    return _png(SIDE, SIDE, 16, 6, interlaced=1) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def apng(side: int, frames: int) -> bytes:
    """Frames as large as the canvas, each put over the last."""
    data = _zeros(side * (side * 4 + 1))
    pieces = [_png(side, side, 8, 6), chunk(b"acTL", struct.pack(">II", frames, 0))]
    number = 0
    for frame in range(frames):
        control = struct.pack(">IIIIIHHBB", number, side, side, 0, 0, 1, 10, frame % 3, 1)
        pieces.append(chunk(b"fcTL", control))
        number += 1
        if not frame:
            pieces.append(chunk(b"IDAT", data))
            continue
        pieces.append(chunk(b"fdAT", struct.pack(">I", number) + data))
        number += 1
    return b"".join((*pieces, chunk(b"IEND", b"")))


_PIXELS = chunk(b"IDAT", zlib.compress(bytes(100 * 301)))
_SMALL_PNG = _png(100, 100, 8, 2)


def gif(side: int, frames: int, disposal: int) -> bytes:
    """Frames as large as the canvas, packed by Pillow as one colour."""
    buffer = io.BytesIO()
    Image.new("P", (side, side), 1).save(buffer, "GIF")
    plain = buffer.getvalue()
    start = plain.index(b"\x2c\0\0\0\0")
    one = struct.pack("<BBBBHBB", 0x21, 0xF9, 4, disposal << 2 | 1, 1, 0, 0) + plain[start:-1]
    return plain[:start] + one * frames + b"\x3b"


_GIF = b"GIF89a\x10\0\x10\0\0\0\0"
_FRAME = b",\0\0\0\0\x10\0\x10\0\0\x02\x02\x44\x01\0"


def jpeg_of_scans(side: int, *, padded: bool) -> bytes:
    """A progressive picture whose last scan comes again and again: each makes the decoder walk all blocks."""
    buffer = io.BytesIO()
    Image.new("L", (side, side), 128).save(buffer, "JPEG", progressive=True, quality=50)
    plain = buffer.getvalue()
    last = plain.rindex(b"\xff\xda")
    tables = plain.rindex(b"\xff\xc4")
    scan = plain[min(tables, last) : -2]
    return filled(scan, plain[:-2], b"\xff\xd9") if padded else plain[:-2] + scan * 200 + b"\xff\xd9"


def jpeg_of_pixels(mode: str) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (SIDE, SIDE), 77).save(buffer, "JPEG", quality=30)
    return buffer.getvalue()


_SMALL_JPEG = saved(colours(), "jpeg")
_SOI = b"\xff\xd8"
_SOF = b"\xff\xc0\0\x11\x08\0\x10\0\x10\x03\x01\x11\0\x02\x11\0\x03\x11\0"
_SOS = b"\xff\xda\0\x0c\x03\x01\0\x02\0\x03\0\0\x3f\0"


def tiff_pages(mode: str, side: int, pages: int, compression: str) -> bytes:
    """Pages of one colour."""
    buffer = io.BytesIO()
    page = Image.new(mode, (side, side))
    page.save(buffer, "TIFF", save_all=True, append_images=[page] * (pages - 1), compression=compression)
    return buffer.getvalue()


def tiff_chain(pages: int) -> bytes:
    """Pages whose million strips are all the same."""
    out, strips = [b"II*\0" + struct.pack("<I", 8)], 8 + pages * 54
    for page in range(pages):
        fields = ((256, 3, 1, 10), (257, 3, 1, 10), (273, 4, 1_000_000, strips), (279, 4, 1_000_000, strips))
        following = 8 + (page + 1) * 54 if page < pages - 1 else 0
        body = b"".join(struct.pack("<HHII", *field) for field in fields)
        out.append(struct.pack("<H", len(fields)) + body + struct.pack("<I", following))
    return b"".join(out) + b"\1\0\0\0" * 1_100_000


def tiff_of_strips() -> bytes:
    """One page of as many rows as strips, each of them the same compressed row."""
    row = zlib.compress(bytes(70))
    rows = 700_000
    at = 8 + 2 + 9 * 12 + 4
    fields = (
        (256, 4, 1, 70), (257, 4, 1, rows), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1), (273, 4, rows, at + 16),
        (277, 3, 1, 1), (278, 3, 1, 1), (279, 4, rows, at + 16 + rows * 4),
    )  # fmt: skip
    directory = struct.pack("<H", 9) + b"".join(struct.pack("<HHII", *field) for field in fields) + bytes(4)
    offsets, lengths = struct.pack("<I", at) * rows, struct.pack("<I", len(row)) * rows
    return b"II*\0" + struct.pack("<I", 8) + directory + row.ljust(16, b"\0") + offsets + lengths


PICTURES: Mapping[str, Mapping[str, Callable[[], bytes]]] = {
    "bmp": {
        "runs of one pixel": lambda: bmp(8, (SIDE, SIDE), runs(b"\1\1"), 1),
        "runs of one pixel, four bits": lambda: bmp(4, (SIDE, SIDE), runs(b"\1\1"), 2),
        "steps to nowhere": lambda: bmp(8, (SIDE, SIDE), runs(b"\0\2\0\0"), 1),
        "ends of lines": lambda: bmp(8, (SIDE, SIDE), runs(b"\0\0"), 1),
        "absolute runs": lambda: bmp(8, (SIDE, SIDE), runs(b"\0\3abc\0"), 1),
        "an early end": lambda: bmp(8, (SIDE, SIDE), b"\1\1\0\1", 1),
        "one bit a pixel": lambda: bmp(1, (9000, 5500), bytes((9000 + 31) // 32 * 4 * 5500)),
        "four bits a pixel": lambda: bmp(4, (4400, 4700), bytes((4400 * 4 + 31) // 32 * 4 * 4700)),
        "masks": lambda: bmp(32, (1600, 1600), bytes(1600 * 1600 * 4), 3, struct.pack("<III", 0xFF, 0xFF00, 0xFF0000)),
    },
    "gif": {
        "twenty frames of fifty megapixels": lambda: gif(SIDE, 20, 1),
        "a hundred frames of ten megapixels": lambda: gif(3160, 100, 2),
        "a hundred frames put back": lambda: gif(3160, 100, 3),
        "a hundred thousand frames": lambda: filled(_FRAME, _GIF, b"\x3b"),
        "comments": lambda: filled(b"!\xfe\1a\0", _GIF, _FRAME + b"\x3b"),
        "empty comments": lambda: filled(b"!\xfe\0", _GIF + _FRAME, b"\x3b"),
        "blocks of one byte": lambda: filled(b"\1\1", _GIF + _FRAME[:-1], b"\0\x3b"),
        "bytes between blocks": lambda: filled(b"\0!\xfe\0", _GIF + _FRAME, b"\x3b"),
        "controls": lambda: filled(b"!\xf9\4\0\0\0\0\0", _GIF, _FRAME + b"\x3b"),
    },
    "jpeg": {
        "scans": lambda: jpeg_of_scans(64, padded=True),
        "large scans": lambda: jpeg_of_scans(SIDE, padded=False),
        "large scans, ten mebibytes": lambda: jpeg_of_scans(SIDE, padded=True),
        "fifty megapixels": lambda: jpeg_of_pixels("RGB"),
        "fifty megapixels of four inks": lambda: jpeg_of_pixels("CMYK"),
        "comments": lambda: filled(b"\xff\xfe\0\2", _SMALL_JPEG[:2], _SMALL_JPEG[2:]),
        "long comments": lambda: filled(segment(0xFE, bytes(100)), _SMALL_JPEG[:2], _SMALL_JPEG[2:]),
        "fill bytes": lambda: filled(b"\xff", _SMALL_JPEG[:2], _SMALL_JPEG[2:]),
        "stuffed bytes": lambda: filled(b"\xff\0", _SOI + _SOF + _SOS),
        "restarts": lambda: filled(b"\xff\xd0", _SOI + _SOF + _SOS),
        "profiles": lambda: filled(
            segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(200)), _SMALL_JPEG[:2], _SMALL_JPEG[2:]
        ),
        "tables": lambda: filled(segment(0xDB, b"\0" + b"\1" * 64), _SMALL_JPEG[:2], _SMALL_JPEG[2:]),
        "packages at the end": lambda: filled(b"PK\5\6", _SOI + _SOF + _SOS + b"\xff\xd9"),
    },
    "png": {
        "fifty megapixels of sixteen bits": png_of_pixels,
        "fifty megapixels in seven passes": png_interlaced,
        "twenty frames of fifty megapixels": lambda: apng(SIDE, 20),
        "a hundred frames of ten megapixels": lambda: apng(3160, 100),
        "empty chunks": lambda: filled(chunk(b"tEXt", b""), _SMALL_PNG, _PIXELS + chunk(b"IEND", b"")),
        "empty data chunks": lambda: filled(chunk(b"IDAT", b""), _SMALL_PNG, _PIXELS + chunk(b"IEND", b"")),
        "one byte in a chunk": lambda: b"".join(
            (_SMALL_PNG, *(chunk(b"IDAT", bytes([byte])) for byte in zlib.compress(bytes(30100), 0)),
             chunk(b"IEND", b""))
        ),
        "text that inflates": lambda: b"".join(
            (_SMALL_PNG, chunk(b"zTXt", b"a\0\0" + _zeros(1 << 29)), _PIXELS, chunk(b"IEND", b""))
        ),
        "a profile that inflates": lambda: b"".join(
            (_SMALL_PNG, chunk(b"iCCP", b"a\0\0" + _zeros(1 << 29)), _PIXELS, chunk(b"IEND", b""))
        ),
        "data that inflates": lambda: _SMALL_PNG + chunk(b"IDAT", _zeros(1 << 29)) + chunk(b"IEND", b""),
    },
    "tiff": {
        "twenty pages of fifty megapixels": lambda: tiff_pages("RGBA", SIDE, 20, "tiff_adobe_deflate"),
        "a hundred pages of ten megapixels": lambda: tiff_pages("L", 3160, 100, "tiff_adobe_deflate"),
        "a hundred pages of a fax": lambda: tiff_pages("1", 3160, 100, "group4"),
        "floating points": lambda: tiff_pages("F", SIDE, 1, "tiff_lzw"),
        "four inks": lambda: tiff_pages("CMYK", SIDE, 1, "packbits"),
        "one page that shares strips": lambda: tiff_chain(1),
        "pages that share strips": lambda: tiff_chain(99),
        "many pages that share strips": lambda: tiff_chain(900),
        "strips": tiff_of_strips,
    },
}  # fmt: skip

# -- text

_NAMESPACES = "".join(f' xmlns:n{number}="u{number}"' for number in range(200))

TEXTS: Mapping[str, Mapping[str, Callable[[], bytes]]] = {
    "txt": {
        "escapes": lambda: filled(b"\x1b[0m"),
        "escapes that go on": lambda: filled(b"\x1b]" + b"0" * 300),
        "single escapes": lambda: filled(b"\x1b"),
        "overrides": lambda: filled("\u202ea".encode()),
        "flags": lambda: filled("\U0001f3f4\U000e0067\U000e0062\U000e007f".encode()),
        "flags that do not end": lambda: filled("\U0001f3f4\U000e0067".encode()),
        "wide letters": lambda: b"\xff\xfe" + filled("a\u4e00".encode("utf-16-le"))[:-2],
        "japanese escapes": lambda: filled(b"\x1b$B0!\x1b(B"),
        "line ends": lambda: filled(b"\n"),
        "one line": lambda: filled(b"a"),
        "mail fields": lambda: filled(b"From: a\r\n"),
    },
    "csv": {
        "formulas": lambda: filled(b"=1+A1,"),
        "formulas in quotes": lambda: filled(b'"=1+A1";'),
        "many formulas among many cells": lambda: filled(b"=1+A1" + b",1;2|3\t4" * 7 + b"\n"),
        "delimiters": lambda: filled(b",;|\t"),
        "suspects": lambda: filled(b",-1;-1|-1\t-1"),
        "signs": lambda: filled(b"-"),
        "signs and blanks": lambda: filled(b"- "),
        "quotes": lambda: filled(b'"'),
        "an open quote": lambda: filled(b"a,=1\n", b'"'),
        "quotes and signs": lambda: filled(b'",="'),
        "blanks before a sign": lambda: filled(b" " * 5000 + b"=1,"),
        "telephone numbers": lambda: filled(b"+31 (0)6-12 34 56 78 90,"),
        "lists": lambda: filled(b"- word " * 8 + b","),
        "line ends": lambda: filled(b"\r"),
        "a wide table": lambda: b"\xff\xfe" + filled("-1;".encode("utf-16-le")),
        "escapes": lambda: filled(b"\x1b[0m,"),
        "another separator": lambda: filled(b"-a^", b"sep=^\r\n"),
        "one long row": lambda: filled(b"-5.20,"),
    },
    "html": {
        "rows": lambda: filled(b"<tr><td>1</td></tr>", b"<html><body><table>"),
        "cells without rows": lambda: filled(b"<table><td></table>", b"<html>"),
        "paragraphs": lambda: filled(b"<p>a", b"<html>"),
        "ends of paragraphs": lambda: filled(b"</p>", b"<html><body>"),
        "ends of breaks": lambda: filled(b"</br>", b"<html><body>"),
        "other ends": lambda: filled(b"</a>", b"<html><body>"),
        "quotation marks in a tag": lambda: filled(b'"', b"<html><body><p ", b">a</p>"),
        "slashes in a tag": lambda: filled(b"/", b"<html><body><p ", b">a</p>"),
        "depth": lambda: filled(b"<div>", b"<html>"),
        "formatting": lambda: filled(b"<b>", b"<html>"),
        "formatting that crosses": lambda: filled(b"<b><p></b></p>", b"<html>"),
        "links in links": lambda: filled(b"<a><a>", b"<html>"),
        "text before a table's cells": lambda: filled(b"a<tr>", b"<html><table>"),
        "attributes of the root": lambda: numbered("<html a%06d=1>"),
        "attributes of the body": lambda: numbered("<body a%06d=1>", b"<html>"),
        "attributes of one tag": lambda: numbered(" a%06d=1", b"<html><p", b">"),
        "attributes": lambda: numbered("<p class=a%06d id=b>c", b"<html>"),
        "styles": lambda: numbered("<p style='color:rgb(%06d)'>c", b"<html>"),
        "plain styles": lambda: numbered("<p style='width:%06dpx'>c", b"<html>"),
        "brackets in a style": lambda: filled(b"(", b"<html><p style='width:", b"'>"),
        "a style sheet": lambda: filled(b"p{color:red}", b"<html><style>", b"</style>"),
        "a style sheet of brackets": lambda: filled(b"[(", b"<html><style>", b"</style>"),
        "a style sheet of addresses": lambda: filled(b"url(#a)", b"<html><style>", b"</style>"),
        "style sheets": lambda: filled(b"<style>p{color:red}</style>", b"<html>"),
        "a style sheet of escapes": lambda: filled(b"\\41 ", b"<html><style>", b"</style>"),
        "a style sheet of comments": lambda: filled(b"/**/", b"<html><style>", b"</style>"),
        "references": lambda: filled(b"&amp;", b"<html>"),
        "references without end": lambda: filled(b"&", b"<html>"),
        "a long reference": lambda: filled(b"1", b"<html>&#", b";"),
        "references in an attribute": lambda: filled(b"&amp;", b"<html><p title='", b"'>"),
        "comments": lambda: filled(b"<!---->", b"<html>"),
        "open comments": lambda: filled(b"<!--", b"<html>"),
        "declarations": lambda: filled(b"<!a>", b"<html>"),
        "instructions": lambda: filled(b"<?a>", b"<html>"),
        "no-break spaces": lambda: filled("\xa0".encode(), b"<html>"),
        "greater-than signs": lambda: filled(b">", b"<html>"),
        "less-than signs": lambda: filled(b"<", b"<html>"),
        "scripts": lambda: filled(b"<script></script>", b"<html>"),
        "scripts without end": lambda: filled(b"<script>", b"<html>"),
        "titles": lambda: filled(b"<title>", b"<html>"),
        "drawings": lambda: filled(b"<svg><path/></svg>", b"<html>"),
        "drawings in drawings": lambda: filled(b"<svg><desc>", b"<html>"),
        "choices": lambda: filled(b"<select><option>a</select>", b"<html>"),
        "templates": lambda: filled(b"<template>", b"<html>"),
        "pictures": lambda: filled(b"<img src=a>", b"<html>"),
        "a held picture": lambda: filled(
            b"AAAA", b"<html><img src='data:image/png;base64,iVBORw0KGgo", b"'>"
        ),
        "wide letters": lambda: b"\xff\xfe" + filled("<p>\u4e00".encode("utf-16-le"), "<html>".encode("utf-16-le")),
        "no scripts": lambda: filled(b"<noscript>", b"<html>"),
        "frames": lambda: filled(b"<frameset><frame>", b"<html>"),
        "sections": lambda: filled(b"<![CDATA[", b"<html><svg>"),
        "list items": lambda: filled(b"<li>a", b"<html><ul>"),
        "forms": lambda: filled(b"<form><input>", b"<html>"),
        "headings": lambda: filled(b"<h1>", b"<html>"),
        "ruby": lambda: filled(b"<rt>", b"<html><ruby>"),
    },
    "xhtml": {},
    "xml": {
        "elements": lambda: filled(b"<a/>", b"<r>", b"</r>"),
        "elements with text": lambda: filled(b"<a>b</a>", b"<r>", b"</r>"),
        "depth": lambda: filled(b"<a>"),
        "attributes": lambda: numbered(" a%06d='1'", b"<r", b"/>"),
        "attributes of many": lambda: numbered("<a b='%06d' c='d'/>", b"<r>", b"</r>"),
        "namespaces": lambda: numbered(" xmlns:n%06d='u'", b"<r", b"/>"),
        "namespaces of many": lambda: filled(b"<n1:a/>", f"<r{_NAMESPACES}>".encode(), b"</r>"),
        "namespaces of each": lambda: filled(f"<a{_NAMESPACES}/>".encode(), b"<r>", b"</r>"),
        "declared again": lambda: filled(b"<a xmlns='u'/>", b"<r>", b"</r>"),
        "drawings": lambda: filled(b"<s:g/>", b"<r xmlns:s='http://www.w3.org/2000/svg'>", b"</r>"),
        "instructions": lambda: filled(b"<?a b?>", b"<r>", b"</r>"),
        "comments": lambda: filled(b"<!---->", b"<r>", b"</r>"),
        "sections": lambda: filled(b"<![CDATA[a]]>", b"<r>", b"</r>"),
        "references": lambda: filled(b"&amp;", b"<r>", b"</r>"),
        "references in an attribute": lambda: filled(b"&amp;", b"<r a='", b"'/>"),
        "one text": lambda: filled(b"a", b"<r>", b"</r>"),
        "one name": lambda: filled(b"a", b"<", b"/>"),
        "entities that grow": lambda: b"".join(
            (
                b'<!DOCTYPE r [<!ENTITY a0 "lol">',
                *(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">'.encode() for n in range(1, 12)),
                b"]><r>&a11;</r>",
            )
        ),
        "an entity many times": lambda: filled(
            b"&a;", b'<!DOCTYPE r [<!ENTITY a "' + b"a" * 50_000 + b'">]><r>', b"</r>"
        ),
        "a small entity many times": lambda: filled(b"&a;", b'<!DOCTYPE r [<!ENTITY a "a">]><r>', b"</r>"),
        "declarations": lambda: numbered("<!ENTITY a%06d 'b'>", b"<!DOCTYPE r [", b"]><r/>"),
        "attributes by declaration": lambda: filled(
            b"<a/>", b"<!DOCTYPE r [<!ATTLIST a b CDATA '" + b"b" * 10_000 + b"'>]><r>", b"</r>"
        ),
        "inclusions": lambda: filled(
            b"<i:include href='a'/>", b"<r xmlns:i='http://www.w3.org/2001/XInclude'>", b"</r>"
        ),
        "wide letters": lambda: b"\xff\xfe"
        + filled("<a>\u4e00</a>".encode("utf-16-le"), "<r>".encode("utf-16-le"), "  </r>".encode("utf-16-le")),
        "formulas": lambda: filled(
            b"<s:Cell s:Formula='=DDE(1)'/>", b"<r xmlns:s='urn:schemas-microsoft-com:office:spreadsheet'>", b"</r>"
        ),
    },
}  # fmt: skip


def _as_xhtml() -> Iterator[tuple[str, Callable[[], bytes]]]:
    head = b"<html xmlns='http://www.w3.org/1999/xhtml'><head><title>a</title></head><body"
    tail = b"</body></html>"
    pieces = {
        "rows": b"<table><tr><td>1</td></tr></table>",
        "paragraphs": b"<p>a</p>",
        "empty elements": b"<p/>",
        "breaks": b"<br/>",
        "styles": b"<p style='color:rgb(1,2,3)'>a</p>",
        "references": b"&amp;",
        "named references": b"&nbsp;",
        "comments": b"<!---->",
        "sections": b"<![CDATA[<p>]]>",
        "instructions": b"<?a b?>",
        "drawings": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "unknown elements": b"<a:b xmlns:a='u'/>",
        "scripts": b"<script>1</script>",
        "style sheets": b"<style>p{color:red}</style>",
        "text": b"word ",
        "formatting": b"<b>a</b>",
        "handlers": b"<p onclick='a'/>",
    }
    for name, piece in pieces.items():
        yield name, lambda piece=piece: filled(piece, head + b">", tail)  # type: ignore[misc]  # a lambda has no types
    yield "depth", lambda: filled(b"<p>", head + b">")
    yield "depth that ends", lambda: head + b">" + b"<i>" * 1_400_000 + b"</i>" * 1_400_000 + tail
    yield "attributes", lambda: numbered(" a%06d='1'", head, b"/></html>")
    yield "classes", lambda: numbered("<p class='a%06d'/>", head + b">", tail)
    yield "namespaces", lambda: numbered(" xmlns:n%06d='u'", head, b"/></html>")
    yield (
        "entities that grow",
        lambda: TEXTS["xml"]["entities that grow"]().replace(
            b"<r>&a11;</r>", b"<html xmlns='http://www.w3.org/1999/xhtml'><body>&a11;</body></html>"
        ),
    )


HOSTILE: Mapping[str, Mapping[str, Callable[[], bytes]]] = MappingProxyType(
    {**PICTURES, **TEXTS, "xhtml": dict(_as_xhtml())}
)
"""By kind and by what there is too much of."""
