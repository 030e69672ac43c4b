"""The two memfds of a job: what goes in can't be changed, what comes out can't grow."""

import fcntl
import os
from collections.abc import Iterable
from typing import IO, Self

from attachguard.sandbox.wire import Span

_SEAL_INPUT = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
"""The room can't change what a later job, or a retry, will read."""

_SEAL_OUTPUT = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
"""The size is the cap, and a reader can't have the bytes cut away under it."""

CHUNK = 1024 * 1024


class InputBuilder:
    """Collects the bytes of one job in a memfd, then seals it. Close it, or use it in a `with`."""

    def __init__(self) -> None:
        self._file: IO[bytes] = os.fdopen(_create("attachguard-in"), "r+b", buffering=0)
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, data: bytes) -> Span:
        """Append bytes; returns their place."""
        return self.copy((data,))

    def copy(self, chunks: Iterable[bytes]) -> Span:
        """Append bytes piece by piece; returns their place."""
        start = self.size
        for chunk in chunks:
            view = memoryview(chunk)
            while view:
                written = self._file.write(view) or 0
                view = view[written:]
            self.size += len(chunk)
        return Span(offset=start, length=self.size - start)

    def seal(self) -> int:
        """Forbid every further change; returns the descriptor, which stays this builder's to close."""
        fcntl.fcntl(self._file.fileno(), fcntl.F_ADD_SEALS, _SEAL_INPUT)
        os.lseek(self._file.fileno(), 0, os.SEEK_SET)
        return self._file.fileno()

    def close(self) -> None:
        """Give the memory back once nobody else holds it."""
        self._file.close()


def chunks(file: IO[bytes]) -> Iterable[bytes]:
    """Read a file to its end, a MiB at a time."""
    while chunk := file.read(CHUNK):
        yield chunk


class Output:
    """A memfd of exactly `size` bytes for what a job makes. Close it, or use it in a `with`."""

    def __init__(self, size: int) -> None:
        self.fd = _create("attachguard-out")
        self.size = size
        os.ftruncate(self.fd, size)
        fcntl.fcntl(self.fd, fcntl.F_ADD_SEALS, _SEAL_OUTPUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)

    def read(self, span: Span) -> bytes:
        """Read a place that was checked to lie inside; call it when the child has ended."""
        return read(self.fd, span)

    def rewind(self) -> None:
        """Make ready for a second try."""
        os.lseek(self.fd, 0, os.SEEK_SET)

    def written(self) -> int:
        """How far a program wrote its standard output, from the file position that it shares with us.

        A lie is harmless: it is cut to the size, and what is missing are zero bytes.
        """
        return min(max(os.lseek(self.fd, 0, os.SEEK_CUR), 0), self.size)


def read(fd: int, span: Span) -> bytes:
    """Read a place of a memfd, whoever holds it."""
    pieces = []
    offset, left = span.offset, span.length
    while left and (piece := os.pread(fd, left, offset)):
        pieces.append(piece)
        offset += len(piece)
        left -= len(piece)
    return b"".join(pieces)


def _create(name: str) -> int:
    return os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
