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


class Rereadable(Protocol):
    """Bytes that can be read again from the start."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill the buffer as far as there are bytes; 0 at the end."""
        ...

    def seek(self, offset: int, /) -> int:
        """Go back to the start (offset 0)."""
        ...


@contextmanager
def opened(path: Path) -> Iterator[tuple[FileIO, int]]:
    """Open a regular file for one pass, with its size; raises ScannerUnavailable for anything else."""
    try:
        file = FileIO(path, "r", opener=lambda name, _: os.open(name, _OPEN_FLAGS))
    except OSError as error:
        raise ScannerUnavailable(f"the file to scan can't be opened: {error.strerror}") from error
    with file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise ScannerUnavailable("what was to be scanned is not a regular file")
        yield file, found.st_size


class HashedFile:
    """A file that is hashed while it is read: the digest is of the bytes handed out, whatever becomes of the file."""

    def __init__(self, file: Rereadable) -> None:
        """Hash what is read from this file."""
        self._file = file
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
