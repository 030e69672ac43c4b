"""What a signature folder holds, read from the files alone: no scanner is asked."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from attachguard.adapters.signatures import SignatureSet
from attachguard.errors import ScannerUnavailable

SIGNED = frozenset({".cvd", ".cld", ".cud"})
"""Containers whose first 512 bytes say what they are (ClamAV's documentation, "CVD format")."""

_HEADER_LENGTH = 512
_MAGIC = "ClamAV-VDB"
_LONGEST = 10
"""Digits of a version, a count or a time in the header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFile:
    """One file; the last three are told by signed containers only."""

    name: str
    size: int
    version: int | None = None
    count: int | None = None
    """Signatures in it."""
    built: datetime | None = None


def contents(signatures: SignatureSet) -> tuple[DatabaseFile, ...]:
    """List the database files, by name. Raises ScannerUnavailable when there are none or they can't be read."""
    try:
        return tuple(_described(path) for path in signatures.files())
    except OSError as error:
        raise ScannerUnavailable(f"a signature file can't be read: {error}") from error


def daily(files: tuple[DatabaseFile, ...]) -> DatabaseFile | None:
    """Choose the official daily database, whose age is that of the set; the newer one where there are two."""
    found = [file for file in files if file.name in {"daily.cvd", "daily.cld"}]
    return max(found, key=lambda file: file.version or 0, default=None)


def _described(path: Path) -> DatabaseFile:
    size = path.stat().st_size
    if path.suffix.lower() not in SIGNED:
        return DatabaseFile(name=path.name, size=size)
    with path.open("rb") as file:
        fields = file.read(_HEADER_LENGTH).decode("latin-1").split(":")
    if fields[0] != _MAGIC or len(fields) < 9:  # name, time, version, count, level, MD5, signature, builder, seconds
        return DatabaseFile(name=path.name, size=size)
    version, count, seconds = (_number(fields[at]) for at in (2, 3, 8))
    built = datetime.fromtimestamp(seconds, UTC) if seconds is not None else None
    return DatabaseFile(name=path.name, size=size, version=version, count=count, built=built)


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST else None
