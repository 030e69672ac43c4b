"""A real clamd that dies, loses its signatures or its folder, or is overrun: never a clean for the test virus."""

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest

from attachguard.adapters import clamd_probes
from attachguard.adapters.clamd import Clamd, RunningClamd
from attachguard.adapters.clamd_child import Backoff, ClamdChild
from attachguard.adapters.clamd_wire import Deadline, ask
from attachguard.adapters.signatures import demo_set
from attachguard.errors import ScannerUnavailable
from tests.contracts.foreign_clamd import ForeignClamd, foreign_clamd
from tests.contracts.scanner import put


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
    assert ask(clamd.address, BytesIO(clamd_probes.eicar()), 68, Deadline.after(5)) is None  # what clamd itself says
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


def test_more_threads_than_it_has(scanner: Clamd, clean: Path, eicar: Path) -> None:
    start = threading.Barrier(200)

    def run(number: int) -> bool:
        start.wait()
        return scanner.scan(eicar if number % 2 else clean).hit is not None

    with ThreadPoolExecutor(200) as pool:
        assert list(pool.map(run, range(200))) == [False, True] * 100


def test_killed_again_and_again_under_load(clean: Path, eicar: Path) -> None:
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
        for _ in range(12):
            time.sleep(chance.uniform(0.02, 0.15))
            _kill(child)
        ended.set()
        for thread in threads:
            thread.join()
        assert scanner.scan(eicar).hit is not None
        scanner.close()
    assert wrong == []
    assert min(answers.values()) > 0


def _kill(child: ClamdChild) -> None:
    live = child.live(Deadline.after(10))
    process = next(c.detail for c in child.checks(live, Deadline.after(1)) if c.name == "scanner process")
    os.kill(int(process.split("process ")[1].split(",")[0]), signal.SIGKILL)
