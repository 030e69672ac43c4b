"""Ledger, stores and scanner under fire: PostgreSQL and S3 die while they write, clamd while it scans, full disks."""

import contextlib
import ctypes
import os
import signal
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from attachguard.adapters.processes import name_process
from attachguard.adapters.s3_shelf import S3Shelf
from attachguard.adapters.scanners import open_scanner
from attachguard.adapters.signatures import demo_set
from attachguard.errors import Unavailable
from attachguard.jobs import Queue
from attachguard.service import Service
from attachguard.settings import Secret
from tests.faults.engine.harness import REPEATS, Den, Held
from tests.servers.postgres import Postgres
from tests.servers.process import unread, wait_until
from tests.servers.swift import Swift

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
_LIBC = ctypes.CDLL(None, use_errno=True)


def work(service: Service) -> None:
    """Judge everything, however often a server is away meanwhile."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(Unavailable):
            service.tend()
            claim = service.claim(name_process(os.getpid()), tuple(Queue))
            if claim is None:
                return
            service.judge(claim)


def submit_until(den: Den, service: Service, over: threading.Event, refused: list[str]) -> None:
    while not over.is_set():
        try:
            den.submit(service, "x", "reject")
        except Unavailable as error:
            refused.append(str(error))
            time.sleep(0.3)


def under_load(
    den: Den, service: Service, kill: Callable[[], None], start: Callable[[], None], threads: int = 2
) -> list[str]:
    """Submit from several threads while a server is killed and started again; gives what was refused.

    Some were acknowledged before and some after, and some were refused between: that is waited for.
    """
    over, refused = threading.Event(), []  # type: tuple[threading.Event, list[str]]
    senders = [
        threading.Thread(target=submit_until, args=(den, service, over, refused), daemon=True) for _ in range(threads)
    ]
    before = len(den.acknowledged)
    for sender in senders:
        sender.start()
    try:
        wait_until(lambda: len(den.acknowledged) >= before + 2 * threads, 30, "some are acknowledged")
        kill()
        wait_until(lambda: len(refused) >= threads, 30, "some are refused")
        start()
        after = len(den.acknowledged)
        wait_until(lambda: len(den.acknowledged) >= after + threads, 60, "some are acknowledged again")
    finally:
        over.set()
        for sender in senders:
            sender.join(60)
    return refused


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Postgres]:
    with closing(Postgres()) as server:
        server.start()
        yield server


BLOCKED = """
CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END $$;
CREATE TRIGGER wait_here BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION wait_here();
"""
"""What makes a transaction wait in its middle, for a lock that the test holds."""

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted"


@contextlib.contextmanager
def in_mid_transaction(server: Postgres, url: str, table: str, act: Callable[[], object]) -> Iterator[None]:
    """Do something that writes to a table; the block runs while its transaction is open, and stays so."""
    actor = threading.Thread(target=act, daemon=True)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(BLOCKED.format(table=table).encode())
        connection.execute("SELECT pg_advisory_lock(4711)")
        actor.start()
        wait_until(lambda: connection.execute(WAITING).fetchone() == (1,), 15, "the transaction is open")
        yield
        actor.join(60)
        assert not actor.is_alive()
    server.start()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP FUNCTION wait_here CASCADE")


@REPEATS
def test_a_postgres_that_is_killed_in_the_middle_of_acknowledging_has_acknowledged_nothing(
    own_postgres: Postgres, tmp_path: Path, times: int
) -> None:
    url = own_postgres.new_database()
    den = Den(tmp_path, ledger_url=url)
    refused: list[str] = []
    with den, den.open() as service:
        for _ in range(times):
            den.submit(service, "x")

            def submits() -> None:
                try:
                    den.submit(service, "x", "reject")
                except Unavailable as error:
                    refused.append(str(error))

            with in_mid_transaction(own_postgres, url, "jobs", submits):
                own_postgres.kill()
            patiently(service)
        assert len(refused) == times
        assert len(den.acknowledged) == times
        den.check(service)


@REPEATS
def test_a_postgres_that_is_killed_in_the_middle_of_a_verdict_costs_an_attempt(
    own_postgres: Postgres, tmp_path: Path, times: int
) -> None:
    url = own_postgres.new_database()
    den = Den(tmp_path, ledger_url=url)
    with den, den.open() as service:
        for _ in range(times):
            submission = den.submit(service, "x", "reject")

            def judges() -> None:
                claim = service.claim(name_process(os.getpid()), tuple(Queue))
                assert claim is not None
                with contextlib.suppress(Unavailable):
                    service.judge(claim)

            with in_mid_transaction(own_postgres, url, "verdicts", judges):
                own_postgres.kill()
            began = time.monotonic()
            patiently(service)
            den.took("PostgreSQL killed in a verdict, from its return", time.monotonic() - began, None)
            assert service.report(submission).attempts == 2
        den.check(service)


@REPEATS
def test_a_postgres_that_is_killed_under_load_loses_nothing(own_postgres: Postgres, tmp_path: Path, times: int) -> None:
    den = Den(tmp_path, ledger_url=own_postgres.new_database())
    with den, den.open() as service:
        for _ in range(times):
            refused = under_load(den, service, own_postgres.kill, own_postgres.start)
            assert refused
            patiently(service)
        den.check(service)


@pytest.fixture(scope="module")
def own_swift() -> Iterator[Swift]:
    with closing(Swift()) as server:
        server.start()
        yield server


@contextlib.contextmanager
def swift_den(server: Swift, folder: Path) -> Iterator[tuple[Den, Service]]:
    keys = {"access_key": server.access_key, "secret_key": Secret(server.secret_key)}
    den = Den(
        folder,
        store_url=server.place(f"c{uuid.uuid4().hex}"),
        quarantine_url=server.place(f"q{uuid.uuid4().hex}"),
        **{f"{part}_{name}": value for part in ("store", "quarantine") for name, value in keys.items()},
    )
    with den.open() as service:
        for shelf in (service._clean, service._quarantine):
            assert isinstance(shelf, S3Shelf)
            shelf.client().create_bucket(Bucket=shelf.place.bucket)
        with den:
            yield den, service


def dies_in_mid_put(server: Swift, act: Callable[[], object]) -> None:
    """Kill the server while the bytes of an object are on their way to its disk, and start it again."""
    actor = threading.Thread(target=act, daemon=True)
    server.pause_objects()
    actor.start()
    wait_until(lambda: unread(server.object_port) > 0, 30, "the put is under way")
    server.kill()
    actor.join(60)
    assert not actor.is_alive()
    server.start()


@REPEATS
def test_an_s3_server_that_is_killed_in_mid_put_has_acknowledged_nothing(
    own_swift: Swift, tmp_path: Path, times: int
) -> None:
    refused: list[str] = []
    with swift_den(own_swift, tmp_path) as (den, service):

        def submits() -> None:
            try:
                den.submit(service, "x" * 300_000, "reject")
            except Unavailable as error:
                refused.append(str(error))

        for number in range(times):
            den.submit(service, "x")
            den.watched(service)
            dies_in_mid_put(own_swift, submits)
            assert len(refused) == number + 1
            assert len(den.acknowledged) == number + 1
            patiently(service)
        den.check(service)


@REPEATS
def test_an_s3_server_that_is_killed_in_mid_delivery_costs_an_attempt(
    own_swift: Swift, tmp_path: Path, times: int
) -> None:
    with swift_den(own_swift, tmp_path) as (den, service):

        def judges() -> None:
            claim = service.claim(name_process(os.getpid()), tuple(Queue))
            assert claim is not None
            service.judge(claim)

        for _ in range(times):
            held = den.hold()
            submission = den.submit(service, held)
            # It is read before the server hangs: what hangs is the put into the clean store.
            judge = threading.Thread(target=judges, daemon=True)
            judge.start()
            held.wait()

            def delivers(held: Held = held, judge: threading.Thread = judge) -> None:
                held.let_go()
                judge.join(120)

            den.watched(service)
            dies_in_mid_put(own_swift, delivers)
            began = time.monotonic()
            patiently(service)
            den.took("S3 server killed in a delivery, from its return", time.monotonic() - began, None)
            assert service.report(submission).attempts == 2
        den.check(service)


@REPEATS
def test_an_s3_server_that_is_killed_under_load_loses_nothing(own_swift: Swift, tmp_path: Path, times: int) -> None:
    with swift_den(own_swift, tmp_path) as (den, service):
        for _ in range(times):
            refused = under_load(den, service, own_swift.kill, own_swift.start)
            assert refused
            patiently(service)
        den.check(service)


@REPEATS
def test_a_clamd_that_is_killed_in_mid_scan_makes_nothing_clean(tmp_path: Path, times: int) -> None:
    den = Den(tmp_path)
    with den:
        for _ in range(times):
            others = children_called("clamd")  # of tests that ran before in this process
            with open_scanner(None, demo_set().folder) as scanner, den.open(scanner) as service:
                den.submit(service, "warm up")
                patiently(service)
                submission = den.submit(service, "x" * 500_000, "reject")
                (clamd,) = set(children_called("clamd")) - set(others)
                os.kill(clamd, signal.SIGSTOP)
                judge = threading.Thread(target=patiently, args=(service,), daemon=True)
                judge.start()
                # It takes the file from us, as far as the socket goes, and can't answer.
                wait_until(lambda clamd=clamd: asked(clamd) > 0, 30, "the scan is under way")  # type: ignore[misc]
                os.kill(clamd, signal.SIGKILL)
                killed = time.monotonic()
                judge.join(90)
                den.took("clamd killed in mid-scan, until the verdict", time.monotonic() - killed, None)
                assert (service.report(submission).state, service.report(submission).attempts) == ("done", 2)
        with den.open() as service:
            den.check(service)


def asked(pid: int) -> int:
    """Count the connections that wait for a stopped server on its Unix sockets (proc(5), /proc/net/unix)."""
    links = [link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir()]
    inodes = {name.removeprefix("socket:[").removesuffix("]") for name in links if name.startswith("socket:")}
    sockets = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    paths = {line[7] for line in sockets if line[6] in inodes and len(line) > 7}
    return sum(len(line) > 7 and line[7] in paths and line[6] not in inodes for line in sockets)


def patiently(service: Service) -> None:
    """Judge everything, waiting for the pauses between attempts."""
    deadline = time.monotonic() + 90
    while service.ledger.owners() or waiting(service):
        assert time.monotonic() < deadline
        work(service)
        time.sleep(0.1)


def waiting(service: Service) -> bool:
    checks = service.ledger.probe()
    return " 0 jobs waiting" not in checks[0].detail


def children_called(name: str) -> list[int]:
    """Find our own processes of a name: children of this one, of whatever generation."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            pid, text = int(stat.parent.name), stat.read_text(errors="replace")
            if f"({name})" in text and descends(pid):
                found.append(pid)
    return found


def descends(pid: int) -> bool:
    while pid > 1:
        if pid == os.getpid():
            return True
        pid = int(Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    return False


@pytest.mark.parametrize("full", ["quarantine", "clean", "ledger"])
@REPEATS
def test_a_full_disk_refuses_and_loses_nothing(tmp_path: Path, full: str, times: int) -> None:
    """In a mount namespace of its own, where the folder that is to be full is a file system of 600 KiB."""
    for number in range(times):
        folder = tmp_path / str(number)
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                fill(folder, full)
                code = 0
            except BaseException:
                traceback.print_exc()
                raise
            finally:
                os._exit(code)
        assert os.waitpid(pid, 0)[1] == 0


def fill(folder: Path, full: str) -> None:
    place = folder / ("" if full == "ledger" else full)
    den = Den(folder)
    place.mkdir(parents=True)
    tiny_disk(place)
    refused = 0
    with den, den.open() as service:
        service.ledger.status("the ledger is made")
        for number in range(12 if full == "clean" else 40):
            try:
                den.submit(service, f"{number}" + "x" * 60_000)
            except Unavailable:
                refused += 1
        if full == "clean":
            work(service)
            patiently(service)
            failed = [one for one in den.acknowledged if service.report(one).state == "failed"]
            assert failed
        else:
            assert refused
        make_room(place, full)
        if full == "clean":
            for one in failed:
                service.retry(one)
        patiently(service)
        den.check(service)


def make_room(place: Path, full: str) -> None:
    """Make the disk large again."""
    remount = _LIBC.mount(b"none", bytes(place), b"tmpfs", 32, b"size=64m")  # MS_REMOUNT
    assert remount == 0, (full, os.strerror(ctypes.get_errno()))


def tiny_disk(place: Path) -> None:
    flags = CLONE_NEWNS if os.geteuid() == 0 else CLONE_NEWNS | CLONE_NEWUSER
    assert _LIBC.unshare(flags) == 0, os.strerror(ctypes.get_errno())
    private = 0x4000 | 0x40000  # MS_REC | MS_PRIVATE: nobody else sees what is mounted here
    assert _LIBC.mount(b"none", b"/", None, private, None) == 0
    assert _LIBC.mount(b"none", bytes(place), b"tmpfs", 0, b"size=600k") == 0
