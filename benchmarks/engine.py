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
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from attachguard.adapters.processes import name_process
from attachguard.adapters.sql.intake import add_job
from attachguard.adapters.sql.ledger import SqlLedger
from attachguard.adapters.sql.schema import ATTACHMENTS, JOBS, SUBMISSIONS, VERDICTS
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
    print(f"p50 and p95 of {ASKED} claims and {ASKED} reports, milliseconds")
    with ExitStack() as stack:
        if database == "postgres":
            server = stack.enter_context(closing(Postgres()))
            server.start()
            url = server.new_database()
        else:
            url = f"sqlite:///{stack.enter_context(tempfile.TemporaryDirectory())}/l.sqlite3"
        ledger = stack.enter_context(closing(SqlLedger(url)))
        held = 0
        figures = {}
        for count in (10_000, most):
            _fill(ledger, held, count)
            held = count
            figures[count] = _ask(ledger, count)
            shown = (f"{key} {value:.2f}" for key, value in figures[count].items())
            print(database, f"{count:>9}", *shown, flush=True)
        for key in ("claim p95", "report p95"):
            print(database, key, f"x {figures[most][key] / figures[10_000][key]:.2f}", flush=True)


def _fill(ledger: SqlLedger, since: int, until: int) -> None:
    at = datetime.now(UTC) - timedelta(days=1)
    for start in range(since, until, 10_000):
        numbers = range(start, min(start + 10_000, until))
        with ledger._database.writing() as connection:
            connection.execute(insert(SUBMISSIONS), [_submission(n, at) for n in numbers])
            connection.execute(insert(ATTACHMENTS), [_attachment(n) for n in numbers])
            connection.execute(insert(VERDICTS), [_verdict(n, at) for n in numbers])
            connection.execute(insert(JOBS), [_job(n, at) for n in numbers])
    with ledger._database._open().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _submission(n: int, at: datetime) -> dict[str, object]:
    return {
        "id": f"{n:032x}", "state": "done", "policy": "marketplace", "created_at": at, "finished_at": at,
        "verdict": "accepted", "verdict_policy": "marketplace@1", "verdict_fence": 1, "reasons": "[]",
    }  # fmt: skip


def _attachment(n: int) -> dict[str, object]:
    return {
        "id": f"{n:032x}.0", "submission_id": f"{n:032x}", "number": 0, "depth": 0, "place": "",
        "untrusted_name": "a.pdf", "safe_name": "a.pdf", "source": "", "size": 1000, "sha256": f"{n:064x}",
        "kind": "pdf", "quarantine_key": f"{n:032x}/0", "bytes": "deleted",
    }  # fmt: skip


def _verdict(n: int, at: datetime) -> dict[str, object]:
    return {
        "attachment_id": f"{n:032x}.0", "fence": 1, "submission_id": f"{n:032x}", "outcome": "accepted",
        "policy": "marketplace@1", "build": "0", "action": 0, "reasons": "[]", "findings": "[]", "stages": "{}",
        "seconds": 0.1, "peak_rss": 1, "recorded_at": at, "delivered_location": f"/clean/{n:032x}",
    }  # fmt: skip


def _job(n: int, at: datetime) -> dict[str, object]:
    return {
        "id": f"{n:032x}", "submission_id": f"{n:032x}", "queue": "scan", "rank": 0, "state": "done", "attempts": 1,
        "fence": 1, "run_after": at, "created_at": at, "deadline_at": at,
    }  # fmt: skip


def _ask(ledger: SqlLedger, count: int) -> dict[str, float]:
    step = count // ASKED
    with ledger._database.writing() as connection:
        at = datetime.now(UTC)
        fresh = [{**_submission(n + 10**12 + count, at), "state": "queued", "verdict": None} for n in range(ASKED)]
        connection.execute(insert(SUBMISSIONS), fresh)
        for one in fresh:
            add_job(connection, str(one["id"]), Queue.SCAN, at=at, deadline=at + timedelta(hours=1))
    claims: list[float] = []
    reports: list[float] = []
    for number in range(ASKED):
        with _timed(claims):
            assert ledger.claim("benchmark", timedelta(seconds=30), tuple(Queue)) is not None
        with _timed(reports):
            assert ledger.status(f"{number * step:032x}") is not None
    return {
        f"{name} {point}": statistics.quantiles(spent, n=100)[percent - 1] * 1000
        for name, spent in (("claim", claims), ("report", reports))
        for point, percent in (("p50", 50), ("p95", 95))
    }


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
