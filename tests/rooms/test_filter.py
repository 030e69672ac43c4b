"""The system-call filter as data: the numbers are the kernel's, and both machines get the same rules."""

import ctypes
import ctypes.util
from collections.abc import Iterator

import pytest

from attachguard.sandbox import rules, seccomp
from attachguard.sandbox.syscalls import AUDIT_ARCH, SYSTEM_CALLS
from attachguard.sandbox.wire import Level, Profile

ALLOW, KILL, ERRNO = 0x7FFF_0000, 0x8000_0000, 0x0005_0000
PID = 4711
MACHINES = sorted(SYSTEM_CALLS)


def judge(code: seccomp.Filter, machine: str, number: int, *arguments: int) -> int:
    """Run a filter as the kernel does."""
    data = {0: number, 4: AUDIT_ARCH[machine]} | {16 + 8 * n: value for n, value in enumerate(arguments)}
    accumulator, counter = 0, 0
    while True:
        operation, then, otherwise, value = code.instructions[counter]
        value = PID if value == rules.OWN_PID else value
        counter += 1
        match operation:
            case 0x20:
                accumulator = data.get(value, 0)
            case 0x54:
                accumulator &= value
            case 0x15:
                counter += then if accumulator == value else otherwise
            case 0x35:
                counter += then if accumulator >= value else otherwise
            case 0x06:
                return value


def verdict(name: str, *arguments: int, machine: str, profile: Profile, level: Level = Level.FULL) -> int:
    code = seccomp.compiled(machine, profile, level)
    return judge(code, machine, SYSTEM_CALLS[machine][name], *arguments)


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=list(Profile))
def profile(request: pytest.FixtureRequest) -> Profile:
    return Profile(request.param)


def named() -> Iterator[str]:
    yield from (*rules.ALLOWED, *rules.OPENING, *rules.STARTING, *rules.ABSENT, *rules.DEADLY)
    yield from (*rules.CONDITIONS, *rules.NO_CODE, *rules.NO_WRITABLE_CODE, *rules.DEADLY_WHEN_STRICT)


def test_every_call_that_a_rule_names_has_a_number() -> None:
    assert set(named()) <= set(SYSTEM_CALLS["x86_64"])


def test_no_call_has_two_rules() -> None:
    judged = [*rules.ALLOWED, *rules.OPENING, *rules.STARTING, *rules.ABSENT, *rules.DEADLY]
    judged += [*rules.CONDITIONS, *rules.NO_CODE]
    assert len(judged) == len(set(judged))


@pytest.mark.skipif(ctypes.util.find_library("seccomp") is None, reason="libseccomp is not installed")
def test_every_number_is_libseccomps(machine: str) -> None:
    library = ctypes.CDLL(ctypes.util.find_library("seccomp"))
    resolve = library.seccomp_syscall_resolve_name_arch
    resolve.argtypes = (ctypes.c_uint32, ctypes.c_char_p)
    numbers = SYSTEM_CALLS[machine]
    assert {name: resolve(AUDIT_ARCH[machine], name.encode()) for name in numbers} == dict(numbers)


def test_what_no_rule_names_is_refused(machine: str, profile: Profile) -> None:
    code = seccomp.compiled(machine, profile, Level.FULL)
    ruled = {SYSTEM_CALLS[machine].get(name) for name in named()}
    others = [number for number in range(500) if number not in ruled]
    assert {judge(code, machine, number) for number in others} == {ERRNO | 1}


def test_another_machine_s_calls_are_deadly(machine: str, profile: Profile) -> None:
    (other,) = [each for each in MACHINES if each != machine]
    assert judge(seccomp.compiled(machine, profile, Level.FULL), other, 0) == KILL


def test_the_second_road_to_the_same_calls_is_deadly(profile: Profile) -> None:
    code = seccomp.compiled("x86_64", profile, Level.FULL)
    assert judge(code, "x86_64", 0x4000_0000) == KILL


def test_reading_is_allowed_and_deadly_calls_are_deadly(machine: str, profile: Profile) -> None:
    assert verdict("read", machine=machine, profile=profile) == ALLOW
    assert {verdict(name, machine=machine, profile=profile) for name in rules.DEADLY} == {KILL}


def test_only_the_exec_profile_may_execute(machine: str) -> None:
    assert verdict("execve", machine=machine, profile=Profile.STRICT) == KILL
    assert verdict("execve", machine=machine, profile=Profile.EXEC) == ALLOW


def test_nothing_is_opened_at_level_no_open(machine: str, profile: Profile) -> None:
    assert verdict("openat", machine=machine, profile=profile) == ALLOW
    assert verdict("openat", machine=machine, profile=profile, level=Level.NO_OPEN) == ERRNO | 13


@pytest.mark.parametrize("call", ["mmap", "mprotect"])
def test_code_is_mapped_by_programs_only_and_never_writable(call: str, machine: str) -> None:
    strict = [verdict(call, 0, 0, prot, machine=machine, profile=Profile.STRICT) for prot in range(8)]
    program = [verdict(call, 0, 0, prot, machine=machine, profile=Profile.EXEC) for prot in range(8)]
    assert strict == [ALLOW] * 4 + [ERRNO | 1] * 4
    assert program == [ALLOW] * 6 + [ERRNO | 1] * 2


@pytest.mark.parametrize("call", ["kill", "tgkill", "tkill"])
def test_a_process_signals_nobody_but_itself(call: str, machine: str, profile: Profile) -> None:
    assert verdict(call, PID, machine=machine, profile=profile) == ALLOW
    for other in (0, 1, PID + 1, 0xFFFF_FFFF):
        assert verdict(call, other, machine=machine, profile=profile) == ERRNO | 1


def test_new_kinds_of_fork_do_not_exist(machine: str, profile: Profile) -> None:
    assert verdict("clone3", machine=machine, profile=profile) == ERRNO | 38
    assert verdict("clone", machine=machine, profile=profile) == ERRNO | 1


def test_the_kernel_reads_what_was_compiled() -> None:
    code = seccomp.compiled("x86_64", Profile.STRICT, Level.FULL)
    filled = code.encoded(PID)
    assert len(filled) == 8 * len(code.instructions)
    assert filled.count(PID.to_bytes(4, "little")) == 3
    assert rules.OWN_PID.to_bytes(4, "little") not in filled
    assert code.fingerprint != seccomp.compiled("x86_64", Profile.EXEC, Level.FULL).fingerprint


def test_a_machine_without_a_table_has_no_room() -> None:
    with pytest.raises(ValueError, match="no table of system calls for s390x"):
        seccomp.compiled("s390x", Profile.STRICT, Level.FULL)
