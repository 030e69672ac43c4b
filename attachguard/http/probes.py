"""What the engine's parts say of themselves, asked at most every few seconds however many want to know."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence

from attachguard.model import Check

SECONDS = 5.0
"""How old an answer may be: a probe scans, prints and attacks the room's walls, which costs a second."""


class Probes:
    """The last answers of all parts. Thread-safe: one asks, the others wait for the same answer."""

    def __init__(
        self, probe: Callable[[], Mapping[str, Sequence[Check]]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._probe, self._clock = probe, clock
        self._lock = threading.Lock()
        self._found: tuple[float, Mapping[str, Sequence[Check]]] | None = None

    def latest(self) -> Mapping[str, Sequence[Check]]:
        """Give the answers, at most SECONDS old. Never raises."""
        with self._lock:
            if self._found is None or self._clock() - self._found[0] > SECONDS:
                self._found = (self._clock(), self._probe())
            return self._found[1]
