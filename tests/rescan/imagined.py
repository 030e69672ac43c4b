"""A store in memory, in which any number of objects can be imagined beside those that were really put."""

import bisect
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from attachguard.errors import ObjectMissing, StoreUnavailable
from attachguard.jobs import Kept, Label
from attachguard.model import Check

_SINCE = datetime(2026, 3, 4, tzinfo=UTC)
_HERE = "memory://"


class ImaginedShelf:
    """The port `Shelf`: keeps what is put, and lists `count` small text files that take no memory."""

    requests = 0
    readers = 1

    def __init__(self, count: int = 0, *, broken: bool = False) -> None:
        self._count = count
        self._objects: dict[str, bytes] = {}
        self._tags: dict[str, Mapping[str, str]] = {}
        self._broken = broken

    def put(self, key: str, path: Path, label: Label) -> str:
        self._refuse_broken()
        data = path.read_bytes()
        if (len(data), hashlib.sha256(data).hexdigest()) != (label.size, label.sha256):
            raise StoreUnavailable("the bytes changed on their way to the store")
        self._objects[key] = data
        return self.location(key)

    def open(self, key: str) -> IO[bytes]:
        self._refuse_broken()
        if key in self._objects:
            return io.BytesIO(self._objects[key])
        if self._imagined(key):
            return io.BytesIO(key.encode())
        raise ObjectMissing(f"there is no {key}")

    def file(self, key: str) -> None:
        return None

    def delete(self, key: str) -> None:
        self._objects.pop(key, None)

    def listing(self) -> Iterator[Kept]:
        after = ""
        while page := self.page(after, 1000):
            yield from page
            after = page[-1].key

    def page(self, after: str, limit: int) -> Sequence[Kept]:
        self._refuse_broken()
        put = sorted(self._objects, key=str.encode)
        put = put[bisect.bisect_right(put, after.encode(), key=str.encode) :][:limit]
        first = self._first_after(after)
        imagined = [name(number) for number in range(first, min(first + limit, self._count))]
        return [self._kept(key) for key in sorted((*put, *imagined), key=str.encode)[:limit]]

    def location(self, key: str) -> str:
        return _HERE + key

    def key(self, location: str) -> str:
        if not location.startswith(_HERE):
            raise StoreUnavailable(f"{location} lies elsewhere")
        return location.removeprefix(_HERE)

    def put_link(self, key: str, size: int, seconds: int) -> str | None:
        return None

    def tag(self, key: str, tags: Mapping[str, str]) -> bool:
        if key not in self._objects and not self._imagined(key):
            raise ObjectMissing(f"there is no {key}")
        return True

    def link(self, location: str, label: Label, seconds: int) -> str:
        return location

    def probe(self) -> Sequence[Check]:
        return (Check(name="memory", ok=not self._broken, detail="lost with the process"),)

    def _first_after(self, after: str) -> int:
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if name(middle) <= after else (low, middle)
        return low

    def _imagined(self, key: str) -> bool:
        number = key.partition("/")[2].partition(".")[0]
        return number.isdecimal() and int(number) < self._count and name(int(number)) == key

    def _kept(self, key: str) -> Kept:
        size = len(self._objects[key]) if key in self._objects else len(key)
        return Kept(key=key, location=self.location(key), size=size, at=_SINCE)

    def _refuse_broken(self) -> None:
        if self._broken:
            raise StoreUnavailable("it was made broken")


def name(number: int) -> str:
    """Name an imagined object; the names have the order of their numbers."""
    return f"{number // 1000:04d}/{number:07d}.txt"
