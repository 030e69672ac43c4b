"""Ledger, stores and scanner under fire: PostgreSQL and S3 die while they write, clamd while it scans, full disks."""

import contextlib
import ctypes
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from attachguard.adapters.processes import name_process
from attachguard.adapters.s3_shelf import S3Shelf
from attachguard.adapters.scanners import open_scanner
from attachguard.adapters.signatures import demo_set
from attachguard.errors import Unavailable
from attachguard.jobs import Queue
from attachguard.service import Service
from attachguard.settings import Secret
from tests.engine_made import engine, timing
from tests.faults.engine.harness import REPEATS, Den
from tests.servers.postgres import Postgres
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
            time.sleep(0.05)


def under_load(den: Den, service: Service, act: Callable[[], None], threads: int = 4) -> list[str]:
    """Submit from several threads while something happens; gives what was refused."""
    over, refused = threading.Event(), []  # type: tuple[threading.Event, list[str]]
    senders = [
        threading.Thread(target=submit_until, args=(den, service, over, refused), daemon=True) for _ in range(threads)
    ]
    for sender in senders:
        sender.start()
    try:
        act()
    finally:
        over.set()
        for sender in senders:
            sender.join(60)
    return refused


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    with closing(Postgres()) as server:
        server.start()
        yield server


@REPEATS
def test_a_postgres_that_is_killed_in_mid_transaction_loses_nothing(
    own_postgres: Postgres, tmp_path: Path, times: int
) -> None:
    den = Den(tmp_path, ledger_url=own_postgres.new_database())

    def killed() -> None:
        time.sleep(0.4)
        own_postgres.kill()
        time.sleep(0.2)
        own_postgres.start()
        time.sleep(0.2)

    with den, den.open() as service:
        for _ in range(times):
            before = len(den.acknowledged)
            refused = under_load(den, service, killed)
            assert refused
            assert len(den.acknowledged) > before
        work(service)
        den.check(service)


@pytest.fixture
def own_swift() -> Iterator[Swift]:
    with closing(Swift()) as server:
        server.start()
        yield server


@REPEATS
def test_an_s3_server_that_is_killed_in_mid_put_loses_nothing(own_swift: Swift, tmp_path: Path, times: int) -> None:
    keys = {
        "access_key": own_swift.access_key,
        "secret_key": Secret(own_swift.secret_key),
    }
    den = Den(
        tmp_path,
        store_url=own_swift.place("clean"),
        quarantine_url=own_swift.place("quarantine"),
        **{f"{part}_{name}": value for part in ("store", "quarantine") for name, value in keys.items()},
    )

    def killed() -> None:
        time.sleep(0.5)
        own_swift.kill()
        own_swift.start()

    with den, den.open() as service:
        for shelf in (service._clean, service._quarantine):
            assert isinstance(shelf, S3Shelf)
            shelf.client().create_bucket(Bucket=shelf.place.bucket)
        for _ in range(times):
            under_load(den, service, killed, threads=6)
        work(service)
        den.check(service)


@REPEATS
def test_a_clamd_that_is_killed_in_mid_scan_makes_nothing_clean(tmp_path: Path, times: int) -> None:
    den = Den(tmp_path)
    with (
        den,
        open_scanner(None, demo_set().folder) as scanner,
        engine(den.settings, scanner=scanner, terms_of=timing(den.settings)) as service,
    ):
        den.submit(service, "warm up")
        work(service)
        for _ in range(times):
            for _ in range(3):
                den.submit(service, "x" * 500_000, "reject")
            killer = threading.Timer(0.02, kill_children_called, args=("clamd",))
            killer.start()
            patiently(service)
            killer.join()
        den.check(service)


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


def kill_children_called(name: str) -> None:
    """Kill our own clamd: a child of this process, of whatever generation."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            text = status.read_text(errors="replace")
            if f"({name})" in text and descends(int(status.parent.name)):
                os.kill(int(status.parent.name), signal.SIGKILL)


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
    timed = timing(den.settings)
    refused = 0
    with engine(den.settings, terms_of=timed) as service:
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
