"""Fetching objects for a bundle: streamed into a workroom each, a few ahead of the one that is being judged.

What is only scanned, and is a file of this machine, is scanned where it lies: making and removing a copy took an eighth
of a worker's own time (measured, benchmarks/rescan.py).
"""

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

_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An object's bytes, where they can be judged."""

    item: Item
    attachment: Attachment
    room: Workroom
    """That of its bundle."""
    copy: Path | None = None
    """Its bytes in the workroom, where they had to be copied."""

    def clear(self) -> None:
        """Remove the copy."""
        if self.copy is not None:
            self.copy.unlink(missing_ok=True)


def fetch(item: Item, shelf: Shelf, limits: Limits, room: Workroom) -> Fetched:
    """Copy an object into a workroom, at most one byte more than a file may have.

    One that is known to be larger is not read at all. Raises StoreUnavailable, also when the bytes are not those that
    were delivered; ObjectMissing.
    """
    if item.sha256 is None and item.size > limits.file_size:  # its size is a finding, and the first one
        return Fetched(item=item, attachment=_described(item, NO_BYTES, "", limits), room=room)
    attachment = room.receive(_upload(item, shelf), limits, limits.file_size + 1)
    return Fetched(item=item, attachment=attachment, room=room, copy=attachment.path)


def look_at(item: Item, shelf: Shelf, limits: Limits, room: Workroom) -> Fetched:
    """Check an object of ours where it lies, else fetch it. Raises what `fetch` raises.

    Not one of a foreign folder: whose bytes nobody wrote down may change before they are scanned.
    """
    path = shelf.file(key_of(item, shelf))
    if path is None or item.sha256 is None:
        return fetch(item, shelf, limits, room)
    with _opened(item, shelf) as stream:
        while stream.read(_CHUNK):
            pass  # the end is reached only if these are the bytes that were delivered
    return Fetched(item=item, attachment=_described(item, path, item.sha256, limits), room=room)


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
    return Upload(untrusted_name=item.name, open=functools.partial(_opened, item, shelf), source=item.location)


def _opened(item: Item, shelf: Shelf) -> IO[bytes]:
    stream = shelf.open(key_of(item, shelf))
    if item.sha256 is None:
        return cast("IO[bytes]", Streamed(stream))
    return cast("IO[bytes]", Verified(stream, item.sha256, item.size))


def _described(item: Item, path: Path, sha256: str, limits: Limits) -> Attachment:
    name = clean(item.name, limits.name_length)
    return Attachment(
        path=path,
        size=item.size,
        sha256=sha256,
        untrusted_name=item.name,
        safe_name=name.name,
        name_findings=name.findings,
        source=item.location,
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
