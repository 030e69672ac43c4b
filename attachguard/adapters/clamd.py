"""The virus scanner: a clamd, asked in a way that can't mistake silence for "clean".

How one question is asked is in clamd_wire.py. Here is when an answer counts: the clamd that gave it has passed
the probes within the last minute, and one that others look after (its signatures can change under our hands)
passes one again after every "clean".
"""

import queue
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from attachguard.adapters import clamd_probes
from attachguard.adapters.clamd_conf import ClamdSettings
from attachguard.adapters.clamd_control import Stats, ping, stats, version
from attachguard.adapters.clamd_live import Live, asker, prove_all, prove_essential, signature_identity
from attachguard.adapters.clamd_wire import TOO_LARGE, Address, Deadline, NobodyThere, ask
from attachguard.adapters.forks import renew_after_fork
from attachguard.adapters.scanned_file import Digested, Resendable, opened
from attachguard.adapters.signatures.age import HOW_TO_UPDATE, signature_age, signature_checks
from attachguard.errors import ScannerUnavailable
from attachguard.model import Check, Limits, ScanIdentity, ScanResult, SignatureRules

SCAN_SECONDS = 60.0
"""For one file, waiting included: longer than clamd itself takes before it gives up (MaxScanTime, 20 s)."""

PROVEN_SECONDS = 60.0
"""How long a passed probe counts."""

WATCH_SECONDS = 5.0
"""How often a clamd that was asked once is looked after without being asked: is it there, does it find EICAR, are there
new signatures? And all probes again shortly before they no longer count."""

WITHOUT_MD5_CACHE = (1, 5)
"""Engines before this one can't tell that an Office document needs a password."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """An answer, and what it is about: enough to know later whether it still holds."""

    result: ScanResult
    size: int
    sha256: str | None
    """Of the bytes that clamd was given; None when it did not want them all."""
    edition: str | None
    """See Clamd.edition."""


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
        limits: Limits | None = None,
        rules: SignatureRules | None = None,
        scan_seconds: float = SCAN_SECONDS,
        proven_seconds: float = PROVEN_SECONDS,
        watch_seconds: float = WATCH_SECONDS,
    ) -> None:
        """Remember the source; nothing is started or asked before the first scan or probe.

        `limits`: what it must take to be believed; `rules`: how old its official signatures may be. From its first
        good answer on, the clamd is looked after every `watch_seconds` by a thread of its own.
        """
        self._source = source
        self._limits = limits or Limits()
        self._rules = rules or SignatureRules()
        self._seconds = scan_seconds
        self._proven = proven_seconds
        self._proof: _Proof | None = None
        self._watch_seconds = watch_seconds
        self._watcher: threading.Thread | None = None
        self._closed = threading.Event()
        self._turns = _turns(source.slots)
        renew_after_fork(self)

    def scan(self, path: Path) -> ScanResult:
        """Scan one file; answers within `scan_seconds` (and half a second).

        A file larger than clamd takes has the hit `Heuristics.Limits.Exceeded.StreamMaxLength`. Raises
        ScannerUnavailable whenever the answer is not a believable yes or no about exactly the bytes of this file.
        """
        with opened(path) as file:
            _, result = self._answer(file, file.size)
        return result

    def look(self, file: Digested) -> Look:
        """Scan the bytes of one file, as `scan` does, and tell exactly which were looked at by exactly whom."""
        live, result = self._answer(file, file.size)
        sha256 = file.sha256() if file.count == file.size else None
        return Look(result=result, size=file.size, sha256=sha256, edition=_edition(live))

    def edition(self) -> str | None:
        """Name all that an answer depends on beside the file: engine, database, settings.

        None where one of them could change without our seeing it: a clamd that others look after. Raises
        ScannerUnavailable whenever a scan would: not there, not believed within the last minute, too old.
        """
        deadline = Deadline.after(self._seconds)
        self.refuse_closed()
        live = self._source.live(deadline)
        if (edition := _edition(live)) is None:
            return None
        self._refuse_old(live)
        if not self._is_proven(live):
            with self._slot(deadline), self._doubting(live):
                self._believe(live, deadline)
        return edition

    def probe(self) -> Sequence[Check]:
        """Ask everything there is to ask; never raises."""
        deadline = Deadline.after(self._seconds * 2)
        try:
            with self._slot(deadline):
                live = self._source.live(deadline)
                ping(live.address, deadline)
        except ScannerUnavailable as error:
            return (Check(name="clamd", ok=False, detail=str(error)),)
        self._begin_to_watch()
        whose = "private" if live.private else "running"
        return (
            Check(name="clamd", ok=True, detail=f"{live.version.engine}, {whose}, at {live.address}"),
            *self._probes(live, deadline),
            *signature_checks(live, self._rules),
            _engine_check(live),
            _queue_check(live, deadline),
            *self._source.checks(live, deadline),
        )

    def close(self) -> None:
        """Let running scans come to their end, then end a private clamd. No scan is taken from now on."""
        if self._closed.is_set():
            return
        self._closed.set()
        deadline = Deadline.after(self._seconds)
        with suppress(queue.Empty):
            for _ in range(self._source.slots):
                self._turns.get(timeout=max(0.0, deadline.at - time.monotonic()))
        self._source.close()
        if self._watcher is not None:
            self._watcher.join(max(0.0, deadline.at - time.monotonic()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def after_fork(self) -> None:
        """In a forked process: as many slots as ever, whatever the parent was doing, and nobody who watches yet."""
        self._turns = _turns(self._source.slots)
        self._watcher = None

    def _answer(self, file: Resendable, size: int) -> tuple[Live, ScanResult]:
        deadline = Deadline.after(self._seconds)
        with self._slot(deadline):
            try:
                return self._scan(file, size, deadline)
            except NobodyThere:  # a private one that just ended has a successor; one of others has not
                return self._scan(file, size, deadline)

    def _scan(self, file: Resendable, size: int, deadline: Deadline) -> tuple[Live, ScanResult]:
        live = self._source.live(deadline)
        self._refuse_old(live)
        identity = ScanIdentity(engine=live.version.engine, signatures=live.signatures, at=datetime.now(UTC))
        with self._doubting(live):
            self._believe(live, deadline)
            return live, ScanResult(hit=self._hit(live, file, size, deadline), identity=identity)

    @contextmanager
    def _doubting(self, live: Live) -> Iterator[None]:
        """Believe a clamd that gave no good answer only after it has passed the probes again."""
        try:
            yield
        except ScannerUnavailable:
            self._proof = None
            self._source.doubt(live)
            raise

    def _hit(self, live: Live, file: Resendable, size: int, deadline: Deadline) -> str | None:
        if live.stream_length is not None and size > live.stream_length:
            return TOO_LARGE
        file.rewind()
        hit = ask(live.address, file, size, deadline)
        if hit is None and not live.private:
            clamd_probes.prove(asker(live, deadline), (clamd_probes.STILL_AWAKE,))
        return hit

    def _believe(self, live: Live, deadline: Deadline) -> None:
        """Return when this clamd has passed its probes within the last minute."""
        if self._is_proven(live):
            return
        self._prove(live, deadline)
        self._begin_to_watch()

    def _prove(self, live: Live, deadline: Deadline) -> None:
        now = time.monotonic()
        prove_all(live, self._limits, deadline)
        self._proof = _Proof(live, now)

    def _is_proven(self, live: Live, spare: float = 0.0) -> bool:
        """Tell whether the probes it passed count, and will for so many seconds more."""
        proof = self._proof
        return proof is not None and proof.live == live and time.monotonic() - proof.at < self._proven - spare

    def _begin_to_watch(self) -> None:
        if self._watcher is None and not self._closed.is_set():
            watched = (weakref.ref(self), self._closed, self._watch_seconds)
            self._watcher = threading.Thread(target=_watch, args=watched, name="attachguard-clamd-watch", daemon=True)
            self._watcher.start()

    def tend(self) -> None:
        """Do for the clamd what the first question after a pause would do: replace a dead one, prove a new one.

        Raises ScannerUnavailable as a scan would.
        """
        deadline = Deadline.after(self._seconds)
        live = self._source.live(deadline)
        with self._slot(deadline), self._doubting(live):
            if self._is_proven(live, spare=self._watch_seconds * 2):
                prove_essential(live, deadline)
            else:
                self._prove(live, deadline)

    def _refuse_old(self, live: Live) -> None:
        age = signature_age(live, self._rules)
        if age.refused:
            raise ScannerUnavailable(f"the signatures are not used: {live.signatures}, {age.told}; {HOW_TO_UPDATE}")

    def refuse_closed(self) -> None:
        """Raise ScannerUnavailable when this was closed."""
        if self._closed.is_set():
            raise ScannerUnavailable("the scanner was closed")

    def _slot(self, deadline: Deadline) -> "_Turn":
        """Wait for a turn: clamd gets no more questions than it has threads, so none waits out of our sight."""
        self.refuse_closed()
        return _Turn(self, self._turns, deadline)

    def _probes(self, live: Live, deadline: Deadline) -> Sequence[Check]:
        asked = asker(live, deadline)
        limits = self._limits
        probes = (*clamd_probes.ESSENTIAL, *clamd_probes.hardened(limits), clamd_probes.roomy(limits))
        found = [clamd_probes.check(asked, probe) for probe in probes]
        if live.stream_length is not None:
            found.append(clamd_probes.too_large_check(asked, live.stream_length))
        return found


class _Turn:
    """One of the questions that may be asked at a time; given back at the end. Raises ScannerUnavailable."""

    __slots__ = ("_deadline", "_scanner", "_turn", "_turns")

    def __init__(self, scanner: Clamd, turns: "queue.SimpleQueue[int]", deadline: Deadline) -> None:
        self._scanner = scanner
        self._turns = turns
        self._deadline = deadline

    def __enter__(self) -> None:
        try:
            self._turn = self._turns.get(timeout=self._deadline.left())
        except queue.Empty:
            raise ScannerUnavailable("clamd is busy: no turn came in time") from None
        try:
            self._scanner.refuse_closed()
        except ScannerUnavailable:
            self._turns.put(self._turn)
            raise

    def __exit__(self, *_: object) -> None:
        self._turns.put(self._turn)


def _turns(slots: int) -> "queue.SimpleQueue[int]":
    """Make as many turns as there are slots. Whoever holds one may ask."""
    turns: queue.SimpleQueue[int] = queue.SimpleQueue()
    for turn in range(slots):
        turns.put(turn)
    return turns


def _watch(watched: "weakref.ref[Clamd]", closed: threading.Event, seconds: float) -> None:
    """Look after a clamd until it is closed, or forgotten: this thread does not keep it alive."""
    while not closed.wait(seconds):
        scanner = watched()
        if scanner is None:
            return
        with suppress(ScannerUnavailable):  # the next scan says so, and `probe`
            scanner.tend()
        del scanner


def _edition(live: Live) -> str | None:
    """Name engine, database and settings; None where it is not ours or can't be fingerprinted."""
    if not live.private or live.fingerprint is None or live.configuration is None:
        return None
    return f"{live.version.engine}/{live.version.daily}/{live.fingerprint}/{live.configuration}"


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
