"""Shows, after a run of the matrix, how long recovering took."""

from pathlib import Path

import pytest

from tests.faults.engine.harness import FIGURES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not FIGURES:
        return
    terminalreporter.section("recovery")
    for case, seconds in sorted(FIGURES.items()):
        ordered = sorted(seconds)
        line = f"{case}: n={len(ordered)} median {ordered[len(ordered) // 2]:.2f} s, longest {ordered[-1]:.2f} s"
        terminalreporter.write_line(line)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path
