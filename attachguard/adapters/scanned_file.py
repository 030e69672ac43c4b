"""The file that is scanned: opened once, never through a link, and hashed as it is sent where that is wanted."""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Protocol

from attachguard.errors import ScannerUnavailable

_OPEN_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""No link is followed, and a pipe does not block."""


HELD = 16 * 1024 * 1024
"""A file of at most this many bytes is held in memory while it is looked up and scanned: read once, hashed once. So
much memory each thread that scans may need; larger files are read twice."""


class Rereadable(Protocol):
    """Bytes that can be read again from the start."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill the buffer as far as there are bytes; 0 at the end."""
        ...

    def seek(self, offset: int, /) -> int:
        """Go back to the start (offset 0)."""
        ...


class Digested(Rereadable, Protocol):
    """Bytes that can be read again, and whose digest is known."""

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


@contextmanager
def opened(path: Path) -> Iterator[tuple[FileIO, int]]:
    """Open a regular file for one pass, with its size; raises ScannerUnavailable for anything else."""
    try:
        file = FileIO(os.open(path, _OPEN_FLAGS), "r")
    except OSError as error:
        raise ScannerUnavailable(f"the file to scan can't be opened: {error.strerror}") from error
    with file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise ScannerUnavailable("what was to be scanned is not a regular file")
        yield file, found.st_size


def digested(file: FileIO, size: int) -> Digested:
    """Read a file to its end, and keep it in memory where it is small enough; raises ScannerUnavailable.

    Either way what is handed out afterwards is digested itself: a file that changes in between has another digest.
    """
    try:
        if size <= HELD:
            return HeldFile(file.read(size + 1))
        hashed = HashedFile(file, size)
        buffer = memoryview(bytearray(1024 * 1024))
        while hashed.readinto(buffer):
            pass
    except OSError as error:
        raise ScannerUnavailable(f"the file to scan can't be read: {error.strerror}") from error
    return hashed


class HeldFile:
    """A file that was read and hashed once: the bytes that are handed out are the bytes that were hashed."""

    def __init__(self, data: bytes) -> None:
        """Hash the bytes."""
        self._data = memoryview(data)
        self._digest = hashlib.sha256(data).hexdigest()
        self.count = 0

    @property
    def size(self) -> int:
        """All of them."""
        return len(self._data)

    def readinto(self, buffer: memoryview, /) -> int:
        """Hand out the next bytes."""
        part = self._data[self.count : self.count + len(buffer)]
        buffer[: len(part)] = part
        self.count += len(part)
        return len(part)

    def seek(self, offset: int, /) -> int:
        """Start again."""
        assert offset == 0
        self.count = 0
        return 0

    def sha256(self) -> str:
        """Tell the digest."""
        return self._digest


class HashedFile:
    """A file that is hashed while it is read: the digest is of the bytes handed out, whatever becomes of the file."""

    def __init__(self, file: Rereadable, size: int) -> None:
        """Hash what is read from this file, which should have so many bytes."""
        self._file = file
        self.size = size
        self._hash = hashlib.sha256()
        self.count = 0
        """Bytes handed out since the start."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Read and hash."""
        count = self._file.readinto(buffer) or 0
        self._hash.update(buffer[:count])
        self.count += count
        return count

    def seek(self, offset: int, /) -> int:
        """Start again, with a fresh hash."""
        assert offset == 0
        self._hash = hashlib.sha256()
        self.count = 0
        return self._file.seek(0)

    def sha256(self) -> str:
        """Tell the digest of what was handed out."""
        return self._hash.hexdigest()
