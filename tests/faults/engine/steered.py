"""The engine of the fault tests, opened from the environment in other processes too: runner and Celery workers.

`python -m tests.faults.engine.steered 2` is an embedded runner with two workers;
`celery -A tests.faults.engine.steered worker` is a Celery worker. Both judge with the steered room of engine_made.
"""

import os
import sys
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from attachguard.adapters.memory_scanner import MemoryScanner
from attachguard.adapters.processes import name_process
from attachguard.adapters.sql.ledger import SqlLedger
from attachguard.bootstrap import _wakeup
from attachguard.runner import Runner
from attachguard.service import Service
from attachguard.settings import load_settings
from tests.engine_made import NotingScanner, engine, timing

_settings = load_settings()
_clock = Path(os.environ["CLOCK"])


def now() -> datetime:
    """Read the clock, which a test may have moved."""
    try:
        shift = int(_clock.read_text())
    except FileNotFoundError:
        shift = 0
    return datetime.now(UTC) + timedelta(seconds=shift)


def opens() -> AbstractContextManager[Service]:
    return engine(
        _settings,
        wakeup=_wakeup(_settings.broker_url),
        terms_of=timing(_settings),
        scanner=NotingScanner(MemoryScanner(test_double=True), Path(os.environ["SCANNED"])),
        ledger=SqlLedger(_settings.ledger_url, now),
    )


def complain(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    Runner(opens, name_process, processes=int(sys.argv[1]), say=complain).run()
else:
    from workers.app import make_app
    from workers.engine import Engine

    app = make_app(_settings, Engine(opens))
    app.conf.beat_schedule_filename = os.environ.get("BEAT_FILE", "/dev/null")
