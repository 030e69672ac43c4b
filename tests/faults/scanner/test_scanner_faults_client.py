"""A clamd that passes every probe and then misbehaves about the file, or about who it is."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from attachguard.adapters import clamd_control, clamd_probes
from attachguard.adapters.clamd import PROVEN_SECONDS, Clamd, RunningClamd
from attachguard.adapters.clamd_wire import TOO_LARGE, Deadline
from attachguard.errors import ScannerUnavailable
from attachguard.model import SignatureRules
from tests.contracts.scanner import put
from tests.faults.scanner.injected import injected
from tests.faults.scanner.scripted_clamd import (
    PROBES,
    Behaviour,
    ScriptedClamd,
    except_for_probes,
    properly,
    read_stream,
    saying,
    scripted_clamd,
)
from tests.faults.scanner.test_scanner_faults_wire import CLEAN, FOUND, JUNK, SIZE

ANY_AGE = SignatureRules(warn_after_days=3, refuse_after_days=36_500)


@pytest.fixture
def clamd() -> Iterator[ScriptedClamd]:
    with scripted_clamd() as server:
        yield server


@pytest.fixture
def scanner(clamd: ScriptedClamd) -> Iterator[Clamd]:
    with Clamd(RunningClamd(clamd.unix), rules=ANY_AGE, scan_seconds=0.5) as scanner:
        yield scanner


def send(reply: bytes) -> Behaviour:
    return except_for_probes(lambda link: link.sendall(reply))


def test_a_wrong_answer_about_the_file_is_no_answer_and_the_next_is_asked_afresh(
    clamd: ScriptedClamd, scanner: Clamd, tmp_path: Path
) -> None:
    path = put(tmp_path, b"good morning")
    for reply in (b"", CLEAN[:-1], FOUND[:-1], *JUNK):
        clamd.behaviour = send(reply)
        with pytest.raises(ScannerUnavailable):
            scanner.scan(path)
        clamd.behaviour = send(FOUND)
        assert scanner.scan(path).hit == "Win.Test.EICAR_HDB-1"
        clamd.behaviour = send(CLEAN)
        assert scanner.scan(path).hit is None
        injected()


def test_too_large_is_an_answer(clamd: ScriptedClamd, scanner: Clamd, tmp_path: Path) -> None:
    clamd.behaviour = send(SIZE)
    assert scanner.scan(put(tmp_path, b"good morning")).hit == TOO_LARGE


@pytest.mark.parametrize("blind_to", sorted(PROBES))
def test_one_probe_that_fails_is_enough_to_believe_nothing(
    clamd: ScriptedClamd, scanner: Clamd, tmp_path: Path, blind_to: bytes
) -> None:
    answers = dict(PROBES)
    answers[blind_to] = FOUND if PROBES[blind_to] == CLEAN else CLEAN
    clamd.behaviour = lambda link: link.sendall(answers.get(read_stream(link), CLEAN))
    with pytest.raises(ScannerUnavailable, match="not believed"):
        scanner.scan(put(tmp_path, b"good morning"))
    assert any(check.required and not check.ok for check in scanner.probe())


def test_a_clamd_that_always_says_the_same_is_not_believed(
    clamd: ScriptedClamd, scanner: Clamd, tmp_path: Path
) -> None:
    for reply in (CLEAN, FOUND, SIZE):
        clamd.behaviour = saying(reply)
        with pytest.raises(ScannerUnavailable):
            scanner.scan(put(tmp_path, b"good morning"))
        injected()


def test_a_clamd_that_falls_blind_between_two_files_is_found_out_before_the_next_clean(
    clamd: ScriptedClamd, scanner: Clamd, tmp_path: Path
) -> None:
    path = put(tmp_path, b"good morning")
    assert scanner.scan(path).hit is None
    clamd.behaviour = saying(CLEAN)
    with pytest.raises(ScannerUnavailable, match="not believed"):
        scanner.scan(path)
    clamd.behaviour = properly
    assert scanner.scan(path).hit is None


def lenient(link: socket.socket) -> None:
    """Let an encrypted zip pass, and know the rest."""
    data = read_stream(link)
    link.sendall(CLEAN if data == clamd_probes.encrypted_zip() else PROBES.get(data, CLEAN))


def test_all_probes_are_asked_again_when_they_have_counted_long_enough(clamd: ScriptedClamd, tmp_path: Path) -> None:
    path = put(tmp_path, b"good morning")
    with Clamd(RunningClamd(clamd.unix), proven_seconds=0.5) as scanner:
        assert scanner.scan(path).hit is None
        clamd.behaviour = lenient
        assert scanner.scan(path).hit is None
        time.sleep(0.5)
        with pytest.raises(ScannerUnavailable, match="encrypted zip passes"):
            scanner.scan(path)


def test_all_probes_are_asked_again_when_the_signatures_changed(
    clamd: ScriptedClamd, scanner: Clamd, tmp_path: Path
) -> None:
    path = put(tmp_path, b"good morning")
    clamd.version = b"ClamAV 1.4.6/1/Fri Nov 20 09:31:07 2020"
    assert scanner.scan(path).hit is None
    clamd.behaviour = lenient
    assert scanner.scan(path).hit is None
    clamd.version = b"ClamAV 1.4.6/2/Sat Nov 21 09:31:07 2020"
    with pytest.raises(ScannerUnavailable, match="encrypted zip passes"):
        scanner.scan(path)


def test_a_probe_counts_for_a_minute() -> None:
    assert PROVEN_SECONDS == 60


def test_the_probes_are_asked_by_themselves_and_in_time(clamd: ScriptedClamd, tmp_path: Path) -> None:
    asked: list[float] = []

    def noted(link: socket.socket) -> None:
        data = read_stream(link)
        if data == clamd_probes.encrypted_zip():
            asked.append(time.monotonic())
        link.sendall(PROBES.get(data, CLEAN))

    clamd.behaviour = noted
    with Clamd(RunningClamd(clamd.unix), proven_seconds=0.4, watch_seconds=0.05) as scanner:
        assert scanner.scan(put(tmp_path, b"good morning")).hit is None
        limit = time.monotonic() + 10
        while len(asked) < 4 and time.monotonic() < limit:
            time.sleep(0.01)
    assert len(asked) >= 4
    told = len(asked)
    time.sleep(0.2)
    assert len(asked) == told  # a scanner that was closed asks nothing


def test_a_clamd_that_falls_blind_while_nobody_asks_is_asked_everything_before_it_is_believed_again(
    clamd: ScriptedClamd, tmp_path: Path
) -> None:
    path = put(tmp_path, b"good morning")
    with Clamd(RunningClamd(clamd.unix), watch_seconds=0.02) as scanner:
        assert scanner.scan(path).hit is None
        clamd.behaviour = saying(CLEAN)
        time.sleep(0.3)
        clamd.behaviour = lenient
        with pytest.raises(ScannerUnavailable, match="encrypted zip passes"):
            scanner.scan(path)


def test_new_signatures_are_recorded_with_the_first_answer_they_give(
    clamd: ScriptedClamd, scanner: Clamd, tmp_path: Path
) -> None:
    path = put(tmp_path, b"good morning")
    clamd.version = b"ClamAV 1.4.6/27830/Fri Nov 20 09:31:07 2020"
    assert scanner.scan(path).identity.signatures == "daily 27830 2020-11-20T09:31:07Z"
    clamd.version = b"ClamAV 1.5.1/27831/Sat Nov  7 09:31:07 2020"
    identity = scanner.scan(path).identity
    assert (identity.engine, identity.signatures) == ("ClamAV 1.5.1", "daily 27831 2020-11-07T09:31:07Z")


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"ClamAV 1.4.6",
        b"ClamAV\n",
        b"COMMAND UNAVAILABLE\n",
        b"ClamAV 1.4.6/27830\n",
        b"ClamAV 1.4.6/27830/yesterday\n",
        b"ClamAV 1.4.6\nClamAV 1.4.6\n",
        b"x" * 100_000,
    ],
)
def test_a_clamd_that_can_not_say_who_it_is_is_not_believed(
    clamd: ScriptedClamd, scanner: Clamd, tmp_path: Path, reply: bytes
) -> None:
    clamd.replies[b"nVERSION\n"] = reply
    clamd.version = b""
    with pytest.raises(ScannerUnavailable):
        scanner.scan(put(tmp_path, b"good morning"))


@pytest.mark.parametrize(("days", "required"), [(2, None), (4, False), (8, True)])
def test_old_signatures_are_a_warning_and_very_old_ones_a_fault(
    clamd: ScriptedClamd, days: int, required: bool | None
) -> None:
    clamd.version = _version_built(days)
    with Clamd(RunningClamd(clamd.unix)) as scanner:
        failed = {check.name: check.required for check in scanner.probe() if not check.ok}
    assert failed.get("signature age") == required


def test_signatures_older_than_allowed_are_refused(clamd: ScriptedClamd, tmp_path: Path) -> None:
    path = put(tmp_path, b"good morning")
    with Clamd(RunningClamd(clamd.unix), rules=SignatureRules(refuse_after_days=7)) as scanner:
        clamd.version = _version_built(8)
        with pytest.raises(ScannerUnavailable, match="8 days old, and the policy refuses them after 7"):
            scanner.scan(path)
        clamd.version = _version_built(6)
        assert scanner.scan(path).hit is None


@pytest.mark.parametrize("built", ["Fri Xyz 20 09:31:07 2020", "Fri Feb 31 09:31:07 2020", "Fri Nov 20 09:31:07 2999"])
def test_signatures_whose_age_can_not_be_told_are_refused(clamd: ScriptedClamd, tmp_path: Path, built: str) -> None:
    with Clamd(RunningClamd(clamd.unix), rules=ANY_AGE) as scanner:
        clamd.version = b"ClamAV 1.5.0/27830/" + built.encode()
        with pytest.raises(ScannerUnavailable, match="are not used"):
            scanner.scan(put(tmp_path, b"good morning"))
        age = next(check for check in scanner.probe() if check.name == "signature age")
        assert (age.ok, age.required) == (False, True)


def test_the_policy_says_from_which_day_on_there_is_a_warning(clamd: ScriptedClamd, tmp_path: Path) -> None:
    clamd.version = _version_built(4)
    with Clamd(RunningClamd(clamd.unix), rules=SignatureRules(warn_after_days=5, refuse_after_days=6)) as scanner:
        assert next(check for check in scanner.probe() if check.name == "signature age").ok
        clamd.version = _version_built(5.5)
        assert not next(check for check in scanner.probe() if check.name == "signature age").ok
        assert scanner.scan(put(tmp_path, b"good morning")).hit is None


def _version_built(days: float) -> bytes:
    built = time.gmtime(time.time() - days * 86400)
    return b"ClamAV 1.5.0/27830/" + time.asctime(built).encode()


def test_a_probe_of_a_clamd_that_hangs_comes_back_with_a_failed_check(clamd: ScriptedClamd, scanner: Clamd) -> None:
    clamd.behaviour = except_for_probes(lambda _: None)
    assert [check.name for check in scanner.probe() if check.required and not check.ok] == ["size limit"]
    clamd.behaviour = lambda _: time.sleep(1.5)
    began = time.monotonic()
    assert any(check.required and not check.ok for check in scanner.probe())
    assert time.monotonic() - began < 1.5


def test_a_clamd_that_is_not_there_is_one_failed_check_and_no_answer(clamd: ScriptedClamd, tmp_path: Path) -> None:
    clamd.close()
    with Clamd(RunningClamd(clamd.unix)) as scanner:
        assert [(check.name, check.ok) for check in scanner.probe()] == [("clamd", False)]
        with pytest.raises(ScannerUnavailable, match="can't be reached"):
            scanner.scan(put(tmp_path, b"good morning"))


def test_a_scanner_that_was_closed_takes_nothing(scanner: Clamd, tmp_path: Path) -> None:
    scanner.close()
    with pytest.raises(ScannerUnavailable, match="closed"):
        scanner.scan(put(tmp_path, b"good morning"))


@pytest.mark.parametrize("reply", [b"PON\n", b"PONG", b"", b"NOPE\n"])
def test_only_pong_answers_ping(clamd: ScriptedClamd, reply: bytes) -> None:
    clamd.replies[b"nPING\n"] = reply or b"\n"
    with pytest.raises(ScannerUnavailable):
        clamd_control.ping(clamd.unix, Deadline.after(1))


def test_stats_tell_busy_from_idle(clamd: ScriptedClamd) -> None:
    clamd.replies[b"nSTATS\n"] = b"THREADS: live 12  idle 2 max 12 idle-timeout 30\nQUEUE: 7 items\nEND\n"
    told = clamd_control.stats(clamd.unix, Deadline.after(1))
    assert (told.queued, told.busy, told.threads) == (7, 10, 12)
    clamd.replies[b"nSTATS\n"] = b"nothing of the kind\n"
    with pytest.raises(ScannerUnavailable):
        clamd_control.stats(clamd.unix, Deadline.after(1))
