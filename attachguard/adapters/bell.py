"""A wake-up for processes of one family: a pipe that was there before they were forked, a byte for each hint."""

import contextlib
import os
import select
from collections.abc import Sequence

from attachguard.jobs import Hint
from attachguard.model import Check


class Bell:
    """The port `Wakeup` for workers that were forked after it was made. Safe for threads and for fork."""

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def hint(self, hint: Hint) -> bool:  # noqa: ARG002 - whoever wakes up looks into the ledger
        """Wake one worker up."""
        with contextlib.suppress(BlockingIOError):  # full: everybody is awake, and finds the job by themselves
            os.write(self._writing, b"!")
        return True

    def wait(self, seconds: float) -> None:
        """Return at a hint, or after so many seconds. Of those who wait for a hint one gets it."""
        with contextlib.suppress(BlockingIOError, InterruptedError):
            if select.select([self._reading], [], [], seconds)[0]:
                os.read(self._reading, 1)

    def probe(self) -> Sequence[Check]:
        """Nothing is in between that could fail."""
        return ()
