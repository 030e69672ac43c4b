"""Breaks files: the same dice make the same damage everywhere.

Damage that any file can have (cut, flipped, spliced, repeated), and two sorts that get past what would stop those
early: the members of a zip package are broken inside, with right checksums around them, and words of the format are
put where they do not belong.
"""

import io
import struct
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

NUMBERS = (0, 1, 2, 7, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE, 0xFFFF_FFFF)
"""Where sizes, counts and offsets overflow or change their sign."""

SHAPES = ("<B", "<H", ">H", "<L", ">L", "<Q", ">Q")

_XML = (
    b"<", b">", b"&", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<!DOCTYPE a [", b"&#0;", b"&#x110000;",
    b"<a:b xmlns:a=''>", b"<?xml version='1.0' encoding='utf-16'?>", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80",
)  # fmt: skip
_TEXT = (b"\0", b"\x1b[2J", b"\xe2\x80\xae", b"=cmd|' /C calc'!A0", b'"', b";", b"\r", b"\n\n", b"\x85", b"\xff")

WORDS: Mapping[str, Sequence[bytes]] = {
    "csv": _TEXT,
    "eml": (
        *_TEXT, b"Content-Type: multipart/mixed; boundary=\r\n", b"Content-Type: message/rfc822\r\n\r\n", b"\r\n\r\n",
        b"Content-Transfer-Encoding: base64\r\n", b"=?utf-8?q?=FF?=", b"--", b"Content-Disposition: attachment;\r\n",
        b" filename*0*=utf-8''%ff", b"Date: Mon, 32 Foo 99999 99:99:99 +9999\r\n", b"From: <\r\n", b"charset=unknown",
    ),
    "html": (*_XML, b"<script>", b"</html>", b"<svg", b"<meta charset=iso-2022-jp>", b"style=", b"href=", b"<!---"),
    "pdf": (
        b"endobj", b"stream\n", b"endstream", b"/Kids", b"/Parent 1 0 R", b"<<", b">>", b"[", b"]", b"(", b")", b"/#00",
        b"1 0 R", b"/Length -1", b"/Type/ObjStm", b"/Filter[/FlateDecode/FlateDecode]", b"/S/JavaScript", b"/AA",
        b"/Encrypt 1 0 R", b"null", b"99999999999999999999", b"-1", b"/Names", b"/XFA", b"/Size 2147483647", b"/Prev 0",
    ),
    "rtf": (
        b"{", b"}", b"\\", b"{\\*\\", b"\\bin999999999 ", b"\\'zz", b"\\u-99999999999?", b"{\\object\\objdata ",
        b"{\\field{\\*\\fldinst ", b"\\ud{", b"\\upr{", b"\\pict", b"\0",
    ),
    "txt": _TEXT,
    "xhtml": (*_XML, b"<script>", b"<xi:include ", b"style=", b"<html xmlns='http://www.w3.org/1999/xhtml'>"),
    "xml": (*_XML, b"<?xml-stylesheet href='a'?>", b"<xi:include ", b"<svg xmlns='http://www.w3.org/2000/svg'>"),
}  # fmt: skip
"""Words of a format, to be put where they do not belong."""

_PACKAGE_WORDS = (
    *_XML, b'<w:r><w:fldChar w:fldCharType="begin"/></w:r>', b'<w:r><w:fldChar w:fldCharType="separate"/></w:r>',
    b'<w:r><w:fldChar w:fldCharType="end"/></w:r>', b"<w:r><w:instrText>DDEAUTO a b</w:instrText></w:r>",
    b"<w:txbxContent>", b"</w:txbxContent>", b"<w:del>", b'<Relationship Id="r" Type="a/image" Target="//a"/>',
    b' TargetMode="External"', b' r:id="rId1"', b' r:link="rId9"', b"<f>RTD(1)</f>", b"<c r='A1'/>", b'<c r="A1"><v>',
    b"<f>SUM(", b"</c>", b"<definedName name='Auto_Open'>", b"<sheet ", b'<Override PartName="/a" ContentType="b"/>',
    b"<text:a xlink:href='file:x'>", b"<draw:object-ole/>", b"<script:event-listener/>", b" table:formula='of:=DDE(1)'",
    b"%2e%2e/", b"<svg xmlns='http://www.w3.org/2000/svg'>", b"<mc:Choice>", b"\xc3\x28",
)  # fmt: skip
"""Words of all office formats, put into any member."""

LENGTHS = (1, 1, 2, 3, 4, 8, 12, 16, 32, 64, 200, 1000)
"""Of a piece that repeats."""

COUNTED = (
    b"\0",
    b"\xff",
    b" ",
    b"<",
    b"{",
    b"\r\n",
    b"<a>",
    b"<!-- a -->",
    b"[",
    b"PK\1\2",
    b"a:\n",
    b"\n--a",
    b"\xff\xd8",
)
"""Pieces of which a format counts how many there are, or that open something."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes, so many times over: a large input is told by a few of these."""

    data: bytes
    times: int = 1


Damage = Callable[[bytes, bytes, Random], bytes]
"""(the file, another file, the dice) -> the broken file."""


def broken(data: bytes, other: bytes, kind: str, dice: Random) -> bytes:
    """Break a file in one to four ways; `other` lends the bytes for a splice. Never more than twice as long."""
    if data.startswith(b"PK\x03\x04") and dice.random() < 0.6:
        return _inside_a_package(data, other, dice)
    return _several(data, other, WORDS.get(kind, ()), dice)


def grown(data: bytes, size: int, dice: Random) -> tuple[Piece, ...]:
    """Make a file about `size` bytes long: a short piece of it, or one that formats count by, repeats.

    What takes more than linear time shows here.
    """
    at = dice.randrange(len(data))
    repeated = data[at : at + dice.choice(LENGTHS)] if dice.random() < 0.8 else dice.choice(COUNTED)
    tail = data[at:] if dice.random() < 0.7 else b""
    times = max(0, size - at - len(tail)) // len(repeated)
    return (Piece(data[:at]), Piece(repeated, times), Piece(tail))


def _several(data: bytes, other: bytes, words: Sequence[bytes], dice: Random) -> bytes:
    for _ in range(dice.choice((1, 1, 1, 2, 3, 4))):
        if words and dice.random() < 0.3:
            data = _insert(data, dice.choice(words), dice)
        else:
            data = dice.choice(DAMAGES)(data or b"\0", other, dice)
    return data


def _cut(data: bytes, _other: bytes, dice: Random) -> bytes:
    return data[: dice.randrange(len(data))]


def _behead(data: bytes, _other: bytes, dice: Random) -> bytes:
    return data[dice.randrange(min(len(data), 64)) :]


def _flip_bits(data: bytes, _other: bytes, dice: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 4, 16))):
        changed[_place(data, dice)] ^= 1 << dice.randrange(8)
    return bytes(changed)


def _set_bytes(data: bytes, _other: bytes, dice: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 4, 16))):
        changed[_place(data, dice)] = dice.randrange(256)
    return bytes(changed)


def _set_number(data: bytes, _other: bytes, dice: Random) -> bytes:
    shape = dice.choice(SHAPES)
    width = struct.calcsize(shape)
    number = (dice.choice(NUMBERS) + dice.choice((0, 0, 0, len(data)))) % (1 << (8 * width))
    at = _place(data, dice)
    return data[:at] + struct.pack(shape, number) + data[at + width :]


def _splice(data: bytes, other: bytes, dice: Random) -> bytes:
    return data[: dice.randrange(len(data) + 1)] + other[dice.randrange(len(other) + 1) :]


def _graft(data: bytes, other: bytes, dice: Random) -> bytes:
    at = dice.randrange(len(other))
    return _insert(data, other[at : at + dice.randrange(1, 400)], dice)


def _remove(data: bytes, _other: bytes, dice: Random) -> bytes:
    at = _place(data, dice)
    return data[:at] + data[at + dice.choice((1, 2, 4, 16, 100)) :]


def _repeat(data: bytes, _other: bytes, dice: Random) -> bytes:
    at = _place(data, dice)
    piece = data[at : at + dice.choice((1, 4, 30, 300))]
    return data[:at] + piece * dice.choice((2, 3, 20)) + data[at + len(piece) :]


def _blank(data: bytes, _other: bytes, dice: Random) -> bytes:
    at, length = _place(data, dice), dice.choice((1, 4, 16, 512))
    return data[:at] + dice.choice((b"\0", b"\xff", b" ")) * length + data[at + length :]


DAMAGES: tuple[Damage, ...] = (
    _cut,
    _behead,
    _flip_bits,
    _flip_bits,
    _set_bytes,
    _set_number,
    _set_number,
    _splice,
    _graft,
    _remove,
    _repeat,
    _blank,
)
"""The ways to break any file; twice is twice as often."""


def _place(data: bytes, dice: Random) -> int:
    """Choose a place: half of the time among the first bytes, where headers are."""
    near = min(len(data), 512) if dice.random() < 0.5 else len(data)
    return dice.randrange(near)


def _insert(data: bytes, piece: bytes, dice: Random) -> bytes:
    at = dice.randrange(len(data) + 1)
    return data[:at] + piece + data[at:]


def _inside_a_package(data: bytes, other: bytes, dice: Random) -> bytes:
    """Break one member of a zip package, or its name, and pack all of it again."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            members = [(info.filename, package.read(info), info.compress_type) for info in package.infolist()]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError):
        return _several(data, other, (), dice)
    if not members:
        return _several(data, other, (), dice)
    chosen = dice.randrange(len(members))
    name, content, method = members[chosen]
    fate = dice.random()
    if fate < 0.05:
        del members[chosen]
    elif fate < 0.1:
        members[chosen] = (name + dice.choice(("/", "x", "/../a", ".rels")), content, method)
    else:
        members[chosen] = (name, _several(content, other[:2000], _PACKAGE_WORDS, dice), method)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        for name, content, method in members:
            package.writestr(zipfile.ZipInfo(name), content, method)
    return packed.getvalue()
