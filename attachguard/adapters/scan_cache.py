"""An answer about the same bytes, by the same scanner, is used again instead of asked for again.

What counts as the same: the tenant (see tenancy.py); SHA-256 and size of the bytes that the scanner was really given;
engine, signature database and settings of the scanner (its edition); the version of attachguard, which decides what its
answers mean. When one of the last three changes, everything kept is dropped at once.

Kept are "nothing found", for some hours, and hits, for as long as the edition lasts. Not kept: a hit that says that a
limit was met (the time it took may have been the machine's fault) and, of course, no answer at all. A clamd that others
look after has no edition, so nothing of its answers is kept. Only a scanner that would answer now is spoken for: one
that is gone, not believed or too old raises here as it does without this.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from attachguard.adapters.clamd import Look
from attachguard.adapters.forks import renew_after_fork
from attachguard.adapters.scanned_file import Digested, digested, opened
from attachguard.errors import ScannerUnavailable
from attachguard.model import Check, ScanResult
from attachguard.version import __version__

ENTRIES = 10_000
"""Answers kept at most, about 5 MiB; the one not asked for longest goes first."""

NEVER_KEPT = ("Heuristics.Limits.Exceeded",)
"""How names begin that tell of an end of looking, not of the file."""


class Seeing(Protocol):
    """A scanner that can say what exactly it looked at, and with what."""

    def edition(self) -> str | None:
        """Name engine, database and settings; None: not to be known. Raises ScannerUnavailable as `scan` does."""
        ...

    def look(self, file: Digested) -> Look:
        """Scan the bytes of one file. Raises ScannerUnavailable."""
        ...

    def scan(self, path: Path) -> ScanResult:
        """Scan one file. Raises ScannerUnavailable."""
        ...

    def probe(self) -> Sequence[Check]:
        """Do the real thing."""
        ...

    def close(self) -> None:
        """End it."""
        ...


@dataclass(frozen=True, slots=True)
class _Kept:
    result: ScanResult
    until: float | None
    """On the clock; None: as long as the edition lasts."""


_Known = tuple[str, str, int]
"""Tenant, SHA-256 and size."""


def since_boot() -> float:
    """Seconds that pass also while the machine sleeps, whatever is done to its clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class CachedScanner:
    """A Scanner (ports.py) that asks another one only about what it does not know yet. Safe across threads and fork."""

    def __init__(
        self,
        inner: Seeing,
        *,
        hours: float,
        entries: int = ENTRIES,
        ruleset: str = __version__,
        clock: Callable[[], float] = since_boot,
    ) -> None:
        """Keep "nothing found" for so many hours, and at most so many answers; nothing is kept on disk."""
        self._inner = inner
        self._seconds = hours * 3600
        self._entries = entries
        self._ruleset = ruleset
        self._clock = clock
        self._kept: OrderedDict[_Known, _Kept] = OrderedDict()
        self._edition: str | None = None
        self._lock = threading.Lock()
        renew_after_fork(self)

    def scan(self, path: Path) -> ScanResult:
        """Answer from what is known, else ask. An answer used again says who gave it, and when.

        Raises ScannerUnavailable, also about bytes that are known when the scanner would not answer now.
        """
        return self.scan_for("", path)

    def for_tenant(self, tenant: str) -> "TenantScanner":
        """Give the scanner as one tenant uses it; what it learns is used again for that tenant only."""
        return TenantScanner(self, tenant)

    def scan_for(self, tenant: str, path: Path) -> ScanResult:
        """Scan for a tenant. Raises ScannerUnavailable, as `scan` does."""
        edition = self._inner.edition()
        if edition is None:
            return self._inner.scan(path)
        with opened(path) as file:
            held = digested(file)
            if (known := self._known(edition, (tenant, held.sha256(), held.size))) is not None:
                return known
            look = self._inner.look(held)
        self._keep(tenant, look)
        return look.result

    def probe(self) -> Sequence[Check]:
        """Have the scanner do the real thing, never from memory; never raises."""
        checks = self._inner.probe()
        try:
            edition = self._inner.edition()
        except ScannerUnavailable:
            return checks
        detail = f"{len(self._kept)} answers kept"
        if edition is None:
            detail = "off: this clamd's signatures can change unseen"
        return (*checks, Check(name="scan reuse", ok=True, detail=detail, required=False))

    def close(self) -> None:
        """Close the scanner; nothing is answered from memory any more."""
        self._inner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def after_fork(self) -> None:
        """In a forked process: a fresh lock and an empty memory, which a thread may have been changing."""
        self._lock = threading.Lock()
        self._kept = OrderedDict()

    def _known(self, edition: str, key: _Known) -> ScanResult | None:
        with self._lock:
            self._drop_unless(edition)
            kept = self._kept.get(key)
            if kept is None:
                return None
            if kept.until is not None and self._clock() >= kept.until:
                del self._kept[key]
                return None
            self._kept.move_to_end(key)
            return kept.result

    def _keep(self, tenant: str, look: Look) -> None:
        hit = look.result.hit
        if look.sha256 is None or look.edition is None or (hit or "").startswith(NEVER_KEPT):
            return
        until = self._clock() + self._seconds if hit is None else None
        with self._lock:
            self._drop_unless(look.edition)
            known = (tenant, look.sha256, look.size)
            self._kept[known] = _Kept(look.result, until)
            self._kept.move_to_end(known)
            while len(self._kept) > self._entries:
                self._kept.popitem(last=False)

    def _drop_unless(self, edition: str) -> None:
        """Forget everything when the scanner is not the one that said it."""
        whole = f"{edition}/{self._ruleset}"
        if whole != self._edition:
            self._kept.clear()
            self._edition = whole


class TenantScanner:
    """A Scanner (ports.py): a CachedScanner as one tenant uses it."""

    def __init__(self, scanner: CachedScanner, tenant: str) -> None:
        self._scanner = scanner
        self._tenant = tenant

    def scan(self, path: Path) -> ScanResult:
        """Scan one file. Raises ScannerUnavailable."""
        return self._scanner.scan_for(self._tenant, path)

    def probe(self) -> Sequence[Check]:
        """Have the scanner do the real thing; never raises."""
        return self._scanner.probe()
