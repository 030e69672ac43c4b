"""The engine of the fault tests in a process of its own: a runner, or Celery, with a scanner that learned something.

`python -m tests.rescan.steered 2` is an embedded runner with two workers; with `serve` behind it one that serves HTTP
too, and the file that SERVING names says in which process and where. `celery -A tests.rescan.steered worker` is a
Celery worker. The file that LEARNED names holds the digests of what is infected now.
"""

import json
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from attachguard.adapters.memory_scanner import MemoryScanner
from attachguard.adapters.processes import name_process
from attachguard.bootstrap import _wakeup
from attachguard.runner import Runner
from attachguard.service import Service
from attachguard.settings import load_settings
from tests.engine_made import engine, timing

_settings = load_settings()


def opens() -> AbstractContextManager[Service]:
    known = json.loads(Path(os.environ["LEARNED"]).read_text("ascii"))
    return engine(
        _settings,
        wakeup=_wakeup(_settings.broker_url),
        terms_of=timing(_settings),
        scanner=MemoryScanner(test_double=True, known=dict.fromkeys(known, "New.Malware")),
    )


def serving() -> Callable[[Service], None]:
    """Make the companion that serves HTTP, and says where it is."""
    from attachguard.http.serving import listen, serve_on

    listener, place = listen("127.0.0.1", 0), Path(os.environ["SERVING"])
    serve = serve_on(listener, _settings)

    def companion(service: Service) -> None:
        new = place.with_suffix(f".{os.getpid()}")
        new.write_text(f"{os.getpid()} http://127.0.0.1:{listener.getsockname()[1]}", "ascii")
        new.replace(place)
        serve(service)

    return companion


def complain(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    companions = [serving()] if sys.argv[2:] == ["serve"] else []
    Runner(opens, name_process, processes=int(sys.argv[1]), say=complain, companions=companions).run()
else:
    from workers.app import make_app
    from workers.engine import Engine

    app = make_app(_settings, Engine(opens))
    app.conf.beat_schedule_filename = os.environ.get("BEAT_FILE", "/dev/null")
