"""The virus scanner: a clamd, asked in a way that can't mistake silence for "clean".

How one question is asked is in clamd_wire.py. Here is when an answer counts: the clamd that gave it has passed
the probes within the last minute, and one that others look after (its signatures can change under our hands)
passes one again after every "clean".
"""

import os
import stat
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from attachguard.adapters import clamd_probes
from attachguard.adapters.clamd_conf import ClamdSettings
from attachguard.adapters.clamd_control import Stats, ping, stats, version
from attachguard.adapters.clamd_live import Live, asker, prove_all, signature_identity
from attachguard.adapters.clamd_wire import TOO_LARGE, Address, Deadline, NobodyThere, ask
from attachguard.adapters.forks import renew_after_fork
from attachguard.errors import ScannerUnavailable
from attachguard.model import Check, ScanIdentity, ScanResult

SCAN_SECONDS = 60.0
"""For one file, waiting included: longer than clamd itself takes before it gives up (MaxScanTime, 20 s)."""

PROVEN_SECONDS = 60.0
"""How long a passed probe counts."""

SIGNATURES_AGING = timedelta(days=3)
SIGNATURES_OLD = timedelta(days=7)
"""Official signatures appear every day."""

WITHOUT_MD5_CACHE = (1, 5)
"""Engines before this one can't tell that an Office document needs a password."""

HOW_TO_GET_SIGNATURES = (
    "get the official ones with freshclam (Debian, Ubuntu: `apt-get install clamav-freshclam`, then `freshclam`) "
    "or name a folder in ATTACHGUARD_SIGNATURES"
)


_OPEN_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""No link is followed, and a pipe does not block."""


class ClamdSource(Protocol):
    """Where the clamd comes from: a running one (RunningClamd) or a private one (clamd_child.ClamdChild)."""

    @property
    def slots(self) -> int:
        """How many questions may be asked side by side."""
        ...

    def live(self, deadline: Deadline) -> Live:
        """Find out who answers, starting it if need be; raises ScannerUnavailable."""
        ...

    def doubt(self, live: Live) -> None:
        """Hear that it did not answer in time."""

    def checks(self, live: Live, deadline: Deadline) -> Sequence[Check]:
        """Tell what only this kind of source can see."""
        ...

    def close(self) -> None:
        """End what was started here."""
        ...


class RunningClamd:
    """A clamd that somebody else started and looks after."""

    def __init__(self, address: Address) -> None:
        self._address = address

    @property
    def slots(self) -> int:
        """As many as a private one would take."""
        return ClamdSettings().slots

    def live(self, deadline: Deadline) -> Live:
        """Ask it who it is, each time: it may load other signatures at any moment."""
        told = version(self._address, deadline)
        return Live(address=self._address, version=told, signatures=signature_identity(told, None))

    def doubt(self, live: Live) -> None:
        """Do nothing: somebody else looks after it."""

    def checks(self, live: Live, deadline: Deadline) -> Sequence[Check]:
        """Add nothing to what its probes show."""
        del live, deadline
        return ()

    def close(self) -> None:
        """Leave it running: it is not ours."""


@dataclass(frozen=True, slots=True)
class _Proof:
    live: Live
    at: float


class Clamd:
    """A Scanner (ports.py) over one clamd. Safe to share between threads, and across fork()."""

    def __init__(
        self,
        source: ClamdSource,
        *,
        scan_seconds: float = SCAN_SECONDS,
        oldest_signatures: timedelta | None = None,
    ) -> None:
        """Remember the source; nothing is started or asked before the first scan or probe.

        `oldest_signatures`: refuse to scan with official signatures older than this; None: only warn.
        """
        self._source = source
        self._seconds = scan_seconds
        self._oldest = oldest_signatures
        self._proof: _Proof | None = None
        self._closed = False
        self._slots = threading.BoundedSemaphore(source.slots)
        renew_after_fork(self)

    def scan(self, path: Path) -> ScanResult:
        """Scan one file; answers within `scan_seconds` (and half a second).

        A file larger than clamd takes has the hit `Heuristics.Limits.Exceeded.StreamMaxLength`. Raises
        ScannerUnavailable whenever the answer is not a believable yes or no about exactly the bytes of this file.
        """
        deadline = Deadline.after(self._seconds)
        with _opened(path) as (file, size), self._slot(deadline):
            try:
                return self._scan(file, size, deadline)
            except NobodyThere:  # a private one that just ended has a successor; one of others has not
                return self._scan(file, size, deadline)

    def probe(self) -> Sequence[Check]:
        """Ask everything there is to ask; never raises."""
        deadline = Deadline.after(self._seconds * 2)
        try:
            with self._slot(deadline):
                live = self._source.live(deadline)
                ping(live.address, deadline)
        except ScannerUnavailable as error:
            return (Check(name="clamd", ok=False, detail=str(error)),)
        whose = "private" if live.private else "running"
        return (
            Check(name="clamd", ok=True, detail=f"{live.version.engine}, {whose}, at {live.address}"),
            *self._probes(live, deadline),
            *_signature_checks(live),
            _engine_check(live),
            _queue_check(live, deadline),
            *self._source.checks(live, deadline),
        )

    def close(self) -> None:
        """Let running scans come to their end, then end a private clamd. No scan is taken from now on."""
        if self._closed:
            return
        self._closed = True
        deadline = Deadline.after(self._seconds)
        for _ in range(self._source.slots):
            if not self._slots.acquire(timeout=max(0.0, deadline.at - time.monotonic())):
                break
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def after_fork(self) -> None:
        """In a forked process: as many slots as ever, whatever the parent was doing."""
        self._slots = threading.BoundedSemaphore(self._source.slots)

    def _scan(self, file: FileIO, size: int, deadline: Deadline) -> ScanResult:
        live = self._source.live(deadline)
        self._refuse_old(live)
        identity = ScanIdentity(engine=live.version.engine, signatures=live.signatures, at=datetime.now(UTC))
        try:
            self._believe(live, deadline)
            return ScanResult(hit=self._hit(live, file, size, deadline), identity=identity)
        except ScannerUnavailable:
            self._proof = None
            self._source.doubt(live)
            raise

    def _hit(self, live: Live, file: FileIO, size: int, deadline: Deadline) -> str | None:
        if live.stream_length is not None and size > live.stream_length:
            return TOO_LARGE
        file.seek(0)
        hit = ask(live.address, file, size, deadline)
        if hit is None and not live.private:
            clamd_probes.prove(asker(live, deadline), (clamd_probes.STILL_AWAKE,))
        return hit

    def _believe(self, live: Live, deadline: Deadline) -> None:
        """Return when this clamd has passed its probes within the last minute."""
        now = time.monotonic()
        if (proof := self._proof) and proof.live == live and now - proof.at < PROVEN_SECONDS:
            return
        prove_all(live, deadline)
        self._proof = _Proof(live, now)

    def _refuse_old(self, live: Live) -> None:
        built = live.version.built
        if self._oldest is not None and built is not None and datetime.now(UTC) - built > self._oldest:
            raise ScannerUnavailable(f"the signatures are too old: {live.signatures}; run `freshclam`")

    @contextmanager
    def _slot(self, deadline: Deadline) -> Iterator[None]:
        """Wait for a turn: clamd gets no more questions than it has threads, so none waits out of our sight."""
        if self._closed:
            raise ScannerUnavailable("the scanner was closed")
        slots = self._slots
        if not slots.acquire(timeout=deadline.left()):
            raise ScannerUnavailable("clamd is busy: no turn came in time")
        try:
            if self._closed:
                raise ScannerUnavailable("the scanner was closed")
            yield
        finally:
            slots.release()

    def _probes(self, live: Live, deadline: Deadline) -> Sequence[Check]:
        asked = asker(live, deadline)
        probes = clamd_probes.ESSENTIAL + clamd_probes.HARDENED + clamd_probes.ROOMY
        found = [clamd_probes.check(asked, probe) for probe in probes]
        if live.stream_length is not None:
            found.append(clamd_probes.too_large_check(asked, live.stream_length))
        return found


@contextmanager
def _opened(path: Path) -> Iterator[tuple[FileIO, int]]:
    """Open a regular file for one pass; raises ScannerUnavailable for anything else."""
    try:
        file = FileIO(path, "r", opener=lambda name, _: os.open(name, _OPEN_FLAGS))
    except OSError as error:
        raise ScannerUnavailable(f"the file to scan can't be opened: {error.strerror}") from error
    with file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise ScannerUnavailable("what was to be scanned is not a regular file")
        yield file, found.st_size


def _signature_checks(live: Live) -> Sequence[Check]:
    if live.demo:
        detail = f"{live.signatures}: only the demo set, which finds EICAR and no malware; {HOW_TO_GET_SIGNATURES}"
        return (Check(name="signatures", ok=False, detail=detail, required=False),)
    if live.version.daily is None:
        detail = f"{live.signatures}: no official daily database is loaded; {HOW_TO_GET_SIGNATURES}"
        return (Check(name="signatures", ok=False, detail=detail, required=False),)
    identity = Check(name="signatures", ok=True, detail=live.signatures)
    built = live.version.built
    if built is None:
        return identity, Check(name="signature age", ok=False, detail="the build time can't be read", required=False)
    age = datetime.now(UTC) - built
    fresh = age <= SIGNATURES_AGING
    advice = "" if fresh else "; run `freshclam`"
    return (
        identity,
        Check(name="signature age", ok=fresh, detail=f"{age.days} days{advice}", required=age > SIGNATURES_OLD),
    )


def _engine_check(live: Live) -> Check:
    new = live.version.number >= WITHOUT_MD5_CACHE
    advice = "" if new else ": it can't see that an Office document needs a password (1.5 can)"
    return Check(name="engine", ok=new, detail=f"{live.version.engine}{advice}", required=False)


def _queue_check(live: Live, deadline: Deadline) -> Check:
    try:
        told: Stats = stats(live.address, deadline)
    except ScannerUnavailable as error:
        return Check(name="scanner queue", ok=False, detail=str(error), required=False)
    return Check(
        name="scanner queue",
        ok=told.queued <= told.threads,
        detail=f"{told.queued} waiting, {told.busy} of {told.threads} threads at work",
        required=False,
    )
