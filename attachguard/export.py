"""`--out`: delivered files in a folder of the caller's, under their delivered names, never over another file."""

import dataclasses
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from attachguard.errors import StoreUnavailable
from attachguard.model import Delivered, SubmissionVerdict


class OutFolder:
    """A folder that is made when the first file is delivered."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()

    def take(self, verdict: SubmissionVerdict) -> SubmissionVerdict:
        """Copy what a verdict delivers into the folder; the verdict then names the copies.

        Raises StoreUnavailable when the folder does not take a file.
        """
        verdicts = tuple(
            dataclasses.replace(one, delivered=self._take(one.delivered)) if one.delivered else one
            for one in verdict.verdicts
        )
        return dataclasses.replace(verdict, verdicts=verdicts)

    def _take(self, delivered: Delivered) -> Delivered:
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            target = self._copy(Path(delivered.location), delivered.name)
        except OSError as error:
            raise StoreUnavailable(f"{self._path} did not take {delivered.name}: {error.strerror}") from error
        return dataclasses.replace(delivered, location=str(target))

    def _copy(self, source: Path, name: str) -> Path:
        """Copy under a hidden name, then link under the first free one: link(2) never replaces a file."""
        descriptor, part = tempfile.mkstemp(prefix=".", suffix=".part", dir=self._path)
        try:
            with open(descriptor, "wb") as out, source.open("rb") as stored:
                shutil.copyfileobj(stored, out)
                out.flush()
                os.fsync(out.fileno())
            os.chmod(part, 0o666 & ~_umask())
            return self._link(part, name)
        finally:
            os.unlink(part)

    def _link(self, part: str, name: str) -> Path:
        for candidate in _numbered(name):
            target = self._path / candidate
            try:
                os.link(part, target, follow_symlinks=False)
            except FileExistsError:
                continue
            return target
        raise AssertionError("itertools.count ended")


def _numbered(name: str) -> Iterator[str]:
    yield name
    stem, extension = os.path.splitext(name)
    for number in itertools.count(2):
        yield f"{stem} ({number}){extension}"


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
