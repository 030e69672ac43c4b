"""Processes that look at inputs, one after another; one that dies or gets stuck is a failure, and is replaced."""

import os
import resource
import signal
import time
from collections.abc import Generator, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait

from attachguard.sandbox.settings import RoomSettings
from tests.fuzz.cases import case
from tests.fuzz.seeds import Seed
from tests.fuzz.targets import Failure, Look, look

STUCK = 60.0
"""Seconds on the wall after which a look is given up: four times what the room waits, for this machine is busy."""

Told = tuple[int, Look]
"""The number of an input, and what it did."""

_CONTEXT = get_context("fork")


class Worker:
    """One process: it looks at the inputs first, first + step, first + 2 * step and so on."""

    def __init__(self, run: str, seeds: Sequence[Seed], first: int, step: int) -> None:
        self._run, self._seeds, self._step = run, seeds, step
        self.number = first
        self._start()

    def _start(self) -> None:
        self.told, ours = _CONTEXT.Pipe(duplex=False)
        self._process = _CONTEXT.Process(
            target=_work, args=(self._run, self._seeds, self.number, self._step, ours), daemon=True
        )
        self._process.start()
        ours.close()
        self._since = time.monotonic()

    def take(self) -> Told:
        """Give what came; when the process died instead, say so and start another behind that input."""
        try:
            one: Told = self.told.recv()
        except EOFError:
            self._process.join()
            one = (self.number, self._gone("crashed", f"exit code {self._process.exitcode}"))
            self.number += self._step
            self._start()
            return one
        self.number = one[0] + self._step
        self._since = time.monotonic()
        return one

    def stuck(self) -> Told | None:
        """Say when a look takes for ever, and start another process behind that input."""
        if time.monotonic() - self._since < STUCK:
            return None
        self.stop()
        one = (self.number, self._gone("stuck", f"more than {STUCK:.0f} s"))
        self.number += self._step
        self._start()
        return one

    def _gone(self, sort: str, detail: str) -> Look:
        """Say what ended the process. A large input may: C libraries abort where memory ends."""
        one = case(self._run, self.number, self._seeds)
        if any(piece.times > 1 for piece in one.pieces):
            sort, detail = "costly", f"{sort}, {detail}"
        return Look(failures=(Failure(sort=sort, target=f"a look at {one.kind}", detail=detail),))

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self.told.close()


def looks(run: str, seeds: Sequence[Seed], count: int) -> Generator[Told]:
    """Look at input after input in `count` processes, for as long as somebody takes the answers."""
    workers = [Worker(run, seeds, first, count) for first in range(count)]
    try:
        while True:
            ready = wait([worker.told for worker in workers], timeout=1.0)
            for worker in workers:
                one = worker.take() if worker.told in ready else worker.stuck()
                if one is not None:
                    yield one
    finally:
        for worker in workers:
            worker.stop()


def _work(run: str, seeds: Sequence[Seed], number: int, step: int, told: Connection) -> None:
    """Look and tell, with the memory that the room gives, until nobody listens any more."""
    memory = RoomSettings().memory
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C ends the one who started us, and that one ends us
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libtiff and others complain there about every broken file
    with suppress(BrokenPipeError):
        while True:
            one = case(run, number, seeds)
            told.send((number, look(one.data, one.extension, one.kind)))
            number += step
