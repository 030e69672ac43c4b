"""The private clamd: started when first needed, watched, started again when it dies, never left behind.

Safe with threads, and with fork(): a forked process asks the clamd that the process it came from looks after, hears of
its successors, never ends it, and starts one of its own when nobody looks after one any more.
"""

import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from attachguard.adapters.clamd_board import Board
from attachguard.adapters.clamd_conf import ClamdSettings, temporary_folder
from attachguard.adapters.clamd_control import ping
from attachguard.adapters.clamd_live import Live, prove_essential
from attachguard.adapters.clamd_process import ClamdProcess
from attachguard.adapters.clamd_program import ClamdProgram, find_program
from attachguard.adapters.clamd_wire import Deadline, NoAnswerInTime
from attachguard.adapters.forks import renew_after_fork
from attachguard.adapters.signatures import SignatureSource, SignatureWatch
from attachguard.errors import ScannerUnavailable
from attachguard.model import Check

MIB = 1024 * 1024

START_SECONDS = 180.0
"""How long clamd may take to load its signatures: the official ones take 7 to 22 seconds."""

WATCH_SECONDS = 30.0
"""New official signatures come a few times a day; they are in use within two looks and a start."""

RETIRE_SECONDS = 90.0
"""Longer than any scan may take (clamd.SCAN_SECONDS)."""

TENDED_SECONDS = START_SECONDS + 60.0
"""How long the process that looks after clamd may be busy with a new one: until then a forked one starts none."""

LOOK_SECONDS = 1.0
"""How often to look for new signatures and for a successor that is ready, at most; and how long a PONG counts."""

_PAUSE = 0.05
"""Seconds between two looks for a successor."""

_PING_SECONDS = 2.0
"""A private clamd is never so busy that it can't answer PING in this time: we ask it no more than it can do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How long to wait before the next start, the more often it failed."""

    first: float = 0.5
    most: float = 30.0
    settled: float = 60.0
    """A clamd that lived this many seconds clears the record."""

    def seconds(self, failures: int) -> float:
        """Tell the pause after that many failures in a row; the first restart comes at once."""
        return 0.0 if failures <= 1 else min(self.most, self.first * 2.0 ** min(failures - 2, 16))


class ClamdChild:
    """A clamd of our own, there when asked for."""

    def __init__(
        self,
        signatures: SignatureSource,
        *,
        settings: ClamdSettings | None = None,
        program: ClamdProgram | None = None,
        backoff: Backoff | None = None,
        watch_seconds: float = WATCH_SECONDS,
    ) -> None:
        """Remember how; nothing is started. `program`: the one that is installed, unless given.

        `watch_seconds`: how often to look whether the signature files changed on disk.
        """
        self._signatures = signatures
        self._settings = settings or ClamdSettings()
        self._program = program
        self._backoff = backoff or Backoff()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._start: Future[ClamdProcess] | None = None
        self._started_at = 0.0
        self._failures = 0
        self._not_before = 0.0
        self._last_error: BaseException | None = None
        self._doubted: Live | None = None
        self._watch = SignatureWatch(signatures, every=watch_seconds)
        self._successor: Future[ClamdProcess] | None = None
        self._update_error: BaseException | None = None
        self._retired: list[Future[ClamdProcess]] = []
        self._latest: Live | None = None
        self._inherited: Live | None = None
        self._heard_until = 0.0
        self._board = Board()
        self._look_seconds = min(LOOK_SECONDS, watch_seconds)
        self._settled_on: tuple[ClamdProcess, float] | None = None
        renew_after_fork(self)

    @property
    def slots(self) -> int:
        """How many questions it answers side by side."""
        return self._settings.slots

    def live(self, deadline: Deadline) -> Live:
        """Find the running clamd, or start it.

        The start goes on when the caller's deadline passes, so that a slow one succeeds for the next caller.
        Raises ScannerUnavailable: still starting, failed to start (and when it will be tried again), closed.
        """
        if (settled := self._settled()) is not None:
            return settled
        if (inherited := self._inherited_live(deadline)) is not None:
            return inherited
        start = self._current(deadline)
        try:
            process = start.result(timeout=deadline.left())
        except FutureTimeoutError as error:
            raise NoAnswerInTime("clamd is still loading its signatures") from error
        self._latest = process.live
        self._board.write(self._latest)
        self._settled_on = (process, time.monotonic() + self._look_seconds)
        return self._latest

    def doubt(self, live: Live) -> None:
        """Say that this clamd gave no good answer: before the next question it has to show that it is well."""
        self._doubted = live
        self._heard_until = 0.0

    def close(self) -> None:
        """End clamd and remove its directory. A scan that runs gets ScannerUnavailable."""
        self._closed.set()
        with self._lock:
            starts = [start for start in (self._start, self._successor, *self._retired) if start is not None]
            self._start = self._successor = None
            self._retired.clear()
        for start in starts:
            if start.exception() is None:
                start.result().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def checks(self, live: Live, deadline: Deadline) -> Sequence[Check]:
        """Tell what only the owner can see: as whom it runs, and how much space it has to unpack in."""
        del deadline
        start = self._start
        if start is None or not start.done() or start.exception() is not None or start.result().live != live:
            return ()  # a clamd that this process only inherited, or one that just ended
        process = start.result()
        try:
            uid = os.stat(f"/proc/{process.pid}").st_uid
            space = os.statvfs(temporary_folder(process.home))
        except OSError as error:
            return (Check(name="scanner process", ok=False, detail=f"it ended: {error.strerror}"),)
        updated = self._update_error is None
        free = space.f_bavail * space.f_frsize
        need = self._settings.scan_size * self._settings.slots
        return (
            Check(
                name="scanner process",
                ok=uid != 0,
                detail=f"private clamd, process {process.pid}, user id {uid}, in {process.home}",
            ),
            Check(
                name="scanner space",
                ok=free >= need,
                detail=f"{free // MIB} MiB free to unpack in, {need // MIB} MiB wanted",
                required=False,
            ),
            Check(
                name="signature update",
                ok=updated,
                detail="the files on disk are in use" if updated else f"refused: {self._update_error}",
                required=False,
            ),
        )

    def after_fork(self) -> None:
        """In a forked process: fresh locks; what runs is borrowed, what was about to run is the parent's."""
        # The futures' own locks may be held by a thread that does not exist here: they are only dropped.
        self._start = self._successor = self._settled_on = None
        self._heard_until = 0.0
        self._retired = []
        self._lock = threading.Lock()
        self._doubted = None
        self._inherited, self._latest = self._latest or self._inherited, None

    def _settled(self) -> Live | None:
        """Tell who answered a moment ago, if nothing speaks against it: most questions need to know no more."""
        settled = self._settled_on
        if settled is None or self._closed.is_set():
            return None
        process, until = settled
        quiet = time.monotonic() < until and self._doubted is not process.live
        return process.live if quiet and process.alive else None

    def _inherited_live(self, deadline: Deadline) -> Live | None:
        """In a forked process: who answers there, or None when nobody does and nobody will."""
        if self._inherited is None or self._closed.is_set():
            return None
        while True:
            told = self._board.read() or self._inherited
            if told == self._inherited and time.monotonic() < self._heard_until:
                return told
            self._inherited = told
            if _pongs(told, deadline):
                self._heard_until = time.monotonic() + self._look_seconds
                return told
            if not self._board.tended(TENDED_SECONDS):
                self._inherited = None
                self._board = Board()
                return None
            time.sleep(min(_PAUSE, deadline.left()))

    def _current(self, deadline: Deadline) -> "Future[ClamdProcess]":
        if not self._lock.acquire(timeout=deadline.left()):
            raise ScannerUnavailable("clamd did not answer in time")
        try:
            if self._closed.is_set():
                raise ScannerUnavailable("the scanner was closed")
            if self._start is not None and self._start.done():
                self._start = self._look_after(self._start, deadline)
            if self._start is None:
                self._wait_its_turn()
                self._start = self._begin()
            return self._start
        finally:
            self._lock.release()

    def _look_after(self, start: "Future[ClamdProcess]", deadline: Deadline) -> "Future[ClamdProcess] | None":
        """Keep a clamd that runs, or its successor; clear away one that failed or ended."""
        error = start.exception()
        if error is None:
            process = start.result()
            if process.alive and self._answers(process.live, deadline):
                return self._succeed(start, process)
            process.close()
            self._note_failure(ScannerUnavailable("clamd ended"), lived=time.monotonic() - self._started_at)
        else:
            self._note_failure(error, lived=0.0)
        return None

    def _answers(self, live: Live, deadline: Deadline) -> bool:
        """Tell whether a clamd that was doubted is well. Busy with large files is well; silent to PING is not."""
        if self._doubted is not live:
            return True
        hurry = deadline.sooner(_PING_SECONDS)
        try:
            ping(live.address, hurry)
        except ScannerUnavailable:
            deadline.left()
            return False
        try:
            prove_essential(live, hurry)
        except NoAnswerInTime:
            pass
        except ScannerUnavailable:
            return False
        self._doubted = None
        return True

    def _note_failure(self, error: BaseException, lived: float) -> None:
        self._last_error = error
        self._failures = 1 if lived >= self._backoff.settled else self._failures + 1
        self._not_before = time.monotonic() + self._backoff.seconds(self._failures)

    def _wait_its_turn(self) -> None:
        wait = self._not_before - time.monotonic()
        if wait > 0:
            raise ScannerUnavailable(f"{self._last_error}; it is started again in {wait:.1f} s")

    def _succeed(self, start: "Future[ClamdProcess]", process: ClamdProcess) -> "Future[ClamdProcess]":
        """When the signature files changed, start a second clamd with them; let it take over if it is believed.

        The one at work goes on until then, and for good when the new files are broken or find nothing.
        """
        if self._successor is None:
            if self._watch.news(process.stamp):
                self._successor = self._begin()
            return start
        if not self._successor.done():
            return start
        successor, self._successor = self._successor, None
        self._update_error = successor.exception()
        if self._update_error is not None:
            self._watch.refuse()
            return start
        self._retire(start, process)
        return successor

    def _retire(self, start: "Future[ClamdProcess]", process: ClamdProcess) -> None:
        """End a clamd that has a successor, when the files it is still looking at are done."""
        self._retired = [*(old for old in self._retired if old.result().alive), start]
        timer = threading.Timer(RETIRE_SECONDS, process.close)
        timer.daemon = True
        timer.start()

    def _begin(self) -> "Future[ClamdProcess]":
        start: Future[ClamdProcess] = Future()
        self._started_at = time.monotonic()
        threading.Thread(target=self._run, args=(start,), name="attachguard-clamd-start", daemon=True).start()
        return start

    def _run(self, start: "Future[ClamdProcess]") -> None:
        try:
            program = self._program or find_program()
            process = ClamdProcess(
                program, self._signatures.current(), self._settings, Deadline.after(START_SECONDS), self._closed
            )
        except BaseException as error:  # noqa: BLE001 - handed on to whoever asks for the result
            start.set_exception(error)
        else:
            start.set_result(process)


def _pongs(live: Live, deadline: Deadline) -> bool:
    try:
        ping(live.address, deadline.sooner(_PING_SECONDS))
    except ScannerUnavailable:
        return False
    return True
