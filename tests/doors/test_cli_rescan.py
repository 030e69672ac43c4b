"""`attachguard rescan` as somebody uses it: from the first look to the report."""

import csv
import hashlib
import io
import json
import os
import signal
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


def start(place: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        # A shell's background jobs, and what they start, ignore Ctrl-C, which Python then leaves as it is.
        ["env", "--default-signal=INT", sys.executable, "-m", "attachguard", "rescan", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "XDG_STATE_HOME": str(place), "PYTHONWARNINGS": "ignore"},
    )


def call(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    started = start(place, *arguments)
    said, complained = started.communicate(timeout=240)
    return subprocess.CompletedProcess(started.args, started.returncode, said, complained)


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
    assert "there is nothing stored" in again.stdout
    assert "done:" in again.stderr


def test_a_batch_is_left_to_workers_paused_and_ended(place: Path) -> None:
    begun = call(place, "--all", "--detach", "--json", "--rate", "5", "--window", "22:00-06:00")
    assert begun.returncode == 0, begun.stderr
    document = json.loads(begun.stdout)["batch"]
    assert (document["state"], document["rate"], document["window"]) == ("running", 5.0, "22:00-06:00")
    for verb, state in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        assert call(place, verb, document["id"]).stdout.strip() == state
    assert call(place, "resume", document["id"]).returncode == 2


def test_a_batch_that_was_left_to_workers_is_worked_on_here_while_somebody_watches(place: Path) -> None:
    begun = call(place, "--all", "--detach")
    assert begun.returncode == 0, begun.stderr
    batch = begun.stdout.split()[1].strip(":")
    assert f"attachguard rescan work {batch}" in begun.stdout
    watching = start(place, "watch", batch)
    worked = call(place, "work", batch)
    seen, lines = watching.communicate(timeout=240)
    assert (worked.returncode, watching.returncode) == (0, 0)
    assert worked.stdout == seen
    assert "done, 2 of 2 objects" in seen
    assert "done:" in lines


def test_work_on_a_batch_that_is_interrupted_says_who_goes_on(place: Path) -> None:
    batch = json.loads(call(place, "--all", "--detach", "--json").stdout)["batch"]["id"]
    call(place, "pause", batch)  # so that it does not end
    working = start(place, "work", batch)
    assert working.stderr is not None
    assert working.stderr.readline().startswith("paused:")
    working.send_signal(signal.SIGINT)
    said, _ = working.communicate(timeout=60)
    assert working.returncode == 130
    assert f"attachguard rescan work {batch}" in said
    assert call(place, "cancel", batch).returncode == 0


def test_ids_come_from_a_file_with_remarks_in_it(place: Path) -> None:
    wanted = place / "wanted.txt"
    digest = hashlib.sha256(b"one").hexdigest()
    wanted.write_text(f"# yesterday's\n\n  {digest}  # a.txt\nnonesuch\n", encoding="utf-8")
    done = call(place, "--ids-from", str(wanted), "--json")
    assert json.loads(done.stdout)["batch"]["counts"]["found"] == 1
    assert "nothing stored" in call(place, "--id", "nonesuch").stdout


def test_a_folder_is_adopted_by_its_path(place: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_bytes(eicar())
    (tmp_path / "good.txt").write_bytes(b"good")
    looked = call(place, "--adopt", str(tmp_path), "--dry-run", "--json")
    assert json.loads(looked.stdout)["objects"] == 2
    done = call(place, "--adopt", str(tmp_path), "--json")
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert (report["batch"]["mode"], report["batch"]["on_infected"]) == ("inspect", "tag-only")
    assert [(line["name"], line["verdict"]) for line in report["lines"]] == [("bad.txt", "infected")]
    assert len(list(tmp_path.iterdir())) == 2
    gone = call(place, "--adopt", str(tmp_path / "nowhere"))
    assert (gone.returncode, gone.stdout) == (3, "")
    assert "there is no folder" in gone.stderr


def test_the_schedule_is_shown_and_changed_in_part(place: Path) -> None:
    first = json.loads(call(place, "schedule", "--json").stdout)
    assert (first["after_signatures"], first["nightly"]) == (False, None)
    call(place, "schedule", "--after-signatures", "--nightly", "02:30", "--older-than", "30d")
    call(place, "schedule", "--settle", "5m")
    changed = json.loads(call(place, "schedule", "--json").stdout)
    assert (changed["after_signatures"], changed["nightly"], changed["settle_minutes"]) == (True, "02:30", 5)
    assert changed["nightly_older_than_days"] == 30
    assert json.loads(call(place, "schedule", "--not-nightly", "--json").stdout)["nightly"] is None
    call(place, "schedule", "--rate", "5", "--window", "22:00-06:00")
    limited = json.loads(call(place, "schedule", "--json").stdout)
    assert (limited["rate"], limited["window"]) == (5, "22:00-06:00")
    freed = call(place, "schedule", "--rate", "0", "--window", "none", "--older-than", "none", "--json")
    document = json.loads(freed.stdout)
    assert (document["rate"], document["window"], document["nightly_older_than_days"]) == (None, None, None)
    shown = call(place, "schedule", "--not-after-signatures").stdout
    assert shown.startswith("nothing starts by itself")


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        ("--older-than", "a while"),
        ("--window", "tonight"),
        ("--verdict", "rejected"),
        ("--adopt", "file:///x", "--kind", "pdf"),
        ("--ids-from", "/nonexistent"),
        ("--ids-from", "/dev/null"),
        ("--ids-from", "/dev"),
        ("--kind", "pfd"),
        ("--adopt", "ftp://x"),
        ("watch", "nonesuch"),
        ("work", "nonesuch"),
        ("show", "nonesuch"),
        ("schedule", "--nightly", "late"),
    ],
)
def test_what_makes_no_sense_is_told(place: Path, wrong: tuple[str, ...]) -> None:
    done = call(place, *wrong)
    assert (done.returncode, done.stdout) == (2, "")
    assert "attachguard:" in done.stderr
