"""Whoever dies between any two writes leaves something that the others finish: every step of coming in and of work."""

import itertools
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from attachguard.adapters.processes import name_process
from attachguard.jobs import Queue
from attachguard.service import Service
from attachguard.states import SubmissionState
from tests.faults.engine.harness import REPEATS, Den, dies_in_fork, uploads

if TYPE_CHECKING:
    from _typeshed import HasFileno

    from tests.servers.postgres import Postgres

# A step is `part.method:before` or `:after`, or `fsync:N`: in the middle of the N-th durable write of bytes.
NEVER_IN = ("ledger.begin:before", "ledger.begin:after", "fsync:1", "fsync:2", "_quarantine.put:after", "fsync:4",
            "ledger.accept:before")  # fmt: skip
COME_IN = ("ledger.accept:after", "_wakeup.hint:after")
WORKING = (
    "ledger.claim:after", "_quarantine.open:after", "_clean.put:before", "fsync:1", "fsync:2", "_clean.put:after",
    "ledger.finish:before", "ledger.finish:after", "_quarantine.delete:after", "ledger.bytes_gone:after",
)  # fmt: skip


class Bomb:
    """Stands before an object, and dies at one of its methods: `method:before` or `method:after`."""

    def __init__(self, target: object, step: str) -> None:
        self._target = target
        self._method, _, self._when = step.partition(":")

    def __getattr__(self, name: str) -> object:
        found = getattr(self._target, name)
        if name != self._method:
            return found

        def dies(*arguments: object, **named: object) -> None:
            if self._when == "after":
                found(*arguments, **named)
            os.kill(os.getpid(), signal.SIGKILL)

        return dies


def arm(service: Service, step: str) -> None:
    part, _, rest = step.rpartition(".")
    if part:
        setattr(service, part, Bomb(getattr(service, part), rest))
    else:
        arm_writes(int(step.partition(":")[2]))


def arm_writes(last: int) -> None:
    """Die where the operating system is asked for the last time that bytes should last."""
    real, count = os.fsync, itertools.count(1)

    def dies(fd: "int | HasFileno") -> None:
        if next(count) == last:
            os.kill(os.getpid(), signal.SIGKILL)
        real(fd)

    os.fsync = dies  # in a process of its own, which this ends


@pytest.fixture(params=["sqlite", "postgres"])
def den(request: pytest.FixtureRequest, tmp_path: Path) -> Den:
    if request.param == "sqlite":
        return Den(tmp_path)
    postgres: Postgres = request.getfixturevalue("postgres")
    return Den(tmp_path, ledger_url=postgres.new_database())


def work(service: Service) -> None:
    while claim := service.claim(name_process(os.getpid()), tuple(Queue)):
        service.judge(claim)


def in_fork(den: Den, step: str, act: Callable[[Service], object]) -> None:
    def run() -> None:
        with den.open() as service:
            arm(service, step)
            act(service)

    dies_in_fork(run)


def states(service: Service) -> list[SubmissionState]:
    """List the states of all submissions, also of those nobody was told of."""
    with service.ledger._database.reading() as connection:  # type: ignore[attr-defined]  # a question of tests only
        found = connection.exec_driver_sql("SELECT state FROM submissions")
        return [SubmissionState(state) for (state,) in found]


@pytest.mark.parametrize("step", [*NEVER_IN, *COME_IN])
@REPEATS
def test_who_takes_in_dies(den: Den, step: str, times: int) -> None:
    with den, den.open() as service:
        for _ in range(times):
            in_fork(den, step, lambda inner: inner.submit(uploads("one", "reject")))
            den.submit(service, "one", "reject")
        service.sweep()  # abandons what did not come in whole, whose sender was told nothing
        work(service)
        den.check(service)
        written = 0 if step == "ledger.begin:before" else times
        lost = written if step in NEVER_IN else 0
        assert states(service).count(SubmissionState.ABANDONED) == lost
        assert states(service).count(SubmissionState.DONE) == times + written - lost


@pytest.mark.parametrize("step", WORKING)
@REPEATS
def test_who_judges_dies(den: Den, step: str, times: int) -> None:
    with den, den.open() as service:
        for _ in range(times):
            den.submit(service, "one", "reject")
            in_fork(den, step, work)
            service.tend()  # sees that the worker is dead
            work(service)
        den.check(service, most_attempts=2)
        assert states(service) == [SubmissionState.DONE] * times
