"""The README is true today: its example runs, its commands run, its tables name what there is."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from attachguard.adapters.clamd_conf import foreign_clamd_advice
from attachguard.kinds import BY_EXTENSION
from attachguard.settings import VARIABLES
from samples.build import build

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

NOT_HERE = ("sudo ", "make ")
"""Commands that change the machine or run this very suite; the build runs them from the outside."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands() -> Iterator[str]:
    for block in blocks("sh"):
        for line in block.splitlines():
            command = line.partition("#")[0].strip()
            if command and not command.startswith(NOT_HERE):
                yield command


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the README speaks of."""
    folder = tmp_path_factory.mktemp("readme")
    built = tmp_path_factory.mktemp("samples")
    build(built)
    invoice = next((built / "invoice_clean_pdf").glob("*.pdf")).read_bytes()
    photo = next((built / "photos_of_returned_goods").glob("*.jpg")).read_bytes()
    (folder / "incoming").mkdir()
    for path, data in (("invoice.pdf", invoice), ("photo.jpg", photo), ("incoming/invoice.pdf", invoice)):
        (folder / path).write_bytes(data)
    (policy,) = blocks("toml")
    (folder / "returns.toml").write_text(policy, encoding="utf-8")
    return folder


def test_there_are_commands_to_try() -> None:
    assert len(list(commands())) >= 8


@pytest.mark.parametrize("command", list(commands()))
def test_every_command_runs(command: str, place: Path) -> None:
    program, *arguments = shlex.split(command)
    assert program == ".venv/bin/attachguard"
    done = subprocess.run(
        [sys.executable, "-m", "attachguard", *arguments], cwd=place, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_runs_and_prints_what_it_says(place: Path) -> None:
    (example,) = blocks("python")
    done = subprocess.run([sys.executable, "-c", example], cwd=place, capture_output=True, text=True, check=True)
    outcome, reasons, delivered = done.stdout.splitlines()
    assert (outcome, reasons) == ("accepted", "[]")
    assert delivered.startswith("Delivered(name='invoice.pdf'")


def test_every_setting_has_a_row() -> None:
    assert [name for name in VARIABLES.values() if f"| `{name}` |" not in README] == []


def test_every_accepted_extension_is_named() -> None:
    aliases = {"tif"}  # accepted, and not advertised
    assert [extension for extension in BY_EXTENSION if f".{extension}" not in README and extension not in aliases] == []


def test_every_link_leads_somewhere() -> None:
    targets = {target.partition("#")[0] for target in re.findall(r"\]\(([^)]+)\)", README)}
    assert [target for target in targets if "://" not in target and not (ROOT / target).exists()] == []


def test_no_page_names_a_path_of_one_machine() -> None:
    pages = [ROOT / "README.md", *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    home = os.path.expanduser("~")
    assert [page.name for page in pages if home in page.read_text(encoding="utf-8")] == []


def test_the_lines_for_the_machines_own_clamd_are_those_the_doctor_names() -> None:
    lines = {line.strip() for line in README.splitlines()}
    assert {line.strip() for line in foreign_clamd_advice().split(",")} <= lines
