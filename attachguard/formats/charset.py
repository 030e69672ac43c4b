"""Which encoding a page or an XML document says it is in, and what browsers take that to mean.

Needed because in Shift_JIS, GBK and Big5 a byte that looks like ASCII may be half a letter, so that markup can hide.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from attachguard.formats.text import EIGHT_BIT, Decoded, decode, decode_8bit

_SINGLE = {
    "iso-8859-1": "windows-1252",
    "latin1": "windows-1252",
    "us-ascii": "windows-1252",
    "ascii": "windows-1252",
    "windows-1252": "windows-1252",
    "cp1252": "windows-1252",
    "iso-8859-15": "iso8859-15",
    "macintosh": "mac-roman",
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "ibm866": "cp866",
    "tis-620": "cp874",
    "windows-874": "cp874",
    **{f"iso-8859-{part}": f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 16)},
    **{f"windows-125{page}": f"cp125{page}" for page in (0, 1, 3, 4, 5, 6, 7, 8)},
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
}
_MULTI = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "windows-31j": "cp932",
    "euc-jp": "euc_jp",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "windows-949": "cp949",
    "iso-2022-jp": "iso2022_jp",
}
_UNICODE = {"utf-8": "utf-8", "utf8": "utf-8", "utf-16": "utf-16", "utf-16le": "utf-16", "utf-16be": "utf-16"}

CODECS: Mapping[str, str] = MappingProxyType(_SINGLE | _MULTI | _UNICODE)
"""Python's codec for each label in use (WHATWG Encoding, section 4.2, without the rare spellings)."""

HIDING = frozenset({"utf-7", "unicode-1-1-utf-7", "x-unicode-2-0-utf-7", "csunicode11utf7", "hz-gb-2312"}) | {
    f"iso-2022-{country}" for country in ("kr", "cn", "cn-ext")
}
"""Encodings in which markup hides behind ASCII characters, and which browsers no longer read (WHATWG Encoding, section
4.2, "replacement"; UTF-7 is not even named there). Older mail programs do."""

_META = re.compile(
    rb"<meta[\t\n\f\r /][^>]{0,512}?charset[\t\n\f\r ]{0,8}=[\t\n\f\r ]{0,8}[\"']?([-_.:A-Za-z0-9]{1,40})",
    re.IGNORECASE,
)
_XML = re.compile(rb"<\?xml[ \t\r\n][^>]{0,256}?encoding[ \t\r\n]{0,8}=[ \t\r\n]{0,8}[\"']([-_.:A-Za-z0-9]{1,40})")
_PRESCAN = 1024
"""Bytes in which browsers look for a charset (WHATWG HTML, section 13.2.3.2)."""


def html_label(data: bytes) -> str:
    """Give the charset a page declares, in lower case; empty when there is none in the first 1024 bytes."""
    return _label(_META.search(data, 0, _PRESCAN))


def xml_label(data: bytes) -> str:
    """Give the encoding an XML declaration in an ASCII-compatible encoding names, in lower case, or nothing."""
    start = data.removeprefix(b"\xef\xbb\xbf")
    return _label(_XML.match(start.lstrip()))


def decode_html(data: bytes) -> Decoded | None:
    """Read a page as browsers do (WHATWG HTML, section 13.2.3): mark, then <meta>, then by what the bytes look like.

    None: binary. A label that is unknown, or says UTF-16 where the bytes are not, is passed over.
    """
    return _decode_as(data, html_label(data))


def decode_xml(data: bytes) -> Decoded | None:
    """Read XML by its mark or declaration (XML 1.0, appendix F); None: binary. Labels not known are passed over."""
    return _decode_as(data, xml_label(data))


def _decode_as(data: bytes, label: str) -> Decoded | None:
    plain = decode(data)
    if plain is None or plain.had_bom or plain.encoding != EIGHT_BIT:
        # 7-bit and valid UTF-8 are read as UTF-8 whatever they claim, except where ASCII bytes mean something else.
        return _as_2022(data, plain) if label == "iso-2022-jp" else plain
    codec = CODECS.get(label, EIGHT_BIT)
    if codec in {EIGHT_BIT, "utf-8", "utf-16"}:
        return Decoded(text=decode_8bit(data), encoding=EIGHT_BIT, had_bom=False)
    return Decoded(text=data.decode(codec, "replace"), encoding=codec, had_bom=False)


def _as_2022(data: bytes, plain: Decoded | None) -> Decoded | None:
    if plain is None or plain.had_bom:
        return plain
    return Decoded(text=data.decode("iso2022_jp", "replace"), encoding="iso2022_jp", had_bom=False)


def _label(match: re.Match[bytes] | None) -> str:
    return match[1].decode("ascii").lower() if match else ""
