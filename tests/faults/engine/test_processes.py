"""The embedded runner under fire: worker, supervisor, SIGSTOP, SIGTERM, files that kill their worker, clocks."""

import contextlib
import os
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from attachguard.adapters.processes import name_process
from attachguard.adapters.sql.ledger import SqlLedger
from attachguard.errors import ClaimLost
from attachguard.jobs import Queue
from attachguard.service import Service
from attachguard.states import BytesState
from tests.engine_made import engine, timing
from tests.faults.engine.harness import LEASE_ENDED, REPEATS, SLOWLY, WORKER_DIED, Den, strict
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
            held = den.hold()
            submission = den.submit(service, held, "x")
            os.kill(den.holder(service, submission, held), signal.SIGKILL)
            case = "embedded: worker killed"
            den.recovered(service, submission, time.monotonic(), case, most=strict(times, 2.0), why=WORKER_DIED)
            den.wait(service)
            assert service.report(submission).attempts == 2
        den.check(service)


@REPEATS
def test_a_killed_supervisor_takes_its_workers_with_it_and_the_next_one_goes_on(den: Den, times: int) -> None:
    with den, den.open() as service:
        runner = den.runner()
        for _ in range(times):
            held = den.hold()
            submission = den.submit(service, held, "x")
            den.holder(service, submission, held)
            runner.kill()
            began = time.monotonic()
            runner = den.runner()
            case = "embedded: everything killed, start of the next included"
            den.recovered(service, submission, began, case, most=strict(times, LEASE + 2), why=WORKER_DIED)
            den.wait(service)
        den.check(service)


@REPEATS
def test_workers_finish_what_is_in_hand_and_end_with_a_supervisor_that_is_killed_alone(den: Den, times: int) -> None:
    with den, den.open() as service:
        for _ in range(times):
            runner = den.runner(1)
            held = den.hold()
            submission = den.submit(service, held)
            worker = den.holder(service, submission, held)
            os.kill(runner.pid, signal.SIGKILL)
            runner.wait(10)
            held.let_go()
            wait_until(lambda worker=worker: not alive(worker), 20, "the worker ended")  # type: ignore[misc]
            assert (service.report(submission).state, service.report(submission).attempts) == ("done", 1)
        den.check(service)


@REPEATS
def test_sigterm_finishes_what_is_in_hand_and_starts_nothing_new(den: Den, times: int) -> None:
    with den, den.open() as service:
        for _ in range(times):
            runner = den.runner(1)
            held = den.hold()
            first = den.submit(service, held)
            den.holder(service, first, held)
            second = den.submit(service, "later")
            runner.send(signal.SIGTERM)
            wait_until(lambda runner=runner: b"are finished" in runner.log.read_bytes(), 20, "it knows")  # type: ignore[misc]
            held.let_go()
            assert runner.wait(20) == 0
            assert (service.report(first).state, service.report(first).attempts) == ("done", 1)
            assert service.report(second).attempts == 0
            runner = den.runner(1)
            den.wait(service)
            runner.stop()
        den.check(service)


@REPEATS
def test_a_worker_that_was_stopped_past_its_lease_changes_nothing_when_it_comes_back(den: Den, times: int) -> None:
    with den, den.open() as service:
        den.runner(2)
        for _ in range(times):
            held = den.hold()
            submission = den.submit(service, held, "x")
            stopped = den.holder(service, submission, held)
            pause(stopped)
            case = "embedded: worker stopped past its lease"
            den.recovered(service, submission, time.monotonic(), case, most=strict(times, LEASE + 2), why=LEASE_ENDED)
            den.wait(service)
            wait_until(lambda submission=submission: cleared(service, submission), 20, "quarantine is cleared")  # type: ignore[misc]
            before = service.report(submission)
            held.let_go()
            resume(stopped)
            until_it_works_again(den, service, stopped)
            assert held.passed
            assert service.report(submission) == before
            assert before.attempts == 2
        den.check(service)


def cleared(service: Service, submission: str) -> bool:
    """Tell whether what was delivered is gone from quarantine, which is noted a moment after the verdict."""
    return {file.bytes for file in service.report(submission).files} == {BytesState.DELETED}


def until_it_works_again(den: Den, service: Service, worker: int) -> None:
    """Wait until a worker claims something new: then it is through with what it had."""
    deadline = time.monotonic() + 60
    while True:
        assert time.monotonic() < deadline
        other = den.submit(service, "x")
        den.wait(service)
        if f":{worker}:" in den.events(service, other, "claimed")[-1].actor:
            return


@pytest.mark.parametrize("word", ["crash", "hang", "bug"])
@REPEATS
def test_a_file_that_kills_its_worker_every_time_fails_after_three_attempts(den: Den, word: str, times: int) -> None:
    den.patient(job_seconds=5)
    with den, den.open() as service:
        den.runner(4)
        bad = [den.submit(service, word, "x") for _ in range(times)]
        good = [den.submit(service, "x", "y") for _ in range(2 * times)]
        den.wait(service, 60 + 6 * len(bad))
        for submission in bad:
            status = service.report(submission)
            assert (status.state, status.attempts) == ("failed", 3)
            assert status.verdict is not None
            assert {one.outcome for one in status.verdict.verdicts} == {"undetermined"}
            assert {one.trouble.code for one in status.verdict.verdicts if one.trouble} == {"job.attempts"}
        assert {(service.report(one).state, service.report(one).attempts) for one in good} == {("done", 1)}
        den.check(service)


def test_two_runners_on_one_ledger_do_every_job_once(den: Den) -> None:
    den.patient()
    with den, den.open() as service:
        den.runner(2)
        den.runner(2)
        for _ in range(20):
            den.submit(service, "x", "y")
        den.wait(service)
        assert {service.report(one).attempts for one in den.acknowledged} == {1}
        den.check(service)


@REPEATS
def test_a_clock_that_jumps_between_claim_and_verdict_ends_in_one_verdict(tmp_path: Path, times: int) -> None:
    den = Den(tmp_path)
    shift = timedelta()
    ledger = SqlLedger(den.settings.ledger_url, lambda: datetime.now(UTC) + shift)
    owner = name_process(os.getpid())
    with den, den.open() as quiet:
        scanner = quiet.kit.scanner
        with engine(den.settings, terms_of=timing(den.settings), ledger=ledger, scanner=scanner) as service:
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


@REPEATS
@pytest.mark.parametrize("minutes", [-30, 30])
def test_a_clock_that_jumps_while_workers_work_costs_no_file(den: Den, minutes: int, times: int) -> None:
    with den, den.open() as service:
        den.runner(2)
        jumped = 0
        for _ in range(times):
            held = den.hold()
            submission = den.submit(service, held, "reject")
            waiting = [den.submit(service, "x") for _ in range(3)]
            den.holder(service, submission, held)
            jumped += minutes if abs(jumped + minutes) < 60 else -jumped
            den.move_clock(60 * jumped)
            waiting += [den.submit(service, "x") for _ in range(3)]
            held.let_go()
            den.wait(service)
            assert {service.report(one).state for one in [submission, *waiting]} == {"done"}
        den.check(service)


@SLOWLY
def test_workers_are_killed_at_random_for_a_while(den: Den, times: int) -> None:
    with den, den.open() as service:
        runner = den.runner(2)
        for number in range(times * 2):
            submission = den.submit(service, "sleep 0.05", "x", "reject")
            if number % 2:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(claimer(den, service, submission), signal.SIGKILL)
            if number % 10 == 9:
                runner.kill()
                runner = den.runner(2)
        den.wait(service, 120)
        den.check(service)


def claimer(den: Den, service: Service, submission: str) -> int:
    """Wait until somebody claims a submission; gives the last one's pid."""
    wait_until(lambda: den.events(service, submission, "claimed") != [], 30, "a worker claims the job")
    return int(den.events(service, submission, "claimed")[-1].actor.split(":")[-2])


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
