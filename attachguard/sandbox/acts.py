"""The forbidden acts, attempted on purpose behind the walls: the proof that the walls stand, on this machine, now.

Each act is harmless where it succeeds. A wall is believed because the act fails, never because of a version number.
"""

import _thread
import ctypes
import mmap
import os
import resource
import socket
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NoReturn

from attachguard.sandbox import wire

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_DUMPABLE = 4


def attempt(service: int) -> tuple[wire.Act, ...]:
    """Attempt every act, each by itself; an act is refused when the kernel says no."""
    return tuple(_attempt(name, act, service) for name, act in ACTS.items())


def execute() -> NoReturn:
    """Execute a harmless program. Behind the strict walls this is the end of the process."""
    os.execve("/bin/true", ["true"], {})  # noqa: S606 - no shell is what is wanted


def _attempt(name: str, act: Callable[[int], None], service: int) -> wire.Act:
    try:
        act(service)
    except (OSError, RuntimeError, MemoryError) as error:  # RuntimeError: Python's word for a refused thread
        return wire.Act(name=name, refused=True, how=type(error).__name__)
    return wire.Act(name=name, refused=False, how="it was possible")


def _read_system_file(_: int) -> None:
    with open("/etc/passwd", "rb") as file:
        file.read(1)


def _read_service(service: int) -> None:
    with open(f"/proc/{service}/environ", "rb") as file:
        file.read(1)


def _write_file(_: int) -> None:
    path = f"/tmp/attachguard-act-{os.getpid()}"  # noqa: S108 - created exclusively, and taken away again
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
    os.unlink(path)


def _tcp(_: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM):
        pass


def _udp(_: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM):
        pass


def _unix_socket(_: int) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM):
        pass


def _fork(_: int) -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def _start_thread(_: int) -> None:
    _thread.start_new_thread(_nothing, ())


def _nothing() -> None:
    pass


def _take_memory(_: int) -> None:
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    # Untouched pages cost nothing where no limit stops this.
    mmap.mmap(-1, 2**31 if limit == resource.RLIM_INFINITY else limit).close()


def _hold_memory_in_memfd(_: int) -> None:
    os.close(os.memfd_create("act"))


def _signal_service(service: int) -> None:
    os.kill(service, 0)


def _make_code(_: int) -> None:
    mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def _become_traceable(_: int) -> None:
    if _LIBC.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


ACTS: Mapping[str, Callable[[int], None]] = MappingProxyType(
    {
        "read a system file": _read_system_file,
        "read the service's secrets": _read_service,
        "write a file": _write_file,
        "open a TCP socket": _tcp,
        "open a UDP socket": _udp,
        "open a unix socket": _unix_socket,
        "fork": _fork,
        "start a thread": _start_thread,
        "take more memory than allowed": _take_memory,
        "hold memory in a memfd": _hold_memory_in_memfd,
        "signal the service": _signal_service,
        "make machine code": _make_code,
        "become traceable": _become_traceable,
    }
)
"""What `attempt` tries. Refusals come back as errors."""
