"""Logs: one line of JSON per event, with ids; never content, never a name unescaped.

The trace of a request (W3C Trace Context) is on every line, and goes with the submission to whoever judges it. Lines go
through Python's logger `attachguard`: as a library it says nothing unless the program wants to hear it; `configure` is
for our own programs, and under Celery lines go where Celery's go.
"""

import logging
import re
import secrets
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, cast

from attachguard.model import printable

if TYPE_CHECKING:
    from structlog.stdlib import BoundLogger
    from structlog.types import EventDict

NAME = "attachguard"

_TRACE = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_LONGEST = 300
_FIGURES = (bool, int, float, type(None))

logging.getLogger(NAME).addHandler(logging.NullHandler())


def configure() -> None:
    """Write every event as a line of JSON on stderr, at once."""
    logger = logging.getLogger(NAME)
    for before in list(logger.handlers):
        logger.removeHandler(before)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


@cache
def log() -> "BoundLogger":
    """Give the logger; `log().info("event.name", submission=...)`."""
    import structlog  # noqa: PLC0415 - takes a while to load, and commands that log nothing need not wait for it

    return cast(
        "BoundLogger",
        structlog.wrap_logger(
            logging.getLogger(NAME),
            processors=[
                structlog.stdlib.filter_by_level,
                structlog.contextvars.merge_contextvars,
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                _bounded,
                structlog.processors.JSONRenderer(sort_keys=True),
            ],
            wrapper_class=structlog.stdlib.BoundLogger,
            context_class=dict,
            cache_logger_on_first_use=False,
        ),
    )


@contextmanager
def traced(traceparent: str) -> Iterator[None]:
    """Put the trace of a request on every line that is written inside."""
    import structlog  # noqa: PLC0415 - as above

    with structlog.contextvars.bound_contextvars(trace=trace_id(traceparent)):
        yield


def trace_of(header: str | None) -> str:
    """Take over the trace of a request, with a span of our own; a new one where there is none that makes sense."""
    found = _TRACE.fullmatch(header or "")
    trace = found[1] if found and found[1] != "0" * 32 else secrets.token_hex(16)
    return f"00-{trace}-{secrets.token_hex(8)}-01"


def trace_id(traceparent: str) -> str:
    """Read the id of the whole trace; empty where there is none."""
    found = _TRACE.fullmatch(traceparent)
    return found[1] if found else ""


def _bounded(_: object, __: str, event: "MutableMapping[str, object]") -> "EventDict":
    """Make every text printable and short, so that a line stays a line; what is neither text nor figure stays out."""
    return {key: _shown(value) for key, value in event.items()}


def _shown(value: object) -> object:
    if isinstance(value, str):
        return printable(value, _LONGEST)
    if isinstance(value, list | tuple):
        return [_shown(one) for one in value[:20]]
    return value if isinstance(value, _FIGURES) else f"({type(value).__name__})"
