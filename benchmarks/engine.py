"""How fast the engine is without the judging, how it scales with it, and what a large ledger costs.

    python -m benchmarks.engine jobs             jobs/s without a broker: SQLite, PostgreSQL
    python -m benchmarks.engine hints            jobs/s with Celery on Redis and RabbitMQ
    python -m benchmarks.engine scaling          the samples, judged for real by one worker process and by two
    python -m benchmarks.engine size DB [N]      claim and report at 10,000 and at N (1,000,000) attachments, in a
                                                 ledger on `sqlite` or `postgres`

Servers are started by the tests' own fixtures: run tools/setup-tests first.
"""

import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import String, Table, insert

from attachguard.adapters.processes import name_process
from attachguard.adapters.sql.intake import add_job
from attachguard.adapters.sql.ledger import SqlLedger
from attachguard.adapters.sql.schema import ATTACHMENTS, EVENTS, JOBS, SUBMISSIONS, VERDICTS
from attachguard.bootstrap import open_service
from attachguard.jobs import Queue
from attachguard.runner import Runner
from attachguard.states import FINAL
from attachguard.uploads import upload_from_path
from samples.build import build
from tests.engine_made import settings
from tests.faults.engine.harness import Den
from tests.servers.postgres import Postgres
from tests.servers.rabbitmq import RabbitMq
from tests.servers.redis import Redis

JOBS_TO_DO = 200
ASKED = 300


# -- jobs a second ---------------------------------------------------------------------------------------------


def jobs() -> None:
    with closing(Postgres()) as postgres:
        postgres.start()
        _head()
        for workers in (1, 2):
            for ledger in ("sqlite", "postgres"):
                _embedded(ledger, workers, postgres)


def hints() -> None:
    with closing(Postgres()) as postgres, closing(Redis()) as redis, closing(RabbitMq()) as rabbitmq:
        for server in (postgres, redis, rabbitmq):
            server.start()
        _head()
        for broker in (redis, rabbitmq):
            _celery(type(broker).__name__, broker.url, postgres)


def _head() -> None:
    print(f"jobs/s, {JOBS_TO_DO} submissions of one small file, a judging that does nothing; folders for bytes")
    print(f"{'ledger':12}{'hints':12}{'workers':>8}{'submit/s':>10}{'judge/s':>10}", flush=True)


def _embedded(ledger: str, workers: int, postgres: Postgres) -> None:
    changes = {"ledger_url": postgres.new_database()} if ledger == "postgres" else {}
    with tempfile.TemporaryDirectory() as folder, Den(Path(folder), **changes) as den:
        _measure(den, ledger, "none", workers, lambda: den.runner(workers))


def _celery(name: str, url: str, postgres: Postgres) -> None:
    with tempfile.TemporaryDirectory() as folder:
        den = Den(Path(folder), ledger_url=postgres.new_database(), broker_url=url)
        with den:
            _measure(den, "postgres", name, 2, lambda: den.celery(2))


def _measure(den: Den, ledger: str, hints: str, workers: int, start: Callable[[], object]) -> None:
    with den.open() as service:
        service.ledger.status("warm")
        began = time.perf_counter()
        for _ in range(JOBS_TO_DO):
            den.submit(service, "x")
        submitted = JOBS_TO_DO / (time.perf_counter() - began)
        start()
        finished = _finish_times(den)
        rate = (len(finished) - 1) / (finished[-1] - finished[0]).total_seconds()
    print(f"{ledger:12}{hints:12}{workers:8}{submitted:10.0f}{rate:10.0f}", flush=True)


def _finish_times(den: Den) -> Sequence[datetime]:
    with den.open() as service:
        while True:
            found = [service.report(one) for one in den.acknowledged]
            if all(status.state in FINAL for status in found):
                return sorted(status.finished_at for status in found if status.finished_at)
            time.sleep(1)


# -- scaling ---------------------------------------------------------------------------------------------------


def scaling() -> None:
    with tempfile.TemporaryDirectory() as folder:
        samples = Path(folder) / "samples"
        build(samples)
        files = [path for path in sorted(samples.glob("*/*")) if path.name != "expected.toml"] * 3
        seconds = {workers: _judge(files, workers, Path(folder) / str(workers)) for workers in (1, 2)}
    print(f"{len(files)} samples, judged for real (clamd, rooms), the time from the first claim to the last verdict")
    for workers, spent in seconds.items():
        print(f"{workers} worker processes: {spent:.1f} s, {len(files) / spent:.1f} files/s")
    print(f"scaling {seconds[1] / seconds[2]:.2f}")


def _judge(files: Sequence[Path], workers: int, folder: Path) -> float:
    chosen = replace(settings(folder), job_lease=30)
    with open_service(chosen) as service:
        mine = [service.submit([upload_from_path(str(path))]).submission for path in files]
    pid = os.fork()
    if pid == 0:
        Runner(lambda: open_service(chosen), name_process, processes=workers).run()
        os._exit(0)
    with closing(SqlLedger(chosen.ledger_url)) as ledger:
        while True:
            states = [ledger.status(one) for one in mine]
            if all(status and status.state in FINAL for status in states):
                break
            time.sleep(0.5)
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
        events = [event for one in mine for event in ledger.events(one)]
    first = min(event.at for event in events if event.what == "claimed")
    last = max(event.at for event in events if event.what == "judged")
    return (last - first).total_seconds()


# -- a large ledger --------------------------------------------------------------------------------------------


def size(database: str, most: int) -> None:
    """Fill two ledgers and ask them in turns, so that what else the machine does happens to both."""
    with ExitStack() as stack:
        if database == "postgres":
            server = stack.enter_context(closing(Postgres()))
            server.start()
            urls = [server.new_database(), server.new_database()]
        else:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            urls = [f"sqlite:///{folder}/{name}.sqlite3" for name in ("small", "large")]
        asked = [
            _Asked(stack.enter_context(closing(SqlLedger(url))), count)
            for url, count in zip(urls, (10_000, most), strict=True)
        ]
        for one in asked:
            _fill(one.ledger, one.count)
            _add_waiting(one.ledger)
        for number in range(ASKED):
            for one in asked:
                _ask(one, number)
    print(f"{database}: p50 and p95 of {ASKED} claims and {ASKED} reports, milliseconds")
    for one in asked:
        shown = (f"{what} p50 {p50(spent) * 1000:.2f} p95 {p95(spent) * 1000:.2f}" for what, spent in one.spent())
        print(f"{one.count:>9} attachments:", ", ".join(shown))
    for (what, small), (_, large) in zip(asked[0].spent(), asked[1].spent(), strict=True):
        print(f"{what} p95 x {p95(large) / p95(small):.2f}, p50 x {p50(large) / p50(small):.2f}", flush=True)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A ledger of so many attachments, and the seconds it took to answer."""

    ledger: SqlLedger
    count: int
    claims: list[float] = field(default_factory=list)
    reports: list[float] = field(default_factory=list)

    def spent(self) -> Sequence[tuple[str, Sequence[float]]]:
        return (("claim", self.claims), ("report", self.reports))


def p50(spent: Sequence[float]) -> float:
    return statistics.median(spent)


def p95(spent: Sequence[float]) -> float:
    return statistics.quantiles(spent, n=20)[-1]


MARK = "m" * 32
"""Stands in the rows of one example where its number goes: the ledger itself makes a million of them."""

STEP = 50_000
"""Rows in one statement: the ledger allows none to take longer than 30 s."""


def _fill(ledger: SqlLedger, count: int) -> None:
    at = datetime.now(UTC) - timedelta(days=1)
    examples = {
        SUBMISSIONS: _submission(MARK, at),
        ATTACHMENTS: _attachment(),
        VERDICTS: _verdict(at),
        JOBS: _job(at),
        EVENTS: {"at": at, "what": "judged", "submission_id": MARK, "actor": "somebody", "detail": "[]"},
    }
    with ledger._database.writing() as connection:
        for table, row in examples.items():
            connection.execute(insert(table), [row])
    for start in range(0, count, STEP):
        for table in examples:
            with ledger._database.writing() as connection:
                connection.exec_driver_sql(_multiply(table, start, min(start + STEP, count), connection.dialect.name))
    with ledger._database._open().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _multiply(table: Table, start: int, end: int, dialect: str) -> str:
    """Write the statement that copies the example of a table, once for each number."""
    number = "printf('%032x', n.i)" if dialect == "sqlite" else "lpad(to_hex(n.i), 32, '0')"
    columns = [column for column in table.columns if column.autoincrement is not True]
    values = ", ".join(
        f"replace({column.name}, '{MARK}', {number})" if isinstance(column.type, String) else column.name
        for column in columns
    )
    key = "id" if table is SUBMISSIONS else "submission_id"
    return (
        f"INSERT INTO {table.name} ({', '.join(column.name for column in columns)}) "
        f"WITH RECURSIVE n(i) AS (SELECT {start} UNION ALL SELECT i + 1 FROM n WHERE i < {end - 1}) "
        f"SELECT {values} FROM {table.name}, n WHERE {key} = '{MARK}'"
    )


def _submission(identity: str, at: datetime) -> dict[str, object]:
    return {
        "id": identity, "state": "done", "policy": "marketplace", "created_at": at, "finished_at": at,
        "verdict": "accepted", "verdict_policy": "marketplace@1", "verdict_fence": 1, "reasons": "[]",
    }  # fmt: skip


def _attachment() -> dict[str, object]:
    return {
        "id": f"{MARK}.0", "submission_id": MARK, "number": 0, "depth": 0, "place": "",
        "untrusted_name": "a.pdf", "safe_name": "a.pdf", "source": "", "size": 1000, "sha256": MARK + MARK,
        "kind": "pdf", "quarantine_key": f"{MARK}/0", "bytes": "deleted",
    }  # fmt: skip


def _verdict(at: datetime) -> dict[str, object]:
    return {
        "attachment_id": f"{MARK}.0", "fence": 1, "submission_id": MARK, "outcome": "accepted",
        "policy": "marketplace@1", "build": "0", "action": 0, "reasons": "[]", "findings": "[]", "stages": "{}",
        "seconds": 0.1, "peak_rss": 1, "recorded_at": at, "delivered_location": f"/clean/{MARK}",
    }  # fmt: skip


def _job(at: datetime) -> dict[str, object]:
    return {
        "id": MARK, "submission_id": MARK, "queue": "scan", "rank": 0, "state": "done", "attempts": 1,
        "fence": 1, "run_after": at, "created_at": at, "deadline_at": at,
    }  # fmt: skip


def _add_waiting(ledger: SqlLedger) -> None:
    at = datetime.now(UTC)
    fresh = [{**_submission(f"{n + 10**12:032x}", at), "state": "queued", "verdict": None} for n in range(ASKED)]
    with ledger._database.writing() as connection:
        connection.execute(insert(SUBMISSIONS), fresh)
        for one in fresh:
            add_job(connection, str(one["id"]), Queue.SCAN, at=at, deadline=at + timedelta(hours=1))


def _ask(asked: _Asked, number: int) -> None:
    with _timed(asked.claims):
        assert asked.ledger.claim("benchmark", timedelta(seconds=30), tuple(Queue)) is not None
    with _timed(asked.reports):
        assert asked.ledger.status(f"{number * (asked.count // ASKED):032x}") is not None


@contextmanager
def _timed(into: list[float]) -> Iterator[None]:
    began = time.perf_counter()
    yield
    into.append(time.perf_counter() - began)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["jobs"]:
            jobs()
        case ["scaling"]:
            scaling()
        case ["hints"]:
            hints()
        case ["size", ("sqlite" | "postgres") as database, *rest]:
            size(database, int(rest[0]) if rest else 1_000_000)
        case _:
            print(__doc__)
