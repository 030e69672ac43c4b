"""Logs: a line per event, with ids and the trace; never content, and nothing that breaks a line or a terminal."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attachguard.jobs import Queue
from attachguard.logs import NAME, log, trace_id, trace_of, traced
from tests.engine_made import engine, settings, upload

TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.out = io.StringIO()

    def emit(self, record: logging.LogRecord) -> None:
        self.out.write(self.format(record) + "\n")

    def read(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.out.getvalue().splitlines()]


@pytest.fixture
def lines() -> Iterator[Lines]:
    logger, lines = logging.getLogger(NAME), Lines()
    logger.addHandler(lines)
    level, logger.level = logger.level, logging.INFO
    yield lines
    logger.setLevel(level)
    logger.removeHandler(lines)


def test_an_event_is_a_line_with_its_ids_and_its_moment(lines: Lines) -> None:
    log().info("attachment.judged", attachment="s1.0", size=3, seconds=0.5, reasons=["pdf.launch"], kind=None)
    (line,) = lines.read()
    assert line.pop("timestamp")
    assert line == {
        "event": "attachment.judged",
        "level": "info",
        "attachment": "s1.0",
        "size": 3,
        "seconds": 0.5,
        "reasons": ["pdf.launch"],
        "kind": None,
    }


@given(st.text())
def test_whatever_is_put_into_a_line_it_stays_a_line_of_printable_ascii(name: str) -> None:
    logger, lines = logging.getLogger(NAME), Lines()
    logger.addHandler(lines)
    try:
        log().warning("x", name=name, names=[name])
    finally:
        logger.removeHandler(lines)
    text = lines.out.getvalue()
    assert text.count("\n") == 1
    assert text.rstrip("\n").isascii()
    assert text.rstrip("\n").isprintable()


def test_a_name_that_turns_a_line_around_is_shown_as_what_it_is(lines: Lines) -> None:
    log().info("x", name="a\u202efdp.exe\x1b[2J\n")
    assert lines.read()[0]["name"] == "a\\u202efdp.exe\\u001b[2J\\u000a"


def test_content_is_never_written(lines: Lines) -> None:
    log().info("x", body=b"secret words", path=Path("/secret"), many={"a": "secret"})
    assert "secret" not in lines.out.getvalue()
    assert lines.read()[0]["body"] == "(bytes)"


def test_a_line_is_never_long(lines: Lines) -> None:
    log().info("x", name="y" * 10_000_000, names=["z" * 1000] * 1000)
    assert len(lines.out.getvalue()) < 10_000


def test_a_trace_is_taken_over_with_a_span_of_our_own(lines: Lines) -> None:
    ours = trace_of(TRACE)
    assert (trace_id(ours), ours == TRACE) == ("a" * 32, False)
    with traced(ours):
        log().info("x")
    log().info("y")
    assert [line.get("trace") for line in lines.read()] == ["a" * 32, None]


@pytest.mark.parametrize(
    "header", [None, "", "x", TRACE + "x", "01" + TRACE[2:], TRACE.upper(), "00-" + "0" * 32 + TRACE[35:]]
)
def test_a_trace_that_makes_no_sense_is_replaced(header: str | None) -> None:
    assert trace_id(trace_of(header)) not in {"", "a" * 32, "0" * 32}
    assert trace_id(trace_of(header)) != trace_id(trace_of(header))


def test_a_worker_writes_what_it_judged_under_the_trace_of_the_request(tmp_path: Path, lines: Lines) -> None:
    with engine(settings(tmp_path)) as service:
        receipt = service.submit([upload("secret words", "a\u202eb.txt"), upload("reject")], tenant="shop")
        claim = service.claim("w1", tuple(Queue))
        assert claim is not None
        service.judge(claim)
    first, second, whole = lines.read()
    assert (first["event"], first["attachment"], first["verdict"]) == (
        "attachment.judged",
        f"{receipt.submission}.0",
        "accepted",
    )
    assert (second["verdict"], second["reasons"]) == ("rejected", ["type.unknown"])
    assert (whole["event"], whole["submission"], whole["tenant"]) == ("submission.judged", receipt.submission, "shop")
    assert "secret" not in lines.out.getvalue()
    assert "202e" not in lines.out.getvalue()


def test_a_library_says_nothing_that_nobody_asked_for() -> None:
    code = "from attachguard.logs import log; log().error('x'); log().info('y')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
    assert (done.stdout, done.stderr) == (b"", b"")
