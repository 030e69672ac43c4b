"""What every case of the matrix needs: an engine in a folder, workers to kill, and the invariants at the end."""

import contextlib
import os
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest

from attachguard.bootstrap import _wakeup
from attachguard.jobs import Event
from attachguard.ports import Shelf
from attachguard.service import Service
from attachguard.settings import VARIABLES, Secret, Settings
from attachguard.states import FINAL, SubmissionState
from tests.engine_made import engine, settings, timing, upload
from tests.servers.process import Process, wait_until

ROOT = Path(__file__).parents[3]

REPEATS = pytest.mark.parametrize("times", [3, pytest.param(20, marks=pytest.mark.slow)])
"""Each case runs three times in the ordinary suite and twenty times in the slow one."""

SLOWLY = pytest.mark.parametrize("times", [pytest.param(20, marks=pytest.mark.slow)])
"""For cases that take many seconds a time."""

HARMFUL = (b"reject", b"crash", b"hang")
"""What must never be readable in the clean store."""

FIGURES: dict[str, list[float]] = {}
"""Seconds to recover, by case: printed at the end of a run (conftest)."""


class Den:
    """One engine, its folder, and what was acknowledged."""

    def __init__(self, folder: Path, **changes: object) -> None:
        self.folder = folder
        self.settings = settings(folder, **{"job_lease": 2, "job_seconds": 60, **changes})
        self.acknowledged: dict[str, int] = {}
        self._seen: list[str] = []
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._processes: list[Process] = []

    @contextmanager
    def open(self) -> Iterator[Service]:
        wakeup = _wakeup(self.settings.broker_url)
        with engine(self.settings, terms_of=timing(self.settings), wakeup=wakeup) as service:
            yield service

    def __enter__(self) -> Self:
        if self.settings.store_url.startswith("file:"):
            self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for process in self._processes:
            process.kill()
        if self._watch.ident:
            self._watch.join()

    # -- acting ------------------------------------------------------------------------------------------------

    def submit(self, service: Service, *texts: str) -> str:
        receipt = service.submit([upload(text) for text in texts])
        self.acknowledged[receipt.submission] = len(texts)
        return receipt.submission

    def holding(self, seconds: float = 60) -> str:
        """Say what keeps its first worker busy for so long, and its second one not at all."""
        return f"hold {seconds} {self.folder / uuid.uuid4().hex}\n"

    def environment(self) -> Mapping[str, str]:
        """Settings for another process."""
        found = {}
        for field, variable in VARIABLES.items():
            value = getattr(self.settings, field)
            if value is not None:
                found[variable] = value.value if isinstance(value, Secret) else str(value)
        return {
            **found,
            "PYTHONPATH": str(ROOT),
            "BEAT_FILE": str(self.folder / "beat"),
            "XDG_STATE_HOME": str(self.folder),
        }

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

    def holder(self, service: Service, submission: str) -> int:
        """Wait until somebody holds the job of a submission; gives its pid."""
        wait_until(lambda: self.claims(service, submission) != [], 30, "a worker claims the job", self._log())
        return int(self.claims(service, submission)[-1].actor.split(":")[-2])

    def claims(self, service: Service, submission: str) -> list[Event]:
        return [event for event in service.ledger.events(submission) if event.what == "claimed"]

    def wait(self, service: Service, seconds: float = 60) -> None:
        """Wait until nothing is pending."""
        wait_until(lambda: self._final(service), seconds, "everything is final", self._log())

    def recovered(self, service: Service, submission: str, since: float, case: str, most: float) -> None:
        """Wait until a job is claimed for the second time, and note how long that took."""
        wait_until(lambda: len(self.claims(service, submission)) > 1, most + 20, "the job is claimed", self._log())
        took = time.monotonic() - since
        FIGURES.setdefault(case, []).append(took)
        assert took <= most

    def _log(self) -> Path | None:
        return self._processes[-1].log if self._processes else None

    def _final(self, service: Service) -> bool:
        return all(service.report(one).state in FINAL for one in self.acknowledged)

    def _look(self) -> None:
        """Watch the clean store all the time."""
        clean = self.folder / "clean"
        while not self._over.wait(0.02):
            for path in clean.rglob("*.txt"):
                with contextlib.suppress(OSError):
                    if path.read_bytes().startswith(HARMFUL):
                        self._seen.append(str(path))

    # -- the invariants ----------------------------------------------------------------------------------------

    def check(self, service: Service, *, most_attempts: int = 3) -> None:
        """Nothing acknowledged is lost, nothing else is delivered, nothing is left over."""
        service.sweep()
        wanted: set[str] = set()
        for submission, count in self.acknowledged.items():
            status = service.report(submission)
            assert status.state in {SubmissionState.DONE, SubmissionState.FAILED}, submission
            assert status.attempts <= most_attempts, submission
            assert status.verdict is not None
            assert len(status.verdict.verdicts) == count
            for one in status.verdict.verdicts:
                assert (one.delivered is not None) == (one.outcome.value in {"accepted", "normalized"})
                if one.delivered:
                    assert one.delivered.location not in wanted
                    wanted.add(one.delivered.location)
        found = {kept.location: kept for kept in self._shelf(service).listing()}
        others = self._others(service, set(found) - wanted)
        assert wanted <= set(found)
        assert others == set()
        assert self._seen == []
        for kept in found.values():
            with self._shelf(service).open(kept.key) as stream:
                assert not stream.read().startswith(HARMFUL)

    def _others(self, service: Service, locations: set[str]) -> set[str]:
        """Leave out what was delivered for submissions that came in, though their sender was never told."""
        return locations - service.ledger.wanted_locations(sorted(locations))

    @staticmethod
    def _shelf(service: Service) -> Shelf:
        return service._clean


def dies_in_fork(act: Callable[[], object]) -> None:
    """Do something in a process that is expected to be killed by it."""
    pid = os.fork()
    if pid == 0:
        try:
            act()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


def with_url(chosen: Settings, url: str) -> Settings:
    return replace(chosen, ledger_url=url)
