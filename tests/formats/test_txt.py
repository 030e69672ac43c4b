"""Plain text is inspected for characters that act instead of being read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attachguard.formats import txt
from tests.formats.finding_codes import codes, copied, doubts, findings, rebuilt

SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


@pytest.mark.parametrize(
    "text",
    [
        "Hello\r\n\tworld\f\n",
        "\u05e9\u05dc\u05d5\u05dd \u200f(\u05d0)\u200e",
        f"flags {SCOTLAND} and families \U0001f468\u200d\U0001f469\u200d\U0001f467",
        "",
    ],
)
def test_ordinary_text_has_no_finding(text: str) -> None:
    assert findings(txt, text) == []


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("text.escape", "a\x1b[31mb"),
        ("text.escape", "a\u009b31mb"),
        ("text.control", "a\x08b"),
        ("text.control", "a\x7fb"),
        ("text.control", "a\u0085b"),
        ("text.bidi", "gpj.\u202eexe"),
        ("text.bidi", "a\u2067b"),
        ("text.bidi", "a\U000e0041b"),
    ],
)
def test_hidden_characters_are_found(code: str, text: str) -> None:
    assert codes(txt, text) == [code]


def test_where_and_how_many_is_told() -> None:
    assert findings(txt, "a\nb\x07c\x08") == [("text.control", "line 2", "U+0007 first, 2 in all")]


def test_letters_of_other_8_bit_encodings_are_no_control_characters() -> None:
    assert codes(txt, "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440".encode("koi8-r")) == []


def test_binary_is_malformed() -> None:
    assert codes(txt, b"a\0b") == ["file.malformed"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\x1b[1;31mred\x1b[0m b", "ared b"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\x1b(Bb\x1bc", "ab"),
        ("a\u009b31mb", "ab"),
        ("a\x08b\x7f", "ab"),
        ("\tline\r\nnext\rold\f", "\tline\r\nnext\rold\f"),
        ("a\u202eb\u2066c\U000e0041", "abc"),
        (f"{SCOTLAND} stays", f"{SCOTLAND} stays"),
        ("\u05d0\u200f stays", "\u05d0\u200f stays"),
        ("\x07\ufeffa", "a"),
        ("\ufeffa\x07", "a"),
    ],
)
def test_a_copy_is_the_text_without_what_acts(text: str, kept: str) -> None:
    assert copied(txt, text) == kept


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
def test_a_copy_is_in_utf_8(encoding: str) -> None:
    assert copied(txt, "Stra\xdfe en caf\xe9: \u20ac 5".encode(encoding)) == "Stra\xdfe en caf\xe9: \u20ac 5"


def test_a_copy_of_text_in_another_8_bit_encoding_keeps_its_bytes() -> None:
    original = "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440 ".encode("koi8-r") * 200 + b"\x1b[0m"
    copy = rebuilt(txt, original)
    assert copy == original.replace(b"\x1b[0m", b"")
    assert doubts(txt, original, copy) == []


def test_bytes_that_windows_1252_does_not_use_are_letters_of_another_encoding() -> None:
    original = "\u0412\u044b\u0411\u0403\u0452 ".encode("cp1251") * 1000 + b"\x07"
    copy = rebuilt(txt, original)
    assert copy == original[:-1]
    assert doubts(txt, original, copy) == []


def test_japanese_mail_text_becomes_letters() -> None:
    assert copied(txt, "\u65e5\u672c\u8a9e text".encode("iso2022_jp")) == "\u65e5\u672c\u8a9e text"


@pytest.mark.parametrize("data", [b"a\0b", b"\x07\x07"])
def test_where_nothing_can_be_read_there_is_no_copy(data: bytes) -> None:
    assert rebuilt(txt, data) is None


@pytest.mark.parametrize(
    ("original", "copy", "code"),
    [
        ("a b", "a c", "copy.unfaithful"),
        ("a b", "a", "copy.unfaithful"),
        ("a", "a b", "copy.unfaithful"),
        ("a\x1b[0mb", "a", "copy.unfaithful"),
        ("a\x07b", "a\x07b", "copy.unsafe"),
        ("a\u202eb", "a\u202eb", "copy.unsafe"),
        ("a", b"\0", "copy.unfaithful"),
    ],
)
def test_a_wrong_copy_is_noticed(original: str, copy: str | bytes, code: str) -> None:
    assert code in doubts(txt, original, copy)


@given(st.lists(st.sampled_from(["a", " ", "\n", "\x1b", "[0m", "]0;t", "\x07", "\u202e", "\x9b", "\xe9", "\ufeff"])))
def test_copies_of_any_mixture_hold(pieces: list[str]) -> None:
    text = "".join(pieces)
    if rebuilt(txt, text) is not None:
        copied(txt, text)
