"""A scanner that lives in memory: the behaving twin of clamd for tests, which knows EICAR and what it is told.

It passes the same contract tests as a real clamd. It finds no malware, so whoever makes one has to say that it
is a test double.
"""

import hashlib
import io
import os
import stat
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from attachguard.adapters.clamd_conf import ClamdSettings
from attachguard.adapters.clamd_probes import eicar
from attachguard.adapters.clamd_wire import TOO_LARGE
from attachguard.errors import ScannerUnavailable, UsageError
from attachguard.model import Check, ScanIdentity, ScanResult

EICAR_NAME = "AttachGuard.Memory.Eicar"
ENCRYPTED = "Heuristics.Encrypted.Zip"
TOO_DEEP = "Heuristics.Limits.Exceeded.MaxRecursion"
TOO_MUCH = "Heuristics.Limits.Exceeded.MaxFileSize"


class MemoryScanner:
    """A Scanner for tests: EICAR, also in zips, and the digests it was given."""

    def __init__(self, *, test_double: bool, known: Mapping[str, str] | None = None) -> None:
        """Make one; `known` maps SHA-256 digests to the names of what they are reported as.

        Raises UsageError unless `test_double` is True: a service must not run on it.
        """
        if not test_double:
            raise UsageError("MemoryScanner finds no malware and is for tests only")
        self._known = dict(known or {})
        self._closed = False
        self.down = ""
        """Set to a reason to have every scan fail as with a clamd that is gone."""

    def scan(self, path: Path) -> ScanResult:
        """Scan one file, as clamd does. Raises ScannerUnavailable."""
        if self._closed or self.down:
            raise ScannerUnavailable(self.down or "the scanner was closed")
        data = _read(path)
        return ScanResult(hit=self._hit(data), identity=self._identity())

    def probe(self) -> Sequence[Check]:
        """Say that this is no virus scanner."""
        if self._closed or self.down:
            return (Check(name="clamd", ok=False, detail=self.down or "the scanner was closed"),)
        identity = self._identity()
        return (
            Check(name="clamd", ok=True, detail=f"{identity.engine}, in memory"),
            Check(name="eicar", ok=self._hit(eicar()) == EICAR_NAME, detail=EICAR_NAME),
            Check(
                name="signatures",
                ok=False,
                detail=f"{identity.signatures}: a test double, which finds EICAR and no malware",
                required=False,
            ),
        )

    def close(self) -> None:
        """Take no scan from now on."""
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _identity(self) -> ScanIdentity:
        known = "".join(f"{digest} {name}\n" for digest, name in sorted(self._known.items()))
        fingerprint = hashlib.sha256(known.encode()).hexdigest()
        return ScanIdentity(
            engine="MemoryScanner (test double)", signatures=f"custom {fingerprint[:12]}", at=datetime.now(UTC)
        )

    def _hit(self, data: bytes) -> str | None:
        settings = ClamdSettings()
        if len(data) > settings.stream_length:
            return TOO_LARGE
        hits = _hits(data, self._known, settings, depth=0)
        return next((hit for hit in hits if not hit.startswith("Heuristics.")), None) or next(iter(hits), None)


def _read(path: Path) -> bytes:
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        with open(path, "rb", opener=lambda name, _: os.open(name, flags)) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ScannerUnavailable("what was to be scanned is not a regular file")
            return file.read()
    except OSError as error:
        raise ScannerUnavailable(f"the file to scan can't be opened: {error.strerror}") from error


def _hits(data: bytes, known: Mapping[str, str], settings: ClamdSettings, depth: int) -> list[str]:
    """Collect what there is to report, outermost first; a zip that can't be read is a file like any other."""
    name = known.get(hashlib.sha256(data).hexdigest()) or (EICAR_NAME if eicar() in data else None)
    hits = [name] if name else []
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return hits
    if depth >= settings.recursion:
        return [*hits, TOO_DEEP]
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist()[: settings.files]:
                if member.flag_bits & 1:  # APPNOTE 4.4.4: encrypted
                    hits.append(ENCRYPTED)
                    continue
                with archive.open(member) as file:
                    inner = file.read(settings.file_size + 1)
                if len(inner) > settings.file_size:
                    hits.append(TOO_MUCH)
                hits += _hits(inner, known, settings, depth + 1)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error, OSError):
        return hits
    return hits
