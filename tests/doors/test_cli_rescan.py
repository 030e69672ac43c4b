"""`attachguard rescan` as somebody uses it: from the first look to the report."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from attachguard.adapters.clamd_probes import eicar
from tests.engine_made import engine, settings, timing
from tests.rescan.filled import fill


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with three delivered files, one of which has been infected all the time."""
    state = tmp_path_factory.mktemp("state")
    home = state / "attachguard"
    chosen = settings(home)
    with engine(chosen, terms_of=timing(chosen)) as service:
        fill(service, [("a.txt", b"one"), ("<b>=1+1.txt", b"two"), ("c.txt", eicar())])
    return state


def call(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "attachguard", "rescan", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_STATE_HOME": str(place), "PYTHONWARNINGS": "ignore"},
        timeout=240,
    )


def test_the_way_of_a_batch(place: Path) -> None:
    looked = call(place, "--older-than-signatures", "--dry-run", "--json")
    assert looked.returncode == 0, looked.stderr
    assert {key: json.loads(looked.stdout)[key] for key in ("objects", "contents")} == {"objects": 3, "contents": 3}

    done = call(place, "--older-than-signatures", "--json")
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    batch = report["batch"]["id"]
    counts = report["batch"]["counts"]
    assert (counts["unchanged"], counts["changed"], counts["failed"]) == (2, 1, 0)
    (line,) = report["lines"]
    assert (line["name"], line["verdict"], line["before"]["verdict"]) == ("c.txt", "infected", "accepted")

    listed = call(place, "list", "--json")
    assert [one["id"] for one in json.loads(listed.stdout)] == [batch]
    shown = call(place, "show", batch)
    assert "2 unchanged, 1 changed, 0 could not be judged" in shown.stdout
    rows = list(csv.DictReader(io.StringIO(call(place, "report", batch, "--format", "csv").stdout)))
    assert [(row["result"], row["verdict"], row["name"]) for row in rows] == [("changed", "infected", "c.txt")]
    page = place / "report.html"
    assert call(place, "report", batch, "--format", "html", "--out", str(page)).returncode == 0
    text = page.read_text(encoding="utf-8")
    assert "1 changed" in text
    assert "http" not in text
    assert "<script" not in text

    again = call(place, "--older-than-signatures")
    assert again.returncode == 0
    assert "0 unchanged" in again.stdout
    assert "done:" in again.stderr


def test_a_batch_is_left_to_workers_paused_and_ended(place: Path) -> None:
    begun = call(place, "--all", "--detach", "--json", "--rate", "5", "--window", "22:00-06:00")
    assert begun.returncode == 0, begun.stderr
    document = json.loads(begun.stdout)["batch"]
    assert (document["state"], document["rate"], document["window"]) == ("running", 5.0, "22:00-06:00")
    for verb, state in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        assert call(place, verb, document["id"]).stdout.strip() == state
    assert call(place, "resume", document["id"]).returncode == 2


def test_the_schedule_is_shown_and_changed_in_part(place: Path) -> None:
    first = json.loads(call(place, "schedule", "--json").stdout)
    assert (first["after_signatures"], first["nightly"]) == (False, None)
    call(place, "schedule", "--after-signatures", "--nightly", "02:30", "--older-than", "30d")
    call(place, "schedule", "--settle", "5m")
    changed = json.loads(call(place, "schedule", "--json").stdout)
    assert (changed["after_signatures"], changed["nightly"], changed["settle_minutes"]) == (True, "02:30", 5)
    assert changed["nightly_older_than_days"] == 30
    assert json.loads(call(place, "schedule", "--not-nightly", "--json").stdout)["nightly"] is None


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        ("--older-than", "a while"),
        ("--window", "tonight"),
        ("--verdict", "rejected"),
        ("--adopt", "file:///x", "--kind", "pdf"),
        ("--ids-from", "/nonexistent"),
        ("show", "nonesuch"),
        ("schedule", "--nightly", "late"),
    ],
)
def test_what_makes_no_sense_is_told(place: Path, wrong: tuple[str, ...]) -> None:
    done = call(place, *wrong)
    assert (done.returncode, done.stdout) == (2, "")
    assert "attachguard:" in done.stderr
