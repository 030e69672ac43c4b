"""A mail as a tree of parts, cut out of the bytes without recursion beyond a cap (RFC 2045, 2046).

Our own cutter, since the standard library's parser costs seconds for ten megabytes of short lines and recurses as
deep as the mail asks; fields and encodings are read by the standard library.
"""

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from attachguard.formats.mail.headers import (
    DESCRIBING,
    Block,
    doubtful,
    file_name,
    find_block,
    parameter,
    parse,
)

MULTIPART_DEPTH = 10
"""Multiparts nested more deeply are not cut open (measured: real mail has at most four levels)."""

MOST_PARTS = 1000
"""Parts that are cut out of one mail."""

ONE_LINE_ENDING = re.compile(rb"(?:\r\n|\n|\r)\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One node of the tree."""

    where: str
    """`part 1.2`, numbered as IMAP does (RFC 9051 section 6.4.5.1); the mail itself is `part 0`."""
    fields: Message
    """The header fields, without a body."""
    doubts: tuple[str, ...]
    """Why readers may differ in what this part is."""
    body: bytes
    """As transferred."""
    children: "tuple[Part, ...]" = ()
    closed: bool = True
    """Of a multipart: whether its closing delimiter was found."""
    cut_off: bool = False
    """Of a multipart: whether it has more parts or levels than were cut out."""

    @property
    def type(self) -> str:
        """The media type, lower case; `text/plain` where it is missing or can't be read (RFC 2045 5.2)."""
        return self.fields.get_content_type()

    @property
    def disposition(self) -> str:
        """`attachment`, `inline` or empty (RFC 2183)."""
        return self.fields.get_content_disposition() or ""

    @property
    def name(self) -> str:
        """The file name it claims, decoded; empty for none."""
        return file_name(self.fields)

    @property
    def encoding(self) -> str:
        """The content transfer encoding, lower case (RFC 2045 section 6)."""
        return str(self.fields.get("content-transfer-encoding", "")).split(";")[0].strip().lower()

    def walk(self) -> "Iterator[Part]":
        """Yield this part and all below it, in the order of the mail."""
        yield self
        for child in self.children:
            yield from child.walk()


def read(data: bytes) -> Part:
    """Cut a mail into its parts. Raises nothing: what can't be cut stays one part."""
    block = find_block(data, preamble=True)
    return _Cutter().part(data, block, "", 0)


class _Cutter:
    """Cuts one mail, counting the parts of all levels together."""

    def __init__(self) -> None:
        self.parts = 0

    def part(self, data: bytes, block: Block, number: str, depth: int, *, digest: bool = False) -> Part:
        fields = parse(data, block)
        if digest and "content-type" not in block.names:
            fields["Content-Type"] = "message/rfc822"  # RFC 2046 section 5.1.5
        body = data[block.body :]
        where = f"part {number or '0'}"
        doubts = tuple(doubt for name in DESCRIBING if (doubt := doubtful(fields, name)))
        boundary = parameter(fields, "boundary").rstrip()
        if not fields.get_content_type().startswith("multipart/") or not boundary:
            if fields.get_content_type().startswith("multipart/"):
                doubts += tuple(_unseen(body))
            return Part(where=where, fields=fields, doubts=doubts, body=body)
        if depth >= MULTIPART_DEPTH:
            return Part(where=where, fields=fields, doubts=doubts, body=body, cut_off=True)
        pieces, closed, more = split(body, boundary, MOST_PARTS - self.parts)
        doubts += tuple(_structural(fields, body, boundary, pieces))
        self.parts += len(pieces)
        children = tuple(
            self.part(
                piece,
                find_block(piece),
                f"{number}.{index}" if number else str(index),
                depth + 1,
                digest=fields.get_content_type() == "multipart/digest",
            )
            for index, piece in enumerate(pieces, 1)
        )
        return Part(
            where=where,
            fields=fields,
            doubts=doubts,
            body=body,
            children=children,
            closed=closed,
            cut_off=more,
        )


UNCHANGED = frozenset({"", "7bit", "8bit", "binary"})
"""The encodings that a multipart may have (RFC 2045 section 6.4)."""


def _structural(fields: Message, body: bytes, boundary: str, pieces: list[bytes]) -> Iterator[str]:
    """Say why readers may differ in where the parts of a multipart lie."""
    encoding = str(fields.get("content-transfer-encoding", "")).split(";")[0].strip().lower()
    if not pieces and encoding not in UNCHANGED:
        yield f"a multipart is encoded as a whole ({encoding}), and some readers decode it"
    if not pieces:
        yield from _unseen(body)
    closing = re.search(_delimiter(boundary, rb"--"), body)
    if closing and re.search(_delimiter(boundary, b""), body[closing.end() - 1 :]):
        yield "parts follow behind the closing delimiter"


_PART = re.compile(rb"(?<![^\r\n])--[^\r\n]{1,200}(?:\r\n|\n|\r)[!-9;-~]{1,76}:")
"""What another reader may take for the beginning of a part: a delimiter line, and a field."""


def _unseen(body: bytes) -> Iterator[str]:
    """Say that a multipart in which no part was found may have some for others."""
    if _PART.search(body):
        yield "no part begins with the boundary that is named, and something else looks like one"


def _delimiter(boundary: str, end: bytes) -> bytes:
    escaped = re.escape(boundary.encode("utf-8", "replace"))
    return rb"(?<![^\r\n])--" + escaped + end + rb"[ \t]*(?:\r\n|\n|\r|\Z)"


def split(body: bytes, boundary: str, most: int) -> tuple[list[bytes], bool, bool]:
    """Split a multipart's body at its delimiter lines (RFC 2046 section 5.1.1).

    Returns the parts (the line ending before a delimiter belongs to the delimiter), whether the closing delimiter
    was found, and whether there were more parts than `most`.
    """
    escaped = re.escape(boundary.encode("utf-8", "replace"))
    delimiter = re.compile(rb"(?<![^\r\n])--" + escaped + rb"(--)?[ \t]*(?:\r\n|\n|\r|\Z)")
    pieces: list[bytes] = []
    start: int | None = None
    for found in delimiter.finditer(body):
        if start is not None:
            if len(pieces) >= most:
                return pieces, False, True
            pieces.append(_without_ending(body[start : found.start()]))
        start = found.end()
        if found.group(1):
            return pieces, True, False
    if start is not None:
        if len(pieces) >= most:
            return pieces, False, True
        pieces.append(body[start:])
    return pieces, False, False


def _without_ending(piece: bytes) -> bytes:
    ending = ONE_LINE_ENDING.search(piece[-2:])
    return piece[: len(piece) - len(ending.group())] if ending else piece


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A part's bytes after its transfer encoding was undone."""

    data: bytes
    excess: int = 0
    """Encoded bytes that stand behind the end of the encoded content, which readers treat differently."""
    known: bool = True
    """False: the encoding is none that is known, and `data` is as transferred."""


_BASE64_END = re.compile(rb"={1,2}")
_UU_BEGIN = re.compile(rb"(?<![^\r\n])begin [0-7]{3,4} ([^\r\n]{1,255})(?:\r\n|\n|\r)")


def content(part: Part) -> Content:
    """Undo the transfer encoding (RFC 2045 sections 6.7 and 6.8, and the uuencode of older mail)."""
    if part.encoding in ("", "7bit", "8bit", "binary"):
        return Content(data=part.body)
    if part.encoding == "base64":
        return _base64(part.body)
    if part.encoding == "quoted-printable":
        return Content(data=quopri.decodestring(part.body))
    if part.encoding in ("x-uuencode", "uuencode", "x-uue"):
        return Content(data=next((found.data for found in uuencoded(part.body)), b""))
    return Content(data=part.body, known=False)


def _base64(body: bytes) -> Content:
    """Decode up to the padding; what is not of the alphabet is ignored (RFC 2045 section 6.8)."""
    padding = _BASE64_END.search(body)
    encoded = body[: padding.start()] if padding else body
    rest = body[padding.end() :] if padding else b""
    letters = encoded.translate(None, _NOT_BASE64)
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    data = base64.b64decode(letters + b"=" * (-len(letters) % 4))
    return Content(data=data, excess=len(rest.translate(None, _NOT_BASE64)))


_BASE64_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(sorted(set(range(256)) - set(_BASE64_ALPHABET)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A uuencoded file in a text."""

    name: str
    data: bytes
    start: int
    stop: int
    """Where it stands in the text, from `begin` to behind `end`."""


def uuencoded(body: bytes) -> Iterator[Encoded]:
    """Yield each uuencoded file in a text: older readers show them as attachments."""
    at = 0
    while found := _UU_BEGIN.search(body, at):
        data, at = _uudecode(body, found.end())
        if data:
            ending = _UU_END.match(body, at)
            at = ending.end() if ending else at
            name = found.group(1).decode("utf-8", "replace").strip()
            yield Encoded(name=name, data=data, start=found.start(), stop=at)


_UU_END = re.compile(rb"[` ]?[ \t]*(?:\r\n|\n|\r)end(?:\r\n|\n|\r|\Z)")
_UU_LINE = re.compile(rb"([!-`])([ -`]{0,90})[ \t]*(?:\r\n|\n|\r|\Z)")


def _uudecode(body: bytes, at: int) -> tuple[bytes, int]:
    """Decode lines until one that is not uuencoded; tell where that is."""
    decoded = bytearray()
    while line := _UU_LINE.match(body, at):
        length = (line.group(1)[0] - 32) & 63
        if not length:
            break
        letters = line.group(2)[: (length + 2) // 3 * 4]
        try:
            decoded += binascii.a2b_uu(bytes([length + 32]) + letters)
        except binascii.Error:
            break
        at = line.end()
    return bytes(decoded), at
