"""Whoever dies between any two writes leaves something that the others finish: every step of coming in and of work."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from attachguard.adapters.processes import name_process
from attachguard.jobs import Queue
from attachguard.service import Service
from tests.engine_made import upload
from tests.faults.engine.harness import REPEATS, Den, dies_in_fork

if TYPE_CHECKING:
    from tests.servers.postgres import Postgres

COMING_IN = (
    "ledger.begin:before",
    "ledger.begin:after",
    "_quarantine.put:after",
    "ledger.accept:after",
    "_wakeup.hint:after",
)
WORKING = (
    "ledger.claim:after", "_quarantine.open:after", "_clean.put:before", "_clean.put:after", "ledger.finish:after",
    "_quarantine.delete:after", "ledger.bytes_gone:after",
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
    part, _, rest = step.partition(".")
    setattr(service, part, Bomb(getattr(service, part), rest))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
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


@pytest.mark.parametrize("step", COMING_IN)
@REPEATS
def test_who_takes_in_dies(den: Den, step: str, times: int) -> None:
    with den, den.open() as service:
        for _ in range(times):
            in_fork(den, step, lambda inner: inner.submit([upload("one"), upload("reject")]))
            den.submit(service, "one", "reject")
        service.sweep()  # abandons what did not come in whole, whose sender was told nothing
        work(service)
        den.check(service)
        assert not any(path.read_bytes() == b"one" for path in (den.folder / "quarantine").rglob("*.[0-9]"))


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
