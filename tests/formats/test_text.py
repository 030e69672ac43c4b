"""Bytes are text only on evidence; everything else is binary."""

import random
import struct

import msgspec
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
        pytest.param(b"H\x02\x00C\x03abc", id="one zero byte that is no half of a letter"),
        pytest.param(b"P6 4 4 255\n" + b"\xff" * 48, id="white pixels"),
        pytest.param(b"\xaa" * 50, id="one byte again and again"),
        pytest.param(b"\xd5\x55\xd4\x54" * 100, id="samples of silence"),
        pytest.param(bytes(0x80 | byte for byte in b"hidden by one bit, " * 20), id="letters without a blank"),
        pytest.param(b"\xe9\xa7\x61\xb3\x42\xf1\x7a\x99\x4b\xd2\x67\xa5\x51\xee\x6d\x90", id="a key"),
    ],
)
def test_these_bytes_are_binary(data: bytes) -> None:
    assert decode(data) is None


@pytest.mark.parametrize(
    "text",
    [
        "a\x07b",
        "\x1b[31mred\x1b[0m " * 30,
        "old program's \ufffd mark",
        "",
        "a",
        "page 1\fpage 2",
    ],
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


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["Thanks! \U0001f600 See you", "this is one\u2000space", "our hotel room no. \u4e00"])
def test_utf_16_without_a_mark_may_hold_letters_whose_low_byte_is_zero(encoding: str, text: str) -> None:
    decoded = decode(text.encode(encoding))
    assert decoded is not None
    assert (decoded.text, decoded.encoding) == (text, encoding)


@pytest.mark.parametrize("encoding", ["utf-32-le", "utf-32-be", "iso2022_kr"])
def test_encodings_that_no_program_opens_are_not_read(encoding: str) -> None:
    assert decode("주문 A, 12 개 안녕하세요".encode(encoding) * 3) is None


WESTERN = "L'été, ça va très bien; où êtes-vous donc passée, Noël? "
CYRILLIC = "Пожалуйста, подтвердите номер заказа (12), спасибо! "
GREEK = "Καλημέρα σας, η παραγγελία 12 είναι έτοιμη. "
HEBREW = "שלום, ההזמנה מספר 12 מוכנה. "
CHINESE = "您好。请确认订单号码12的商品数量。谢谢。"
JAPANESE = "注文番号ABCの12個をご確認ください。ありがとうございます。"
KOREAN = "주문 번호 A12 확인 부탁드립니다. 감사합니다."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (WESTERN, "cp1252"),
        (WESTERN.replace("œ", "oe"), "cp850"),
        (WESTERN, "mac_roman"),
        ("Proszę o potwierdzenie zamówienia, dziękuję. ", "cp1250"),
        ("Çok teşekkür ederim, görüşürüz. ", "cp1254"),
        (CYRILLIC, "cp1251"),
        (CYRILLIC, "koi8_r"),
        (CYRILLIC, "cp866"),
        (CYRILLIC, "iso8859_5"),
        (GREEK, "cp1253"),
        (HEBREW, "cp1255"),
        ("مرحبا بالعالم، الطلب رقم 12 جاهز. ", "cp1256"),
        ("สวัสดีครับ ใบสั่งซื้อหมายเลข 12 พร้อมแล้ว ", "cp874"),
        (CHINESE, "gb18030"),
        ("您好。請確認訂單號碼12的商品數量。謝謝。", "cp950"),
        (JAPANESE, "cp932"),
        (JAPANESE, "euc_jp"),
        (KOREAN, "cp949"),
        ("╔════════╗\n║  Info  ║\n╚════════╝\n▒▒ hello ▒▒\n", "cp437"),
    ],
)
@pytest.mark.parametrize("times", [1, 40])
def test_what_people_wrote_before_utf_8_is_text(text: str, encoding: str, times: int) -> None:
    data = (text * times).encode(encoding)
    assert decode(data) is not None
    assert decode(data[: len(data) // 2]) is not None  # cut in the middle of a letter, perhaps


RECORDS: tuple[object, ...] = (
    {"name": "Bob", "city": "Berlin", "street": "Main street"},
    ["alpha", "beta", "gamma"],
    {"text": "hello " * 40, "price": 3200, "ready": True, "none": None, "rate": 0.7},
    {"user": {"id": "abc", "tags": ["x", "y"]}, "number": 100_000},
    {str(number): "value" for number in range(40)},
    {"bytes": b"printable bytes", "long": "y" * 300, "much": "z" * 70_000},
    ["item"] * 70_000,
)


@pytest.mark.parametrize("record", RECORDS, ids=range(len(RECORDS)))
def test_records_of_programs_are_binary(record: object) -> None:
    packed = msgspec.msgpack.encode(record)
    assert decode(packed) is None
    assert decode(packed * 2) is None
    assert decode(_cbor(record)) is None


def _cbor(value: object) -> bytes:
    """CBOR (RFC 8949), as far as the records above need it."""
    match value:
        case None:
            return b"\xf6"
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int():
            return _cbor_head(0, value)
        case float():
            return b"\xfb" + struct.pack("!d", value)
        case bytes():
            return _cbor_head(2, len(value)) + value
        case str():
            return _cbor_head(3, len(value.encode())) + value.encode()
        case list():
            return _cbor_head(4, len(value)) + b"".join(map(_cbor, value))
        case dict():
            pairs = (_cbor(key) + _cbor(item) for key, item in value.items())
            return _cbor_head(5, len(value)) + b"".join(pairs)
    raise TypeError(type(value))


def _cbor_head(kind: int, count: int) -> bytes:
    if count < 24:
        return bytes([kind << 5 | count])
    width = next(width for width in (1, 2, 4, 8) if count < 1 << 8 * width)
    return bytes([kind << 5 | 23 + width.bit_length()]) + count.to_bytes(width, "big")


@pytest.mark.parametrize(
    "start", ["\u2018hello\u2019 said the fox, and went", "\u201aété\u2019", "ß-version of our list", "é", "ÄÖÜ äöü"]
)
@pytest.mark.parametrize("encoding", ["cp1252", "cp850", "mac_roman"])
def test_a_letter_that_begins_like_a_record_is_text(start: str, encoding: str) -> None:
    assert decode(start.encode(encoding, "ignore")) is not None
