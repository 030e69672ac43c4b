"""Fonts of copies have outlines and no instructions."""

import io
import struct

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as some
from pikepdf import Dictionary, Name

from attachguard.formats.contract import Order
from attachguard.formats.pdf import normalize
from attachguard.formats.pdf.audit import violations
from attachguard.formats.pdf.truetype import BrokenFontError, has_instructions, without_instructions
from attachguard.model import Limits, Rebuilt
from tests.formats.pdf.made import new, saved

BOX = struct.pack(">4h", 0, 0, 100, 100)
PUSH = b"\xb0\x01\x2b"
TRIANGLE = b"\x01\x01\x01" + struct.pack(">3h3h", 0, 100, -50, 0, 0, 100)
SIMPLE = struct.pack(">h", 1) + BOX + struct.pack(">HH", 2, len(PUSH)) + PUSH + TRIANGLE
COMPOSITE = struct.pack(">h", -1) + BOX + struct.pack(">HHhhH", 0x0101, 0, 5, 5, len(PUSH)) + PUSH


def font(*glyphs: bytes, more: dict[bytes, bytes] | None = None) -> bytes:
    """A font of these glyphs, with programs, laid out as printing programs do."""
    padded = [glyph + bytes(-len(glyph) % 4) for glyph in glyphs]
    starts = [sum(map(len, padded[:number])) for number in range(len(padded) + 1)]
    tables = {
        b"cvt ": b"\x00\x07",
        b"fpgm": PUSH * 4,
        b"glyf": b"".join(padded),
        b"head": bytes(50) + struct.pack(">hh", 1, 0),
        b"loca": struct.pack(f">{len(starts)}I", *starts),
        b"prep": PUSH,
        **(more or {}),
    }
    directory = struct.pack(">IHHHH", 0x00010000, len(tables), 0, 0, 0)
    body = b""
    for tag, data in tables.items():
        directory += struct.pack(">4sIII", tag, 0, 12 + 16 * len(tables) + len(body), len(data))
        body += data
    return directory + body


def tables_of(program: bytes) -> dict[bytes, bytes]:
    entries = [struct.unpack_from(">4sIII", program, 12 + 16 * at) for at in range(program[5])]
    return {tag: program[offset : offset + length] for tag, _, offset, length in entries}


def test_outlines_stay_and_instructions_go() -> None:
    bare = tables_of(without_instructions(font(SIMPLE, COMPOSITE, b"")))
    assert sorted(bare) == [b"glyf", b"head", b"loca"]
    first, second, third, end = struct.unpack(">4I", bare[b"loca"])
    assert bare[b"glyf"][first:second].startswith(SIMPLE.replace(struct.pack(">H", len(PUSH)) + PUSH, b"\0\0"))
    assert bare[b"glyf"][second:third] == struct.pack(">h", -1) + BOX + struct.pack(">HHhh", 0x0001, 0, 5, 5)
    assert third == end
    assert PUSH not in b"".join(bare.values())


def test_what_is_bare_stays_as_it_is() -> None:
    bare = without_instructions(font(SIMPLE, COMPOSITE))
    assert without_instructions(bare) == bare
    assert has_instructions(font(SIMPLE))
    assert not has_instructions(bare)


def test_the_checksum_of_the_whole_is_right() -> None:
    bare = without_instructions(font(SIMPLE))
    assert sum(struct.unpack(f">{len(bare) // 4}I", bare)) % 2**32 == 0xB1B0AFBA


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"OTTO" + bytes(40),
        font(SIMPLE)[:60],
        font(SIMPLE[:11]),
        font(COMPOSITE[:14]),
        font(SIMPLE, more={b"loca": struct.pack(">2I", 0, 9999)}),
        font(SIMPLE, more={b"loca": struct.pack(">2I", 8, 0)}),
        font(SIMPLE, more={b"head": b""}),
        font(SIMPLE, more={b"loca": struct.pack(">99I", *[0, 28] * 49, 0)}),
    ],
)
def test_what_is_not_laid_out_as_a_font_is_none(broken: bytes) -> None:
    with pytest.raises(BrokenFontError):
        without_instructions(broken)


@given(some.lists(some.tuples(some.integers(0, 300), some.integers(0, 255)), max_size=12))
def test_a_font_bent_at_random_is_broken_or_bare(changes: list[tuple[int, int]]) -> None:
    bent = bytearray(font(SIMPLE, COMPOSITE))
    for place, value in changes:
        bent[place % len(bent)] = value
    try:
        bare = without_instructions(bytes(bent))
    except BrokenFontError:
        return
    assert not has_instructions(bare)


def with_font(program: bytes) -> bytes:
    pdf = new()
    held = pdf.make_stream(program, Length1=len(program))
    descriptor = Dictionary(Type=Name.FontDescriptor, FontName=Name("/A"), Flags=4, FontFile2=held)
    embedded = Dictionary(Type=Name.Font, Subtype=Name.TrueType, BaseFont=Name("/A"), FontDescriptor=descriptor)
    pdf.pages[0].obj["/Resources"]["/Font"]["/F"] = pdf.make_indirect(embedded)
    return saved(pdf)


def rebuilt(document: bytes) -> Rebuilt:
    return normalize(Order(original=document, method="print", printed=document, parts=(), limits=Limits()))


def test_a_copy_has_the_font_without_instructions() -> None:
    copy = rebuilt(with_font(font(SIMPLE))).data
    assert copy is not None
    assert list(violations(copy, Limits())) == []
    with pikepdf.open(io.BytesIO(copy)) as pdf:
        held = pdf.pages[0].obj.Resources.Font.F.FontDescriptor.FontFile2
        assert held.read_bytes() == without_instructions(font(SIMPLE))
        assert held.Length1 == len(held.read_bytes())


def test_the_gate_refuses_a_font_that_has_some() -> None:
    copy = rebuilt(with_font(font(SIMPLE))).data
    assert copy is not None
    with pikepdf.open(io.BytesIO(copy)) as pdf:
        pdf.pages[0].obj.Resources.Font.F.FontDescriptor.FontFile2.write(font(SIMPLE))
        assert any("a font with instructions" in said for said in violations(saved(pdf), Limits()))


def test_a_broken_font_is_in_no_copy() -> None:
    made = rebuilt(with_font(b"no font"))
    assert made.data is None
    assert [finding.code for finding in made.findings] == ["copy.failed"]
