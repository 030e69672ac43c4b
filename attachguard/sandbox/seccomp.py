"""Compiles the rules into a seccomp filter and loads it: the last wall to go up, since nothing can follow it.

Source: Linux Documentation/userspace-api/seccomp_filter.rst; include/uapi/linux/{seccomp,bpf_common,filter}.h.
Jumps are 8 bits wide, so every test ends in its own verdict and none is longer than a dozen instructions.
"""

import ctypes
import errno
import functools
import hashlib
import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from attachguard.sandbox import rules
from attachguard.sandbox.syscalls import AUDIT_ARCH, SYSTEM_CALLS
from attachguard.sandbox.wire import Level, Profile

_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_AND = 0x54  # BPF_ALU | BPF_AND | BPF_K
_IF_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_IF_AT_LEAST = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K

_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_X32 = 0x4000_0000  # x86_64: calls of the x32 ABI, a second road to the same calls

_ALLOW = 0x7FFF_0000
_KILL = 0x8000_0000  # SECCOMP_RET_KILL_PROCESS: SIGSYS
_ERRNO = 0x0005_0000

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_LIBC = ctypes.CDLL(None, use_errno=True)

Instruction = tuple[int, int, int, int]
"""code, jump if true, jump if false, value: struct sock_filter."""


class _SockFprog(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A compiled filter, with the own process id left open."""

    instructions: tuple[Instruction, ...]

    @property
    def fingerprint(self) -> str:
        """A short hash to tell one version of the rules from another."""
        return hashlib.sha256(repr(self.instructions).encode()).hexdigest()[:12]

    def encoded(self, pid: int) -> bytes:
        """Write it as the kernel reads it."""
        return b"".join(
            struct.pack("=HBBI", code, then, otherwise, pid if value == rules.OWN_PID else value)
            for code, then, otherwise, value in self.instructions
        )


def load(profile: Profile, level: Level) -> None:
    """Put the filter on the calling thread, for ever. Needs no_new_privs. Raises OSError or ValueError."""
    code = compiled(os.uname().machine, profile, level).encoded(os.getpid())
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _SockFprog(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    if _LIBC.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"the system-call filter was refused: {os.strerror(number)}")


@functools.cache
def compiled(machine: str, profile: Profile, level: Level) -> Filter:
    """Compile the rules for a machine. Raises ValueError for one whose system calls are not known."""
    if machine not in SYSTEM_CALLS:
        raise ValueError(f"no table of system calls for {machine}")
    return Filter(instructions=tuple(_program(machine, profile, level)))


def _program(machine: str, profile: Profile, level: Level) -> Iterator[Instruction]:
    yield _LOAD, 0, 0, _ARCHITECTURE
    yield from _verdict_if(_IF_EQUAL, AUDIT_ARCH[machine], otherwise=_KILL)
    yield _LOAD, 0, 0, _NUMBER
    if machine == "x86_64":
        yield _IF_AT_LEAST, 0, 1, _X32
        yield _RETURN, 0, 0, _KILL
    numbers = SYSTEM_CALLS[machine]
    for name, verdict in _verdicts(profile, level):
        if name in numbers:
            yield from _case(numbers[name], [(_RETURN, 0, 0, verdict)])
    for name, condition in _conditions(profile).items():
        if name in numbers:
            yield from _case(numbers[name], list(_condition(condition)))
    yield _RETURN, 0, 0, _ERRNO | errno.EPERM


def _verdict_if(test: int, value: int, *, otherwise: int) -> Iterator[Instruction]:
    yield test, 1, 0, value
    yield _RETURN, 0, 0, otherwise


def _verdicts(profile: Profile, level: Level) -> Iterator[tuple[str, int]]:
    """List the calls that are judged by their number alone, the frequent ones first."""
    for name in rules.ALLOWED:
        yield name, _ALLOW
    for name in rules.OPENING:
        yield name, _ALLOW if level is Level.FULL else _ERRNO | errno.EACCES
    strict = profile is Profile.STRICT
    for name in () if strict else rules.STARTING:
        yield name, _ALLOW
    for name in sorted(rules.ABSENT):
        yield name, _ERRNO | errno.ENOSYS
    for name in sorted(rules.DEADLY | (rules.DEADLY_WHEN_STRICT if strict else frozenset())):
        yield name, _KILL


def _conditions(profile: Profile) -> Mapping[str, rules.Condition]:
    code = rules.NO_CODE if profile is Profile.STRICT else rules.NO_WRITABLE_CODE
    return {**code, **rules.CONDITIONS}


def _case(number: int, body: list[Instruction]) -> Iterator[Instruction]:
    yield _IF_EQUAL, 0, len(body), number
    yield from body


def _condition(condition: rules.Condition) -> Iterator[Instruction]:
    # The low 32 bits of an argument: both machines are little-endian.
    yield _LOAD, 0, 0, _ARGUMENTS + 8 * condition.argument
    match condition:
        case rules.OneOf(values=values):
            for position, value in enumerate(values):
                yield _IF_EQUAL, len(values) - position, 0, value
            yield _RETURN, 0, 0, _ERRNO | errno.EPERM
            yield _RETURN, 0, 0, _ALLOW
        case rules.NotAllOf(bits=bits):
            yield _AND, 0, 0, bits
            yield _IF_EQUAL, 0, 1, bits
            yield _RETURN, 0, 0, _ERRNO | errno.EPERM
            yield _RETURN, 0, 0, _ALLOW
