"""Is it a PDF? By its header, the structure behind it, and what stands around both."""

import re
import struct
from collections.abc import Iterator

from attachguard.formats.contract import Claim, Sample
from attachguard.formats.pictures.hidden import MARKUP, SECOND_TYPES
from attachguard.model import Finding

HEADER_REACH = 1024
"""Readers accept a header within the first so many bytes (ISO 32000-1 Annex H.3, note 13)."""

_HEADER = re.compile(rb"%PDF-\d\.\d")
_OBJECT = re.compile(rb"\d[\x00\t\n\x0c\r ]{1,20}obj|startxref")
_PREFIX = re.compile(rb"(?:\xef\xbb\xbf)?(?:HTTP/\d\.\d [ -~\r\n]*|%!PS-Adobe-\d\.\d [ -~]*)?[\x00\t\n\x0c\r ]*")
"""What may stand before a header: a byte order mark, the header of a web server or of PostScript, white space."""

_BLANK = b"\x00\t\n\x0c\r \x1a"
"""What may follow the last %%EOF: white space (7.2.3), and the end-of-file sign of CP/M and DOS."""

_ZIP_TAIL = 22 + 0xFFFF
"""A zip's end-of-directory record lies in the last so many bytes (APPNOTE 4.3.16)."""


def sniff(sample: Sample) -> Claim | None:
    """Claim bytes with a `%PDF-d.d` header in the first KiB and an object or a table behind it; linear."""
    data = sample.data
    header = _HEADER.search(data, 0, HEADER_REACH + len(b"%PDF-1.7"))
    if header is None or header.start() >= HEADER_REACH or not _OBJECT.search(data, header.end()):
        return None
    findings = (*_before(data[: header.start()]), *_behind(data), *_zip_inside(data))
    return Claim(kind="pdf", described="PDF document", findings=findings)


def _before(prefix: bytes) -> Iterator[Finding]:
    """Tell of bytes before the header that are not what servers and printers put there."""
    if prefix and not _PREFIX.fullmatch(prefix):
        yield Finding("type.polyglot", "start of file", f"{len(prefix)} bytes before the PDF header")


def _behind(data: bytes) -> Iterator[Finding]:
    """Tell of a missing end, and of bytes behind it."""
    end = data.rfind(b"%%EOF")
    if end < 0:
        yield Finding("type.truncated", "end of file", "no %%EOF")
        return
    rest = data[end + len(b"%%EOF") :]
    if not rest.strip(_BLANK):
        return
    yield Finding("type.trailing_data", f"offset {end + 5}", f"{len(rest)} bytes after %%EOF")
    for name, pattern in SECOND_TYPES:
        if pattern.search(rest):
            yield Finding("type.polyglot", f"after offset {end + 5}", f"holds {name}")
    markup = MARKUP.search(rest)
    if markup:
        yield Finding("type.polyglot", f"after offset {end + 5}", "holds markup")


def _zip_inside(data: bytes) -> Iterator[Finding]:
    """Tell whether a zip reader, which starts from the end, finds a package: its directory is really there."""
    at = data.rfind(b"PK\x05\x06", max(0, len(data) - _ZIP_TAIL))
    if at < 0 or len(data) - at < 22:
        return
    entries, size = struct.unpack_from("<HI", data, at + 10)
    if entries and data[max(0, at - size) : max(0, at - size) + 4] == b"PK\x01\x02":
        yield Finding("type.polyglot", "end of file", "opens as a zip package")
