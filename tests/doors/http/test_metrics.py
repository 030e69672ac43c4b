"""What /metrics and /v1/engine of a running service say is what is the case."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from attachguard.ports import Sandbox
from tests.doors.http.made import EICAR, pdf, send, text
from tests.doors.http.server import Server
from tests.faults.scanner.scripted_clamd import scripted_clamd
from tests.servers.process import wait_until

Figures = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def figures(client: httpx.Client) -> Figures:
    """Read all figures: by name and labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(found: Figures, name: str, **labels: str) -> float:
    return found.get((name, frozenset(labels.items())), 0.0)


def names(found: Figures) -> set[str]:
    return {name for name, _ in found}


def test_files_are_counted_by_kind_verdict_and_reason_with_the_seconds_of_their_stages(client: httpx.Client) -> None:
    before = figures(client)
    sent = send(client, ("a.txt", text()), ("b.txt", EICAR), ("c.pdf", pdf(javascript="x")), ("d.txt", text()))
    assert sent.status_code == 201
    after = figures(client)

    def grown(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    assert grown("attachguard_files_total", kind="txt", verdict="accepted") == 2
    assert grown("attachguard_files_total", kind="txt", verdict="infected") == 1
    assert grown("attachguard_files_total", kind="pdf", verdict="normalized") == 1
    assert grown("attachguard_reasons_total", kind="txt", verdict="infected", code="malware.signature") == 1
    assert grown("attachguard_reasons_total", kind="pdf", verdict="normalized", code="pdf.javascript") == 1
    for stage in ("limit", "identify", "scan"):
        assert grown("attachguard_stage_seconds_count", stage=stage) == 4
    assert 2 <= grown("attachguard_stage_seconds_count", stage="inspect") <= 4
    assert grown("attachguard_stage_seconds_sum", stage="inspect") > 0
    assert figures(client).keys() >= after.keys()
    assert value(figures(client), "attachguard_files_total", kind="txt", verdict="infected") == value(
        after, "attachguard_files_total", kind="txt", verdict="infected"
    )


def test_the_walls_are_named_as_the_room_names_them(client: httpx.Client, sandbox: Sandbox) -> None:
    level = next(check.reading for check in sandbox.probe() if check.name == "level")
    assert level in {"full", "no-open"}
    found = figures(client)
    assert value(found, "attachguard_sandbox_ok", level=str(level)) == 1
    assert [labels for name, labels in found if name == "attachguard_sandbox_ok"] == [
        frozenset({("level", str(level))})
    ]
    told = {(one["part"], one["name"]): one for one in client.get("/v1/engine").json()["checks"]}
    assert told["sandbox", "level"]["reading"] == level


def test_signatures_of_no_known_age_have_none_and_are_not_called_good(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "own.ndb").write_text(f"Our.Own:0:*:{EICAR.hex()}\n")
    server = Server(tmp_path, {"ATTACHGUARD_SIGNATURES": str(tmp_path / "own")})
    server.start()
    try:
        with server.client() as client:
            found = figures(client)
        assert "attachguard_signatures_age_seconds" not in names(found)
        assert value(found, "attachguard_signatures_ok") == 0
    finally:
        assert server.stop() == 0


def test_official_signatures_have_their_age(tmp_path: Path) -> None:
    age = timedelta(hours=30)
    with scripted_clamd() as clamd:
        clamd.version = f"ClamAV 1.4.6/27800/{datetime.now(UTC) - age:%a %b %d %H:%M:%S %Y}".encode()
        server = Server(tmp_path, {"ATTACHGUARD_CLAMD_URL": f"unix://{clamd.unix.path}"})
        server.start()
        try:
            with server.client() as client:
                found = figures(client)
                engine = client.get("/v1/engine").json()
        finally:
            assert server.stop() == 0
    told = value(found, "attachguard_signatures_age_seconds")
    assert age.total_seconds() <= told < age.total_seconds() + 600
    assert value(found, "attachguard_signatures_ok") == 1
    reading = next(one["reading"] for one in engine["checks"] if one["name"] == "signature age")
    assert abs(reading - told) < 600


def test_the_queue_is_as_old_as_its_oldest_job_and_a_part_that_is_away_is_told(tmp_path: Path) -> None:
    server = Server(tmp_path, {"ATTACHGUARD_CLAMD_URL": f"unix://{tmp_path}/nobody.sock"})
    server.start()
    try:
        with server.client() as client:
            assert value(figures(client), "attachguard_queue_age_seconds") == 0
            assert client.post("/v1/submissions", files=[("files", ("a.txt", text()))]).status_code == 202
            wait_until(lambda: value(figures(client), "attachguard_queue_age_seconds") > 1, 30, "it waits", server.log)
            found = figures(client)
        assert value(found, "attachguard_part_ok", part="scanner") == 0
        assert value(found, "attachguard_part_ok", part="ledger") == 1
    finally:
        assert server.stop() == 0
