"""Where bytes are kept by key."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

from attachguard.jobs import Kept, Label
from attachguard.model import Check


class Shelf(Protocol):
    """A place that keeps objects by key: the quarantine is one, the clean store another, with other credentials."""

    def put(self, key: str, path: Path, label: Label) -> str:
        """Keep a file's bytes and give their location; they appear whole or not at all, and last.

        Raises StoreUnavailable, also when the bytes are not those that `label` names.
        """
        ...

    def open(self, key: str) -> IO[bytes]:
        """Open an object for one sequential read. Raises StoreUnavailable; ObjectMissing when it is not there."""
        ...

    def file(self, key: str) -> Path | None:
        """Name the file of this machine that an object is, there or not, to be read and no more; None: it is none."""
        ...

    def delete(self, key: str) -> None:
        """Take an object away; one that is not there is no error. Raises StoreUnavailable."""
        ...

    def listing(self) -> Iterator[Kept]:
        """List every object. Raises StoreUnavailable."""
        ...

    def page(self, after: str, limit: int) -> Sequence[Kept]:
        """List the next objects behind a key, in the order of their keys' bytes; fewer than `limit`: the last ones.

        Takes memory for one page, however many objects there are. Raises StoreUnavailable.
        """
        ...

    def location(self, key: str) -> str:
        """Say where an object is, as a verdict names it; of an empty key: how all locations here begin."""
        ...

    def tag(self, key: str, tags: Mapping[str, str]) -> bool:
        """Set tags, others that an object has stay; False: this store has none.

        Raises StoreUnavailable, ObjectMissing.
        """
        ...

    @property
    def requests(self) -> int:
        """Requests that this process has sent to the store's server so far, repeats included."""
        ...

    @property
    def readers(self) -> int:
        """How many reads side by side are worth it: one on a disk, several where each waits for an answer."""
        ...

    def key(self, location: str) -> str:
        """Give the key of an object by its location. Raises StoreUnavailable when it is another shelf's."""
        ...

    def put_link(self, key: str, size: int, seconds: int) -> str | None:
        """Give a URL to which an object of exactly this size can be put for so many seconds; None: there is none.

        Raises StoreUnavailable.
        """
        ...

    def link(self, location: str, label: Label, seconds: int) -> str:
        """Give a URL under which an object can be downloaded for so many seconds. Raises StoreUnavailable."""
        ...

    def probe(self) -> Sequence[Check]:
        """Do the real thing on harmless input and say how it went; never raises."""
        ...
