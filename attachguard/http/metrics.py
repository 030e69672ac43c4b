"""Figures for Prometheus. What was judged is read from the ledger, so it counts whichever process judged it.

Counters start when this process starts. Where several processes serve, each tells about all verdicts: scrape one.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from attachguard.jobs import Judged
from attachguard.model import Check
from attachguard.ports import Register

PAGE = 500
"""Verdicts that are read at a time."""

OVERLAP = timedelta(seconds=30)
"""How far is looked back: as long as a statement may take in the ledger, so that a late transaction is counted too."""

_STAGES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Figures:
    """All figures of one process. Thread-safe."""

    def __init__(self, register: Register, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._register = register
        self._clock = clock
        self._born = self._since = clock()
        self._seen: set[tuple[str, datetime]] = set()
        self._lock = threading.Lock()
        self.registry = CollectorRegistry()
        self._files = Counter(
            "attachguard_files", "Received files by kind and verdict.", ["kind", "verdict"], registry=self.registry
        )
        self._reasons = Counter(
            "attachguard_reasons",
            "Reasons of verdicts, by kind, verdict and code.",
            ["kind", "verdict", "code"],
            registry=self.registry,
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
        self._engine = _Engine()
        self.registry.register(self._engine)
        self.registry.register(_Queue(register, clock))

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count an answer; `route` is the pattern, never the address."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def render(self, probed: Mapping[str, Sequence[Check]]) -> bytes:
        """Write all figures as Prometheus reads them; `probed`: what the parts say. Raises LedgerUnavailable."""
        with self._lock:
            self._read_on()
            self._engine.probed = probed
            return generate_latest(self.registry)

    def _read_on(self) -> None:
        """Count the verdicts since the last time, looking back a little: what began earlier may be written later."""
        since = max(self._born, self._since - OVERLAP)
        while page := self._register.judged_since(since, PAGE):
            for one in page:
                if (one.attachment, one.at) not in self._seen:
                    self._seen.add((one.attachment, one.at))
                    self._count(one)
            if len(page) < PAGE or page[-1].at == since:
                break
            since = page[-1].at
        self._since = max([self._since, *(at for _, at in self._seen)])
        self._seen = {(name, at) for name, at in self._seen if at >= self._since - OVERLAP}

    def _count(self, one: Judged) -> None:
        kind, verdict = one.kind or "unknown", one.outcome.value
        self._files.labels(kind, verdict).inc()
        for code in one.reasons:
            self._reasons.labels(kind, verdict, code).inc()
        for stage, seconds in one.stages.items():
            self._stages.labels(stage).observe(seconds)


class _Engine(Collector):
    """How the parts are. What can't be told is left out, never given as 0."""

    def __init__(self) -> None:
        self.probed: Mapping[str, Sequence[Check]] = {}

    def collect(self) -> Iterator[Metric]:
        part_ok, ok, age, room = self.describe()
        for name, checks in self.probed.items():
            part_ok.add_metric([name], _stands(checks))
        scanner = {check.name: check for check in self.probed.get("scanner", ())}
        told = [scanner[name] for name in ("signatures", "signature age") if name in scanner]
        ok.add_metric([], float(bool(told) and all(check.ok for check in told)))
        if told and isinstance(told[-1].reading, float):
            age.add_metric([], told[-1].reading)
        walls = self.probed.get("sandbox", ())
        level = next((check.reading for check in walls if check.name == "level" and check.reading), "unknown")
        room.add_metric([str(level)], _stands(walls))
        yield from (part_ok, ok, age, room)

    def describe(self) -> tuple[GaugeMetricFamily, GaugeMetricFamily, GaugeMetricFamily, GaugeMetricFamily]:
        """Say what there is."""
        return (
            GaugeMetricFamily("attachguard_part_ok", "1: this part of the engine does its work.", labels=["part"]),
            GaugeMetricFamily(
                "attachguard_signatures_ok", "1: official signatures are in use, and new enough.", labels=[]
            ),
            GaugeMetricFamily(
                "attachguard_signatures_age_seconds", "Age of the official signatures; absent: no age.", labels=[]
            ),
            GaugeMetricFamily("attachguard_sandbox_ok", "1: every wall of the room stands.", labels=["level"]),
        )


def _stands(checks: Sequence[Check]) -> float:
    return float(all(check.ok for check in checks if check.required))


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
