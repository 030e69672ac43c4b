"""`attachguard keys`: made, listed, revoked; and the key itself is seen once."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from attachguard.access import Scope
from attachguard.bootstrap import open_keyring
from attachguard.errors import NotAuthenticated
from attachguard.gate import Gate
from attachguard.settings import load_settings


def run(folder: Path, *words: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "attachguard", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"XDG_STATE_HOME": str(folder), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == code, done.stderr
    return done.stdout


def test_a_key_is_made_used_and_revoked(tmp_path: Path) -> None:
    made = json.loads(run(tmp_path, "keys", "create", "shop", "-s", "submit", "--bytes-per-day", "1000", "--json"))
    settings = load_settings({"XDG_STATE_HOME": str(tmp_path)})
    with open_keyring(settings) as keyring:
        assert Gate(keyring).admit(made["key"]).scopes == {Scope.SUBMIT}

    (listed,) = json.loads(run(tmp_path, "keys", "list", "--json"))
    assert (listed["id"], listed["tenant"], listed["bytes_per_day"]) == (made["id"], "shop", 1000)
    assert made["key"] not in run(tmp_path, "keys", "list")

    link = run(tmp_path, "keys", "link", "order 7", "--key", made["key"]).strip()
    with open_keyring(settings) as keyring:
        admitted = Gate(keyring).admit(link)
    assert admitted.link is not None
    assert admitted.link.conversation == "order 7"

    run(tmp_path, "keys", "revoke", made["id"])
    run(tmp_path, "keys", "revoke", made["id"], code=2)
    with open_keyring(settings) as keyring, pytest.raises(NotAuthenticated):
        Gate(keyring).admit(made["key"])


def test_a_key_for_people_is_shown_alone_on_its_line(tmp_path: Path) -> None:
    first, *_ = run(tmp_path, "keys", "create", "shop").splitlines()
    assert first.startswith("agk_")
    assert " " not in first
