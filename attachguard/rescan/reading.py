"""Fetching objects for a bundle: streamed into a workroom each, a few ahead of the one that is being judged."""

import functools
import io
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from attachguard.batches import Item
from attachguard.errors import StoreUnavailable
from attachguard.model import Attachment, Limits, Upload
from attachguard.names import clean
from attachguard.ports import Shelf
from attachguard.verified import Verified
from attachguard.workroom import Workroom

NO_BYTES = Path("/dev/null")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An object's bytes in the workroom of its bundle."""

    item: Item
    attachment: Attachment
    room: Workroom

    def clear(self) -> None:
        """Remove the bytes."""
        if self.attachment.path != NO_BYTES:
            self.attachment.path.unlink(missing_ok=True)


def fetch(item: Item, shelf: Shelf, limits: Limits, room: Workroom) -> Fetched:
    """Copy an object into a workroom, at most one byte more than a file may have.

    One that is known to be larger is not read at all. Raises StoreUnavailable, also when the bytes are not those that
    were delivered; ObjectMissing.
    """
    if item.sha256 is None and item.size > limits.file_size:
        return Fetched(item=item, attachment=_unread(item, limits), room=room)
    attachment = room.receive(_upload(item, shelf), limits, limits.file_size + 1)
    return Fetched(item=item, attachment=attachment, room=room)


Taken = tuple[Item, Callable[[], Fetched]]
"""An object, and how to get at its bytes: raises what `fetch` raises."""


def fetch_ahead(
    items: Sequence[Item], fetch_one: Callable[[Item], Fetched], readers: int
) -> Generator[Taken, None, None]:
    """Fetch objects in their order, so many side by side and no more than that ahead; one reader does it when asked."""
    if readers == 1:
        for item in items:
            yield item, functools.partial(fetch_one, item)
        return
    left = deque(items)
    ahead: deque[tuple[Item, Future[Fetched]]] = deque()
    with ThreadPoolExecutor(max_workers=readers, thread_name_prefix="rescan-read") as pool:
        try:
            while left or ahead:
                while left and len(ahead) < readers:
                    item = left.popleft()
                    ahead.append((item, pool.submit(fetch_one, item)))
                item, future = ahead.popleft()
                yield item, future.result
        finally:
            for _, future in ahead:
                future.cancel()


def _upload(item: Item, shelf: Shelf) -> Upload:
    key = key_of(item, shelf)

    def open_checked() -> IO[bytes]:
        stream = shelf.open(key)
        if item.sha256 is None:
            return cast("IO[bytes]", Streamed(stream))
        return cast("IO[bytes]", Verified(stream, item.sha256, item.size))

    return Upload(untrusted_name=item.name, open=open_checked, source=item.location)


def _unread(item: Item, limits: Limits) -> Attachment:
    """Describe an object that is too large to be read: its size is a finding, and the first one."""
    name = clean(item.name, limits.name_length)
    return Attachment(
        path=NO_BYTES, size=item.size, sha256="", untrusted_name=item.name, safe_name=name.name, source=item.location
    )


def key_of(item: Item, shelf: Shelf) -> str:
    """Find the key of an object from its location. Raises StoreUnavailable for one that lies elsewhere."""
    here = shelf.location("")
    if not item.location.startswith(here):
        raise StoreUnavailable(f"{item.location} does not lie in {here}")
    return item.location.removeprefix(here)


class Streamed(io.RawIOBase):
    """Reads a stream of which nothing is known; one that breaks off is the store's failing, not the file's."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__()
        self._stream = stream

    def readable(self) -> bool:
        """Yes."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Read like any stream. Raises StoreUnavailable."""
        try:
            return self._stream.read(size)
        except OSError as error:
            raise StoreUnavailable(f"an object broke off while it was read: {error}") from error

    def close(self) -> None:
        """Close the stream beneath."""
        if not self.closed:
            self._stream.close()
        super().close()
