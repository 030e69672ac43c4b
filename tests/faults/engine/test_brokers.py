"""Celery under fire, on RabbitMQ and on Redis: a broker that dies, forgets or doubles costs time, never a file."""

import contextlib
import os
import re
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import redis as redis_client
from kombu.connection import Connection

from attachguard.adapters.celery_queues import dead_letters, queues
from attachguard.bootstrap import _wakeup
from attachguard.jobs import Hint, Queue
from attachguard.model import Check
from attachguard.ports import Wakeup
from attachguard.service import Service
from tests.faults.engine.harness import REPEATS, WORKER_DIED, Den, strict
from tests.servers.process import Process, wait_until
from tests.servers.rabbitmq import RabbitMq
from tests.servers.redis import Redis

Broker = RabbitMq | Redis

QUEUES = frozenset({"scan", "render", "rescan", "care"})


@pytest.fixture(params=["rabbitmq", "redis"])
def broker(request: pytest.FixtureRequest) -> Broker:
    found: Broker = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=[RabbitMq, Redis])
def own_broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """A broker that a test may kill; it is not started yet."""
    with closing(request.param()) as server:
        yield server


@pytest.fixture
def den(broker: Broker, tmp_path: Path) -> Den:
    empty(broker)
    return Den(tmp_path, broker_url=broker.url)


def name(broker: Broker) -> str:
    return "RabbitMQ" if isinstance(broker, RabbitMq) else "Redis"


def messages(broker: Broker, queue: str) -> int:
    """Count the messages that wait in a queue."""
    if isinstance(broker, Redis):
        with redis_client.Redis(port=broker.port) as client:
            return int(client.llen(queue))
    with Connection(broker.url) as connection:
        return int(connection.default_channel.queue_declare(queue, passive=True).message_count)


def empty(broker: Broker) -> None:
    """Take every message away."""
    if isinstance(broker, Redis):
        with redis_client.Redis(port=broker.port) as client:
            client.flushall()
        return
    with Connection(broker.url) as connection:
        for queue in queues(broker.url):
            bound = queue(connection.default_channel)
            bound.declare()
            bound.purge()


@REPEATS
def test_a_killed_child_loses_its_job_to_another_within_two_seconds(den: Den, broker: Broker, times: int) -> None:
    with den, den.open() as service:
        den.celery()
        for _ in range(times):
            held = den.hold()
            submission = den.submit(service, held, "x")
            os.kill(den.holder(service, submission, held), signal.SIGKILL)
            case = f"{name(broker)}: child killed"
            den.recovered(service, submission, time.monotonic(), case, most=strict(times, 2.0), why=WORKER_DIED)
            den.wait(service)
            assert service.report(submission).attempts == 2
        den.check(service)


@REPEATS
def test_a_killed_worker_loses_its_job_to_the_next_within_ten_seconds(den: Den, broker: Broker, times: int) -> None:
    with den, den.open() as service:
        den.beat()
        worker = den.celery()
        for _ in range(times):
            held = den.hold()
            submission = den.submit(service, held, "x")
            den.holder(service, submission, held)
            worker.kill()
            began = time.monotonic()
            worker = den.celery()
            case = f"{name(broker)}: main and children killed, start of the next included"
            den.recovered(service, submission, began, case, most=strict(times, 10.0), why=WORKER_DIED)
            den.wait(service)
            assert service.report(submission).attempts == 2
        den.check(service)


@REPEATS
def test_a_main_process_that_is_killed_alone_loses_its_job_to_the_next(den: Den, broker: Broker, times: int) -> None:
    with den, den.open() as service:
        den.beat()
        worker = den.celery()
        for _ in range(times):
            held = den.hold()
            submission = den.submit(service, held, "x")
            den.holder(service, submission, held)
            os.kill(worker.pid, signal.SIGKILL)
            began = time.monotonic()
            held.let_go()  # its child may come to an end, or be killed before it does: one verdict in any case
            worker = den.celery()
            den.wait(service)
            den.took(f"{name(broker)}: main killed alone, until the verdict", time.monotonic() - began, None)
        den.check(service)


@REPEATS
def test_sigterm_finishes_what_is_in_hand(den: Den, times: int) -> None:
    with den, den.open() as service:
        for _ in range(times):
            worker = den.celery(1)
            held = den.hold()
            submission = den.submit(service, held)
            den.holder(service, submission, held)
            worker.send(signal.SIGTERM)
            wait_until(lambda worker=worker: b"Warm shutdown" in worker.log.read_bytes(), 20, "it shuts down")  # type: ignore[misc]
            assert service.report(submission).state == "processing"
            held.let_go()
            assert worker.wait(60) == 0
            assert (service.report(submission).state, service.report(submission).attempts) == ("done", 1)
        den.check(service)


@REPEATS
def test_a_file_that_kills_its_worker_fails_after_three_attempts_and_its_neighbours_do_not_notice(
    den: Den, times: int
) -> None:
    den.patient()
    with den, den.open() as service:
        den.beat()
        den.celery()
        bad = [den.submit(service, "crash", "x") for _ in range(times)]
        good = [den.submit(service, "x", "y") for _ in range(3 * times)]
        den.wait(service, 60 + 10 * times)
        assert_given_up(service, bad)
        assert {(service.report(one).state, service.report(one).attempts) for one in good} == {("done", 1)}
        den.check(service)


@REPEATS
def test_a_file_that_hangs_its_worker_fails_after_three_attempts_and_its_neighbours_do_not_notice(
    broker: Broker, tmp_path: Path, times: int
) -> None:
    empty(broker)
    den = Den(tmp_path, broker_url=broker.url, job_seconds=3)
    with den, den.open() as service:
        den.beat()
        den.celery(workers=10)  # three hang in each of three attempts: one is left for the neighbours
        for _ in range(times // 3):
            bad = [den.submit(service, "hang", "x") for _ in range(3)]
            good = [den.submit(service, "x", "y") for _ in range(6)]
            den.wait(service, 90)
            assert_given_up(service, bad)
            assert {service.report(one).state for one in good} == {"done"}
            # Where nine that hang hold two cores, one of them may have lost its lease once.
            assert max(service.report(one).attempts for one in good) <= 2
            hung = [event.actor for one in bad for event in den.events(service, one, "claimed")]
            assert len(hung) == 9
            # The soft limit does not get through to them; the hard one, ten seconds later, ends them all.
            wait_until(lambda hung=hung: not any(map(alive, hung)), 60, "those that hang are ended", den._log())  # type: ignore[misc]
        den.check(service)


def alive(owner: str) -> bool:
    """Tell whether a worker, named as owner of a job, is there."""
    with contextlib.suppress(OSError):
        return "\nState:\tZ" not in Path(f"/proc/{owner.split(':')[-2]}/status").read_text()
    return False


def assert_given_up(service: Service, submissions: Sequence[str]) -> None:
    for one in submissions:
        status = service.report(one)
        assert (status.state, status.attempts) == ("failed", 3)
        assert status.verdict is not None
        assert {file.trouble.code for file in status.verdict.verdicts if file.trouble} == {"job.attempts"}


@REPEATS
def test_doubled_hints_are_harmless(den: Den, times: int) -> None:
    den.patient()
    with den, den.open() as service:
        worker = den.celery()
        told: list[Hint] = []
        real = service._wakeup
        service._wakeup = Repeated(real, told)
        for _ in range(times):
            den.submit(service, "sleep 0.2", "x")
        den.wait(service)
        for hint in told:
            real.hint(hint)
        real.hint(Hint(job="a job that never was", queue=Queue.SCAN))
        sent = 4 * times + 1
        wait_until(lambda: handled(worker) >= sent, 60, "every message is handled", worker.log)
        assert {service.report(one).attempts for one in den.acknowledged} == {1}
        assert {len(den.events(service, one, "judged")) for one in den.acknowledged} == {1}
        den.check(service)


def handled(worker: Process) -> int:
    """Count the messages that a worker is through with."""
    return len(re.findall(rb"Task attachguard\.process\[[^\]]+\] succeeded", worker.log.read_bytes()))


@REPEATS
def test_a_broker_that_forgot_everything_costs_no_file(den: Den, broker: Broker, times: int) -> None:
    with den, den.open() as service:
        for _ in range(times):
            den.submit(service, "x", "y")
            assert messages(broker, "scan") == 1
            empty(broker)
            assert messages(broker, "scan") == 0
            began = time.monotonic()
            with working(den):
                den.wait(service)
                case = f"{name(broker)}: purged, from the worker's start to the verdict"
                den.took(case, time.monotonic() - began, None)
        den.check(service)


@REPEATS
def test_a_broker_that_is_down_lets_submissions_in_and_is_told_when_it_is_back(
    own_broker: Broker, tmp_path: Path, times: int
) -> None:
    den = Den(tmp_path, broker_url=own_broker.url)
    with den, den.open() as service:
        for _ in range(times):  # the first time it has never been there, then it is killed
            den.submit(service, "x")
            assert len(list(service.ledger.unannounced(timedelta(hours=1)))) == 1
            assert service.relay() == 0
            own_broker.start()
            began = time.monotonic()
            with working(den):
                den.wait(service)
                case = f"{name(own_broker)}: down at submission, from its return to the verdict"
                den.took(case, time.monotonic() - began, strict(times, 10.0))
            own_broker.kill()
        den.check(service)


@contextmanager
def working(den: Den) -> Iterator[None]:
    """Have beat and a worker run; at the end the worker finishes what it has, so that no message is left behind."""
    beat, worker = den.beat(), den.celery()
    yield
    worker.send(signal.SIGTERM)
    assert worker.wait(60) == 0
    beat.kill()


@REPEATS
def test_a_broker_that_hangs_keeps_nobody_from_submitting(den: Den, broker: Broker, times: int) -> None:
    with den, den.open() as service:
        den.submit(service, "x")  # the connection is there when it begins to hang
        for _ in range(times):
            broker.pause()
            try:
                began = time.monotonic()
                den.submit(service, "x")
                took = time.monotonic() - began
            finally:
                broker.resume()
            den.took(f"{name(broker)}: hangs, a submission takes", took, strict(times, 10.0))
        den.beat()
        den.celery()
        den.wait(service)
        den.check(service)


@REPEATS
def test_a_broker_that_dies_and_comes_back_costs_no_file(own_broker: Broker, tmp_path: Path, times: int) -> None:
    own_broker.start()
    den = Den(tmp_path, broker_url=own_broker.url)
    with den, den.open() as service:
        den.beat()
        den.celery()
        for _ in range(times):
            held = den.hold()
            submission = den.submit(service, held, "x")
            den.holder(service, submission, held)
            own_broker.kill()
            den.submit(service, "x", "reject")
            own_broker.start()
            began = time.monotonic()
            den.submit(service, "x")
            held.let_go()
            den.wait(service)
            case = f"{name(own_broker)}: killed, from its return to the verdicts"
            den.took(case, time.monotonic() - began, None)
            assert service.report(submission).attempts == 1  # in hand, and finished while the broker was away
        den.check(service)


def test_flower_and_celery_see_workers_and_tasks(redis: Redis, tmp_path: Path) -> None:
    empty(redis)
    den = Den(tmp_path, broker_url=redis.url)
    with den, den.open() as service:
        den.celery()
        den.submit(service, "x")
        den.wait(service)
        app = _wakeup(redis.url)._connected()  # type: ignore[attr-defined]
        (tasks,) = app.control.inspect(timeout=20, limit=1).registered().values()
        assert {"attachguard.process", "attachguard.tend", "attachguard.sweep"} <= set(tasks)
        (listening,) = app.control.inspect(timeout=20, limit=1).active_queues().values()
        assert {queue["name"] for queue in listening} == QUEUES


class Repeated:
    """A wake-up that says everything three times."""

    def __init__(self, real: Wakeup, told: list[Hint]) -> None:
        self._real, self._told = real, told

    def hint(self, hint: Hint) -> bool:
        self._told.append(hint)
        return [self._real.hint(hint) for _ in range(3)] == [True] * 3

    def probe(self) -> Sequence[Check]:
        return []


def test_a_message_that_is_never_handled_ends_in_the_dead_letter_queue(rabbitmq: RabbitMq) -> None:
    empty(rabbitmq)
    with Connection(rabbitmq.url) as connection:
        channel = connection.default_channel
        dead_letters()(channel).declare()
        scan = next(queue for queue in queues(rabbitmq.url) if queue.name == "scan")(channel)
        scan.declare()
        dead = dead_letters()(channel)
        dead.purge()
        connection.Producer().publish("job", exchange="scan", routing_key="scan")
        seen = 0
        found: object = None
        deadline = time.monotonic() + 30
        while found is None and time.monotonic() < deadline:
            message = scan.get()
            if message:
                seen += 1
                message.reject(requeue=True)
            found = dead.get(no_ack=True)
        assert found is not None
        assert seen == 4  # once, and as often again as the limit says
