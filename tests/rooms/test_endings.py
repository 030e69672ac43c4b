"""What the end of a child says, from the figures alone."""

import os
import signal

import pytest

from attachguard.model import Finding
from attachguard.sandbox import endings, wire

MIB = 1024 * 1024
ERRAND = wire.Errand(
    profile=wire.Profile.STRICT,
    level=wire.Level.FULL,
    program="",
    job=None,
    wall=10.0,
    cpu=5,
    memory=1024 * MIB,
    output=64 * MIB,
)


def ended(
    *, status: int = 0, killed: bool = False, cpu: float = 0.1, waited: float = 0.0, peak: int = 20 * MIB
) -> wire.Ended:
    return wire.Ended(status=status, killed=killed, cpu=cpu, wall=1.0, waited=waited, peak=peak)


def exited(code: int) -> int:
    return code << 8


def code_of(finding: Finding | None) -> str:
    return finding.code if finding else ""


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (ended(), ""),
        (ended(status=exited(1)), "sandbox.crashed"),
        (ended(status=signal.SIGSEGV), "sandbox.crashed"),
        (ended(status=signal.SIGTERM), "sandbox.crashed"),
        (ended(status=64), "sandbox.crashed"),
        (ended(status=signal.SIGABRT, peak=900 * MIB), "sandbox.memory"),
        (ended(status=signal.SIGSEGV, peak=900 * MIB), "sandbox.memory"),
        (ended(status=signal.SIGKILL), "sandbox.memory"),
        (ended(status=signal.SIGKILL, cpu=5.9), "sandbox.timeout"),
        (ended(status=signal.SIGXCPU), "sandbox.timeout"),
        (ended(status=signal.SIGKILL, killed=True), "sandbox.timeout"),
        (ended(status=0, killed=True), "sandbox.timeout"),
        (ended(status=signal.SIGXFSZ), "sandbox.output"),
        (ended(status=signal.SIGSYS), "sandbox.violation"),
    ],
)
def test_an_end_is_a_finding_or_none(end: wire.Ended, code: str) -> None:
    assert code_of(endings.read(end, ERRAND)) == code


def test_a_job_that_had_no_processor_for_three_times_its_time_was_starved() -> None:
    assert endings.starved(ended(killed=True, waited=30.0), ERRAND)
    assert not endings.starved(ended(killed=True, waited=29.0), ERRAND)
    assert not endings.starved(ended(killed=False, waited=30.0), ERRAND)


def test_a_job_that_slept_was_not_starved() -> None:
    assert not endings.starved(ended(killed=True, cpu=0.0, waited=0.0), ERRAND)


def test_a_kill_that_nobody_of_ours_sent_is_the_machines_memory() -> None:
    assert endings.out_of_memory(ended(status=signal.SIGKILL), ERRAND)
    assert not endings.out_of_memory(ended(status=signal.SIGKILL, killed=True), ERRAND)
    assert not endings.out_of_memory(ended(status=signal.SIGKILL, cpu=5.5), ERRAND)
    assert not endings.out_of_memory(ended(status=signal.SIGSEGV), ERRAND)


def test_crashes_are_the_signals_of_broken_memory_and_of_forbidden_calls() -> None:
    crashes = {number for number in signal.Signals if endings.crashed(ended(status=number))}
    assert crashes == {
        signal.SIGSEGV,
        signal.SIGABRT,
        signal.SIGBUS,
        signal.SIGILL,
        signal.SIGTRAP,
        signal.SIGSYS,
    }
    assert os.WIFEXITED(exited(1))
    assert not endings.crashed(ended(status=exited(1)))
