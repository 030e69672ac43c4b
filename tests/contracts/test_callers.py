"""Callers and webhooks in the ledger, on SQLite and on a real PostgreSQL."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from attachguard.adapters.sql.ledger import SqlLedger
from tests.contracts.engine_ledger import Clock
from tests.contracts.keyring import KeyringContract
from tests.contracts.outbox import OutboxContract
from tests.servers.postgres import Postgres


class Ledgers:
    """A new ledger for every test."""

    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    def ledger(self, url: str, clock: Clock) -> Iterator[SqlLedger]:
        with closing(SqlLedger(url, clock)) as ledger:
            ledger.has_keys()  # the tables are there
            yield ledger


class Sqlite(Ledgers):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/ledger.sqlite3"


class OnPostgres(Ledgers):
    @pytest.fixture
    def url(self, postgres: Postgres) -> str:
        return postgres.new_database()


class TestKeysOnSqlite(Sqlite, KeyringContract):
    pass


class TestKeysOnPostgres(OnPostgres, KeyringContract):
    pass


class TestOutboxOnSqlite(Sqlite, OutboxContract):
    pass


class TestOutboxOnPostgres(OnPostgres, OutboxContract):
    pass
