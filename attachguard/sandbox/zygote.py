"""The warmed, single-threaded process that forks one child per job, and ends it when its time is over.

It holds no secret (clean environment, exec'd), reads no byte of any file and no word that a file chose: an Errand
holds figures only. When the service hangs up, by closing or by dying, every child is killed and it exits.
"""

import contextlib
import errno
import gc
import os
import resource
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from attachguard.sandbox import child, hugepages, jail, landlock, seccomp, tracing, warm, wire
from attachguard.sandbox.child import Cell
from attachguard.sandbox.inside import Readers
from attachguard.sandbox.jail import EVERY_LAYER, Layer
from attachguard.sandbox.programs import PROGRAMS, Program
from attachguard.sandbox.syscalls import SYSTEM_CALLS

_FDS = 4
"""Descriptors that come with an errand: input, output, answer pipe, report socket."""

_DESCRIPTORS = 4096
"""Open at one time: more jobs than any machine runs."""

_QUIET = 0.002
"""Seconds without any job after which a spare child is forked, so that the next job need not wait for the fork."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spare:
    """A child that was forked in advance and waits behind its walls for its one errand, of the strict profile."""

    pid: int
    orders: socket.socket
    level: wire.Level
    """Which walls it stands behind already."""


@dataclass(slots=True, kw_only=True)
class _Running:
    pid: int
    report: socket.socket
    wall: float
    born: float
    deadline: float
    waited: float = 0.0
    killed: bool = False

    def late(self) -> bool:
        """Tell whether its time is over. Time in which it waited for a processor is given back, within limits."""
        now = time.monotonic()
        if now < self.deadline:
            return False
        self.waited = _waited(self.pid)
        self.deadline = self.born + self.wall + min(self.waited, (wire.PATIENCE - 1) * self.wall)
        return now >= self.deadline


def main(
    load: Callable[[], Readers],
    programs: Mapping[str, Program] = PROGRAMS,
    layers: frozenset[Layer] = EVERY_LAYER,
) -> None:
    """Warm up, say hello and serve: on the socket whose number is the last argument of the command.

    Tests bring readers and programs of their own, and take walls away to see their attacks succeed. A Room can't.
    """
    control = socket.socket(fileno=int(sys.argv[-1]))
    control.set_inheritable(False)
    # Children close all descriptors there could be; before Linux 5.9 that is one call for each.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, _DESCRIPTORS), hard))
    warm.codecs()
    readers = load()
    if threading.active_count() != 1 or _threads() != 1:
        # Landlock binds the calling thread only, and a fork copies only that one.
        raise RuntimeError("a reader started a thread while it was warmed up")
    cell = Cell(readers=readers, programs=programs, walls=jail.prepare(programs, layers))
    control.send(wire.encode(_hello()))
    gc.collect()
    gc.freeze()  # so that a child's collector does not write to, and copy, every page it inherited
    hugepages.gather()
    Zygote(control, cell).serve()


def _hello() -> wire.Hello:
    machine = os.uname().machine
    filters = {p: seccomp.compiled(machine, p, wire.Level.FULL) for p in wire.Profile if machine in SYSTEM_CALLS}
    return wire.Hello(
        pid=os.getpid(),
        threads=_threads(),
        identity=os.geteuid() or jail.SPARE_ID,
        landlock=landlock.version(),
        filters=tuple(f"{p} {f.fingerprint} ({len(f.instructions)} instructions)" for p, f in filters.items()),
    )


def _threads() -> int:
    return len(os.listdir("/proc/self/task"))


class Zygote:
    """The loop: take errands, fork, reap, report."""

    def __init__(self, control: socket.socket, cell: Cell) -> None:
        self._control = control
        self._cell = cell
        self._running: dict[int, _Running] = {}
        self._spare: _Spare | None = None
        self._spares_wanted = True
        self._level = wire.Level.FULL
        self._wake, wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])

    def serve(self) -> None:
        """Serve until the service hangs up; then leave nobody behind."""
        try:
            while self._turn():
                pass
        finally:
            for pid in (*self._running, *([self._spare.pid] if self._spare else [])):
                _kill(pid)

    def _turn(self) -> bool:
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        for running in self._running.values():
            if not running.killed:
                poll.register(running.report, select.POLLIN)
        ready = {fd for fd, _ in poll.poll(self._patience())}
        if not ready and self._wants_spare():
            self._fork_spare()
        if self._wake in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake, 4096)
            self._reap()
        self._end_late(ready)
        return self._control.fileno() not in ready or self._receive()

    def _patience(self) -> float | None:
        now = time.monotonic()
        waiting = [running.deadline - now for running in self._running.values() if not running.killed]
        if self._wants_spare():
            waiting.append(_QUIET)
        return max(0.0, min(waiting)) * 1000 + 1 if waiting else None

    def _wants_spare(self) -> bool:
        return self._spare is None and self._spares_wanted and not self._running

    def _end_late(self, ready: set[int]) -> None:
        """Kill whoever is over its time, or whose host hung up (nothing is ever sent on a report socket)."""
        for running in self._running.values():
            if not running.killed and (running.late() or running.report.fileno() in ready):
                running.killed = True
                _kill(running.pid)

    def _reap(self) -> None:
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if os.WIFSTOPPED(status):
                self._stopped(pid, status, usage)
                continue
            if self._spare is not None and pid == self._spare.pid:
                # Whatever it died of, it would again: no more before the next job.
                self._drop_spare()
                self._spares_wanted = False
            self._conclude(pid, status, usage)

    def _stopped(self, pid: int, status: int, usage: resource.struct_rusage) -> None:
        """Report a traced child that is about to end; then, as at any other stop, trace it no longer."""
        end = tracing.end_of(pid, status)
        if end is not None:
            self._conclude(pid, end, usage)
        tracing.let_go(pid, status)

    def _conclude(self, pid: int, status: int, usage: resource.struct_rusage) -> None:
        running = self._running.pop(pid, None)
        if running is None:
            return  # a spare one, or one whose end was heard of before
        ended = wire.Ended(
            status=status,
            killed=running.killed,
            cpu=usage.ru_utime + usage.ru_stime,
            wall=time.monotonic() - running.born,
            waited=running.waited,
            peak=usage.ru_maxrss * 1024,
        )
        _report(running.report, ended)

    def _receive(self) -> bool:
        message, fds, flags, _ = socket.recv_fds(self._control, wire.CONTROL_SIZE, _FDS)
        if not message:
            return False
        try:
            if len(fds) != _FDS or flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
                raise RuntimeError("an errand was cut short")
            self._start(wire.ERRAND.read(message), fds[:3], socket.socket(fileno=os.dup(fds[3])))
        finally:
            for fd in fds:
                os.close(fd)
        return True

    def _start(self, errand: wire.Errand, fds: list[int], report: socket.socket) -> None:
        born = time.monotonic()
        try:
            pid = self._hand_over(errand, fds) or self._fork(errand, fds)
        except OSError as error:
            _report(report, wire.NotForked(reason=errno.errorcode.get(error.errno or 0, "?")))
            return
        self._running[pid] = _Running(pid=pid, report=report, wall=errand.wall, born=born, deadline=born + errand.wall)
        self._spares_wanted = True

    def _fork(self, errand: wire.Errand, fds: list[int]) -> int:
        zygote = os.getpid()
        pid = os.fork()
        if pid == 0:
            child.run(errand, fds, zygote, self._cell)
        return pid

    def _fork_spare(self) -> None:
        zygote = os.getpid()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            pid = os.fork()
        except OSError:
            ours.close()
            self._spares_wanted = False
        else:
            if pid == 0:
                ours.close()
                child.wait(theirs, zygote, self._level, self._cell)
            if Layer.FILTER in self._cell.walls.layers:  # else it could trace us in return: both would wait for ever
                tracing.seize(pid)
            ours.send(b"!")
            self._spare = _Spare(pid=pid, orders=ours, level=self._level)
        finally:
            theirs.close()

    def _hand_over(self, errand: wire.Errand, fds: list[int]) -> int | None:
        """Give an errand to the spare child; None when there is none to take it."""
        if self._spare is None or errand.profile is not wire.Profile.STRICT:
            return None
        pid = self._spare.pid
        if errand.level is not self._spare.level:
            self._level = errand.level
            _kill(pid)
            self._drop_spare()
            return None
        try:
            socket.send_fds(self._spare.orders, [wire.encode(errand)], fds)
        except OSError:
            return None  # it died; `_reap` will hear of it
        self._drop_spare()
        return pid

    def _drop_spare(self) -> None:
        if self._spare is not None:
            self._spare.orders.close()
            self._spare = None


def _waited(pid: int) -> float:
    """Seconds in which a process was ready to run and had no processor; 0 where the kernel does not count them.

    Source: Linux Documentation/scheduler/sched-stats.rst, /proc/<pid>/schedstat, second figure, nanoseconds.
    """
    try:
        with open(f"/proc/{pid}/schedstat", "rb") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


def _report(report: socket.socket, message: wire.Message) -> None:
    with contextlib.suppress(OSError):  # the host may have gone; there is nobody else to tell
        report.send(wire.encode(message))
    report.close()


def _kill(pid: int) -> None:
    """Kill a child, and its process group where it has become the leader of one."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
