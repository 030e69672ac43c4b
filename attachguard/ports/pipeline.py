"""What the pipeline works with: scanner, room, store, and whoever records."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from attachguard.model import (
    Attachment,
    Check,
    Cleared,
    Delivered,
    Identification,
    Inspection,
    JudgedPart,
    Limits,
    Rebuilt,
    ScanResult,
    SubmissionVerdict,
    Verification,
)


class Scanner(Protocol):
    """A virus scanner."""

    def scan(self, path: Path) -> ScanResult:
        """Scan one file. Raises ScannerUnavailable whenever the answer is not a believable yes or no."""
        ...

    def probe(self) -> Sequence[Check]:
        """Do the real thing on harmless input and say how it went; never raises."""
        ...


class Sandbox(Protocol):
    """The room for hostile bytes. Each call runs in a fresh process that can harm nobody.

    How a job ended is a fact about the file: a crash, a violation, a timeout or too much memory or output comes
    back as a `sandbox.*` finding. SandboxUnavailable is raised only when no room could be started.
    """

    def identify(self, attachment: Attachment, limits: Limits) -> Identification:
        """Say what the bytes are."""
        ...

    def inspect(self, attachment: Attachment, limits: Limits) -> Inspection:
        """Needs `attachment.kind`."""
        ...

    def normalize(self, attachment: Attachment, method: str, parts: Sequence[JudgedPart], limits: Limits) -> Rebuilt:
        """Make a safe copy by `method`, one of `attachment.kind.methods`."""
        ...

    def unlock(self, attachment: Attachment, password: str, limits: Limits) -> Rebuilt:
        """Open a file of a kind that has `unlocked_by`: its bytes without the encryption, as hostile as before.

        The password is used for this and forgotten.
        """
        ...

    def verify(self, original: Attachment, copy: Attachment, limits: Limits) -> Verification:
        """Compare a copy with its original, in another process than the one that made it."""
        ...

    def probe(self) -> Sequence[Check]:
        """Do the real thing on harmless input and say how it went; never raises."""
        ...


class Drawer(Protocol):
    """Draws pictures of files, behind the same walls. The room is one."""

    def preview(self, attachment: Attachment, limits: Limits) -> bytes | None:
        """Draw the first page or picture as PNG; None: there is nothing to draw. Raises SandboxUnavailable."""
        ...


class Store(Protocol):
    """Where delivered files go."""

    def put(self, cleared: Cleared) -> Delivered:
        """Store the bytes; they appear whole or not at all. Raises StoreUnavailable."""
        ...

    def probe(self) -> Sequence[Check]:
        """Do the real thing on harmless input and say how it went; never raises."""
        ...


class Ledger(Protocol):
    """The record of every verdict."""

    def record(self, verdict: SubmissionVerdict) -> None:
        """Write it down durably: when this returns, the verdict is given. Raises LedgerUnavailable."""
        ...

    def probe(self) -> Sequence[Check]:
        """Do the real thing on harmless input and say how it went; never raises."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """The parts one pipeline works with; put together in bootstrap.py."""

    scanner: Scanner
    sandbox: Sandbox
    store: Store
    ledger: Ledger
