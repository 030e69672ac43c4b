"""One private directory per submission, always removed: where received bytes, parts and copies lie.

Bytes are counted and hashed while they are copied, and copying stops one byte past the limit: a declared size is
never believed and nothing larger than a limit is ever held.
"""

import dataclasses
import hashlib
import itertools
import secrets
import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Self

from attachguard.errors import StoreUnavailable, UploadUnreadable
from attachguard.kinds import copied
from attachguard.model import Attachment, Finding, Limits, Part, Upload, printable
from attachguard.names import clean, retitle

_CHUNK = 256 * 1024


class Workroom:
    """A private directory (mode 0700) and the count of the files found inside the one it was made for.

    It is made when the first file is laid out in it. As a context it is removed at the end, whatever happens.
    """

    def __init__(self, path: Path, around: "Workroom | None" = None) -> None:
        """`around`: the room that this one lies in, if any."""
        self._path = path
        self._around = around
        self.is_there = False
        self._making = threading.Lock()  # a re-scan fetches several objects at a time
        self._numbers = itertools.count(1)
        self._parts = 0
        self._parts_size = 0

    def fresh(self) -> "Workroom":
        """Open a room inside this one with a count of its own, for a copy that is examined from the start."""
        return Workroom(self._path / f"{next(self._numbers):06d}", self)

    def clear(self) -> None:
        """Remove the room with all its bytes; one in another room may be removed before that."""
        if self.is_there:
            shutil.rmtree(self._path, ignore_errors=True)
            self.is_there = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def receive(self, upload: Upload, limits: Limits, remaining: int) -> Attachment:
        """Copy one upload in, at most one byte more than the smaller of the file's limit and `remaining` bytes.

        Raises UploadUnreadable when the source can't be read, StoreUnavailable when the room has no space.
        """
        path = self._next()
        name = clean(upload.untrusted_name, limits.name_length)
        try:
            source = upload.open()
        except OSError as error:
            raise UploadUnreadable(_unreadable(upload, error)) from error
        with source, _created(path) as target:
            size, sha256 = _copy(source, target, min(limits.file_size, remaining) + 1, upload)
        return Attachment(
            path=path,
            size=size,
            sha256=sha256,
            untrusted_name=upload.untrusted_name,
            safe_name=name.name,
            name_findings=name.findings,
            declared_type=upload.declared_type,
            source=upload.source,
        )

    def opened(self, data: bytes, locked: Attachment) -> Attachment:
        """Lay out what a password opened: a stranger's file like the one it was."""
        return dataclasses.replace(
            locked,
            path=self._write(data),
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            kind=None,
        )

    def incoming(self, untrusted_name: str, declared_type: str | None, limits: Limits) -> "Incoming":
        """Open a file for bytes that are pushed in piece by piece. Raises StoreUnavailable."""
        return Incoming(self._next(), untrusted_name, declared_type, limits)

    def take_parts(
        self, parts: Sequence[Part], parent: Attachment, limits: Limits
    ) -> tuple[tuple[Attachment, ...], tuple[Finding, ...]]:
        """Lay out the files found inside a file, or say by findings that they are too deep, too many, too large."""
        self._parts += len(parts)
        self._parts_size += sum(len(part.data) for part in parts)
        findings = tuple(self._over(parent, limits)) if parts else ()
        if findings:
            return (), findings
        return tuple(self._take_part(part, parent, limits) for part in parts), ()

    def _over(self, parent: Attachment, limits: Limits) -> Iterator[Finding]:
        if parent.depth + 1 > limits.depth:
            yield Finding("limit.depth", detail=f"files in files, {limits.depth} deep are looked at")
        if self._parts > limits.parts:
            yield Finding("limit.parts", detail=f"{self._parts} files, limit {limits.parts}")
        if self._parts_size > limits.parts_size:
            yield Finding("limit.parts_size", detail=f"{self._parts_size} bytes, limit {limits.parts_size}")

    def _take_part(self, part: Part, parent: Attachment, limits: Limits) -> Attachment:
        name = clean(part.untrusted_name, limits.name_length)
        return Attachment(
            path=self._write(part.data),
            size=len(part.data),
            sha256=hashlib.sha256(part.data).hexdigest(),
            untrusted_name=part.untrusted_name,
            safe_name=name.name,
            name_findings=name.findings,
            declared_type=part.declared_type,
            depth=parent.depth + 1,
            where=part.where,
        )

    def copy(self, data: bytes, original: Attachment, method: str, limits: Limits) -> Attachment:
        """Lay out a safe copy: from here on a stranger's file, except that its name and kind are ours."""
        name = original.safe_name
        if original.kind is not None:
            name = retitle(name, copied(original.kind), limits.name_length)
        return Attachment(
            path=self._write(data),
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            untrusted_name=name,
            safe_name=name,
            depth=original.depth,
            where=original.where,
            origin=original,
            method=method,
        )

    def _write(self, data: bytes) -> Path:
        path = self._next()
        with _created(path) as target:
            target.write(data)
        return path

    def _next(self) -> Path:
        self._make()
        return self._path / f"{next(self._numbers):06d}.bin"

    def _make(self) -> None:
        """Make the directory. Most rooms inside of rooms stay empty, and removing one costs up to 3 ms (measured)."""
        with self._making:
            if self.is_there:
                return
            if self._around is not None:
                self._around._make()
            try:
                self._path.mkdir(mode=0o700)  # never one that was there before
            except OSError as error:
                message = f"no private directory can be made in {self._path.parent}: {error.strerror}"
                raise StoreUnavailable(message) from error
            self.is_there = True


class Incoming:
    """A file on its way in: counts and hashes what is written. Whoever writes watches `size`, and closes it."""

    def __init__(self, path: Path, untrusted_name: str, declared_type: str | None, limits: Limits) -> None:
        self._path = path
        self._name = untrusted_name
        self._declared_type = declared_type
        self._limits = limits
        self._digest = hashlib.sha256()
        self.size = 0
        try:
            self._target: IO[bytes] = path.open("xb", buffering=0)
        except OSError as error:
            raise _full(error) from error

    def write(self, chunk: bytes) -> None:
        """Take some bytes. Raises StoreUnavailable when the room has no space."""
        self.size += len(chunk)
        self._digest.update(chunk)
        view = memoryview(chunk)
        try:
            while view:
                view = view[self._target.write(view) :]
        except OSError as error:
            raise _full(error) from error

    def close(self) -> None:
        """Let go of the file."""
        self._target.close()

    def finish(self) -> Attachment:
        """Tell what came in."""
        self.close()
        name = clean(self._name, self._limits.name_length)
        return Attachment(
            path=self._path,
            size=self.size,
            sha256=self._digest.hexdigest(),
            untrusted_name=self._name,
            safe_name=name.name,
            name_findings=name.findings,
            declared_type=self._declared_type,
        )


def workroom() -> Workroom:
    """Give a workroom in the temporary folder, under a name that nobody can guess. Raises StoreUnavailable."""
    try:
        return Workroom(Path(tempfile.gettempdir()) / f"attachguard-work-{secrets.token_hex(16)}")
    except OSError as error:
        raise StoreUnavailable(f"there is no temporary folder: {error.strerror}") from error


@contextmanager
def _created(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("xb") as target:
            yield target
    except OSError as error:
        raise _full(error) from error


def _full(error: OSError) -> StoreUnavailable:
    return StoreUnavailable(f"the workroom took no more bytes: {error.strerror}")


def _copy(source: IO[bytes], target: IO[bytes], most: int, upload: Upload) -> tuple[int, str]:
    digest = hashlib.sha256()
    size = 0
    while size < most:
        try:
            chunk = source.read(min(_CHUNK, most - size))
        except OSError as error:
            raise UploadUnreadable(_unreadable(upload, error)) from error
        if not chunk:
            break
        digest.update(chunk)
        size += target.write(chunk)
    return size, digest.hexdigest()


def _unreadable(upload: Upload, error: OSError) -> str:
    name = printable(upload.source or upload.untrusted_name, 200)
    return f"{name} can't be read: {error.strerror or error}"
