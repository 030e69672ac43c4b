"""Files out of a multipart body, pushed straight to disk while they arrive; limits hold for every byte on the way.

RFC 7578 with the caps below. Nothing is held in memory but the chunk in hand and the headers of one part.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TypeVar

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from attachguard.http.problems import Problem
from attachguard.model import Attachment, Limits
from attachguard.workroom import Incoming, Workroom

T = TypeVar("T")

BATCH = 128 * 1024
"""Bytes that are parsed and written at once, in a thread."""

PARTS = 50
"""Parts of one body, fields that are no files included: more than any form of ours has."""

FIELD_SIZE = 8 * 1024
"""Bytes of one field that is no file."""

HEADERS, HEADER_SIZE = 8, 4 * 1024
"""Header lines of one part, and bytes of one."""

PREAMBLE = 64 * 1024
"""Bytes beside the files: boundaries, headers, fields, what stands before the first boundary."""

IDLE_SECONDS = 20.0
"""The longest pause between two pieces of a body."""

SLOWEST = 4 * 1024
"""Bytes per second, on average after the first pause, below which a body is cut off: a tenth of a modem's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a multipart body held."""

    attachments: tuple[Attachment, ...]
    fields: dict[str, str]


async def read_form(request: Request, limits: Limits, room: Workroom, then: Callable[[Form], T]) -> T:
    """Take the files of a body in, and go on with them in the thread that wrote the last of them.

    Raises Problem 400, 408, 413, 415, StoreUnavailable, and what `then` raises. Raised while the client still sends:
    whoever answers lets it finish speaking for a moment (linger.py).
    """
    refuse_declared_size(request, limits)
    parser = _Parser(_boundary(request), limits, room)

    def finish(rest: bytes) -> T:
        parser.write(rest)
        return then(parser.finish())

    last = b""
    try:
        async for batch in pieces_of(request):
            if last:
                await run_in_threadpool(parser.write, last)
            last = batch
        return await run_in_threadpool(finish, last)
    except ClientDisconnect:
        raise Problem(400, "bad-request", "the body ended too soon") from None
    finally:
        parser.close()


def refuse_declared_size(request: Request, limits: Limits) -> None:
    """Refuse unread what says itself that it is too large. A smaller figure is not believed. Raises Problem 413."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limits.total_size + PREAMBLE:
        raise too_large("limit.total_size")


def too_large(code: str) -> Problem:
    """Make the answer to too much."""
    return Problem(413, "too-large", codes=(code,))


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data":
        raise Problem(415, "media-type", "the body must be multipart/form-data")
    boundary = options.get(b"boundary", b"")
    if not 1 <= len(boundary) <= 70:  # RFC 2046, section 5.1.1
        raise Problem(400, "bad-request", "multipart/form-data needs a boundary of 1 to 70 characters")
    return boundary


async def pieces_of(request: Request) -> AsyncIterator[bytes]:
    """Give a body in pieces; give up on a client that sends next to nothing. Raises Problem 408, ClientDisconnect."""
    clock = asyncio.get_running_loop().time
    began, taken, batch = clock(), 0, bytearray()
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                piece = await anext(stream, None)
        except TimeoutError:
            raise Problem(408, "too-slow") from None
        if piece is None:
            break
        taken += len(piece)
        spent = clock() - began
        if spent > IDLE_SECONDS and taken < spent * SLOWEST:
            raise Problem(408, "too-slow")
        batch += piece
        if len(batch) >= BATCH:
            yield bytes(batch)
            batch.clear()
    if batch:
        yield bytes(batch)


class _Parser:
    """Receives the events of a multipart parser and writes files; runs in one thread at a time."""

    def __init__(self, boundary: bytes, limits: Limits, room: Workroom) -> None:
        self._limits = limits
        self._room = room
        self._attachments: list[Attachment] = []
        self._fields: dict[str, str] = {}
        self._file: Incoming | None = None
        self._field: bytearray | None = None
        self._name = ""
        self._parts = self._size = self._beside = 0
        self._header = (bytearray(), bytearray())
        self._headers: dict[str, str] = {}
        self._ended = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_part_data": self._take,
                    "on_part_end": self._end_part,
                    "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._begin_content,
                    "on_end": self._end,
                },
                max_header_count=HEADERS,
                max_header_size=HEADER_SIZE,
            )
        except FormParserError as error:
            raise Problem(400, "bad-request", f"the boundary is not one: {error}") from error

    def write(self, data: bytes) -> None:
        """Take a piece of the body. Raises Problem, StoreUnavailable."""
        self._beside += len(data)
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise Problem(400, "bad-request", f"the multipart body is broken: {error}") from error
        if self._beside > PREAMBLE + FIELD_SIZE:
            raise too_large("limit.total_size")

    def finish(self) -> Form:
        """Tell what came in. Raises Problem when the body ended in the middle, or held no file."""
        if not self._ended:
            raise Problem(400, "bad-request", "the multipart body has no end")
        if not self._attachments:
            raise Problem(400, "bad-request", "there is no file in the body: a file's part has a filename")
        return Form(attachments=tuple(self._attachments), fields=self._fields)

    def close(self) -> None:
        """Let go of a file that is still open."""
        if self._file is not None:
            self._file.close()

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > PARTS:
            raise too_large("limit.file_count")
        self._headers = {}
        self._header[0].clear()
        self._header[1].clear()

    def _end_header(self) -> None:
        name, value = (bytes(one).decode("latin-1") for one in self._header)
        self._headers.setdefault(name.lower(), value)
        self._header[0].clear()
        self._header[1].clear()

    def _begin_content(self) -> None:
        kind, options = parse_options_header(self._headers.get("content-disposition"))
        if kind != b"form-data" or b"name" not in options:
            raise Problem(400, "bad-request", "a part has no Content-Disposition: form-data with a name")
        if self._headers.get("content-transfer-encoding", "binary").lower() not in {"binary", "8bit", "7bit"}:
            # RFC 7578, section 4.7: deprecated; base64 here would be judged as the text it is not
            raise Problem(400, "bad-request", "a part must not have a Content-Transfer-Encoding")
        self._name = _text(options[b"name"])
        if b"filename" not in options:
            self._field = bytearray()
            return
        if len(self._attachments) >= self._limits.file_count:
            raise too_large("limit.file_count")
        declared = self._headers.get("content-type", "")[:200] or None
        self._file = self._room.incoming(_text(options[b"filename"]), declared, self._limits)

    def _take(self, data: bytes, start: int, end: int) -> None:
        count = end - start
        if self._field is not None:
            if len(self._field) + count > FIELD_SIZE:
                raise too_large("limit.total_size")
            self._field += data[start:end]
        elif self._file is not None:
            self._beside -= count
            self._size += count
            if self._file.size + count > self._limits.file_size:
                raise too_large("limit.file_size")
            if self._size > self._limits.total_size:
                raise too_large("limit.total_size")
            self._file.write(data[start:end])

    def _end_part(self) -> None:
        if self._file is not None:
            self._attachments.append(self._file.finish())
            self._file = None
        elif self._field is not None:
            self._fields.setdefault(self._name, _text(bytes(self._field)))
            self._field = None

    def _end(self) -> None:
        self._ended = True


def _text(data: bytes) -> str:
    """Read a name: UTF-8 as browsers write it (RFC 7578, section 5.1), else byte for byte, so that nothing is lost."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
