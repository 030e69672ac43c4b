"""The ledgers, each against the contract, and what is particular to SQLite."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from attachguard.adapters.memory import MemoryLedger
from attachguard.adapters.sql.ledger import SqlLedger
from attachguard.ports import Ledger
from attachguard.version import __version__
from tests.contracts.ledger import LedgerContract, verdict
from tests.servers.postgres import Postgres
from tests.servers.process import free_port


class TestMemoryLedger(LedgerContract):
    @pytest.fixture
    def ledger(self, tmp_path: Path) -> Ledger:
        return MemoryLedger()

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Ledger:
        ledger = MemoryLedger()
        ledger.broken = True
        return ledger

    def recorded(self, ledger: Ledger, tmp_path: Path) -> list[tuple[str, str]]:
        assert isinstance(ledger, MemoryLedger)
        return [(one.submission, one.outcome.value) for one in ledger.verdicts]


class TestSqliteLedger(LedgerContract):
    @pytest.fixture
    def ledger(self, tmp_path: Path) -> Iterator[Ledger]:
        with closing(SqlLedger(f"sqlite:///{tmp_path}/state/ledger.sqlite3")) as ledger:
            yield ledger

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Iterator[Ledger]:
        (tmp_path / "no.sqlite3").write_bytes(b"this is no database" * 100)
        with closing(SqlLedger(f"sqlite:///{tmp_path}/no.sqlite3")) as ledger:
            yield ledger

    def recorded(self, ledger: Ledger, tmp_path: Path) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(tmp_path / "state" / "ledger.sqlite3")) as database:
            return database.execute("SELECT id, verdict FROM submissions ORDER BY id").fetchall()

    def test_an_attachment_is_recorded_with_its_reasons(self, ledger: Ledger, tmp_path: Path) -> None:
        ledger.record(verdict())
        with closing(sqlite3.connect(tmp_path / "state" / "ledger.sqlite3")) as database:
            rows = database.execute(
                "SELECT a.safe_name, v.outcome, v.policy, v.build, v.reasons, v.findings"
                " FROM attachments a JOIN verdicts v ON v.attachment_id = a.id"
            ).fetchall()
        found = '[["pdf.launch","",""]]'
        assert rows == [("a.pdf", "rejected", "marketplace@1", __version__, found, found)]

    def test_many_threads_record_at_once(self, ledger: Ledger, tmp_path: Path) -> None:
        threads = [threading.Thread(target=ledger.record, args=(verdict(f"s{n:02}"),)) for n in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(self.recorded(ledger, tmp_path)) == 16

    def test_a_password_is_never_shown(self) -> None:
        ledger = SqlLedger("sqlite://user:hunter2@/nowhere/x.sqlite3")
        assert not any("hunter2" in check.detail for check in ledger.probe())


class TestPostgresLedger(LedgerContract):
    @pytest.fixture
    def url(self, postgres: Postgres) -> str:
        return postgres.new_database()

    @pytest.fixture
    def ledger(self, url: str) -> Iterator[Ledger]:
        with closing(SqlLedger(url)) as ledger:
            yield ledger

    @pytest.fixture
    def broken(self) -> Iterator[Ledger]:
        with closing(SqlLedger(f"postgresql://nobody:hunter2@127.0.0.1:{free_port()}/none")) as ledger:
            yield ledger

    @pytest.fixture(autouse=True)
    def _remember(self, url: str) -> None:
        self._url = url

    def recorded(self, ledger: Ledger, tmp_path: Path) -> list[tuple[str, str]]:
        with psycopg.connect(self._url) as database:
            return database.execute("SELECT id, verdict FROM submissions ORDER BY id").fetchall()

    def test_a_password_is_never_shown(self, broken: Ledger) -> None:
        (check,) = broken.probe()
        assert not check.ok
        assert "hunter2" not in check.detail
