"""Tells text in the encodings that people wrote before UTF-8 from keys, samples and records.

Any bytes without control characters can be called windows-1252, so the encoding proves nothing. Where few bytes are
above 0x7F it is a western language, and the ASCII around them was looked at already. Where many are, either they
stand together as words do (Cyrillic, Greek, Hebrew, Thai, all EUC encodings), or they are the first halves of the
pairs that Chinese and Japanese are written with. Linear, on the beginning only.
"""

import re

from attachguard.formats.serialized import is_serialized

_LOOKED_AT = 64 * 1024

_WESTERN = 2 / 5
"""Share of bytes above 0x7F up to which the letters between them say enough (Vietnamese has about a third)."""

_BROKEN_WORDS = 2 / 5
"""Borders between an ASCII letter and a high byte, for each run of high bytes: words of another script have hardly
any, random bytes more than one."""

_ODD_LETTERS = 1 / 5
"""Share of high bytes that may be none of the common letters of an encoding."""

_DISTINCT = 3
_LONG = 32
"""So many different bytes are in any text longer than this."""

_UNBROKEN = 256
"""Bytes, in an encoding with one for each letter, after which at least one blank or line end has come."""

_PIXELS = re.compile(rb"P[4-6]\s+\d{1,6}\s+\d{1,6}\s")
"""Netpbm(5): a picture whose head is text, and whose bright pixels are no control characters."""

_SEAM = re.compile(rb"[A-Za-z][\x80-\xff]|[\x80-\xff][A-Za-z]")
_RUN = re.compile(rb"[\x80-\xff]+")
_BLANK = re.compile(rb"[\t\n\r ]")
_COMMON_PAIRS = (
    # JIS X 0208 in Shift_JIS: kana and the first level of kanji
    re.compile(rb"[\x81-\x83\x88-\x97][\x40-\x7e\x80-\xfc]"),
    # Big5: symbols and the first level of characters
    re.compile(rb"[\xa1-\xc6][\x40-\x7e\xa1-\xfe]"),
    # GB 2312 in GBK: symbols and the first level of characters
    re.compile(rb"[\xa1-\xa3\xb0-\xd7][\xa1-\xfe]"),
)
"""Pairs that make up nearly all of any text in these encodings, and a fifth of random bytes at most."""


def looks_like_text(data: bytes) -> bool:
    """Tell whether bytes without control characters may be text in an encoding other than UTF-8."""
    head = data[:_LOOKED_AT]
    if is_serialized(data) or _PIXELS.match(head) or (len(head) > _LONG and _is_monotonous(head)):
        return False
    high = _high(head)
    if high <= len(head) * _WESTERN:
        return True
    if any(_high(pairs.sub(b"", head)) <= high * _ODD_LETTERS for pairs in _COMMON_PAIRS):
        return True
    runs = sum(1 for _ in _RUN.finditer(head))
    seams = sum(1 for _ in _SEAM.finditer(head))
    return seams <= 1 + runs * _BROKEN_WORDS and (len(head) <= _UNBROKEN or _BLANK.search(head) is not None)


def _is_monotonous(data: bytes) -> bool:
    """Tell whether there are fewer than so many different bytes; to make a set of them takes six times as long."""
    for _ in range(_DISTINCT - 1):
        data = data.translate(None, data[:1])
    return not data


def _high(data: bytes) -> int:
    return len(data) - len(data.translate(None, _HIGH))


_HIGH = bytes(range(0x80, 0x100))
