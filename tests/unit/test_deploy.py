"""The samples in deploy/ call commands that exist, by settings that exist."""

import configparser
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from attachguard.settings import VARIABLES

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
PROGRAM = "/opt/attachguard/.venv/bin/attachguard"


def test_there_are_samples_for_systemd_cron_and_containers() -> None:
    assert {path.parent.name for path in FILES} >= {"systemd", "cron", "container"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_setting_in_them_exists(path: Path) -> None:
    named = set(re.findall(r"ATTACHGUARD_[A-Z_]+", path.read_text(encoding="utf-8")))
    assert named <= set(VARIABLES.values())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_command_in_them_exists(path: Path) -> None:
    for words in re.findall(rf"{re.escape(PROGRAM)}((?: [a-z]+)+)", path.read_text(encoding="utf-8")):
        command = [sys.executable, "-m", "attachguard", *shlex.split(words), "--help"]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("name", ["attachguard-signatures.service", "attachguard-signatures.timer"])
def test_the_units_are_units(name: str) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # systemd minds the case
    unit.read(DEPLOY / "systemd" / name, encoding="utf-8")
    assert unit["Unit"]["Description"]
    assert "ExecStart" in unit["Service"] if name.endswith("service") else "OnUnitActiveSec" in unit["Timer"]
