"""A batch under fire: whatever is killed, exactly what the new signature hits is found, once, and nothing is missed."""

import contextlib
import hashlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from attachguard.adapters.processes import name_process
from attachguard.adapters.s3_shelf import S3Shelf
from attachguard.adapters.sql.rescans.reclassify import RECLASSIFIED
from attachguard.batches import BatchState, Mode, Request, Selection
from attachguard.ports import Shelf
from attachguard.service import Service
from attachguard.settings import Secret
from attachguard.states import BytesState
from tests.engine_made import engine, settings, timing, variables_of
from tests.rescan.filled import fill
from tests.rescan.made import learned, outcome, run
from tests.servers.ceph import Ceph
from tests.servers.postgres import Postgres
from tests.servers.process import Process, wait_until
from tests.servers.rabbitmq import RabbitMq
from tests.servers.redis import Redis
from tests.servers.swift import Swift

ROOT = Path(__file__).parents[2]
MANY = 20
KILLS = pytest.mark.parametrize("kills", [3, pytest.param(MANY, marks=pytest.mark.slow)])
SELECTION = Selection(older_than_signatures=True)


def hits(kills: int) -> int:
    """Say how many of the objects are infected since today."""
    return 37 if kills >= MANY else 7


class Store:
    """An engine with delivered files, of which some are infected since today; and workers to kill."""

    def __init__(self, folder: Path, objects: int, bad: int = 7, **changes: object) -> None:
        self.folder = folder
        self.settings = settings(folder, **{"job_lease": 2, "job_seconds": 60, **changes})
        self.texts = [f"sleep 0.01\nfile {number}" for number in range(objects)]
        self.bad = self.texts[:: objects // bad][:bad]
        self.made: list[str] = []
        self._learned, self._serving = folder / "learned.json", folder / "serving"
        self._learned.write_text(json.dumps([hashlib.sha256(text.encode()).hexdigest() for text in self.bad]))
        self._processes: list[Process] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()

    @contextmanager
    def opened(self) -> Iterator[Service]:
        with engine(self.settings, terms_of=timing(self.settings), scanner=learned(self.bad)) as service:
            yield service

    def fill(self, service: Service) -> None:
        self.made = fill(service, [("note.txt", text.encode()) for text in self.texts])

    def workers(self, *also: str) -> Process:
        process = self._start("rescan", [sys.executable, "-m", "tests.rescan.steered", "2", *also])
        wait_until(lambda: b"worker processes" in process.log.read_bytes(), 120, "the runner runs", process.log)
        return process

    def celery_workers(self) -> Process:
        command = [
            sys.executable, "-m", "celery", "-A", "tests.rescan.steered", "worker", "-c", "2", "-B", "-s",
            str(self.folder / "beat"), "-n", f"w{len(self._processes)}@test", "--without-mingle", "--without-gossip",
        ]  # fmt: skip
        return self._start("celery", command)

    def _start(self, name: str, command: Sequence[str]) -> Process:
        environment = {
            **variables_of(self.settings),
            "PYTHONPATH": str(ROOT),
            "XDG_STATE_HOME": str(self.folder),
            "LEARNED": str(self._learned),
            "SERVING": str(self._serving),
        }
        log = self.folder / f"{name}-{len(self._processes)}.log"
        process = Process(command, log, environment=environment, folder=ROOT)
        self._processes.append(process)
        return process

    def api(self) -> tuple[int, str]:
        """Tell in which process HTTP is served, and at which address; wait until it is."""
        wait_until(self._serving.exists, 60, "HTTP is served")
        pid, url = self._serving.read_text("ascii").split()
        return int(pid), url

    def through(self, service: Service, batch: str, kills: int, act: Callable[[], None], log: Path) -> None:
        """Act so many times on the way of a batch, and wait for its end."""
        for number in range(kills):
            wanted = len(self.texts) * (number + 1) // (kills + 2)
            wait_until(lambda wanted=wanted: service.rescan.find(batch).tally.done >= wanted, 240, "it goes on", log)  # type: ignore[misc]
            act()
        wait_until(lambda: service.rescan.find(batch).finished_at is not None, 240, "it ends", log)

    def check_batch(self, service: Service, batch: str) -> None:
        """Exactly these, each once, and all else as it was."""
        found = service.rescan.find(batch)
        count = len(self.texts)
        assert (found.state, found.tally.found) == (BatchState.DONE, count)
        wanted = (len(self.bad), 0, count - len(self.bad))
        assert (found.tally.changed, found.tally.failed, found.tally.unchanged) == wanted
        told: list[int] = []
        for submission, text in zip(self.made, self.texts, strict=True):
            infected = text in self.bad
            assert outcome(service, submission) == ("infected" if infected else "accepted"), text
            told.append([event.what for event in service.ledger.events(submission)].count(RECLASSIFIED))
            assert told[-1] == int(infected), text
        service.sweep()
        assert self.keep(service._clean) == sorted(text for text in self.texts if text not in self.bad)
        assert self.keep(service._quarantine) == sorted(self.bad)
        assert {held.bytes for held in service.held(1000)} == {BytesState.HELD}
        assert len(service.held(1000)) == len(self.bad)

    @staticmethod
    def keep(shelf: Shelf) -> list[str]:
        found = []
        for kept in shelf.listing():
            with shelf.open(kept.key) as stream:
                found.append(stream.read().decode())
        return sorted(found)


@KILLS
def test_killed_workers_lose_and_double_nothing(tmp_path: Path, kills: int) -> None:
    den = Store(tmp_path, 60 * (kills + 2), hits(kills))
    with den, den.opened() as service:
        den.fill(service)
        batch = service.rescan.begin(Request(selection=SELECTION, mode=Mode.INSPECT)).id
        alive = [den.workers()]

        def act() -> None:
            alive.pop().kill()
            alive.append(den.workers())

        den.through(service, batch, kills, act, alive[0].log)
        den.check_batch(service, batch)


@KILLS
def test_killed_children_lose_and_double_nothing(tmp_path: Path, kills: int) -> None:
    den = Store(tmp_path, 60 * (kills + 2), hits(kills))
    with den, den.opened() as service:
        den.fill(service)
        batch = service.rescan.begin(Request(selection=SELECTION, mode=Mode.INSPECT)).id
        supervisor = den.workers()

        def kill_a_holder() -> bool:
            """Kill one that holds objects and lives; what a dead one held is its own until the lease ends."""
            for owner in sorted({owner for owner in service.ledger.object_owners() if owner}):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(owner.split(":")[-2]), signal.SIGKILL)
                    return True
            return service.rescan.find(batch).finished_at is not None

        def act() -> None:
            wait_until(kill_a_holder, 60, "a worker holds something", supervisor.log)

        den.through(service, batch, kills, act, supervisor.log)
        den.check_batch(service, batch)


@KILLS
def test_who_asks_for_a_batch_may_die_at_any_moment(tmp_path: Path, kills: int) -> None:
    den = Store(tmp_path, 40)
    with den, den.opened() as service:
        den.fill(service)
        for number in range(kills):
            with den.opened() as asking:
                asking.ledger.status("warm")
                ask_and_die(asking, 0.002 * number)
        batches = service.ledger.batches(1000)
        for batch in batches:
            run(service, batch)
        found = [service.rescan.find(one.id) for one in batches]
        assert all(one.state is BatchState.DONE for one in found)
        last = service.rescan.begin(Request(selection=SELECTION))
        run(service, last)
        assert sum(service.rescan.find(one.id).tally.changed for one in (*batches, last)) == len(den.bad)
        assert [outcome(service, one) for one in den.made].count("infected") == len(den.bad)


@KILLS
def test_a_killed_api_costs_nothing(tmp_path: Path, kills: int) -> None:
    den = Store(tmp_path, 60 * (kills + 2), hits(kills))
    with den, den.opened() as service:
        den.fill(service)
        served = den.workers("serve")
        wish = {"older_than_signatures": True, "mode": "inspect"}
        batch = answered(den, lambda client: client.post("/v1/rescans", json=wish), 202)["id"]

        def act() -> None:
            pid, _ = den.api()
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: den.api()[0] != pid, 60, "HTTP is served again", served.log)
            assert answered(den, lambda client: client.get(f"/v1/rescans/{batch}"), 200)["state"] in {"running", "done"}

        den.through(service, batch, kills, act, served.log)
        told = answered(den, lambda client: client.get(f"/v1/rescans/{batch}/report"), 200)
        assert len(told["lines"]) == len(den.bad)
        den.check_batch(service, batch)


def answered(den: Store, ask: Callable[[httpx.Client], httpx.Response], status: int) -> dict[str, Any]:
    """Ask the API, which may not listen yet."""
    transport = httpx.HTTPTransport(retries=20)
    with httpx.Client(base_url=den.api()[1], timeout=60, transport=transport) as client:
        answer = ask(client)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def dies_in_fork(act: Callable[[], object]) -> None:
    """Do something in a process that is expected to be killed by it."""
    pid = os.fork()
    if pid == 0:
        try:
            act()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


def ask_and_die(service: Service, seconds: float) -> None:
    def act() -> None:
        timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL))
        timer.start()
        service.rescan.begin(Request(selection=SELECTION))

    dies_in_fork(act)


STEPS = ("put aside", "before recording", "after recording", "after deleting", "before the page", "after the page")


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_may_die_at_each_step(tmp_path: Path, step: str) -> None:
    den = Store(tmp_path, 30)
    with den, den.opened() as service:
        den.fill(service)
        batch = service.rescan.begin(Request(selection=SELECTION)).id
    for _ in range(3):
        with den.opened() as service:
            service.ledger.status("warm")
            dies_in_fork(lambda service=service: dying(service, step, batch))  # type: ignore[misc]
    with den.opened() as service:
        service.rescan.tend()
        run(service, service.rescan.find(batch))
        den.check_batch(service, batch)


def dying(service: Service, step: str, batch: str) -> None:
    """Work until the step is reached, and die there."""
    ledger, tools = service.ledger, service.rescan._tools

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def after(inner: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            inner(*arguments, **named)
            die()
            return None

        return call

    def before(*_: object, **__: object) -> None:
        die()

    places: Mapping[str, tuple[object, str, Callable[..., object]]] = {
        "put aside": (tools.quarantine, "put", after(tools.quarantine.put)),
        "before recording": (ledger, "record_bundle", before),
        "after recording": (ledger, "record_bundle", after(ledger.record_bundle)),
        "after deleting": (tools.clean, "delete", after(tools.clean.delete)),
        "before the page": (ledger, "add_selected_page", before),
        "after the page": (ledger, "add_selected_page", after(ledger.add_selected_page)),
    }
    where, name, replacement = places[step]
    setattr(where, name, replacement)
    service.rescan.tend()
    while service.rescan.work(name_process(os.getpid()), only=batch):
        pass


@pytest.mark.servers
@KILLS
@pytest.mark.parametrize("kind", [Redis, RabbitMq])
def test_a_killed_broker_costs_time_only(
    postgres: Postgres, tmp_path: Path, kind: type[Redis | RabbitMq], kills: int
) -> None:
    with closing(kind()) as broker:
        broker.start()
        url = postgres.new_database()
        den = Store(tmp_path, 60 * (kills + 2), hits(kills), ledger_url=url, broker_url=broker.url, job_lease=2)
        with den, den.opened() as service:
            den.fill(service)
            batch = service.rescan.begin(Request(selection=SELECTION, mode=Mode.INSPECT)).id
            worker = den.celery_workers()

            def act() -> None:
                broker.kill()
                broker.start()

            den.through(service, batch, kills, act, worker.log)
            den.check_batch(service, batch)


@pytest.mark.servers
@pytest.mark.parametrize(
    ("kind", "kills"),
    [
        (Swift, 3),
        (Ceph, 1),  # it takes many seconds to come back
        pytest.param(Swift, MANY, marks=pytest.mark.slow),
        pytest.param(Ceph, MANY, marks=pytest.mark.slow),
    ],
)
def test_a_killed_s3_server_costs_time_only(tmp_path: Path, kind: type[Swift | Ceph], kills: int) -> None:
    with closing(kind()) as server:
        server.start()
        den = Store(tmp_path, 40 * (kills + 2), hits(kills), **s3_settings(server))
        with den, den.opened() as service:
            for shelf in (service._clean, service._quarantine):
                assert isinstance(shelf, S3Shelf)
                shelf.client().create_bucket(Bucket=shelf.place.bucket)
            den.fill(service)
            batch = service.rescan.begin(Request(selection=SELECTION, mode=Mode.INSPECT)).id
            worker = den.workers()

            def act() -> None:
                server.kill()
                server.start()

            den.through(service, batch, kills, act, worker.log)
            den.check_batch(service, batch)
            assert service.rescan.find(batch).tally.requests > 0


def s3_settings(server: Swift | Ceph) -> dict[str, object]:
    keys: Sequence[str] = ("store", "quarantine")
    return {
        "store_url": server.place("clean"),
        "quarantine_url": server.place("quarantine"),
        **{f"{part}_access_key": server.access_key for part in keys},
        **{f"{part}_secret_key": Secret(server.secret_key) for part in keys},
    }
