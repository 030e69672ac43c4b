"""The engine's ledger on SQLite and on a real PostgreSQL, and what becomes of older databases."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from attachguard.adapters.sql.database import HEAD
from attachguard.adapters.sql.ledger import SqlLedger
from attachguard.adapters.sql.migrate import config
from attachguard.adapters.sql.schema import METADATA
from attachguard.model import Outcome
from tests.contracts.engine_ledger import EngineLedgerContract
from tests.servers.postgres import Postgres


class TestSqlite(EngineLedgerContract):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/state/ledger.sqlite3"

    def change_events(self, url: str, statement: str) -> str:
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
            with pytest.raises(sqlite3.Error) as raised:
                database.execute(statement)
            return str(raised.value)

    def test_a_commit_survives_a_power_cut(self, ledger: SqlLedger) -> None:
        with ledger._database.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"

    def test_a_new_ledger_that_another_process_just_makes_is_waited_for(self, tmp_path: Path) -> None:
        path = tmp_path / "ledger.sqlite3"
        opened = SqlLedger(f"sqlite:///{path}")
        with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("CREATE TABLE made (by_another INTEGER)")  # writing, and not yet in WAL mode
            end = threading.Timer(0.3, other.execute, ["COMMIT"])
            end.start()
            assert opened.status("x") is None
            end.join()
        opened.close()

    def test_the_migrations_lead_to_the_schema(self, ledger: SqlLedger, url: str) -> None:
        ledger.status("x")
        assert differences(url) == []

    def test_a_ledger_from_before_the_migrations_keeps_its_verdicts(self, tmp_path: Path) -> None:
        path = tmp_path / "old.sqlite3"
        with closing(sqlite3.connect(path)) as database:
            database.executescript(
                "CREATE TABLE submissions (id VARCHAR(64) PRIMARY KEY, verdict VARCHAR(16) NOT NULL,"
                " policy VARCHAR(100) NOT NULL, recorded_at DATETIME NOT NULL);"
                "CREATE INDEX ix_submissions_recorded_at ON submissions (recorded_at);"
                "CREATE TABLE attachments (submission_id VARCHAR(64) NOT NULL REFERENCES submissions (id),"
                " number INTEGER NOT NULL, safe_name TEXT NOT NULL, size INTEGER NOT NULL,"
                " sha256 VARCHAR(64) NOT NULL, kind VARCHAR(16), verdict VARCHAR(16) NOT NULL, reasons TEXT NOT NULL,"
                " findings TEXT NOT NULL, trouble VARCHAR(64), engine VARCHAR(100), signatures VARCHAR(100),"
                " delivered_sha256 VARCHAR(64), delivered_location TEXT, PRIMARY KEY (submission_id, number));"
                "CREATE INDEX ix_attachments_sha256 ON attachments (sha256);"
                "CREATE INDEX ix_attachments_verdict ON attachments (verdict);"
                "INSERT INTO submissions VALUES ('s1', 'rejected', 'marketplace@1', '2026-03-04 05:06:07.000000');"
                "INSERT INTO attachments VALUES ('s1', 0, 'a.pdf', 3, 'ab', 'pdf', 'rejected', '[\"pdf.launch\"]',"
                " '[\"pdf.launch\"]', NULL, NULL, NULL, NULL, NULL);"
            )
        with closing(SqlLedger(f"sqlite:///{path}")) as ledger:
            status = ledger.status("s1")
        assert status is not None
        assert status.verdict is not None
        (one,) = status.verdict.verdicts
        assert (one.outcome, one.attachment.safe_name) == (Outcome.REJECTED, "a.pdf")
        assert [finding.code for finding in one.reasons] == ["pdf.launch"]


class TestPostgres(EngineLedgerContract):
    @pytest.fixture
    def url(self, postgres: Postgres) -> str:
        return postgres.new_database()

    def change_events(self, url: str, statement: str) -> str:
        with psycopg.connect(url) as database, pytest.raises(psycopg.Error) as raised:
            database.execute(statement.encode())
        return str(raised.value)

    def test_the_migrations_lead_to_the_schema(self, ledger: SqlLedger, url: str) -> None:
        ledger.status("x")
        assert differences(url.replace("postgresql:", "postgresql+psycopg:")) == []


def test_the_newest_migration_is_the_one_the_code_expects() -> None:
    assert ScriptDirectory.from_config(config()).get_current_head() == HEAD


def differences(url: str) -> list[object]:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return list(compare_metadata(MigrationContext.configure(connection), METADATA))
    finally:
        engine.dispose()
