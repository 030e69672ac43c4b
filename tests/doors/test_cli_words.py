"""`explain`, `policy` and `doctor`."""

import json
import os
import subprocess
import sys

import pytest

from attachguard.findings import FINDINGS, TROUBLES


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "attachguard", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("code", ["pdf.javascript", "scanner.unavailable"])
def test_explain_says_what_a_code_means_and_what_to_do(code: str) -> None:
    done = run("explain", code)
    assert done.returncode == 0
    assert done.stdout.startswith(code)
    assert "1. " in done.stdout


def test_explain_speaks_german() -> None:
    assert run("explain", "limit.file_size", "--lang", "de").stdout != run("explain", "limit.file_size").stdout


def test_explain_helps_with_a_wrong_code() -> None:
    done = run("explain", "pdf.jvascript")
    assert done.returncode == 2
    assert "pdf.javascript" in done.stderr


def test_policy_list_names_what_ships() -> None:
    done = run("policy", "list")
    assert done.returncode == 0
    assert "marketplace@1" in done.stdout
    assert "strict@1" in done.stdout


def test_policy_show_shows_every_ruling() -> None:
    done = run("policy", "show", "strict")
    assert done.returncode == 0
    assert all(code in done.stdout for code in FINDINGS)


def test_policy_lint_praises_a_whole_policy_and_names_a_mistake(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert run("policy", "lint", "marketplace").returncode == 0
    path = tmp_path_factory.mktemp("policy") / "mine.toml"
    path.write_text('name = "mine"\nversion = 1\ntitle = "Mine"\n[findings]\n"pdf.jvascript" = "keep"\n')
    done = run("policy", "lint", str(path))
    assert done.returncode == 2
    assert f"{path}, line 5" in done.stderr


def test_doctor_probes_every_part_with_the_real_thing() -> None:
    done = run("doctor", "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 0, [check for check in document["checks"] if not check["ok"]]
    assert document["ok"] is True
    assert {check["part"] for check in document["checks"]} >= {"machine", "scanner", "sandbox", "store", "ledger"}
    assert {"eicar", "eicar in a zip", "clean file"} <= {check["name"] for check in document["checks"]}
    assert document["settings"]["ATTACHGUARD_POLICY"] == {"value": "marketplace", "source": "default"}


def test_doctor_says_loudly_that_the_demo_signatures_are_only_for_the_demo() -> None:
    done = run("doctor")
    assert done.returncode == 0
    assert "freshclam" in done.stdout


def test_doctor_misses_a_scanner_that_is_required() -> None:
    done = run("doctor", ATTACHGUARD_CLAMD_URL="unix:///nonexistent/clamd.sock")
    assert done.returncode == 3
    assert "not ready" in done.stdout


def test_the_version_is_told() -> None:
    assert run("--version").stdout.startswith("attachguard 0.")


def test_every_trouble_can_be_explained() -> None:
    assert all(run("explain", code).returncode == 0 for code in TROUBLES)
