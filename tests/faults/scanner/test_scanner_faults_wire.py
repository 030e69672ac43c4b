"""A thousand ways in which an answer can go wrong, and none of them reads as clean."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from attachguard.adapters.clamd_wire import TOO_LARGE, Address, Deadline, InMemory, UnixAddress, ask
from attachguard.errors import ScannerUnavailable
from tests.faults.scanner.injected import injected
from tests.faults.scanner.scripted_clamd import (
    Behaviour,
    ScriptedClamd,
    read_stream,
    saying,
    saying_with_reset,
    saying_without_listening,
    scripted_clamd,
)

CLEAN = b"stream: OK\0"
FOUND = b"stream: Win.Test.EICAR_HDB-1 FOUND\0"
SIZE = b"INSTREAM size limit exceeded. ERROR\0"
SIZES = (0, 5, 64 * 1024, 200_000)
LARGE = 3_000_000
"""More than the buffers of a connection hold, so that a peer that does not read is noticed."""

JUNK = (
    b"stream: OK\n",
    b"stream: OK\r\n\0",
    b"stream: OK \0",
    b" stream: OK\0",
    b"stream:OK\0",
    b"stream: ok\0",
    b"Stream: OK\0",
    b"stream: OK\0\0",
    b"stream: OK\0stream: Eicar FOUND\0",
    b"stream: OK\0" + b"junk" * 10,
    b"\0stream: OK\0",
    b"OK\0",
    b"OK",
    b"\0",
    b"\0" * 5000,
    b"A" * 100_000,
    b"stream: " + b"A" * 5000 + b" FOUND\0",
    b"stream:  FOUND\0",
    b"stream: FOUND\0",
    b"stream: Eicar\nstream: OK FOUND\0",
    b"stream: Eicar\x1b[2J FOUND\0",
    "stream: Eïcar FOUND\0".encode(),
    b"stream: Eicar FOUND\n",
    b"/tmp/file: OK\0",
    b"1: stream: OK\0",
    b"fd[10]: OK\0",
    b"PONG\0",
    b"UNKNOWN COMMAND\0",
    b"COMMAND UNAVAILABLE\0",
    b"COMMAND READ TIMED OUT\n",
    b"INSTREAM: Can't get data. ERROR\0",
    b"stream: Can't allocate memory ERROR\0",
    b"stream: Error writing to temporary file ERROR\0",
    b"stream: Can't write to file ERROR\0",
    b"stream: OK ERROR\0",
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"\xff\xfe\xfd",
)


@dataclass(frozen=True)
class Case:
    """One fault, for one size of file."""

    behaviour: Behaviour
    size: int
    tcp: bool


def half_replies() -> list[Case]:
    cuts = [reply[:length] for reply in (CLEAN, FOUND, SIZE) for length in range(len(reply))]
    closed = [Case(saying(cut), size, tcp) for cut in cuts for size in SIZES for tcp in (False, True)]
    return closed + [Case(saying_with_reset(cut), size, tcp=True) for cut in cuts for size in SIZES]


def junk() -> list[Case]:
    return [Case(saying(reply), size, tcp) for reply in JUNK for size in SIZES for tcp in (False, True)]


def answers_before_the_end() -> list[Case]:
    return [
        Case(saying_without_listening(reply, after), LARGE, tcp)
        for reply in (CLEAN, FOUND, b"", *JUNK[:5])
        for after in (0, 1, 4, 100, 64 * 1024 + 4, 1_000_000)
        for tcp in (False, True)
    ]


@pytest.fixture(scope="module")
def clamd() -> Iterator[ScriptedClamd]:
    with scripted_clamd() as server:
        yield server


def address(clamd: ScriptedClamd, case: Case) -> Address:
    return clamd.tcp if case.tcp else clamd.unix


def scan(address: Address, size: int, seconds: float = 10) -> str | None:
    return ask(address, InMemory(b"x" * size), size, Deadline.after(seconds))


@pytest.mark.parametrize("cases", [half_replies(), junk(), answers_before_the_end()], ids=["half", "junk", "early"])
def test_a_wrong_answer_is_no_answer(clamd: ScriptedClamd, cases: list[Case]) -> None:
    for case in cases:
        clamd.behaviour = case.behaviour
        with pytest.raises(ScannerUnavailable):
            scan(address(clamd, case), case.size)
        injected()


def test_these_are_more_than_a_thousand() -> None:
    assert len(half_replies()) + len(junk()) + len(answers_before_the_end()) > 1000


@pytest.mark.parametrize("tcp", [False, True])
@pytest.mark.parametrize("size", [*SIZES, LARGE])
@pytest.mark.parametrize(
    ("reply", "hit"),
    [
        (CLEAN, None),
        (FOUND, "Win.Test.EICAR_HDB-1"),
        (b"stream: A FOUND\0", "A"),
        (b"stream: OK FOUND\0", "OK"),
        (SIZE, TOO_LARGE),
    ],
)
def test_a_right_answer_is_believed(
    clamd: ScriptedClamd, reply: bytes, hit: str | None, size: int, *, tcp: bool
) -> None:
    clamd.behaviour = saying(reply)
    assert scan(clamd.tcp if tcp else clamd.unix, size) == hit


@pytest.mark.parametrize("tcp", [False, True])
def test_an_answer_that_comes_byte_by_byte_is_read_to_its_end(clamd: ScriptedClamd, *, tcp: bool) -> None:
    def drip(link: socket.socket) -> None:
        read_stream(link)
        for byte in FOUND:
            link.sendall(bytes([byte]))
            time.sleep(0.001)

    clamd.behaviour = drip
    assert scan(clamd.tcp if tcp else clamd.unix, 100) == "Win.Test.EICAR_HDB-1"


def test_over_the_limit_is_said_even_when_clamd_hangs_up_in_the_middle(clamd: ScriptedClamd) -> None:
    clamd.behaviour = saying_without_listening(SIZE, after=64 * 1024)
    assert scan(clamd.unix, LARGE) == TOO_LARGE


def hang_at_once(link: socket.socket) -> None:
    link.recv(1)
    time.sleep(1)


def hang_after_the_stream(link: socket.socket) -> None:
    read_stream(link)
    time.sleep(1)


def hang_in_the_answer(link: socket.socket) -> None:
    read_stream(link)
    link.sendall(CLEAN[:-1])
    time.sleep(1)


def drip_for_ever(link: socket.socket) -> None:
    read_stream(link)
    for _ in range(100):
        link.sendall(b"s")
        time.sleep(0.01)


def read_slowly(link: socket.socket) -> None:
    for _ in range(100):
        link.recv(1024)
        time.sleep(0.01)


@pytest.mark.parametrize("tcp", [False, True])
@pytest.mark.parametrize(
    "behaviour", [hang_at_once, hang_after_the_stream, hang_in_the_answer, drip_for_ever, read_slowly]
)
def test_the_deadline_holds_for_the_whole_question(clamd: ScriptedClamd, behaviour: Behaviour, *, tcp: bool) -> None:
    clamd.behaviour = behaviour
    began = time.monotonic()
    with pytest.raises(ScannerUnavailable, match="in time"):
        scan(clamd.tcp if tcp else clamd.unix, LARGE, seconds=0.15)
    assert 0.15 <= time.monotonic() - began < 0.65
    injected()


def test_a_hundred_clients_at_once_are_all_answered(clamd: ScriptedClamd) -> None:
    clamd.behaviour = saying(CLEAN)
    with ThreadPoolExecutor(100) as pool:
        assert list(pool.map(lambda _: scan(clamd.unix, 10), range(300))) == [None] * 300


def test_a_full_queue_of_connections_is_tried_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("q") / "s"
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(str(path))
        listener.listen(0)
        first.connect(str(path))
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(scan, UnixAddress(path), 10)
            time.sleep(0.05)
            assert not answer.done()
            listener.accept()[0].close()
            with listener.accept()[0] as link:
                assert link.recv(10, socket.MSG_WAITALL) == b"zINSTREAM\0"
                read_stream(link)
                link.sendall(CLEAN)
            assert answer.result(10) is None


def test_a_queue_that_stays_full_is_no_answer(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("q") / "s"
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(str(path))
        listener.listen(0)
        first.connect(str(path))
        with pytest.raises(ScannerUnavailable, match="in time"):
            scan(UnixAddress(path), 10, seconds=0.1)


def test_a_socket_that_is_missing_or_stale_is_no_answer(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("q") / "s"
    with pytest.raises(ScannerUnavailable, match="can't be reached"):
        scan(UnixAddress(path), 10)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
    with pytest.raises(ScannerUnavailable, match="can't be reached"):
        scan(UnixAddress(path), 10)


@pytest.mark.parametrize(("told", "has"), [(10, 9), (10, 0), (10, 11), (0, 1), (200_000, 100_000)])
def test_a_file_that_changes_while_it_is_sent_is_no_answer(clamd: ScriptedClamd, told: int, has: int) -> None:
    clamd.behaviour = saying(CLEAN)
    with pytest.raises(ScannerUnavailable, match="while it was being scanned"):
        ask(clamd.unix, InMemory(b"x" * has), told, Deadline.after(10))
    injected()


def test_answers_to_many_threads_are_never_mixed_up(clamd: ScriptedClamd) -> None:
    def echo(link: socket.socket) -> None:
        data = read_stream(link)
        link.sendall(b"stream: Name-%d FOUND\0" % len(data) if len(data) % 2 else CLEAN)

    clamd.behaviour = echo
    start = threading.Barrier(40)

    def run(number: int) -> list[str | None]:
        start.wait()
        return [scan(clamd.unix, number) for _ in range(20)]

    with ThreadPoolExecutor(40) as pool:
        results = list(pool.map(run, range(40)))
    assert results == [[f"Name-{n}" if n % 2 else None] * 20 for n in range(40)]
