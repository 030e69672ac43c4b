"""The generated pages of the documentation say what the code says."""

from pathlib import Path

import pytest

from attachguard.findings import FINDINGS, TROUBLES
from docs import generate


def test_the_pages_are_what_the_code_says_today() -> None:
    assert generate.main(["--check"]) == 0, "run `python -m docs.generate`"


def test_the_page_of_findings_has_a_row_for_every_code() -> None:
    page = generate.findings_page()
    assert [code for code in [*FINDINGS, *TROUBLES] if page.count(f"| `{code}` | ") != 1] == []


def test_a_stale_or_missing_page_is_noticed_and_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main(["--check"], tmp_path) == 1
    assert list(tmp_path.iterdir()) == []
    assert generate.main([], tmp_path) == 0
    assert generate.main(["--check"], tmp_path) == 0
    page = tmp_path / "findings.md"
    page.write_text("stale\n", encoding="utf-8")
    capsys.readouterr()
    assert generate.main(["--check"], tmp_path) == 1
    assert page.read_text(encoding="utf-8") == "stale\n"
    assert capsys.readouterr().err == "findings.md is stale: run `python -m docs.generate`\n"


def test_an_unknown_argument_is_a_usage_error() -> None:
    assert generate.main(["--chekc"]) == 2
