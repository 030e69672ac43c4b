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

import os
import random
import re
import select
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

CHUNK = 1024 * 1024 * 1024
"""Bytes per chunk: one for every file that clamd takes (the count has 32 bits, StreamMaxLength is at most 4 GiB)."""

_QUEUED = 1024 * 1024
"""Bytes that may wait in a Unix socket, as far as the kernel allows (unix(7), SO_SNDBUF; usually 208 KiB, twice)."""

REPLY_LENGTH = 1024
"""An answer that has not ended after this many bytes is not one of clamd's."""

_COMMAND = b"zINSTREAM\0"
_END = bytes(4)
"""A chunk of no bytes ends the stream."""

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


@dataclass(frozen=True, slots=True)
class Line:
    """A connection that is written to until the deadline, and not a moment longer."""

    link: socket.socket
    deadline: Deadline

    def send(self, *pieces: bytes | memoryview) -> None:
        """Send pieces one after the other, in one call where they fit: clamd is woken once. Raises OSError."""
        self.link.settimeout(self.deadline.left())
        sent = self.link.sendmsg(pieces)
        for piece in pieces:
            if sent < len(piece):
                self.link.settimeout(self.deadline.left())
                self.link.sendall(memoryview(piece)[sent:])
            sent = max(0, sent - len(piece))

    def send_file(self, file: int, offset: int, count: int) -> int:
        """Send `count` bytes of an open file without looking at them (sendfile(2)): no byte passes through here.

        Returns how many there were: fewer where the file ends before. Raises OSError.
        """
        left = count
        while left:
            self.link.settimeout(self.deadline.left())
            try:
                sent = os.sendfile(self.link.fileno(), file, offset, left)
            except BlockingIOError:
                _wait(self.link, select.POLLOUT, self.deadline)
                continue
            if not sent:
                break
            offset, left = offset + sent, left - sent
        return count - left


class Source(Protocol):
    """Bytes to be scanned, handed over once from the start."""

    def send(self, line: Line, head: bytes, count: int) -> int:
        """Send `head`, then the next `count` bytes; returns how many there were. Raises OSError."""
        ...

    def at_end(self) -> bool:
        """Tell whether there is nothing more to send."""
        ...


class InMemory:
    """Bytes that are held in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self.count = 0
        """Bytes handed out since the start."""

    def send(self, line: Line, head: bytes, count: int) -> int:
        """Send them from where they are."""
        part = self._data[self.count : self.count + count]
        line.send(head, part)
        self.count += len(part)
        return len(part)

    def at_end(self) -> bool:
        """Tell whether all were sent."""
        return self.count == len(self._data)


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
            sent = _send(Line(link, deadline), source, size)
            reply, orderly = _receive(link, deadline)
        except TimeoutError as error:
            raise NoAnswerInTime("clamd did not answer in time") from error
        except OSError as error:
            raise ScannerUnavailable(f"the connection to clamd broke: {error}") from error
    return _believe(reply, whole=sent and orderly)


def _send(line: Line, source: Source, size: int) -> bool:
    """Send the stream; False when clamd stopped listening or spoke before the end, so it can't have seen all."""
    head, left = _COMMAND, size  # the command goes out with the first chunk
    try:
        while left:
            count = min(left, CHUNK)
            if source.send(line, head + struct.pack("!I", count), count) != count:
                raise ScannerUnavailable("the file became shorter while it was being scanned")
            head = b""
            left -= count
        if not source.at_end():
            raise ScannerUnavailable("the file became longer while it was being scanned")
        if _has_spoken(line.link):
            return False
        line.send(head + _END)
    except (BrokenPipeError, ConnectionResetError):
        return False  # clamd hung up, most often over a size limit: it may have said so before
    return True


def _has_spoken(link: socket.socket) -> bool:
    """Whether something was said, or the line was closed, before the stream came to its end."""
    link.settimeout(0)
    try:
        link.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    return True


def _receive(link: socket.socket, deadline: Deadline) -> tuple[bytes, bool]:
    """Wait for the end of the connection, then read what was said, to one byte too many at most.

    The second value tells whether the end was an orderly one. Whoever hangs up on bytes it has not read resets
    the connection (tcp(7), unix(7)): then its answer is not about all of them.
    """
    _wait(link, select.POLLRDHUP, deadline)
    link.settimeout(0)
    reply = b""
    while len(reply) <= REPLY_LENGTH:
        try:
            part = link.recv(REPLY_LENGTH)
        except ConnectionResetError:
            return reply, False
        if not part:
            return reply, True
        reply += part
    return reply, False


def _wait(link: socket.socket, event: int, deadline: Deadline) -> None:
    """Sleep until this happens, or the connection breaks; raises NoAnswerInTime."""
    events = select.poll()
    events.register(link, event)
    while not events.poll(deadline.left() * 1000):
        pass


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
