"""Plain text is inspected for characters that act instead of being read."""

import pytest

from attachguard.formats import txt
from tests.formats.finding_codes import codes, findings

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
