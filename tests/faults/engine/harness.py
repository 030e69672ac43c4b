"""What every case of the matrix needs: an engine in a folder, workers to kill, and the invariants at the end."""

import contextlib
import dataclasses
import hashlib
import os
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import pytest

from attachguard.adapters.memory_scanner import MemoryScanner
from attachguard.bootstrap import _wakeup, clean
from attachguard.errors import Unavailable
from attachguard.jobs import Event, Kept, Status
from attachguard.model import Upload
from attachguard.ports import Scanner
from attachguard.service import Service
from attachguard.states import FINAL, SubmissionState
from tests.engine_made import NotingScanner, engine, settings, timing, upload, variables_of
from tests.servers.process import Process, wait_until

ROOT = Path(__file__).parents[3]

MANY = 20
REPEATS = pytest.mark.parametrize("times", [3, pytest.param(MANY, marks=pytest.mark.slow)])
"""Each case runs three times in the ordinary suite and twenty times in the slow one."""

SLOWLY = pytest.mark.parametrize("times", [pytest.param(MANY, marks=pytest.mark.slow)])
"""For what only shows when it is done for long."""

HARMFUL = (b"reject", b"crash", b"hang", b"bug")
"""What must never be readable in the clean store."""

WORKER_DIED = "its worker died"
LEASE_ENDED = "its lease ended"

FIGURES: dict[str, list[float]] = {}
"""Seconds to recover, by case: printed at the end of a run (conftest)."""


class Held:
    """A file that holds its first worker until it is let go; a later worker it lets pass."""

    def __init__(self, mark: Path) -> None:
        self.text = f"hold {mark}"
        self._mark = mark

    @property
    def by(self) -> int:
        """The pid of the process that is in the middle of judging it; 0: nobody yet."""
        try:
            return int(self._mark.read_text())
        except FileNotFoundError:
            return 0

    def wait(self, log: Path | None = None) -> int:
        """Wait until a worker is in the middle of it; gives the worker's pid."""
        wait_until(lambda: self.by != 0, 60, "a worker judges the file", log)
        return self.by

    def let_go(self) -> None:
        self._mark.with_suffix(".open").touch()

    @property
    def passed(self) -> bool:
        """Tell whether who was held has gone on."""
        return self._mark.with_suffix(".passed").exists()


class Den:
    """One engine, its folder, and what was acknowledged."""

    def __init__(self, folder: Path, **changes: object) -> None:
        self.folder = folder
        self.settings = settings(folder, **{"job_lease": 2, "job_seconds": 60, **changes})
        self.acknowledged: dict[str, int] = {}
        self._wrong: list[str] = []
        self._seen: set[str] = set()
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._processes: list[Process] = []

    def patient(self, **changes: object) -> None:
        """Give good files all the time they need, also on a machine that others use: whose worker is slow, keeps it."""
        self.settings = dataclasses.replace(self.settings, job_lease=30, **changes)  # type: ignore[arg-type]  # a test names fields

    def noting(self, scanner: Scanner) -> Scanner:
        """Have it noted what was scanned: the watch compares."""
        return NotingScanner(scanner, self._scanned)

    @contextmanager
    def open(self, scanner: Scanner | None = None) -> Iterator[Service]:
        with engine(
            self.settings,
            terms_of=timing(self.settings),
            wakeup=_wakeup(self.settings.broker_url),
            scanner=self.noting(scanner or MemoryScanner(test_double=True)),
        ) as service:
            yield service

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for process in self._processes:
            process.kill()
        self._watch.join()

    # -- acting ------------------------------------------------------------------------------------------------

    def submit(self, service: Service, *texts: str | Held) -> str:
        receipt = service.submit(uploads(*texts))
        self.acknowledged[receipt.submission] = len(texts)
        return receipt.submission

    def hold(self) -> Held:
        """Make a file that holds who judges it first."""
        return Held(self.folder / f"{uuid.uuid4().hex}.mark")

    def environment(self) -> Mapping[str, str]:
        """Settings for another process."""
        return {
            **variables_of(self.settings),
            "PYTHONPATH": str(ROOT),
            "BEAT_FILE": str(self.folder / "beat"),
            "SCANNED": str(self._scanned),
            "CLOCK": str(self._clock),
            "XDG_STATE_HOME": str(self.folder),
        }

    def move_clock(self, seconds: int) -> None:
        """Have the clocks of all runners and workers jump."""
        new = self._clock.with_suffix(".new")
        new.write_text(str(seconds))
        new.replace(self._clock)

    def runner(self, workers: int = 2) -> Process:
        process = self._start("runner", [sys.executable, "-m", "tests.faults.engine.steered", str(workers)])
        wait_until(lambda: b"worker processes" in process.log.read_bytes(), 60, "the runner runs", process.log)
        return process

    def celery(self, workers: int = 2) -> Process:
        name = f"celery{len(self._processes)}"
        command = [
            sys.executable, "-m", "celery", "-A", "tests.faults.engine.steered", "worker", "-c", str(workers),
            "-n", f"{name}@test", "-l", "INFO", "--without-mingle", "--without-gossip",
        ]  # fmt: skip
        process = self._start(name, command)
        wait_until(lambda: b" ready." in process.log.read_bytes(), 60, "the worker is ready", process.log)
        return process

    def beat(self) -> Process:
        command = [sys.executable, "-m", "celery", "-A", "tests.faults.engine.steered", "beat", "-l", "INFO"]
        return self._start("beat", command)

    def _start(self, name: str, command: Sequence[str]) -> Process:
        process = Process(
            command, self.folder / f"{name}-{time.monotonic_ns()}.log", environment=self.environment(), folder=ROOT
        )
        self._processes.append(process)
        return process

    # -- looking -----------------------------------------------------------------------------------------------

    def holder(self, service: Service, submission: str, held: Held) -> int:
        """Wait until somebody is in the middle of judging it; gives the pid of who claimed it."""
        pid = held.wait(self._log())
        assert [int(event.actor.split(":")[-2]) for event in self.events(service, submission, "claimed")] == [pid]
        return pid

    def events(self, service: Service, submission: str, what: str) -> list[Event]:
        return [event for event in service.ledger.events(submission) if event.what == what]

    def wait(self, service: Service, seconds: float = 60) -> None:
        """Wait until nothing is pending."""
        wait_until(lambda: self._final(service), seconds, "everything is final", self._log())

    def recovered(
        self, service: Service, submission: str, since: float, case: str, *, most: float | None, why: str
    ) -> None:
        """Wait until a job that was lost for a reason is claimed for the second time; note how long that took.

        `most`: the seconds it may take, where the machine is not shared with other tests.
        """
        wait_until(lambda: len(self.events(service, submission, "claimed")) > 1, 60, "the job is claimed", self._log())
        took = time.monotonic() - since
        assert [event.detail for event in self.events(service, submission, "returned")] == [why]
        self.took(case, took, most)

    def watched(self, service: Service) -> None:
        """Wait until the watch has seen all there is: then it reads nothing."""
        wait_until(lambda: {kept.key for kept in service._clean.listing()} <= self._seen, 30, "the watch is idle")

    def took(self, case: str, seconds: float, most: float | None) -> None:
        """Note a time."""
        FIGURES.setdefault(case, []).append(seconds)
        assert most is None or seconds <= most, case

    def _log(self) -> Path | None:
        return self._processes[-1].log if self._processes else None

    def _final(self, service: Service) -> bool:
        return all(service.report(one).state in FINAL for one in self.acknowledged)

    @property
    def _scanned(self) -> Path:
        return self.folder / "scanned"

    @property
    def _clock(self) -> Path:
        return self.folder / "clock"

    def _look(self) -> None:
        """Watch the clean store all the time, as a reader of it would: whatever is there has been judged."""
        shelf = clean(self.settings)
        pause = 0.02 if self.settings.store_url.startswith("file:") else 0.2
        while not self._over.wait(pause):
            with contextlib.suppress(Unavailable, OSError):  # what is just killed answers again later
                for kept in shelf.listing():
                    if (
                        kept.key in self._seen or "/." in f"/{kept.key}"
                    ):  # a name with a dot is not readable under a key yet
                        continue
                    with shelf.open(kept.key) as stream:
                        self._judge(kept, stream.read())
                    self._seen.add(kept.key)

    def _judge(self, kept: Kept, data: bytes) -> None:
        if data.startswith(HARMFUL) or not (self._scanned / hashlib.sha256(data).hexdigest()).exists():
            self._wrong.append(kept.location)

    # -- the invariants ----------------------------------------------------------------------------------------

    def check(self, service: Service, *, most_attempts: int = 3) -> None:
        """Nothing acknowledged is lost, nothing else is delivered, nothing is left over."""
        service.sweep()
        clean_left = {kept.location: kept for kept in service._clean.listing()}
        quarantine_left = {kept.key for kept in service._quarantine.listing()}
        for submission, count in self.acknowledged.items():
            status = service.report(submission)
            assert status.state in {SubmissionState.DONE, SubmissionState.FAILED}, submission
            assert status.attempts <= most_attempts, submission
            assert status.finished_at is not None
            assert status.deadline_at is not None
            assert status.finished_at <= status.deadline_at
            assert len(delivered(status)) == count
            for number, location in enumerate(delivered(status)):
                # Delivered, or still there to be reviewed or tried again: never neither, never both.
                key = f"{submission[:2]}/{submission}.{number}"
                assert (location in clean_left, key in quarantine_left) == (location is not None, location is None)
        for location, kept in clean_left.items():
            assert location in delivered(service.report(submission_of(kept.key))), "an orphan in the clean store"
            with service._clean.open(kept.key) as stream:
                self._judge(kept, stream.read())
        for key in quarantine_left:
            status = service.report(submission_of(key))
            assert status.state in {SubmissionState.DONE, SubmissionState.FAILED}, "an orphan in quarantine"
            assert delivered(status)[int(key.rpartition(".")[2])] is None, "an orphan in quarantine"
        assert self._wrong == []


def uploads(*texts: str | Held) -> list[Upload]:
    """Make files that say what to do; no two of them are the same bytes."""
    said = [one.text if isinstance(one, Held) else one for one in texts]
    return [upload(f"{text}\n{uuid.uuid4().hex}\n") for text in said]


def submission_of(key: str) -> str:
    """Read the submission from the key of an object."""
    return key.partition("/")[2].partition(".")[0]


def delivered(status: Status) -> list[str | None]:
    """List where each file of a submission was delivered; None where it was not."""
    assert status.verdict is not None
    found = []
    for one in status.verdict.verdicts:
        assert (one.delivered is not None) == (one.outcome.value in {"accepted", "normalized"})
        found.append(one.delivered.location if one.delivered else None)
    return found


def strict(times: int, seconds: float) -> float | None:
    """Limit a time in the slow suite, which has the machine to itself; the ordinary one only notes it."""
    return seconds if times >= MANY else None


def dies_in_fork(act: Callable[[], object]) -> None:
    """Do something in a process that is killed by it: that it was is asserted."""
    pid = os.fork()
    if pid == 0:
        try:
            act()
        finally:
            os._exit(0)
    status = os.waitpid(pid, 0)[1]
    assert os.WIFSIGNALED(status), "it lived to see the end"
    assert os.WTERMSIG(status) == signal.SIGKILL
