"""The file that is scanned: opened once, never through a link, and hashed as it is sent where that is wanted."""

import hashlib
import os
import stat
from io import FileIO
from pathlib import Path
from typing import Protocol, Self

from attachguard.adapters.clamd_wire import InMemory, Line, Source
from attachguard.errors import ScannerUnavailable

_OPEN_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""No link is followed, and a pipe does not block."""


TOGETHER = 64 * 1024
"""A file of at most this many bytes is sent in one call with what goes before it; larger ones by sendfile(2)."""

_PIECE = 1024 * 1024
"""Bytes of a large file that are in memory at a time."""

HELD = 16 * 1024 * 1024
"""A file of at most this many bytes is held in memory while it is looked up and scanned: read once, hashed once. So
much memory each thread that scans may need; larger files are read twice."""


class Resendable(Source, Protocol):
    """Bytes that can be handed over again from the start."""

    def rewind(self) -> None:
        """Go back to the start."""
        ...


class Digested(Resendable, Protocol):
    """Bytes that can be handed over again, and whose digest is known."""

    @property
    def size(self) -> int:
        """How many there are."""
        ...

    @property
    def count(self) -> int:
        """Bytes handed out since the start."""
        ...

    def sha256(self) -> str:
        """Tell the digest of what was handed out, when it was all."""
        ...


def opened(path: Path) -> "OpenedFile":
    """Open a regular file, to be closed (`with`); raises ScannerUnavailable for anything else."""
    try:
        file = FileIO(os.open(path, _OPEN_FLAGS), "r")
    except OSError as error:
        raise ScannerUnavailable(f"the file to scan can't be opened: {error.strerror}") from error
    found = os.fstat(file.fileno())
    if not stat.S_ISREG(found.st_mode):
        file.close()
        raise ScannerUnavailable("what was to be scanned is not a regular file")
    return OpenedFile(file, found.st_size)


def digested(opened_file: "OpenedFile") -> Digested:
    """Read a file to its end, and keep it in memory where it is small enough; raises ScannerUnavailable.

    Either way what is handed over afterwards is digested itself: a file that changes in between has another digest.
    """
    file, size = opened_file.file, opened_file.size
    try:
        if size <= HELD:
            return HeldFile(file.read(size + 1))
        hashed = HashedFile(file, size)
        hashed.read_all()
    except OSError as error:
        raise ScannerUnavailable(f"the file to scan can't be read: {error.strerror}") from error
    return hashed


class OpenedFile:
    """A file whose bytes go from the kernel to the scanner, never through this process."""

    def __init__(self, file: FileIO, size: int) -> None:
        self.file = file
        self.size = size
        self._sent = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def rewind(self) -> None:
        """Start again."""
        self._sent = 0

    def send(self, line: Line, head: bytes, count: int) -> int:
        """Send the next bytes of the file: small ones with their head, so that clamd is woken once."""
        if count <= TOGETHER:
            part = os.pread(self.file.fileno(), count, self._sent)
            line.send(head, part)
            sent = len(part)
        else:
            line.send(head)
            sent = line.send_file(self.file.fileno(), self._sent, count)
        self._sent += sent
        return sent

    def at_end(self) -> bool:
        """Tell whether the file ends here."""
        return not os.pread(self.file.fileno(), 1, self._sent)


class HeldFile(InMemory):
    """A file that was read and hashed once: the bytes that are handed over are the bytes that were hashed."""

    def __init__(self, data: bytes) -> None:
        """Hash the bytes."""
        super().__init__(data)
        self.size = len(data)
        self._digest = hashlib.sha256(data).hexdigest()

    def rewind(self) -> None:
        """Start again."""
        self.count = 0

    def sha256(self) -> str:
        """Tell the digest."""
        return self._digest


class HashedFile:
    """A file that is hashed while it is read: the digest is of the bytes handed over, whatever becomes of the file."""

    def __init__(self, file: FileIO, size: int) -> None:
        """Hash what is read from this file, which should have so many bytes."""
        self._file = file
        self.size = size
        self._hash = hashlib.sha256()
        self._buffer = memoryview(bytearray(_PIECE))
        self.count = 0
        """Bytes handed over since the start."""

    def read_all(self) -> None:
        """Read and hash to the end."""
        while self._next(_PIECE):
            pass

    def send(self, line: Line, head: bytes, count: int) -> int:
        """Read, hash and send the next bytes, a piece at a time."""
        line.send(head)
        left = count
        while left and (part := self._next(left)):
            line.send(part)
            left -= len(part)
        return count - left

    def at_end(self) -> bool:
        """Tell whether the file ends here."""
        return not os.pread(self._file.fileno(), 1, self.count)

    def rewind(self) -> None:
        """Start again, with a fresh hash."""
        self._hash = hashlib.sha256()
        self.count = 0
        self._file.seek(0)

    def sha256(self) -> str:
        """Tell the digest of what was handed over."""
        return self._hash.hexdigest()

    def _next(self, most: int) -> memoryview:
        part = self._buffer[: self._file.readinto(self._buffer[:most]) or 0]
        self._hash.update(part)
        self.count += len(part)
        return part
