"""Bytes are text only on evidence; everything else is binary."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attachguard.formats.text import Decoded, decode, decode_8bit, encode_8bit

LETTER = "Geachte heer, de prijs is \u20ac 12,50. Met vriendelijke groet"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_text_with_a_byte_order_mark_is_read_by_it(encoding: str) -> None:
    found = decode(f"\ufeff{LETTER}".encode(encoding))
    assert found == Decoded(text=LETTER, encoding=encoding, had_bom=True)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_known_by_its_zero_bytes(encoding: str) -> None:
    assert decode(LETTER.encode(encoding)) == Decoded(text=LETTER, encoding=encoding, had_bom=False)


def test_utf_8_needs_no_mark() -> None:
    assert decode(LETTER.encode()) == Decoded(text=LETTER, encoding="utf-8", had_bom=False)


def test_other_8_bit_text_is_read_as_windows_1252() -> None:
    assert decode("Stra\xdfe \u2013 1 \u20ac".encode("cp1252")) == Decoded(
        text="Stra\xdfe \u2013 1 \u20ac", encoding="windows-1252", had_bom=False
    )


@pytest.mark.parametrize("encoding", ["cp1251", "gb18030", "shift_jis", "koi8-r"])
def test_text_in_encodings_we_do_not_know_is_still_text(encoding: str) -> None:
    sentence = {"gb18030": "\u4f60\u597d\u3002", "shift_jis": "\u3053\u3093\u306b\u3061\u306f"}.get(
        encoding, "\u041f\u0440\u0438\u0432\u0435\u0442"
    )
    assert decode((sentence * 20).encode(encoding)) is not None


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"text\0more", id="a zero byte"),
        pytest.param(b"\xff\xfe" + b"\x78\x03" * 30, id="a mark before unassigned characters"),
        pytest.param(b"\xff\xfe\x00\xd8a\x00", id="a mark before a lone surrogate"),
        pytest.param(b"\xff\xfea\x00\xfd\xff", id="a mark before a replacement character"),
        pytest.param(b"\xff\xfea\x00\x00\x00b\x00", id="a mark before U+0000"),
        pytest.param(b"\xff\xfea\x00b", id="a mark before half a character"),
        pytest.param(b"\xef\xbb\xbf\xff\xfe", id="a UTF-8 mark before other bytes"),
        pytest.param(b"\xff\xfe" + b"\x01\x00a\x00" * 20, id="a mark before control characters"),
        pytest.param(b"0\x82\x25\xce\x06\x09*\x86H\x86\xf7\r\x01\x07\x02" + b"readable " * 400, id="DER around text"),
        pytest.param(b"\xe9" + b"a" * 1100 + b"\x01\x02\x03" * 4, id="control bytes further on in 8-bit text"),
        pytest.param(b"\x01\x02\x03\x04" * 10, id="control bytes"),
        pytest.param(b"a\0b\0\0c", id="zero bytes on both sides"),
        pytest.param(b"\x01\x00\x02\x00\x03\x00", id="small numbers of 16 bits"),
    ],
)
def test_these_bytes_are_binary(data: bytes) -> None:
    assert decode(data) is None


@pytest.mark.parametrize(
    "text", ["a\x07b", "\x1b[31mred\x1b[0m " * 30, "old program's \ufffd mark", "", "a", "page 1\fpage 2"]
)
def test_a_stray_control_character_or_colour_does_not_make_text_binary(text: str) -> None:
    found = decode(text.encode())
    assert found is not None
    assert found.text == text


@given(st.binary(max_size=200))
def test_windows_1252_loses_no_byte(data: bytes) -> None:
    assert encode_8bit(decode_8bit(data)) == data


@given(st.binary(max_size=400))
def test_text_never_holds_zero_or_a_lone_surrogate(data: bytes) -> None:
    found = decode(data)
    if found is not None:
        assert "\0" not in found.text
        assert found.text.encode("utf-8") is not None


def test_random_bytes_are_binary() -> None:
    dice = random.Random(1)
    assert [size for size in range(64, 4096, 64) if decode(dice.randbytes(size)) is not None] == []


@pytest.mark.parametrize("start", [b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"])
def test_random_bytes_behind_a_mark_are_binary(start: bytes) -> None:
    dice = random.Random(2)
    assert [size for size in range(64, 4096, 64) if decode(start + dice.randbytes(size)) is not None] == []
