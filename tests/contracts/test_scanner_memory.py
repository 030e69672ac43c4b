"""The test double behaves like the scanner it stands for, and refuses to be mistaken for one."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from attachguard.adapters.memory_scanner import MemoryScanner
from attachguard.errors import ScannerUnavailable, UsageError
from attachguard.ports import Scanner
from tests.contracts.scanner import ScannerContract, put


class TestMemoryScanner(ScannerContract):
    @pytest.fixture
    def scanner(self) -> Iterator[Scanner]:
        with MemoryScanner(test_double=True) as scanner:
            yield scanner


def test_it_is_not_made_unless_called_a_test_double() -> None:
    with pytest.raises(UsageError, match="tests only"):
        MemoryScanner(test_double=False)


def test_it_reports_what_it_was_told_to_know(tmp_path: Path) -> None:
    data = b"a harmless sample that plays the bad one"
    known = {hashlib.sha256(data).hexdigest(): "PUA.Pretend.Tool-1"}
    assert MemoryScanner(test_double=True, known=known).scan(put(tmp_path, data)).hit == "PUA.Pretend.Tool-1"


def test_it_can_be_down(tmp_path: Path) -> None:
    scanner = MemoryScanner(test_double=True)
    scanner.down = "gone for lunch"
    with pytest.raises(ScannerUnavailable, match="gone for lunch"):
        scanner.scan(put(tmp_path, b""))
    assert [check.ok for check in scanner.probe()] == [False]


def test_it_takes_nothing_once_closed(tmp_path: Path) -> None:
    scanner = MemoryScanner(test_double=True)
    scanner.close()
    with pytest.raises(ScannerUnavailable):
        scanner.scan(put(tmp_path, b""))
