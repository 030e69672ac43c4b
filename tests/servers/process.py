"""What all servers share: a port nobody has, a process that can't outlive us, and a wait that says what went wrong."""

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


class MissingServerError(RuntimeError):
    """A server that the tests need is not installed; the message says how to get it."""


def find_program(name: str, *folders: str) -> str:
    """Find a server's program. Raises MissingServerError."""
    path = shutil.which(name) or shutil.which(name, path=os.pathsep.join(folders))
    if path is None:
        raise MissingServerError(f"{name} is not installed; run tools/setup-tests")
    return path


def free_port() -> int:
    """Name a TCP port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def free_block(size: int) -> int:
    """Name the first of `size` ports in a row that nobody listens on."""
    for start in range(21000 + os.getpid() % 97 * 20, 32000, size + 3):
        try:
            for port in range(start, start + size):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return start
    raise MissingServerError(f"no {size} free ports in a row")


def wait_until(ready: Callable[[], bool], seconds: float, what: str, log: Path | None = None) -> None:
    """Wait for something to become true; the failure shows the end of the log."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            tail = log.read_text(errors="replace")[-2000:] if log and log.exists() else ""
            raise TimeoutError(f"{what} not after {seconds} s\n{tail}")
        time.sleep(0.05)


def listens(port: int) -> bool:
    """Tell whether somebody accepts connections on a port of loopback."""
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True


def unread(port: int) -> int:
    """Count the bytes that reached a port of loopback and that its server has not read (proc(5), /proc/net/tcp)."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    established = [line for line in lines if line[3] == "01" and int(line[1].partition(":")[2], 16) == port]
    return sum(int(line[4].partition(":")[2], 16) for line in established)


GUARD = 'read -r _; kill -9 "-$1"'
"""Waits for the end of a pipe that only the tests hold open: then they are gone, however they ended."""


class Process:
    """One server process with all its children, in a session of its own; it ends with the tests, even killed ones."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        folder: Path | None = None,
    ) -> None:
        def tie() -> None:
            _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

        found = pwd.getpwnam(user) if user is not None else None
        self.log = log
        with log.open("ab") as out:
            self._process: subprocess.Popen[bytes] = subprocess.Popen(
                command,
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=tie,  # noqa: PLW1509 - one system call, and no lock is taken
                env={**os.environ, **(environment or {})},
                cwd=folder,
                user=found.pw_uid if found else None,
                group=found.pw_gid if found else None,
                extra_groups=[] if found else None,
            )
        self.pid = self._process.pid
        # The signal of `tie` reaches the first process alone; RabbitMQ's is a script, whose child is the server.
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", GUARD, "guard", str(self.pid)],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def alive(self) -> bool:
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the first process alone."""
        if self.alive():
            os.kill(self.pid, number)

    def send_all(self, number: signal.Signals) -> None:
        """Send a signal to it and all its children."""
        for pid in (self.pid, *_descendants(self.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def wait(self, seconds: float) -> int:
        return self._process.wait(seconds)

    def kill(self) -> None:
        """End it with all its children, at once, as a power cut of the process would."""
        family = [self.pid, *_descendants(self.pid)]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        for pid in family:  # some servers' children are leaders of groups of their own
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(30)
        self._guard.kill()
        self._guard.communicate()

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 30) -> None:
        """Ask it to end, and insist after a while."""
        self.send(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        self.kill()


def _descendants(pid: int) -> list[int]:
    """List the children of a process, and theirs."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
            parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, left = [], [pid]
    while left:
        children = parents.get(left.pop(), [])
        found += children
        left += children
    return found


def pause(pid: int) -> None:
    """Stop a process where it stands."""
    os.kill(pid, signal.SIGSTOP)


def resume(pid: int) -> None:
    """Let it go on."""
    os.kill(pid, signal.SIGCONT)
