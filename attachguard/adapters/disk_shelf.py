"""Objects in a folder of this machine, a file each: quarantine and clean store without any server.

A file appears whole or not at all: temporary name in the same folder, fsync, rename, fsync of every folder whose
entries changed (POSIX rename(2), fsync(2)).
"""

import hashlib
import heapq
import itertools
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from attachguard.adapters.disk_store import probe_folder
from attachguard.errors import ObjectMissing, StoreUnavailable
from attachguard.jobs import Kept, Label
from attachguard.model import Check

_CHUNK = 256 * 1024

_TRIES = 5
"""A folder may be swept away, being empty, between its making and the first file in it."""


class DiskShelf:
    """The port `Shelf` over a folder, which is made (mode 0700) when it is first needed."""

    requests = 0
    """There is no server."""
    readers = 1

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    def put(self, key: str, path: Path, label: Label) -> str:
        """See ports.Shelf."""
        target = self._path(key)
        try:
            self._put(path, target, label)
        except OSError as error:
            raise StoreUnavailable(f"{self._root} did not take a file: {error.strerror}") from error
        return str(target)

    def open(self, key: str) -> IO[bytes]:
        """See ports.Shelf."""
        try:
            return self._path(key).open("rb")
        except FileNotFoundError as error:
            raise ObjectMissing(f"{self._root} has no {key}") from error
        except OSError as error:
            raise StoreUnavailable(f"{self._root} does not give {key} back: {error.strerror}") from error

    def file(self, key: str) -> Path:
        """See ports.Shelf."""
        return self._path(key)

    def delete(self, key: str) -> None:
        """See ports.Shelf. Folders that are empty then go too."""
        path = self._path(key)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreUnavailable(f"{self._root} did not delete {key}: {error.strerror}") from error
        for folder in path.parents:
            if folder == self._root:
                return
            try:
                folder.rmdir()
            except OSError:
                return  # not empty, or gone already

    def listing(self) -> Iterator[Kept]:
        """See ports.Shelf. What a killed process left half written is listed too."""
        for folder, _, names in os.walk(self._root, onerror=_unlisted):
            for name in names:
                path = Path(folder, name)
                try:
                    found = path.stat()
                except FileNotFoundError:
                    continue
                yield Kept(
                    key=str(path.relative_to(self._root)),
                    location=str(path),
                    size=found.st_size,
                    at=datetime.fromtimestamp(found.st_mtime, UTC),
                )

    def page(self, after: str, limit: int) -> Sequence[Kept]:
        """See ports.Shelf. Links and what is no plain file are left out: they may lead anywhere."""
        if not self._root.exists():
            return []  # nothing was put yet
        return list(itertools.islice(self._behind("", after, limit), limit))

    def _behind(self, folder: str, after: str, limit: int) -> Iterator[Kept]:
        """Walk a folder in the order of whole keys (a folder's name counts with its slash), a few names at a time."""
        since = b""
        while True:
            names = self._names(folder, os.fsencode(after), since, limit)
            for name in names:
                key = folder + os.fsdecode(name)
                if name.endswith(b"/"):
                    yield from self._behind(key, after, limit)
                elif (kept := self._kept(key)) is not None:
                    yield kept
            if len(names) < limit:
                return
            since = names[-1]

    def _names(self, folder: str, after: bytes, since: bytes, limit: int) -> Sequence[bytes]:
        """Give the next names of one folder in order; memory is bounded by `limit`, whatever lies in the folder."""
        start = os.fsencode(folder)
        try:
            with os.scandir(os.fsencode(self._root / folder)) as entries:
                named = (
                    one.name + b"/" if one.is_dir(follow_symlinks=False) else one.name
                    for one in entries
                    if not one.is_symlink()
                )
                wanted = (one for one in named if one > since and _may_lie_behind(start + one, after))
                return heapq.nsmallest(limit, wanted)
        except FileNotFoundError:
            return []  # swept away meanwhile
        except OSError as error:
            raise StoreUnavailable(f"{self._root / folder} can't be listed: {error.strerror}") from error

    def _kept(self, key: str) -> Kept | None:
        path = self._root / key
        try:
            found = path.stat(follow_symlinks=False)
        except OSError:
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        return Kept(key=key, location=str(path), size=found.st_size, at=datetime.fromtimestamp(found.st_mtime, UTC))

    def location(self, key: str) -> str:
        """See ports.Shelf."""
        return f"{self._root}/{key}"

    def tag(self, key: str, tags: Mapping[str, str]) -> bool:  # noqa: ARG002 - a file has none
        """See ports.Shelf. A folder has no tags."""
        return False

    def key(self, location: str) -> str:
        """See ports.Shelf."""
        try:
            return str(Path(location).relative_to(self._root))
        except ValueError as error:
            raise StoreUnavailable(f"{location} does not lie in {self._root}") from error

    def put_link(self, key: str, size: int, seconds: int) -> str | None:  # noqa: ARG002 - see below
        """See ports.Shelf. A folder has no address: what comes to it comes through us."""
        return None

    def link(self, location: str, label: Label, seconds: int) -> str:  # noqa: ARG002 - see below
        """See ports.Shelf. A file has no URL that ends: whoever may read the folder may read it."""
        return Path(location).as_uri()

    def probe(self) -> Sequence[Check]:
        """Write and remove a file, and look at the free space."""
        return (probe_folder("write", self._root),)

    def _path(self, key: str) -> Path:
        path = self._root / key
        if ".." in path.parts or not path.is_relative_to(self._root) or path == self._root:
            raise StoreUnavailable(f"{key!r} is no key")
        return path

    def _put(self, path: Path, target: Path, label: Label) -> None:
        for last in range(_TRIES):
            made = _make_folders(target.parent, self._root)
            try:
                _write_whole(path, target, label)
            except FileNotFoundError:
                if last == _TRIES - 1:
                    raise
                continue
            for folder in made:
                _sync_folder(folder)
            return


def _may_lie_behind(key: bytes, after: bytes) -> bool:
    """Tell whether a key, or something in a folder, comes after another key."""
    return key > after or (key.endswith(b"/") and after.startswith(key))


def _unlisted(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise StoreUnavailable(f"{error.filename} can't be listed: {error.strerror}")


def _make_folders(folder: Path, root: Path) -> tuple[Path, ...]:
    """Make a folder with its parents; gives those that got a new entry, the outermost first."""
    missing = []
    outer = folder
    while not outer.is_dir():
        missing.append(outer)
        outer = outer.parent
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)
    return tuple(one.parent for one in reversed(missing) if one.parent.is_relative_to(root) or one == root)


def _write_whole(path: Path, target: Path, label: Label) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    part = Path(name)
    try:
        with open(descriptor, "wb", buffering=0) as out:
            _copy(path, out, label)
            os.fsync(out.fileno())
        part.replace(target)
        _sync_folder(target.parent)
    finally:
        part.unlink(missing_ok=True)


def _copy(path: Path, out: IO[bytes], label: Label) -> None:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            view = memoryview(chunk)
            while view:
                view = view[out.write(view) :]
    if (size, digest.hexdigest()) != (label.size, label.sha256):
        raise StoreUnavailable("the bytes changed on their way to the store")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
