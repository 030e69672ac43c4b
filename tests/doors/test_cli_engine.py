"""`attachguard worker`, `sweep` and `quarantine`, as a person types them, with the real room and a real clamd."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from attachguard.adapters.clamd_probes import eicar
from attachguard.bootstrap import open_service
from attachguard.jobs import Queue
from attachguard.model import Submission
from attachguard.pipeline import guard_all
from attachguard.policy import load_policy
from attachguard.settings import load_settings
from attachguard.states import FINAL
from tests.engine_made import upload


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    return {**os.environ, "XDG_STATE_HOME": str(tmp_path)}


def run(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "attachguard", *arguments], capture_output=True, text=True, env=environment, check=False
    )


def test_what_is_submitted_is_judged_by_a_worker_and_reviewed_by_a_person(environment: Mapping[str, str]) -> None:
    with open_service(load_settings(environment)) as service:
        mine = service.submit([upload("a clean note\n"), upload(eicar(), "invoice.txt")]).submission
        worker = subprocess.Popen([sys.executable, "-m", "attachguard", "worker", "-n", "2"], env=environment)
        try:
            judged_at_last(environment, mine)
            (held,) = json.loads(run(environment, "quarantine", "list", "--json").stdout)
            assert (held["attachment"], held["verdict"]) == (f"{mine}.1", "infected")
            assert held["reasons"] == ["malware.signature"]
            assert f"{mine}.1" in run(environment, "quarantine", "list").stdout

            released = run(environment, "quarantine", "release", f"{mine}.1", "--note", "is it?", "--reviewer", "Ada")
            assert released.returncode == 0, released.stderr
            again = released.stdout.split("submitted again as ")[1].split(":")[0]
            judged_at_last(environment, again)
        finally:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(30) == 0
        shown = json.loads(run(environment, "quarantine", "show", f"{mine}.1", "--json").stdout)
        assert [(event["what"], event["actor"]) for event in shown["events"]][-1] == ("released", "Ada")
        assert "released" in run(environment, "quarantine", "show", f"{mine}.1").stdout

        assert run(environment, "quarantine", "delete", f"{mine}.1", "--note", "old").returncode == 0
        assert run(environment, "quarantine", "delete", f"{mine}.1", "--note", "old").returncode == 2
        assert [one["attachment"] for one in json.loads(run(environment, "quarantine", "list", "--json").stdout)] == [
            f"{again}.0"
        ]
        assert json.loads(run(environment, "sweep", "--json").stdout)["orphans"] == 0
        assert "0 orphaned objects" in run(environment, "sweep").stdout


def judged_at_last(environment: Mapping[str, str], submission: str) -> None:
    with open_service(load_settings(environment)) as service:
        deadline = time.monotonic() + 60
        while service.report(submission).state not in FINAL:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_the_engine_gives_the_verdict_that_a_check_gives(environment: Mapping[str, str]) -> None:
    with open_service(load_settings(environment)) as service:
        files = [upload("a note\n"), upload(eicar(), "b.txt"), upload(b"MZ\x90\x00 a program", "c.pdf")]
        mine = service.submit(files).submission
        claim = service.claim("me", tuple(Queue))
        assert claim is not None
        service.judge(claim)
        engine = service.report(mine).verdict
        direct = guard_all(Submission(id="direct", uploads=tuple(files)), load_policy("marketplace"), service.kit)
    assert engine is not None
    assert [one.outcome for one in engine.verdicts] == [one.outcome for one in direct.verdicts]
    assert [one.reasons for one in engine.verdicts] == [one.reasons for one in direct.verdicts]
    assert [one.original.findings for one in engine.verdicts] == [one.original.findings for one in direct.verdicts]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ATTACHGUARD_STORE_URL", "ftp://x", "file:///an/absolute/folder or s3://bucket/prefix"),
        ("ATTACHGUARD_STORE_URL", "s3://bucket/x?colour=red", "no option 'colour'"),
        ("ATTACHGUARD_STORE_URL", "s3://bucket?endpoint=http://example.org", "insecure=allow"),
        ("ATTACHGUARD_STORE_URL", "s3://", "no bucket"),
        ("ATTACHGUARD_JOB_LEASE", "soon", "must be a whole number"),
        ("ATTACHGUARD_LEDGER_URL", "nonsense", "must be a URL"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(
    environment: Mapping[str, str], name: str, value: str, says: str
) -> None:
    done = run({**environment, name: value}, "sweep")
    assert done.returncode == 2
    assert name in done.stderr
    assert says in done.stderr


def test_secrets_are_never_shown(environment: Mapping[str, str]) -> None:
    done = run(
        {
            **environment,
            "ATTACHGUARD_STORE_URL": "s3://bucket?endpoint=http://127.0.0.1:1",
            "ATTACHGUARD_STORE_ACCESS_KEY": "AKEY",
            "ATTACHGUARD_STORE_SECRET_KEY": "hunter2",
            "ATTACHGUARD_LEDGER_URL": "postgresql://me:hunter2@127.0.0.1:1/x",
            "ATTACHGUARD_BROKER_URL": "redis://:hunter2@127.0.0.1:1/0",
        },
        "doctor",
        "--json",
    )
    assert done.returncode == 3
    assert "AKEY" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr


def test_a_celery_worker_without_a_broker_says_what_to_set(environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import workers; workers.app.connection"], capture_output=True, text=True,
        env=environment, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    code = "from workers.app import _checked, _settings; _checked(_settings)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert "ATTACHGUARD_BROKER_URL is not set" in done.stderr
