"""Figures for Prometheus. What was judged is read from the ledger, so it counts whichever process judged it.

Counters start when this process starts. Where several processes serve, each tells about all verdicts: scrape one.
"""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from attachguard.ports import Register

PAGE = 500
"""Verdicts that are read at a time."""

_STAGES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Figures:
    """All figures of one process. Thread-safe."""

    def __init__(self, register: Register, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._register = register
        self._clock = clock
        self._since = clock()
        self._seen: set[str] = set()
        self._lock = threading.Lock()
        self.registry = CollectorRegistry()
        self._files = Counter(
            "attachguard_files", "Received files by kind and verdict.", ["kind", "verdict"], registry=self.registry
        )
        self._reasons = Counter(
            "attachguard_reasons", "Reasons of verdicts, by code.", ["code", "verdict"], registry=self.registry
        )
        self._stages = Histogram(
            "attachguard_stage_seconds", "Seconds per stage.", ["stage"], buckets=_STAGES, registry=self.registry
        )
        self._requests = Counter(
            "attachguard_http_requests", "Answers by route and status.", ["route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "attachguard_http_seconds", "Seconds per answer.", ["route"], buckets=_STAGES, registry=self.registry
        )
        self._signatures = Gauge(
            "attachguard_signatures_ok", "1: the scanner's signatures are new enough.", registry=self.registry
        )
        self._sandbox = Gauge(
            "attachguard_sandbox_ok", "1: every wall of the room stands.", ["level"], registry=self.registry
        )
        self._age = Gauge(
            "attachguard_signatures_age_seconds", "Age of the official signatures.", registry=self.registry
        )
        self.registry.register(_Queue(register, clock))

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count an answer; `route` is the pattern, never the address."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def engine(self, *, signatures: bool, age: float | None, sandbox: bool, level: str) -> None:
        """Note what the engine's parts said when they were last asked."""
        self._signatures.set(signatures)
        if age is not None:
            self._age.set(age)
        self._sandbox.clear()
        self._sandbox.labels(level).set(sandbox)

    def render(self) -> bytes:
        """Write all figures as Prometheus reads them. Raises LedgerUnavailable."""
        with self._lock:
            self._read_on()
        return generate_latest(self.registry)

    def _read_on(self) -> None:
        """Count the verdicts since the last time; those of the same moment are told apart by their file."""
        while True:
            page = self._register.judged_since(self._since, PAGE)
            new = [one for one in page if f"{one.attachment}@{one.at.isoformat()}" not in self._seen]
            for one in new:
                self._files.labels(one.kind or "unknown", one.outcome.value).inc()
                for code in one.reasons:
                    self._reasons.labels(code, one.outcome.value).inc()
                for stage, seconds in one.stages.items():
                    self._stages.labels(stage).observe(seconds)
            if not page:
                return
            last = page[-1].at
            same = {f"{one.attachment}@{one.at.isoformat()}" for one in page if one.at == last}
            self._seen = same | (self._seen if last == self._since else set())
            self._since = last
            if len(page) < PAGE or not new:
                return


class _Queue(Collector):
    """How long the oldest job has been waiting, asked when it is read."""

    def __init__(self, register: Register, clock: Callable[[], datetime]) -> None:
        self._register, self._clock = register, clock

    def collect(self) -> Iterator[Metric]:
        oldest = self._register.oldest_waiting()
        age = max(0.0, (self._clock() - oldest).total_seconds()) if oldest else 0.0
        yield GaugeMetricFamily("attachguard_queue_age_seconds", "Seconds the oldest waiting job has waited.", age)

    def describe(self) -> Iterator[Metric]:
        """Say what there is without asking the ledger."""
        yield GaugeMetricFamily("attachguard_queue_age_seconds", "Seconds the oldest waiting job has waited.")
