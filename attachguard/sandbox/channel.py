"""The host's end of one zygote: starts it, hands it errands, collects what comes back, ends it.

Safe for many threads: every job brings its own answer pipe and report socket, so replies can't be mixed up.
"""

import contextlib
import os
import select
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from attachguard.model import printable
from attachguard.sandbox import wire

ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    "PATH": "/usr/bin:/bin",
    "HOME": "/nonexistent",
    "TMPDIR": "/nonexistent",
    "OMP_NUM_THREADS": "1",  # a second thread would escape Landlock
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",  # arenas are reserved address space, which RLIMIT_AS counts
}
"""All that the zygote knows of the service's environment: nothing."""

GRACE = 10.0
"""Seconds beyond a job's own time after which the zygote itself is given up."""


class ZygoteLostError(Exception):
    """The zygote does not come up, does not answer or is gone; the message says what is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of one errand. All but `ended` is untrusted."""

    ended: wire.Ended | wire.NotForked
    untrusted_answer: bytes
    """As it came from the pipe, with the marker; at most wire.ANSWER_SIZE and a little."""
    flooded: bool
    """More came than an answer may be long."""


class Zygote:
    """One running zygote."""

    def __init__(self, command: Sequence[str], patience: float) -> None:
        """Start it and wait until it is warm, at most `patience` seconds. Raises ZygoteLostError."""
        self.born = time.monotonic()
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._stderr = os.memfd_create("attachguard-zygote", os.MFD_CLOEXEC)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own file
                [*command, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._stderr,
                env=ENVIRONMENT,
                cwd="/",
                pass_fds=(theirs.fileno(),),
                # A Ctrl-C at the terminal ends the service first, which then ends its zygote.
                start_new_session=True,
            )
        except OSError as error:
            self._control.close()
            os.close(self._stderr)
            raise ZygoteLostError(f"the room's process can't be started: {error}") from error
        finally:
            theirs.close()
        try:
            self.hello = self._greet(patience)
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def _greet(self, patience: float) -> wire.Hello:
        self._control.settimeout(patience)
        try:
            return wire.HELLO.read(self._control.recv(wire.CONTROL_SIZE))
        except (OSError, wire.WireError) as error:
            raise ZygoteLostError(f"the room does not come up: {self._last_words()}") from error

    def _last_words(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        said = os.pread(self._stderr, 64 * 1024, 0).decode("utf-8", "replace").strip()
        return printable(said.splitlines()[-1] if said else "it said nothing", 200)

    def run(self, errand: wire.Errand, source: int, sink: int) -> Done:
        """Have one errand done. Raises ZygoteLostError."""
        answer, answer_end = os.pipe2(os.O_CLOEXEC)
        report, report_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            try:
                self._send(errand, (source, sink, answer_end, report_end.fileno()))
            finally:
                os.close(answer_end)
                report_end.close()
            return _collect(answer, report, errand.wall * wire.PATIENCE + GRACE)
        except ZygoteLostError as error:
            raise ZygoteLostError(f"{error}: {self._last_words()}") from error
        finally:
            # Hanging up is also how a job is cancelled: the zygote then kills the child.
            report.close()
            os.close(answer)

    def _send(self, errand: wire.Errand, fds: Sequence[int]) -> None:
        try:
            with self._lock:
                self._control.settimeout(GRACE)
                socket.send_fds(self._control, [wire.encode(errand)], fds)
        except OSError as error:
            raise ZygoteLostError(f"the room is gone: {error}") from error

    def close(self) -> None:
        """Hang up, wait, kill: afterwards there is no process of it."""
        self._control.close()
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with contextlib.suppress(OSError):
            os.close(self._stderr)

    def forget(self) -> None:
        """In a forked copy of the service: drop our ends, and leave the process to its owner."""
        self._control.close()
        with contextlib.suppress(OSError):
            os.close(self._stderr)
        self._process.returncode = 0  # it is no child of ours, so that waiting for it would be wrong


def _collect(answer: int, report: socket.socket, patience: float) -> Done:
    """Read the answer while the child writes it, and the report when it is over.

    Who is still writing when the report is there is nobody of ours; what came up to then counts.
    """
    deadline = time.monotonic() + patience
    pieces, size, flooded = [], 0, False
    poll = select.poll()
    poll.register(answer, select.POLLIN)
    poll.register(report, select.POLLIN)
    while True:
        ready = {fd for fd, _ in poll.poll(max(0.0, deadline - time.monotonic()) * 1000)}
        if not ready:
            raise ZygoteLostError("the room does not answer")
        if answer in ready:
            piece = os.read(answer, 64 * 1024)
            if piece:
                pieces.append(piece)
                size += len(piece)
            if size > wire.ANSWER_SIZE + 1 or not piece:
                flooded = bool(piece)
                poll.unregister(answer)
            if flooded:
                report.shutdown(socket.SHUT_WR)
        elif report.fileno() in ready:
            return Done(ended=_ended(report), untrusted_answer=b"".join(pieces), flooded=flooded)


def _ended(report: socket.socket) -> wire.Ended | wire.NotForked:
    try:
        message = report.recv(wire.CONTROL_SIZE)
        if message:
            return wire.ENDED.read(message)
    except (OSError, wire.WireError) as error:
        raise ZygoteLostError(f"the room's report can't be read: {error}") from error
    raise ZygoteLostError("the room ended in the middle of a job")


def command(python: str, *words: str) -> tuple[str, ...]:
    """Say how a real zygote is started; words choose its readers (start.py)."""
    return (python, "-I", str(Path(__file__).with_name("start.py")), *words)
