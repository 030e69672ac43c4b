"""Hears how a child ended before its memory is given back (ptrace(2), PTRACE_O_TRACEEXIT).

A process tells its parent that it ended when it has given back all it held, and for a copy of a warm zygote that takes
as long as a short job (measured: 1.9 of 4.2 ms). One that is traced stops on its way out: it has run its last
instruction, how it ended is known and can't change, and nobody need wait for the rest.

Only children that wait in advance are traced, and only to the first signal that one of them gets: then it is let go,
and its end is heard of in the usual way. So it is for all where tracing is forbidden (Yama, some containers).
"""

import ctypes
import os
import signal

_PTRACE = ctypes.CDLL(None, use_errno=True).ptrace
_PTRACE.argtypes = (ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_PTRACE.restype = ctypes.c_long

_DETACH, _GET_EVENT_MESSAGE, _SEIZE = 17, 0x4201, 0x4206  # linux/ptrace.h
_TRACE_EXIT, _EVENT_EXIT = 1 << 6, 6


def seize(pid: int) -> bool:
    """Begin to trace a child that is still as it was forked; False where that is not allowed."""
    return _ptrace(_SEIZE, pid, _TRACE_EXIT)


def end_of(pid: int, status: int) -> int | None:
    """Tell the wait status that a child that stopped with `status` will end with; None when it is not about to end."""
    if os.WSTOPSIG(status) != signal.SIGTRAP or status >> 16 != _EVENT_EXIT:
        return None
    told = ctypes.c_ulong()
    return told.value if _ptrace(_GET_EVENT_MESSAGE, pid, ctypes.addressof(told)) else None


def let_go(pid: int, status: int) -> None:
    """Trace a child that stopped with `status` no longer; a signal that stopped it reaches it now."""
    number = os.WSTOPSIG(status) if status >> 16 == 0 else 0
    _ptrace(_DETACH, pid, number)


def _ptrace(request: int, pid: int, data: int) -> bool:
    return bool(_PTRACE(request, pid, None, data) == 0)
