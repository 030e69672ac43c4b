"""Which scanner the settings ask for: a named one, the machine's own when it can be trusted, or a private one."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from attachguard.adapters import clamd_probes
from attachguard.adapters.clamd import Clamd, RunningClamd
from attachguard.adapters.clamd_child import ClamdChild
from attachguard.adapters.clamd_wire import TcpAddress, UnixAddress
from attachguard.adapters.scanners import FoundOrPrivate, open_scanner, parse_address, usual_addresses
from attachguard.adapters.signatures import demo_set
from attachguard.errors import ScannerUnavailable, UsageError
from tests.contracts.foreign_clamd import DEBIAN, ForeignClamd, foreign_clamd
from tests.contracts.scanner import put


@pytest.fixture(scope="module")
def hardened() -> Iterator[ForeignClamd]:
    with foreign_clamd() as clamd:
        yield clamd


@pytest.fixture(scope="module")
def lenient() -> Iterator[ForeignClamd]:
    with foreign_clamd(DEBIAN) as clamd:
        yield clamd


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("unix:///run/clamav/clamd.ctl", UnixAddress(Path("/run/clamav/clamd.ctl"))),
        ("tcp://127.0.0.1:3310", TcpAddress("127.0.0.1", 3310)),
        ("tcp://localhost", TcpAddress("localhost", 3310)),
        ("tcp://[::1]:3311", TcpAddress("::1", 3311)),
        ("tcp://clamav:3310?remote=allow", TcpAddress("clamav", 3310)),
    ],
)
def test_an_address_is_read(url: str, address: UnixAddress | TcpAddress) -> None:
    assert parse_address(url) == address


@pytest.mark.parametrize(
    "url", ["", "clamd", "/run/clamd.ctl", "unix://run/clamd.ctl", "unix:", "http://127.0.0.1", "tcp://", "tcp://h:x"]
)
def test_nonsense_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(UsageError, match=re.escape("tcp://127.0.0.1:3310")):
        open_scanner(url, None)


@pytest.mark.parametrize("host", ["10.0.0.5", "clamav", "0.0.0.0", "[2001:db8::1]"])
def test_another_machine_has_to_be_allowed(host: str) -> None:
    with pytest.raises(UsageError, match="remote=allow"):
        open_scanner(f"tcp://{host}:3310", None)


def test_a_named_clamd_is_used(hardened: ForeignClamd, tmp_path: Path) -> None:
    with open_scanner(str(hardened.address), None) as scanner:
        assert scanner.scan(put(tmp_path, clamd_probes.eicar())).hit is not None
        assert str(hardened.address) in scanner.probe()[0].detail


def test_a_named_folder_of_signatures_means_a_private_one(tmp_path: Path) -> None:
    with open_scanner(None, demo_set().folder) as scanner:
        assert scanner.scan(put(tmp_path, clamd_probes.eicar())).hit is not None
        assert "private" in scanner.probe()[0].detail


def test_a_named_clamd_that_would_pass_over_limits_is_not_used(lenient: ForeignClamd, tmp_path: Path) -> None:
    with open_scanner(str(lenient.address), None) as scanner:
        with pytest.raises(ScannerUnavailable, match="AlertExceedsMax yes"):
            scanner.scan(put(tmp_path, b"good morning"))
        failed = [check.name for check in scanner.probe() if check.required and not check.ok]
    assert failed == ["encrypted zip", "deep zip"]


def test_alerts_alone_are_not_enough_when_a_large_member_is_not_looked_at(tmp_path: Path) -> None:
    changes = {"MaxFileSize": "25M", "MaxScanSize": "100M"}
    with foreign_clamd(changes) as clamd, Clamd(RunningClamd(clamd.address)) as scanner:
        checks = scanner.probe()
        with pytest.raises(ScannerUnavailable, match="MaxFileSize"):
            scanner.scan(put(tmp_path, b"good morning"))
    assert [check.name for check in checks if check.required and not check.ok] == ["large member"]


def test_the_machines_clamd_is_used_when_it_passes_the_probes(hardened: ForeignClamd, tmp_path: Path) -> None:
    with Clamd(FoundOrPrivate([_nowhere(), hardened.address], ClamdChild(demo_set()))) as scanner:
        assert scanner.scan(put(tmp_path, clamd_probes.eicar())).hit is not None
        assert str(hardened.address) in scanner.probe()[0].detail


def test_the_machines_clamd_is_passed_over_when_it_does_not_and_doctor_says_why(
    lenient: ForeignClamd, tmp_path: Path
) -> None:
    with Clamd(FoundOrPrivate([lenient.address], ClamdChild(demo_set()))) as scanner:
        assert scanner.scan(put(tmp_path, clamd_probes.eicar())).hit is not None
        checks = scanner.probe()
    assert "private" in checks[0].detail
    passed_over = next(check for check in checks if check.name == "system's clamd")
    assert (passed_over.ok, passed_over.required) == (False, False)
    assert "encrypted zip" in passed_over.detail


def test_a_socket_where_anybody_can_put_one_is_not_taken_for_the_machines(
    hardened: ForeignClamd, tmp_path: Path
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="anybody-"))
    folder.chmod(0o1777)
    (folder / "clamd.sock").symlink_to(hardened.address.path)
    try:
        with Clamd(FoundOrPrivate([UnixAddress(folder / "clamd.sock")], ClamdChild(demo_set()))) as scanner:
            assert scanner.scan(put(tmp_path, clamd_probes.eicar())).hit is not None
            assert "private" in scanner.probe()[0].detail
    finally:
        shutil.rmtree(folder)


def test_without_a_running_one_a_private_one_is_started(tmp_path: Path) -> None:
    with Clamd(FoundOrPrivate([_nowhere()], ClamdChild(demo_set()))) as scanner:
        assert scanner.scan(put(tmp_path, clamd_probes.eicar())).hit is not None
        assert "private" in scanner.probe()[0].detail


def test_the_usual_places_are_looked_at_once_each() -> None:
    addresses = usual_addresses()
    assert UnixAddress(Path("/run/clamav/clamd.ctl")) in addresses
    assert len(set(addresses)) == len(addresses)


def _nowhere() -> UnixAddress:
    return UnixAddress(Path("/nowhere/clamd.sock"))
