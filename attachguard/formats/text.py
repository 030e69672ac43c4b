"""Bytes to text, or the honest answer that they are not text.

Text is where disguised binaries get through, so every road to "text" asks for evidence: a byte order mark alone
is none. Order: byte order mark, strict UTF-8 (RFC 3629), UTF-16 by its pattern of zero bytes, then 8-bit text
read as windows-1252 (what Dutch and English programs write when they do not write UTF-8). All tests are linear.
"""

import codecs
import unicodedata
from collections import Counter
from dataclasses import dataclass

from attachguard.formats.eightbit import looks_like_text

EIGHT_BIT = "windows-1252"
"""How `Decoded.encoding` names 8-bit text, also when it is in truth another 8-bit or multi-byte encoding."""

_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),  # before UTF-16, which begins with the same two bytes
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
"""Byte order marks (The Unicode Standard, section 23.8)."""

_CONTROL = bytes(byte for byte in (*range(0x20), 0x7F) if byte not in b"\t\n\x0c\r")
_CONTROL_BUT_ESC = _CONTROL.replace(b"\x1b", b"")
_C0_AND_C1 = frozenset(map(chr, (*_CONTROL, *range(0x80, 0xA0)))) - {"\x85"}
"""U+0085 is NEXT LINE, the line end of mainframes (Unicode, section 5.8)."""

_FEW = 2
"""Control characters that any text may have, however short: one stray bell does not make a letter binary."""

_UTF8_CONTROLS = 1 / 200
"""Share of control bytes up to which UTF-8 is text (measured on real files). ESC is not counted: ISO-2022-JP and
coloured logs are full of it, and `text.escape` reports it. SO and SI are: ISO-2022-KR, which needs them, is refused
by browsers too (WHATWG Encoding, section 4.2, "replacement")."""

_WIDE_CONTROLS = 1 / 2000
_WIDE_STRANGE = 1 / 100
"""Shares of control and of unassigned or private characters up to which UTF-16 and UTF-32 are text (measured:
pictures that begin like a byte order mark are far above)."""

_EIGHT_BIT_CONTROLS = 1 / 2000
_CLEAN_HEAD = 1024
"""8-bit text has no control byte in this many first bytes (measured: signed containers around a text do)."""

_UTF16_ZEROS = 1 / 4
_UTF16_ZEROS_SHORT = 1 / 2
_UTF16_SHORT = 16
"""Share of code units with a zero high byte that makes text without a mark UTF-16, and what it takes below so many
units, where chance is not yet ruled out."""

_UTF16_OTHER_ZEROS = 1 / 16
"""How many zero low bytes such text may have to one zero high byte: U+2000, U+4E00, and U+1F600, whose second half
is DE00, are letters, spaces and faces that people write."""

_WESTERN_HIGH = 1 / 3
"""Share of bytes above 0x7F up to which 8-bit text is taken for a western language's."""

UNUSED = "\x81\x8d\x8f\x90\x9d"
"""What `decode_8bit` makes of the five bytes that windows-1252 leaves unused: letters of another encoding."""

_TABLE = "".join(chr(byte) if chr(byte) in UNUSED else bytes([byte]).decode("cp1252") for byte in range(256))
"""WHATWG Encoding, index windows-1252: like cp1252, but the five unused bytes are the C1 controls of that number,
so that no byte is lost."""
_REVERSE = codecs.charmap_build(_TABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """Text, and how its bytes were read."""

    text: str
    """The content without its byte order mark."""
    encoding: str
    """A Python codec name: `utf-8`, `utf-16-le`, `utf-16-be`, `utf-32-le`, `utf-32-be`, `windows-1252`."""
    had_bom: bool


def decode(data: bytes) -> Decoded | None:
    """Read bytes as text; None means: this is binary.

    Promises text without U+0000 and without lone surrogates. `windows-1252` is a guess, good for looking at
    structure, which is ASCII in every 8-bit encoding. Linear in the input; never raises.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _marked(data[len(mark) :], encoding)
    if 0 in data:
        return _utf16_unmarked(data)
    return _utf8(data) or _eight_bit(data)


def decode_8bit(data: bytes) -> str:
    """Read every byte by the windows-1252 table; never fails and loses nothing."""
    return codecs.charmap_decode(data, "strict", _TABLE)[0]


def encode_8bit(text: str) -> bytes:
    """Undo `decode_8bit`. Raises UnicodeEncodeError for a character that the table does not have."""
    return codecs.charmap_encode(text, "strict", _REVERSE)[0]


def is_windows_1252(text: str) -> bool:
    """Tell whether text from `decode_8bit` is really in it: all bytes are assigned, and most are ASCII.

    In Dutch, English, French and German one letter in ten has an accent; in Cyrillic or Chinese nearly every byte is
    above 0x7F.
    """
    high = len(text) - len(text.encode("ascii", "ignore"))
    return high <= len(text) * _WESTERN_HIGH and not any(unused in text for unused in UNUSED)


def _marked(rest: bytes, encoding: str) -> Decoded | None:
    """Decode what follows a byte order mark, which is only a hint: pictures begin like it, too."""
    try:
        text = rest.decode(encoding)
    except UnicodeDecodeError:
        return None
    if encoding == "utf-8":
        # Three bytes and then valid UTF-8: chance does not do that, and U+FFFD is some program's honest trace.
        plausible = "\0" not in text and _few(_count(rest, _CONTROL_BUT_ESC), len(rest), _UTF8_CONTROLS)
    else:
        plausible = _plausible_wide(text)
    return Decoded(text=text, encoding=encoding, had_bom=True) if plausible else None


def _utf16_unmarked(data: bytes) -> Decoded | None:
    """Decode UTF-16 without a mark: zeros stand on one side of many code units and on hardly any other side.

    UTF-32 without a mark is not read: no program writes it as text, and none of those that people have opens it.
    """
    units = len(data) // 2
    high_be, high_le = data[0::2].count(0), data[1::2].count(0)
    few, many = sorted((high_be, high_le))
    needed = _UTF16_ZEROS if units >= _UTF16_SHORT else _UTF16_ZEROS_SHORT
    if len(data) % 2 or few > many * _UTF16_OTHER_ZEROS or many < units * needed:
        return None
    encoding = "utf-16-le" if high_le > high_be else "utf-16-be"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    if _C0_AND_C1.intersection(text) or not _plausible_wide(text):
        return None
    return Decoded(text=text, encoding=encoding, had_bom=False)


def _plausible_wide(text: str) -> bool:
    """Tell text in UTF-16 or UTF-32 from other bytes that happen to decode."""
    if "\0" in text or "\ufffd" in text:
        return False
    counts = Counter(text)
    controls = sum(counts[char] for char in _C0_AND_C1)
    strange = sum(count for char, count in counts.items() if unicodedata.category(char) in ("Cn", "Co"))
    return _few(controls, len(text), _WIDE_CONTROLS) and strange <= len(text) * _WIDE_STRANGE


def _utf8(data: bytes) -> Decoded | None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if not _few(_count(data, _CONTROL_BUT_ESC), len(data), _UTF8_CONTROLS):
        return None
    return Decoded(text=text, encoding="utf-8", had_bom=False)


def _eight_bit(data: bytes) -> Decoded | None:
    if _count(data[:_CLEAN_HEAD], _CONTROL) or _count(data, _CONTROL) > len(data) * _EIGHT_BIT_CONTROLS:
        return None
    if not looks_like_text(data):
        return None
    return Decoded(text=decode_8bit(data), encoding=EIGHT_BIT, had_bom=False)


def _count(data: bytes, wanted: bytes) -> int:
    return len(data) - len(data.translate(None, wanted))


def _few(count: int, length: int, share: float) -> bool:
    return count <= max(_FEW, length * share)
