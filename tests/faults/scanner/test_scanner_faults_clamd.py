"""A real clamd that dies, loses its signatures or its folder, or is overrun: never a clean for the test virus."""

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from attachguard.adapters import clamd_probes
from attachguard.adapters.clamd import Clamd, RunningClamd
from attachguard.adapters.clamd_child import Backoff, ClamdChild
from attachguard.adapters.clamd_wire import Deadline, InMemory, ask
from attachguard.adapters.signatures import demo_set
from attachguard.errors import ScannerUnavailable
from tests.contracts.foreign_clamd import ForeignClamd, foreign_clamd
from tests.contracts.scanner import put
from tests.faults.scanner.injected import injected
from tests.faults.scanner.limits_made import large_files


@pytest.fixture
def clamd() -> Iterator[ForeignClamd]:
    with foreign_clamd() as running:
        yield running


@pytest.fixture
def scanner(clamd: ForeignClamd) -> Iterator[Clamd]:
    with Clamd(RunningClamd(clamd.address), scan_seconds=10) as scanner:
        yield scanner


@pytest.fixture
def eicar(tmp_path: Path) -> Path:
    return put(tmp_path, clamd_probes.eicar(), "eicar")


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    return put(tmp_path, b"good morning", "clean")


def no_answer(scanner: Clamd, *paths: Path) -> None:
    for path in paths:
        with pytest.raises(ScannerUnavailable):
            scanner.scan(path)
        injected()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_killed_while_it_looks(clamd: ForeignClamd, scanner: Clamd, tmp_path: Path, how: signal.Signals) -> None:
    large = put(tmp_path, os.urandom(10 * 1024 * 1024))
    assert scanner.scan(put(tmp_path, b"", "empty")).hit is None
    os.kill(clamd.process.pid, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(scanner.scan, large)
        time.sleep(0.2)
        os.kill(clamd.process.pid, how)
        os.kill(clamd.process.pid, signal.SIGCONT)
        with pytest.raises(ScannerUnavailable):
            answer.result(10)
    injected()


def test_stopped_while_it_looks(clamd: ForeignClamd, clean: Path, eicar: Path) -> None:
    with Clamd(RunningClamd(clamd.address), scan_seconds=0.3) as scanner:
        assert scanner.scan(clean).hit is None
        os.kill(clamd.process.pid, signal.SIGSTOP)
        for path in (clean, eicar):
            began = time.monotonic()
            no_answer(scanner, path)
            assert time.monotonic() - began < 0.8
        os.kill(clamd.process.pid, signal.SIGCONT)
        assert scanner.scan(clean).hit is None
        assert scanner.scan(eicar).hit is not None


def test_its_signatures_reloaded_to_none(clamd: ForeignClamd, scanner: Clamd, clean: Path, eicar: Path) -> None:
    assert scanner.scan(clean).hit is None
    (clamd.signatures / "demo.ndb").write_text("# nothing here\n")
    clamd.reload()
    assert ask(clamd.address, InMemory(clamd_probes.eicar()), 68, Deadline.after(5)) is None  # what clamd itself says
    no_answer(scanner, clean, eicar)


def test_its_signatures_reloaded_to_broken_ones(clamd: ForeignClamd, scanner: Clamd, clean: Path, eicar: Path) -> None:
    (clamd.signatures / "demo.ndb").write_text("broken\n")
    clamd.reload()
    assert scanner.scan(eicar).hit is not None
    assert scanner.scan(clean).hit is None


def test_its_temporary_folder_gone(clamd: ForeignClamd, scanner: Clamd, clean: Path, eicar: Path) -> None:
    assert scanner.scan(clean).hit is None
    clamd.unpacks_in.rmdir()
    no_answer(scanner, clean, eicar)
    clamd.unpacks_in.mkdir()
    os.chown(clamd.unpacks_in, clamd.home.stat().st_uid, clamd.home.stat().st_gid)
    assert scanner.scan(clean).hit is None


def test_no_space_to_write(tmp_path: Path, clean: Path) -> None:
    limit = ("prlimit", "--fsize=65536", "--")
    with foreign_clamd(prefix=limit) as clamd, Clamd(RunningClamd(clamd.address)) as scanner:
        assert scanner.scan(clean).hit is None
        no_answer(scanner, put(tmp_path, bytes(1024 * 1024)))


FULL = 'mount -t tmpfs -o size=1m,mode=1777 none tmp && exec "$@"'
"""Runs a command with a temporary folder of 1 MiB that only it can see."""

can_mount = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can_mount, reason="a file system of its own for clamd needs CAP_SYS_ADMIN")
def test_its_temporary_folder_full(tmp_path: Path, clean: Path, eicar: Path) -> None:
    prefix = ("unshare", "--mount", "sh", "-c", FULL, "sh")
    with foreign_clamd(prefix=prefix) as clamd, Clamd(RunningClamd(clamd.address)) as scanner:
        assert scanner.scan(clean).hit is None
        no_answer(scanner, put(tmp_path, bytes(2 * 1024 * 1024)))
        assert scanner.scan(eicar).hit is not None
        seen_by_clamd = Path(f"/proc/{clamd.process.pid}/root")
        fill = seen_by_clamd / clamd.unpacks_in.relative_to("/") / "fill"
        with pytest.raises(OSError, match="No space"):
            fill.write_bytes(bytes(2 * 1024 * 1024))
        no_answer(scanner, clean, eicar)
        fill.unlink()
        assert scanner.scan(clean).hit is None


def test_its_queue_full_of_other_peoples_files(clean: Path, eicar: Path) -> None:
    slow = large_files(2)
    with foreign_clamd({"MaxThreads": "2", "MaxQueue": "4"}) as clamd:
        hasty, patient = (Clamd(RunningClamd(clamd.address), scan_seconds=seconds) for seconds in (0.3, 60))
        assert patient.scan(clean).hit is None
        with ThreadPoolExecutor(12) as pool:
            others = [
                pool.submit(ask, clamd.address, InMemory(slow), len(slow), Deadline.after(120)) for _ in range(12)
            ]
            time.sleep(0.3)
            for path in (clean, eicar):
                began = time.monotonic()
                no_answer(hasty, path)
                assert time.monotonic() - began < 0.8
            assert [patient.scan(path).hit is not None for path in (clean, eicar)] == [False, True]
            assert {other.result() is not None for other in others} == {True}


@pytest.mark.parametrize("direct", [False, True], ids=["in turn", "all at once"])
def test_four_hundred_threads(clamd: ForeignClamd, scanner: Clamd, clean: Path, eicar: Path, *, direct: bool) -> None:
    start = threading.Barrier(400)
    payloads = (clean.read_bytes(), eicar.read_bytes())

    def run(number: int) -> bool:
        start.wait()
        if direct:
            data = payloads[number % 2]
            return ask(clamd.address, InMemory(data), len(data), Deadline.after(30)) is not None
        return scanner.scan(eicar if number % 2 else clean).hit is not None

    with ThreadPoolExecutor(400) as pool:
        assert list(pool.map(run, range(400))) == [False, True] * 200
    injected(400)


@pytest.mark.parametrize("times", [12, pytest.param(300, marks=pytest.mark.slow)])
def test_killed_again_and_again_under_load(clean: Path, eicar: Path, times: int) -> None:
    chance = random.Random(8)
    wrong: list[str] = []
    answers = {"found": 0, "clean": 0, "none": 0}
    ended = threading.Event()
    with ClamdChild(demo_set(), backoff=Backoff(first=0.0, most=0.0)) as child:
        scanner = Clamd(child, scan_seconds=5)

        def load() -> None:
            while not ended.is_set():
                for path in (eicar, clean):
                    try:
                        hit = scanner.scan(path).hit
                    except ScannerUnavailable:
                        answers["none"] += 1
                        continue
                    answers["found" if hit else "clean"] += 1
                    if (hit is not None) != (path is eicar):
                        wrong.append(f"{path.name}: {hit}")

        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(times):
            time.sleep(chance.uniform(0.02, 0.15))
            _kill(child)
        ended.set()
        for thread in threads:
            thread.join()
        assert scanner.scan(eicar).hit is not None
        scanner.close()
    assert wrong == []
    injected(times)
    assert min(answers.values()) > 0


def _kill(child: ClamdChild) -> None:
    live = child.live(Deadline.after(10))
    process = next(c.detail for c in child.checks(live, Deadline.after(1)) if c.name == "scanner process")
    os.kill(int(process.split("process ")[1].split(",")[0]), signal.SIGKILL)
