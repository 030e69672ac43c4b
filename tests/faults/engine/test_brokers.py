"""Celery under fire, on RabbitMQ and on Redis: a broker that dies, forgets or doubles costs time, never a file."""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import redis as redis_client
from kombu.connection import Connection

from attachguard.adapters.celery_queues import dead_letters, queues
from attachguard.bootstrap import _wakeup
from attachguard.jobs import Hint, Queue
from attachguard.model import Check
from attachguard.ports import Wakeup
from tests.faults.engine.harness import Den
from tests.servers.process import pause, resume, wait_until
from tests.servers.rabbitmq import RabbitMq
from tests.servers.redis import Redis

Broker = RabbitMq | Redis

REPEATS = pytest.mark.parametrize("times", [3, pytest.param(20, marks=pytest.mark.slow)])
SLOWLY = pytest.mark.parametrize("times", [pytest.param(20, marks=pytest.mark.slow)])
LEASE = 2.0


@pytest.fixture(params=["rabbitmq", "redis"])
def broker(request: pytest.FixtureRequest) -> Broker:
    found: Broker = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def den(broker: Broker, tmp_path: Path) -> Den:
    empty(broker)
    return Den(tmp_path, broker_url=broker.url, job_lease=2)


def name(broker: Broker) -> str:
    return "RabbitMQ" if isinstance(broker, RabbitMq) else "Redis"


def empty(broker: Broker) -> None:
    """Take every message away."""
    if isinstance(broker, Redis):
        with redis_client.Redis(port=broker.port) as client:
            client.flushall()
        return
    waiting = broker.control("list_queues", "-q", "--no-table-headers", "name").split()
    for queue in waiting:
        if queue in {"scan", "render", "rescan", "care"}:
            broker.control("purge_queue", queue)


@REPEATS
def test_a_killed_child_loses_its_job_to_another_within_two_seconds(den: Den, broker: Broker, times: int) -> None:
    with den, den.open() as service:
        den.celery()
        for _ in range(times):
            submission = den.submit(service, den.holding(), "x")
            os.kill(den.holder(service, submission), signal.SIGKILL)
            den.recovered(service, submission, time.monotonic(), f"{name(broker)}: child killed", 2.0)
            den.wait(service)
            assert service.report(submission).attempts == 2
        den.check(service)


@REPEATS
def test_a_killed_worker_loses_its_job_to_the_next_within_ten_seconds(den: Den, broker: Broker, times: int) -> None:
    with den, den.open() as service:
        den.beat()
        worker = den.celery()
        for _ in range(times):
            submission = den.submit(service, den.holding(), "x")
            den.holder(service, submission)
            worker.kill()
            began = time.monotonic()
            worker = den.celery()
            den.recovered(service, submission, began, f"{name(broker)}: main and children killed, start included", 10.0)
            den.wait(service)
        den.check(service)


@REPEATS
def test_sigterm_finishes_what_is_in_hand(den: Den, times: int) -> None:
    with den, den.open() as service:
        for _ in range(times):
            worker = den.celery(1)
            submission = den.submit(service, "sleep 0.5")
            den.holder(service, submission)
            worker.send(signal.SIGTERM)
            worker.wait(20)
            assert (service.report(submission).state, service.report(submission).attempts) == ("done", 1)
        den.check(service)


def test_a_file_that_kills_its_worker_fails_after_three_attempts_and_its_neighbours_do_not_notice(den: Den) -> None:
    with den, den.open() as service:
        den.beat()
        den.celery()
        bad = den.submit(service, "crash")
        good = [den.submit(service, "x", "y") for _ in range(8)]
        den.wait(service, 90)
        assert (service.report(bad).state, service.report(bad).attempts) == ("failed", 3)
        assert all(service.report(one).state == "done" for one in good)
        den.check(service)


def test_a_file_that_hangs_its_worker_fails_after_three_attempts(broker: Broker, tmp_path: Path) -> None:
    empty(broker)
    den = Den(tmp_path, broker_url=broker.url, job_seconds=1)
    with den, den.open() as service:
        den.beat()
        den.celery()
        bad = den.submit(service, "hang")
        good = [den.submit(service, "x", "y") for _ in range(8)]
        den.wait(service, 90)  # the hard limit is ten seconds above the soft one; three times
        assert (service.report(bad).state, service.report(bad).attempts) == ("failed", 3)
        assert all(service.report(one).state == "done" for one in good)
        den.check(service)


@REPEATS
def test_doubled_hints_are_harmless(den: Den, times: int) -> None:
    with den, den.open() as service:
        den.celery()
        told: list[Hint] = []
        real = service._wakeup
        service._wakeup = Repeated(real, told)
        for _ in range(times):
            den.submit(service, "sleep 0.2", "x")
        den.wait(service)
        for hint in told:
            real.hint(hint)
        real.hint(Hint(job="a job that never was", queue=Queue.SCAN))
        time.sleep(1)
        assert {service.report(one).attempts for one in den.acknowledged} == {1}
        den.check(service)


@REPEATS
def test_a_broker_that_forgot_everything_costs_no_file(den: Den, broker: Broker, times: int) -> None:
    with den, den.open() as service:
        for _ in range(times):
            den.submit(service, "x", "y")
        empty(broker)
        den.beat()
        den.celery()
        den.wait(service, 30)
        den.check(service)


def test_a_broker_that_is_down_lets_submissions_in_at_once(tmp_path: Path) -> None:
    server = Redis()
    den = Den(tmp_path, broker_url=server.url)
    try:
        with den, den.open() as service:
            began = time.monotonic()
            for _ in range(3):
                den.submit(service, "x")
            assert time.monotonic() - began < 5
            server.start()
            den.beat()
            den.celery()
            den.wait(service, 20)
            den.check(service)
    finally:
        server.close()


def test_a_broker_that_hangs_holds_nobody_up_for_long(tmp_path: Path) -> None:
    server = Redis()
    server.start()
    den = Den(tmp_path, broker_url=server.url)
    try:
        with den, den.open() as service:
            assert server._process is not None
            pause(server._process.pid)
            began = time.monotonic()
            den.submit(service, "x")
            assert time.monotonic() - began < 6
            resume(server._process.pid)
            assert service.relay() >= 0
    finally:
        server.close()


@pytest.mark.parametrize("kind", [RabbitMq, Redis])
@SLOWLY
def test_a_broker_that_dies_and_comes_back_costs_no_file(kind: type[Broker], tmp_path: Path, times: int) -> None:
    server = kind()
    server.start()
    den = Den(tmp_path, broker_url=server.url)
    try:
        with den, den.open() as service:
            den.beat()
            den.celery()
            for _ in range(times):
                den.submit(service, "sleep 0.2", "x")
                server.kill()
                den.submit(service, "x", "reject")
                server.start()
                den.submit(service, "x")
                den.wait(service, 90)
            den.check(service)
    finally:
        server.close()


def test_flower_and_celery_see_workers_and_tasks(redis: Redis, tmp_path: Path) -> None:
    empty(redis)
    den = Den(tmp_path, broker_url=redis.url)
    with den, den.open() as service:
        den.celery()
        den.submit(service, "x")
        den.wait(service)
        app = _wakeup(redis.url)._connected()  # type: ignore[attr-defined]
        (tasks,) = app.control.inspect(timeout=5).registered().values()
        assert {"attachguard.process", "attachguard.tend", "attachguard.sweep"} <= set(tasks)
        (listening,) = app.control.inspect(timeout=5).active_queues().values()
        assert {queue["name"] for queue in listening} == {"scan", "render", "rescan", "care"}


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
        for _ in range(10):
            message = scan.get()
            if message:
                message.reject(requeue=True)
            time.sleep(0.05)
        found: list[object] = []
        wait_until(lambda: bool(found.append(dead.get(no_ack=True)) or any(found)), 10, "the message is dead")  # type: ignore[func-returns-value]
