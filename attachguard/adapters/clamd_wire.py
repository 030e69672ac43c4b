"""One question to one clamd: an address, a deadline, a stream of bytes, and an answer that is believed or not.

The rules, each for a way in which clients of clamd were measured to say "clean" about a file nobody looked at:

- one connection per question, so that no two answers can be mixed up;
- one monotonic deadline for the whole question, applied before every system call;
- bytes are streamed (`zINSTREAM`), never a path: no quoting, no permissions, no file that changes in between;
- an answer is one whole line that ends in NUL and reads exactly as clamd(8) says. The end of the connection, half
  a line, a notice such as `COMMAND READ TIMED OUT`, an `ERROR` and anything else raise ScannerUnavailable;
- `OK` and `FOUND` count only when every byte and the end mark had been sent before the answer came, and had
  been read before the connection was closed.
"""

import random
import re
import socket
import struct
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from attachguard.errors import ScannerUnavailable
from attachguard.model import printable

TOO_LARGE = "Heuristics.Limits.Exceeded.StreamMaxLength"
"""Our own name, in clamd's way of naming, for a file that is larger than clamd takes: final, and never clean."""

CHUNK = 512 * 1024
"""Bytes per chunk. clamd reads about 4 KiB at a time, whatever is sent; but we are woken a tenth as often as with
64 KiB (measured: 10 MiB with 16 changes of task and not 163)."""

_QUEUED = 1024 * 1024
"""Bytes that may wait in a Unix socket, as far as the kernel allows (unix(7), SO_SNDBUF; usually 208 KiB, twice)."""

REPLY_LENGTH = 1024
"""An answer that has not ended after this many bytes is not one of clamd's."""

_COMMAND = b"zINSTREAM\0"
_FIRST = len(_COMMAND) + 4
"""Where the bytes of the first chunk begin: behind the command and their count."""

_OK = b"stream: OK\0"
_SIZE_ERROR = b"INSTREAM size limit exceeded. ERROR\0"
_FOUND = re.compile(rb"stream: ([!-~](?:[ -~]{0,254}[!-~])?) FOUND\0")
_CONNECT_PAUSE = 0.005
"""Seconds to wait, at most doubled up to 0.1, when the queue of connections is full."""


class NoAnswerInTime(ScannerUnavailable):
    """clamd may be busy: only its owner, who knows how busy it can be, may take it for dead."""


class NobodyThere(ScannerUnavailable):
    """No connection came about, so nothing was asked: only this may be tried again with another clamd."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the monotonic clock by which an answer must be there."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """Count from now: the moment that many seconds from now."""
        return cls(time.monotonic() + seconds)

    def left(self) -> float:
        """Seconds that remain; raises NoAnswerInTime when there are none."""
        seconds = self.at - time.monotonic()
        if seconds <= 0:
            raise NoAnswerInTime("clamd did not answer in time")
        return seconds

    def sooner(self, seconds: float) -> "Deadline":
        """Choose the earlier one of this deadline and that many seconds from now."""
        return Deadline(min(self.at, time.monotonic() + seconds))


@dataclass(frozen=True, slots=True)
class UnixAddress:
    """A clamd on a socket of this machine."""

    path: Path

    def __str__(self) -> str:
        return f"unix://{self.path}"

    def dial(self, timeout: float) -> socket.socket:
        """Connect; raises OSError, BlockingIOError when too many others wait."""
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _QUEUED)
            link.settimeout(timeout)
            link.connect(str(self.path))
        except OSError:
            link.close()
            raise
        return link


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A clamd on a TCP port. Nothing on the way is encrypted or signed: loopback, or a network you own."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"tcp://[{self.host}]:{self.port}" if ":" in self.host else f"tcp://{self.host}:{self.port}"

    def dial(self, timeout: float) -> socket.socket:
        """Connect; raises OSError."""
        return socket.create_connection((self.host, self.port), timeout=timeout)


Address = UnixAddress | TcpAddress


class Source(Protocol):
    """Bytes to be scanned, read once from the start: an unbuffered file, or io.BytesIO."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill the buffer as far as there are bytes; 0 at the end."""
        ...


def connect(address: Address, deadline: Deadline) -> socket.socket:
    """Connect before the deadline.

    Only a full queue (EAGAIN: more than some 200 clients wait at a Unix socket) is tried again, with jitter;
    whoever is not there, is not there. Raises NobodyThere, or NoAnswerInTime.
    """
    pause = _CONNECT_PAUSE
    while True:
        try:
            return address.dial(deadline.left())
        except BlockingIOError:
            time.sleep(min(deadline.left(), pause * random.uniform(0.5, 1.5)))  # noqa: S311 - jitter, no secret
            pause = min(pause * 2, 0.1)
        except TimeoutError as error:
            raise NoAnswerInTime("clamd did not answer in time") from error
        except OSError as error:
            raise NobodyThere(f"clamd can't be reached at {address}: {error}") from error


def ask(address: Address, source: Source, size: int, deadline: Deadline) -> str | None:
    """Let clamd scan `size` bytes of `source`; returns the name of what it found, None for nothing.

    TOO_LARGE is returned where clamd's StreamMaxLength is smaller than the file. Raises ScannerUnavailable for
    everything that is not a believable answer about exactly these bytes.
    """
    with connect(address, deadline) as link:
        try:
            sent = _send(link, source, size, deadline)
            reply, orderly = _receive(link, deadline)
        except TimeoutError as error:
            raise NoAnswerInTime("clamd did not answer in time") from error
        except OSError as error:
            raise ScannerUnavailable(f"the connection to clamd broke: {error}") from error
    return _believe(reply, whole=sent and orderly)


def _send(link: socket.socket, source: Source, size: int, deadline: Deadline) -> bool:
    """Send the stream; False when clamd stopped listening or spoke before the end, so it can't have seen all."""
    buffer = bytearray(len(_COMMAND) + 4 + max(1, min(CHUNK, size)))
    buffer[: len(_COMMAND)] = _COMMAND
    view = memoryview(buffer)
    begin, left = 0, size  # the command goes out with the first chunk: clamd is woken once
    try:
        while left:
            count = source.readinto(view[_FIRST : _FIRST + min(left, CHUNK)]) or 0
            if not count:
                raise ScannerUnavailable("the file became shorter while it was being scanned")
            struct.pack_into("!I", buffer, len(_COMMAND), count)
            _send_all(link, view[begin : _FIRST + count], deadline)
            begin = len(_COMMAND)
            left -= count
        if not size:
            _send_all(link, _COMMAND, deadline)
        if source.readinto(view[:1]):
            raise ScannerUnavailable("the file became longer while it was being scanned")
        if _has_spoken(link):
            return False
        _send_all(link, bytes(4), deadline)
    except (BrokenPipeError, ConnectionResetError):
        return False  # clamd hung up, most often over a size limit: it may have said so before
    return True


def _send_all(link: socket.socket, data: bytes | memoryview, deadline: Deadline) -> None:
    link.settimeout(deadline.left())
    link.sendall(data)


def _has_spoken(link: socket.socket) -> bool:
    """Whether something was said, or the line was closed, before the stream came to its end."""
    link.settimeout(0)
    try:
        link.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    return True


def _receive(link: socket.socket, deadline: Deadline) -> tuple[bytes, bool]:
    """Read to the end of the connection, or one byte too many.

    The second value tells whether the end was an orderly one. Whoever hangs up on bytes it has not read resets
    the connection (tcp(7), unix(7)): then its answer is not about all of them.
    """
    reply = b""
    while len(reply) <= REPLY_LENGTH:
        link.settimeout(deadline.left())
        try:
            part = link.recv(REPLY_LENGTH)
        except ConnectionResetError:
            return reply, False
        if not part:
            return reply, True
        reply += part
    return reply, False


def _believe(reply: bytes, *, whole: bool) -> str | None:
    if reply == _SIZE_ERROR:
        return TOO_LARGE
    if whole and reply == _OK:
        return None
    if whole and (found := _FOUND.fullmatch(reply)):
        return found[1].decode("ascii")
    if not reply:
        raise ScannerUnavailable("clamd closed the connection without an answer")
    shown = printable(reply.decode("latin-1"), 120)
    raise ScannerUnavailable(f"clamd gave an answer that can't be believed: {shown}")
