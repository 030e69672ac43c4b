"""A clamd keeps the scanner's contract: our own, one on somebody's socket, one on a loopback port."""

import socket
from collections.abc import Iterator

import pytest

from attachguard.adapters.clamd import Clamd, RunningClamd
from attachguard.adapters.clamd_child import ClamdChild
from attachguard.adapters.clamd_wire import TcpAddress
from attachguard.adapters.signatures import demo_set
from attachguard.ports import Scanner
from tests.contracts.foreign_clamd import foreign_clamd
from tests.contracts.scanner import ScannerContract


@pytest.fixture(scope="module")
def private() -> Iterator[Scanner]:
    with Clamd(ClamdChild(demo_set())) as scanner:
        yield scanner


@pytest.fixture(scope="module")
def running() -> Iterator[Scanner]:
    with foreign_clamd() as clamd, Clamd(RunningClamd(clamd.address)) as scanner:
        yield scanner


@pytest.fixture(scope="module")
def on_loopback() -> Iterator[Scanner]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    with foreign_clamd(tcp_port=port), Clamd(RunningClamd(TcpAddress("127.0.0.1", port))) as scanner:
        yield scanner


class TestPrivateClamd(ScannerContract):
    @pytest.fixture
    def scanner(self, private: Scanner) -> Scanner:
        return private


class TestRunningClamd(ScannerContract):
    @pytest.fixture
    def scanner(self, running: Scanner) -> Scanner:
        return running


class TestClamdOnLoopback(ScannerContract):
    @pytest.fixture
    def scanner(self, on_loopback: Scanner) -> Scanner:
        return on_loopback
