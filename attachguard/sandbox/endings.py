"""What the end of a child says about the file it read. Pure: figures in, a finding or None out."""

import os
import signal

from attachguard.model import Finding
from attachguard.sandbox import wire

_MEMORY_SIGNALS = frozenset({signal.SIGABRT, signal.SIGSEGV, signal.SIGILL, signal.SIGTRAP, signal.SIGBUS})
"""How C and C++ code ends when it gets no memory: abort, a null pointer, a trap on purpose (pdfium)."""


def read(ended: wire.Ended, errand: wire.Errand) -> Finding | None:
    """Read how a child ended; None: by itself, with status 0."""
    used = f"{ended.cpu:.1f} s of processor time in {ended.wall:.1f} s"
    if ended.killed:
        return Finding("sandbox.timeout", detail=used)
    if os.WIFEXITED(ended.status):
        code = os.WEXITSTATUS(ended.status)
        return None if code == 0 else Finding("sandbox.crashed", detail=f"exit status {code}")
    number = os.WTERMSIG(ended.status)
    if number == signal.SIGSYS:
        return Finding("sandbox.violation", detail="a forbidden system call")
    if number == signal.SIGXFSZ:
        return Finding("sandbox.output", detail=f"more than {errand.output} bytes")
    if number == signal.SIGXCPU or (number == signal.SIGKILL and ended.cpu >= errand.cpu):
        return Finding("sandbox.timeout", detail=used)
    if number == signal.SIGKILL or (number in _MEMORY_SIGNALS and ended.peak >= errand.memory // 2):
        # Nobody of ours sent that SIGKILL: it is the kernel's, when the memory of the machine or container ends.
        return Finding("sandbox.memory", detail=f"{ended.peak} bytes resident, signal {number}")
    return Finding("sandbox.crashed", detail=_name(number))


def crashed(ended: wire.Ended) -> bool:
    """Tell whether the child died by a signal that an attack on the reader would leave behind."""
    return os.WIFSIGNALED(ended.status) and os.WTERMSIG(ended.status) in _MEMORY_SIGNALS | {signal.SIGSYS}


def starved(ended: wire.Ended, errand: wire.Errand) -> bool:
    """Tell whether the child was killed for the time in which it had no processor: the machine is too busy."""
    return ended.killed and ended.waited >= (wire.PATIENCE - 1) * errand.wall


def out_of_memory(ended: wire.Ended, errand: wire.Errand) -> bool:
    """Tell whether the kernel killed the child below its own limits: the machine or container had no memory."""
    killed = os.WIFSIGNALED(ended.status) and os.WTERMSIG(ended.status) == signal.SIGKILL
    return killed and not ended.killed and ended.cpu < errand.cpu


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
