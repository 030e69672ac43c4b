"""The embedded runner under fire: worker, supervisor, SIGSTOP, SIGTERM, files that kill their worker, clocks."""

import os
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from attachguard.adapters.processes import name_process
from attachguard.adapters.sql.ledger import SqlLedger
from attachguard.errors import ClaimLost
from attachguard.jobs import Queue
from tests.engine_made import engine, timing
from tests.faults.engine.harness import REPEATS, SLOWLY, Den
from tests.servers.process import pause, resume, wait_until

if TYPE_CHECKING:
    from tests.servers.postgres import Postgres

LEASE = 2.0


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def den(request: pytest.FixtureRequest, tmp_path: Path) -> Den:
    if request.param == "sqlite":
        return Den(tmp_path)
    postgres: Postgres = request.getfixturevalue("postgres")
    return Den(tmp_path, ledger_url=postgres.new_database())


@REPEATS
def test_a_killed_worker_loses_its_job_to_another_within_two_seconds(den: Den, times: int) -> None:
    with den, den.open() as service:
        den.runner()
        for _ in range(times):
            submission = den.submit(service, den.holding(), "x")
            os.kill(den.holder(service, submission), signal.SIGKILL)
            den.recovered(service, submission, time.monotonic(), "embedded: worker killed", 2.0)
            den.wait(service)
            assert service.report(submission).attempts == 2
        den.check(service)


@REPEATS
def test_a_killed_supervisor_takes_its_workers_with_it_and_the_next_one_goes_on(den: Den, times: int) -> None:
    with den, den.open() as service:
        runner = den.runner()
        for _ in range(times):
            submission = den.submit(service, den.holding(), "x")
            den.holder(service, submission)
            runner.kill()
            runner = den.runner()
            den.recovered(
                service,
                submission,
                time.monotonic(),
                "embedded: everything killed, from a new runner's start",
                LEASE + 2,
            )
            den.wait(service)
        den.check(service)


@REPEATS
def test_workers_end_with_a_supervisor_that_is_killed_alone(den: Den, times: int) -> None:
    with den, den.open() as service:
        for _ in range(times):
            runner = den.runner(1)
            submission = den.submit(service, "sleep 0.3")
            worker = den.holder(service, submission)
            os.kill(runner.pid, signal.SIGKILL)
            wait_until(lambda worker=worker: not alive(worker), 5, "the worker ended")  # type: ignore[misc]
            assert service.report(submission).attempts == 1
        den.check(service)


@REPEATS
def test_sigterm_finishes_what_is_in_hand_and_starts_nothing_new(den: Den, times: int) -> None:
    with den, den.open() as service:
        for _ in range(times):
            runner = den.runner(1)
            first = den.submit(service, "sleep 0.5")
            den.holder(service, first)
            second = den.submit(service, "later")
            runner.send(signal.SIGTERM)
            assert runner.wait(10) == 0
            assert (service.report(first).state, service.report(first).attempts) == ("done", 1)
            assert service.report(second).attempts == 0
            del den.acknowledged[second]
            service.ledger.fail_overdue()
        den.check(service)


@REPEATS
def test_a_worker_that_was_stopped_past_its_lease_changes_nothing_when_it_comes_back(den: Den, times: int) -> None:
    with den, den.open() as service:
        den.runner(2)
        for _ in range(times):
            submission = den.submit(service, den.holding(1), "x")
            stopped = den.holder(service, submission)
            pause(stopped)
            den.recovered(service, submission, time.monotonic(), "embedded: worker stopped past its lease", LEASE + 2)
            den.wait(service)
            resume(stopped)
            time.sleep(1.5)
            assert service.report(submission).attempts == 2
        den.check(service)


@pytest.mark.parametrize("word", ["crash", "hang", "bug"])
@REPEATS
def test_a_file_that_kills_its_worker_every_time_fails_after_three_attempts(den: Den, word: str, times: int) -> None:
    den.settings = replace(den.settings, job_seconds=2)
    with den, den.open() as service:
        den.runner(2)
        bad = [den.submit(service, word, "x") for _ in range(max(1, times // 3))]
        good = [den.submit(service, "x", "y") for _ in range(2 * times)]
        den.wait(service, 60 + 12 * len(bad))
        for submission in bad:
            status = service.report(submission)
            assert (status.state, status.attempts) == ("failed", 3)
            assert status.verdict is not None
            assert {one.trouble.code for one in status.verdict.verdicts if one.trouble} == {"job.attempts"}
        assert {service.report(one).attempts for one in good} == {1}
        den.check(service)


def test_two_runners_on_one_ledger_do_every_job_once(den: Den) -> None:
    with den, den.open() as service:
        den.runner(2)
        den.runner(2)
        for _ in range(20):
            den.submit(service, "x", "y")
        den.wait(service)
        assert {service.report(one).attempts for one in den.acknowledged} == {1}
        den.check(service)


@REPEATS
def test_a_clock_that_jumps_ends_in_one_verdict(tmp_path: Path, times: int) -> None:
    den = Den(tmp_path)
    shift = timedelta()
    ledger = SqlLedger(den.settings.ledger_url, lambda: datetime.now(UTC) + shift)
    owner = name_process(os.getpid())
    with den, engine(den.settings, terms_of=timing(den.settings), ledger=ledger) as service:
        for number in range(times):
            submission = den.submit(service, "x")
            claim = service.claim("elsewhere:x:x:1:1", tuple(Queue))
            assert claim is not None
            shift += timedelta(minutes=30) if number % 2 else timedelta(minutes=-30)
            service.tend()
            again = service.claim(owner, tuple(Queue))
            assert again is not None
            service.judge(again)
            service.judge(claim)
            with pytest.raises(ClaimLost):
                service.ledger.finish(claim, service.report(submission).verdict)  # type: ignore[arg-type]
            assert service.report(submission).attempts == 2
        den.check(service)


@SLOWLY
def test_workers_are_killed_at_random_for_a_while(den: Den, times: int) -> None:
    with den, den.open() as service:
        runner = den.runner(2)
        for number in range(times * 2):
            submission = den.submit(service, "sleep 0.05", "x", "reject")
            if number % 2:
                os.kill(den.holder(service, submission), signal.SIGKILL)
            if number % 10 == 9:
                runner.kill()
                runner = den.runner(2)
        den.wait(service, 120)
        den.check(service)


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
