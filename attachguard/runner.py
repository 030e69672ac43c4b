"""The embedded runner: a supervisor and its worker processes, no broker. The ledger's job table is the queue.

The supervisor forks workers, and forks again what dies: a worker that is killed, crashes or works on one job for too
long loses the job, which another takes at once. Workers end with the supervisor. The parts that judge are opened
before the first fork, so that all workers share one scanner.
"""

import contextlib
import ctypes
import mmap
import os
import signal
import struct
import sys
import time
import traceback
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from attachguard.errors import AttachguardError, Unavailable
from attachguard.jobs import Queue
from attachguard.service import Service

POLL_SECONDS = 0.2
"""How often an idle worker looks for a job. It reads one index entry and takes no lock."""

TEND_SECONDS = 1.0
ERRAND_SECONDS = 1.0
SWEEP_SECONDS = 3600.0
SCHEDULE_SECONDS = 60.0
"""How often it is looked whether a re-scan is due."""

RECYCLE_JOBS = 500
"""Jobs after which a worker ends and a fresh one takes over: what libraries leak is given back."""

JOBS_IN_A_ROW = 10
"""Jobs after which a worker looks whether a batch was kept waiting for too long. Idle workers look all the time."""

HASTE_SECONDS = 1.0
"""A worker that dies younger than this is replaced after this pause: a machine that can't work must not spin."""

_PR_SET_PDEATHSIG = 1
_SLOT = struct.Struct("d")


@dataclass(slots=True, kw_only=True)
class _Worker:
    pid: int
    owner: str
    slot: int
    born: float = field(default_factory=time.monotonic)


class Runner:
    """Keeps worker processes working until it is told to stop."""

    def __init__(
        self,
        open_service: Callable[[], AbstractContextManager[Service]],
        name_process: Callable[[int], str],
        *,
        processes: int,
        queues: Collection[Queue] = tuple(Queue),
        say: Callable[[str], None] = lambda _: None,
        wait: Callable[[float], None] = time.sleep,
        companions: Sequence[Callable[[Service], None]] = (),
    ) -> None:
        """`name_process` names a process by its pid, as owner of jobs; `say` is told what happens.

        `wait`: how an idle worker waits, so many seconds at most. `companions` run beside the workers, each in a
        process of its own, until SIGTERM; one that ends sooner is started again.
        """
        self._open_service = open_service
        self._name_process = name_process
        self._processes = processes
        self._queues = tuple(queues)
        self._say = say
        self._wait = wait
        self._companions = tuple(companions)
        self._beside: dict[int, Callable[[Service], None]] = {}
        self._workers: dict[int, _Worker] = {}
        self._since = mmap.mmap(-1, _SLOT.size * processes)  # shared: when each worker began its job, 0 when idle
        self._stops = 0

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; jobs in hand are finished, a second signal ends them too."""
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            with self._open_service() as service:
                for check in service.kit.scanner.probe():  # starts a private scanner, which the workers inherit
                    if check.required and not check.ok:
                        self._say(f"scanner: {check.name}: {check.detail}")
                self._supervise(service)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            self._since.close()

    def _stop(self, *_: object) -> None:
        self._stops += 1

    def _supervise(self, service: Service) -> None:
        swept = scheduled = time.monotonic()
        tended = 0.0  # at once: who was here before may have left jobs behind
        self._say(f"{self._processes} worker processes")
        again = [(0.0, slot) for slot in range(self._processes)]  # when to fork which worker
        absent = [(0.0, companion) for companion in self._companions]
        told = 0
        while self._workers or self._beside or not self._stops:
            now = time.monotonic()
            if self._stops > told:
                told = self._stops
                self._tell_workers(signal.SIGTERM if told == 1 else signal.SIGKILL)
                self._say("stopping: jobs in hand are finished" if told == 1 else "stopping: jobs in hand are ended")
            if not self._stops:
                for due in [one for one in again if one[0] <= now]:
                    again.remove(due)
                    self._fork(service, due[1])
                for awaited in [one for one in absent if one[0] <= now]:
                    absent.remove(awaited)
                    self._fork_companion(service, awaited[1])
            absent += [(now + HASTE_SECONDS, companion) for companion in self._reap_companions()]
            for worker in self._reap():
                self._lost(service, worker)
                again.append((now + (HASTE_SECONDS if now - worker.born < HASTE_SECONDS else 0.0), worker.slot))
            self._end_overlong(service.terms.seconds, now)
            if now - tended >= TEND_SECONDS:
                tended = now
                self._try(service.tend)
            if now - swept >= SWEEP_SECONDS:
                swept = now
                self._try(service.sweep)
            if now - scheduled >= SCHEDULE_SECONDS and Queue.RESCAN in self._queues:
                scheduled = now
                self._try(service.rescan.keep_schedule)
            time.sleep(0.05)

    def _try(self, duty: Callable[[], object]) -> None:
        try:
            duty()
        except Unavailable as error:
            self._say(str(error))  # the next round tries again

    def _tell_workers(self, number: signal.Signals) -> None:
        for pid in (*self._workers, *self._beside):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _fork(self, service: Service, slot: int) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self._mark(slot, 0.0)
        supervisor = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._work_and_exit(service, slot, supervisor)
        self._workers[pid] = _Worker(pid=pid, owner=self._name_process(pid), slot=slot)

    def _fork_companion(self, service: Service, companion: Callable[[Service], None]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C reaches all; the supervisor tells who is to end
            self._run_and_exit(lambda: companion(service))
        self._beside[pid] = companion

    def _reap_companions(self) -> list[Callable[[Service], None]]:
        ended = []
        for pid in list(self._beside):
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG)[0] == 0:
                    continue
            ended.append(self._beside.pop(pid))
            if not self._stops:
                self._say(f"process {pid} beside the workers was lost, and is started again")
        return ended

    def _reap(self) -> list[_Worker]:
        dead = []
        for pid in list(self._workers):
            # One by one: the scanner's and the room's processes are not ours to reap.
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG)[0] == 0:
                    continue
            dead.append(self._workers.pop(pid))
        return dead

    def _lost(self, service: Service, worker: _Worker) -> None:
        try:
            count = service.ledger.return_owned(worker.owner, service.terms.attempts)
        except Unavailable as error:
            self._say(str(error))  # the lease ends by itself
            return
        if count:
            self._say(f"worker {worker.pid} was lost with a job, which is tried again")

    def _end_overlong(self, seconds: float, now: float) -> None:
        for worker in self._workers.values():
            (since,) = _SLOT.unpack_from(self._since, worker.slot * _SLOT.size)
            if since and now - since > seconds:
                self._say(f"worker {worker.pid} took longer than {seconds:g} s for one job and is ended")
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGKILL)

    def _mark(self, slot: int, since: float) -> None:
        _SLOT.pack_into(self._since, slot * _SLOT.size, since)

    # -- in the worker -----------------------------------------------------------------------------------------

    def _work_and_exit(self, service: Service, slot: int, supervisor: int) -> None:
        self._run_and_exit(lambda: self._work(service, slot, supervisor))

    def _run_and_exit(self, does: Callable[[], None]) -> None:
        """Do it, and end without running what the supervisor has to close."""
        code = 1
        try:
            does()
            code = 0
        except AttachguardError as error:
            self._say(str(error))
        except BaseException:  # it must not return into the supervisor's code; a bug is shown
            traceback.print_exc()
            raise
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _work(self, service: Service, slot: int, supervisor: int) -> None:
        stop = _until_told()
        owner = self._name_process(os.getpid())
        done = 0
        while not stop and done < RECYCLE_JOBS and os.getppid() == supervisor:
            try:
                claim = service.claim(owner, self._queues)
            except Unavailable as error:
                self._say(str(error))
                time.sleep(TEND_SECONDS)
                continue
            if claim is None:
                if not self._rescan(service, slot, owner):
                    self._wait(POLL_SECONDS)
                continue
            self._mark(slot, time.monotonic())
            with contextlib.suppress(Unavailable):  # the job was given back, or its lease ends by itself
                service.judge(claim)
            self._mark(slot, 0.0)
            done += 1
            if done % JOBS_IN_A_ROW == 0:
                self._rescan(service, slot, owner)

    def _rescan(self, service: Service, slot: int, owner: str) -> bool:
        """Judge a bundle of a batch again, where no submission waits; False: there was none."""
        if Queue.RESCAN not in self._queues:
            return False
        self._mark(slot, time.monotonic())
        worked = False
        with contextlib.suppress(Unavailable):  # what was held was given back, or its lease ends by itself
            worked = service.rescan.work(owner, self._queues)
        self._mark(slot, 0.0)
        return worked


def attendant(
    errands: Callable[[Service], Callable[[], None]], say: Callable[[str], None]
) -> Callable[[Service], None]:
    """Make a companion that runs an errand every second, until SIGTERM: sending messages to webhooks."""

    def attend(service: Service) -> None:
        supervisor, stop, errand = os.getppid(), _until_told(), errands(service)
        while not stop and os.getppid() == supervisor:
            try:
                errand()
            except Unavailable as error:
                say(str(error))  # the next round tries again
            time.sleep(ERRAND_SECONDS)

    return attend


def _until_told() -> list[bool]:
    """Make a forked process end when it is told to, or with its supervisor; gives a list that is empty until then."""
    stop: list[bool] = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(True))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C reaches all; the supervisor tells who is to end
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    return stop
