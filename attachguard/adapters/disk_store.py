"""The store on a local disk, addressed by content: `<root>/<aa>/<sha256>.<extension>`.

A file appears whole or not at all: temporary name in the same folder, fsync, rename, fsync of the folder
(POSIX rename(2) is atomic within a file system).
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from attachguard.errors import StoreUnavailable
from attachguard.model import Check, Cleared, Delivered

_CHUNK = 256 * 1024
_LEAST_FREE = 64 * 1024 * 1024
"""Free bytes under which the probe fails: room for three full submissions."""


def probe_folder(name: str, root: Path) -> Check:
    """Say, under a name, whether a folder takes files: write and remove one, and look at the free space."""
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root) as trial:
            trial.write(b"attachguard")
        free = shutil.disk_usage(root).free
    except OSError as error:
        return Check(name=name, ok=False, detail=f"{root}: {error.strerror}")
    return Check(name=name, ok=free >= _LEAST_FREE, detail=f"{root}: writable, {free // 2**20} MiB free")


class DiskStore:
    """Keeps delivered files below one folder, which it makes (mode 0700) when it is first needed."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    def put(self, cleared: Cleared) -> Delivered:
        """Store the bytes under their digest; storing the same bytes again is harmless. Raises StoreUnavailable."""
        extension = Path(cleared.name).suffix.lower()
        target = self._root / cleared.sha256[:2] / f"{cleared.sha256}{extension}"
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(cleared, target)
        except OSError as error:
            raise StoreUnavailable(f"the store {self._root} did not take a file: {error.strerror}") from error
        return Delivered(
            name=cleared.name,
            media_type=cleared.media_type,
            size=cleared.size,
            sha256=cleared.sha256,
            location=str(target),
        )

    def probe(self) -> Sequence[Check]:
        """Write and remove a file, and look at the free space."""
        return (probe_folder("store", self._root),)


def write_whole(cleared: Cleared, target: Path) -> None:
    """Copy cleared bytes to `target` so that it appears whole or not at all.

    Raises OSError, and StoreUnavailable when the bytes are not those that were judged.
    """
    descriptor, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=target.parent)
    part = Path(name)
    try:
        with open(descriptor, "wb") as out:
            _copy_checked(cleared, out.fileno())
        part.replace(target)
        _sync_folder(target.parent)
    finally:
        part.unlink(missing_ok=True)


def _copy_checked(cleared: Cleared, descriptor: int) -> None:
    digest = hashlib.sha256()
    with cleared.path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            _write_all(descriptor, chunk)
    if digest.hexdigest() != cleared.sha256:
        raise StoreUnavailable("the bytes changed between the verdict and the store")
    os.fsync(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
