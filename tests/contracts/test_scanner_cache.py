"""Answers used again: the contract holds with them, and nothing is used again that may have changed."""

import dataclasses
import hashlib
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from attachguard.adapters import clamd_probes
from attachguard.adapters.clamd import Clamd, Look, RunningClamd
from attachguard.adapters.clamd_child import ClamdChild
from attachguard.adapters.clamd_conf import ClamdSettings
from attachguard.adapters.clamd_wire import Deadline, Line, Source
from attachguard.adapters.memory import MemoryLedger, MemoryStore
from attachguard.adapters.memory_scanner import MemoryScanner
from attachguard.adapters.scan_cache import CachedScanner
from attachguard.adapters.scanned_file import HELD, digested, opened
from attachguard.adapters.signatures import demo_set
from attachguard.errors import ScannerUnavailable
from attachguard.model import Limits
from attachguard.ports import Kit, Scanner
from attachguard.tenancy import kit_of
from tests.contracts.foreign_clamd import foreign_clamd
from tests.contracts.scanner import MIB, ScannerContract, put
from tests.contracts.test_scanner_child import demo_line, kill, pid_of, signatures, until
from tests.engine_made import SteeredSandbox

HOUR = 3600.0


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def clamd() -> Iterator[Clamd]:
    with Clamd(ClamdChild(demo_set())) as clamd:
        yield clamd


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cached(clamd: Clamd, clock: Clock) -> CachedScanner:
    return CachedScanner(clamd, hours=1, clock=clock)


class TestCachedScanner(ScannerContract):
    @pytest.fixture
    def scanner(self, cached: CachedScanner) -> Scanner:
        return cached


def asked_again(scanner: CachedScanner, path: Path) -> bool:
    """Whether a second question about the same file was answered afresh: an answer carries its moment."""
    return scanner.scan(path).identity.at != scanner.scan(path).identity.at


def test_the_same_bytes_are_asked_about_once_under_whatever_name(cached: CachedScanner, tmp_path: Path) -> None:
    first = cached.scan(put(tmp_path, b"good morning", "one"))
    assert cached.scan(put(tmp_path, b"good morning", "two")) == first
    assert cached.scan(put(tmp_path, b"good evening", "one")) != first


def test_what_one_tenant_sent_is_asked_about_again_for_another(cached: CachedScanner, tmp_path: Path) -> None:
    file = put(tmp_path, b"good morning")
    ours = cached.for_tenant("shop").scan(file)
    assert cached.for_tenant("shop").scan(file) == ours
    assert cached.for_tenant("other-shop").scan(file) != ours
    assert cached.scan(file) != ours


def test_the_pipeline_gets_a_scanner_that_keeps_tenants_apart(cached: CachedScanner, tmp_path: Path) -> None:
    file = put(tmp_path, b"good morning")
    kit = Kit(scanner=cached, sandbox=SteeredSandbox(), store=MemoryStore(), ledger=MemoryLedger())
    first = kit_of(kit, "shop").scanner.scan(file)
    assert kit_of(kit, "shop").scanner.scan(file) == first
    assert kit_of(kit, "other-shop").scanner.scan(file) != first
    plain = dataclasses.replace(kit, scanner=MemoryScanner(test_double=True))
    assert kit_of(plain, "shop") is plain  # it remembers nothing


def test_a_file_that_changed_is_asked_about_again(cached: CachedScanner, tmp_path: Path) -> None:
    assert cached.scan(put(tmp_path, b"good morning")).hit is None
    assert cached.scan(put(tmp_path, clamd_probes.eicar())).hit is not None
    assert cached.scan(put(tmp_path, b"good morning")).hit is None


def test_nothing_found_is_used_again_for_so_long_and_a_hit_for_good(
    cached: CachedScanner, clock: Clock, tmp_path: Path
) -> None:
    clean, bad = put(tmp_path, b"good morning", "clean"), put(tmp_path, clamd_probes.eicar(), "bad")
    first = cached.scan(clean), cached.scan(bad)
    clock.now = HOUR - 1
    assert (cached.scan(clean), cached.scan(bad)) == first
    clock.now = HOUR
    assert cached.scan(clean) != first[0]
    assert cached.scan(bad) == first[1]


@pytest.mark.parametrize("made", [clamd_probes.deep_zip, lambda: bytes(11 * MIB + 1)], ids=["deep", "large"])
def test_a_limit_that_was_met_is_met_again(cached: CachedScanner, tmp_path: Path, made: "type[bytes]") -> None:
    path = put(tmp_path, made())
    assert (cached.scan(path).hit or "").startswith("Heuristics.Limits.Exceeded")
    assert asked_again(cached, path)


def test_the_one_not_asked_for_longest_is_forgotten_first(clamd: Clamd, tmp_path: Path) -> None:
    cached = CachedScanner(clamd, hours=1, entries=2)
    one, two, three = (put(tmp_path, name.encode(), name) for name in ("one", "two", "three"))
    kept_one, kept_two = cached.scan(one), cached.scan(two)
    assert cached.scan(one) == kept_one
    cached.scan(three)
    assert cached.scan(one) == kept_one
    assert cached.scan(two) != kept_two


def test_a_scanner_that_is_gone_is_not_spoken_for(tmp_path: Path) -> None:
    path = put(tmp_path, b"good morning")
    cached = CachedScanner(Clamd(ClamdChild(demo_set())), hours=1)
    cached.scan(path)
    cached.close()
    with pytest.raises(ScannerUnavailable):
        cached.scan(path)


def test_another_process_with_the_same_signatures_is_the_same_scanner(tmp_path: Path) -> None:
    path = put(tmp_path, b"good morning")
    with Clamd(ClamdChild(demo_set())) as clamd:
        cached = CachedScanner(clamd, hours=1)
        first = cached.scan(path)
        kill(pid_of(clamd))
        assert cached.scan(path) == first


def test_new_signatures_make_all_answers_old(tmp_path: Path) -> None:
    made = signatures(tmp_path / "set", own_ndb=demo_line())
    path = put(tmp_path, b"can you find me please?")
    with Clamd(ClamdChild(made, watch_seconds=0.01)) as clamd:
        cached = CachedScanner(clamd, hours=1)
        assert cached.scan(path).hit is None
        (made.folder / "own.ndb").write_text(demo_line() + f"Own.Name:0:*:{b'find me please'.hex()}\n")
        until(lambda: cached.scan(path).hit == "Own.Name.UNOFFICIAL")
        (made.folder / "own.ndb").write_text(demo_line())
        until(lambda: cached.scan(path).hit is None)


def test_other_settings_of_the_scanner_are_another_scanner() -> None:
    with (
        Clamd(ClamdChild(demo_set())) as usual,
        Clamd(ClamdChild(demo_set(), settings=ClamdSettings.above(Limits(file_size=20 * MIB)))) as larger,
        Clamd(ClamdChild(demo_set())) as same,
    ):
        assert usual.edition() == same.edition()
        assert usual.edition() != larger.edition()


def test_another_ruleset_of_ours_makes_all_answers_old(clamd: Clamd, tmp_path: Path) -> None:
    path = put(tmp_path, b"good morning")
    assert CachedScanner(clamd, hours=1, ruleset="1").scan(path) != CachedScanner(clamd, hours=1, ruleset="2").scan(
        path
    )


def test_of_a_clamd_that_others_look_after_nothing_is_kept(tmp_path: Path) -> None:
    with foreign_clamd() as running, Clamd(RunningClamd(running.address)) as clamd:
        cached = CachedScanner(clamd, hours=1)
        assert asked_again(cached, put(tmp_path, b"good morning"))
        assert next(check for check in cached.probe() if check.name == "scan reuse").detail.startswith("off")


def look_at(clamd: Clamd, path: Path) -> Look:
    with opened(path) as file:
        return clamd.look(digested(file))


def all_of(far: socket.socket) -> bytes:
    with far.makefile("rb") as stream:
        return stream.read()


def sent(source: Source, size: int) -> bytes:
    near, far = socket.socketpair()
    with near, far, ThreadPoolExecutor(1) as pool:
        read = pool.submit(all_of, far)
        assert source.send(Line(near, Deadline.after(60)), b"head", size + 1000) == size
        near.shutdown(socket.SHUT_WR)
        return read.result()


@pytest.mark.parametrize("size", [0, 1, HELD - 1, HELD, HELD + 1, HELD + 5 * MIB])
def test_a_file_is_handed_out_as_often_as_asked_for_and_its_digest_is_that_of_its_bytes(
    tmp_path: Path, size: int
) -> None:
    data = bytes(range(251)) * (size // 251 + 1)
    with opened(put(tmp_path, data[:size])) as file:
        held = digested(file)
        assert held.sha256() == hashlib.sha256(data[:size]).hexdigest()
        for source in (held, held, file):
            source.rewind()
            assert sent(source, size) == b"head" + data[:size]
            assert source.at_end()
        assert (held.count, held.size) == (size, size)
        assert held.sha256() == hashlib.sha256(data[:size]).hexdigest()


@pytest.mark.parametrize("size", [100, HELD + 1])
def test_a_file_that_changes_between_its_digest_and_its_scan_is_not_kept_under_the_old_one(
    tmp_path: Path, size: int
) -> None:
    path = put(tmp_path, bytes(size))
    settings = ClamdSettings.above(Limits(file_size=20 * MIB))
    with Clamd(ClamdChild(demo_set(), settings=settings)) as clamd, opened(path) as file:
        held = digested(file)
        before = held.sha256()
        with path.open("r+b") as other:
            other.write(b"changed")
        look = clamd.look(held)
        assert (look.sha256 == before) == (size <= HELD)  # those that are held are scanned as they were hashed


def test_what_is_kept_is_about_the_bytes_that_clamd_was_given(clamd: Clamd, tmp_path: Path) -> None:
    data = b"x" * 200_000
    look = look_at(clamd, put(tmp_path, data))
    assert (look.size, look.result.hit) == (len(data), None)
    assert look.sha256 == look_at(clamd, put(tmp_path, data, "again")).sha256
    assert look.edition == clamd.edition()
    assert look_at(clamd, put(tmp_path, bytes(11 * MIB + 1))).sha256 is None
