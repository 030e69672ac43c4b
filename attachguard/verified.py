"""Bytes that come back from a store are checked again: what is judged is what was received."""

import hashlib
import io
from typing import IO

from attachguard.errors import ObjectChanged, StoreUnavailable


class Verified(io.RawIOBase):
    """Reads a stream once; the end is only reached when size and SHA-256 are those that were written down.

    `read` raises StoreUnavailable, and ObjectChanged at the end of other bytes. Neither is an OSError: it is our store
    that lied, not the sender's file.
    """

    def __init__(self, stream: IO[bytes], sha256: str, size: int) -> None:
        super().__init__()
        self._stream = stream
        self._expected = (size, sha256)
        self._digest = hashlib.sha256()
        self._size = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Read like any stream."""
        try:
            chunk = self._stream.read(size)
        except OSError as error:
            raise StoreUnavailable(f"the store broke off while it was read: {error}") from error
        self._digest.update(chunk)
        self._size += len(chunk)
        ended = size != 0 and not chunk
        if self._size > self._expected[0] or (ended and (self._size, self._digest.hexdigest()) != self._expected):
            raise ObjectChanged("the bytes in the store are not those that were put there")
        return chunk

    def close(self) -> None:
        """Close the stream beneath."""
        if not self.closed:
            self._stream.close()
        super().close()
