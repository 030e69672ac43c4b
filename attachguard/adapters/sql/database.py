"""One database: how it is opened, brought up to date, and what a transaction is.

SQLite runs in WAL mode with synchronous=FULL: with NORMAL the last commits may be lost at power loss (SQLite,
"PRAGMA synchronous"), and an acknowledged submission is ours to finish. Writers begin with BEGIN IMMEDIATE: a
transaction that reads first and writes later would fail instead of waiting (SQLite, "Transactions", section 2.2).
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from attachguard.errors import LedgerUnavailable

HEAD = "0005"
"""The newest migration. Held to migrations/ by a test, so that opening a current ledger loads no Alembic."""

_BUSY_SECONDS = 20
"""How long a writer waits for the one before it. The longest transaction of ours takes milliseconds."""

_BUSY_PAUSE_SECONDS = 0.01
"""Between two attempts where SQLite itself does not wait."""

_CONNECT_SECONDS = 5

_MIGRATION_LOCK = 0x61677264
"""PostgreSQL: the advisory lock that lets one process migrate at a time (the letters `agrd`)."""

_SETTINGS = {
    # Statements and waits that a lost server or a stuck neighbour would otherwise stretch for ever.
    "options": "-c statement_timeout=30000 -c lock_timeout=20000 -c idle_in_transaction_session_timeout=60000",
    "connect_timeout": _CONNECT_SECONDS,
    # A dead server is noticed within half a minute, also when nothing answers any more.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30000,
}


def _now() -> datetime:
    return datetime.now(UTC)


class Database:
    """The ledger's database. Thread-safe; opened and migrated when first used; a forked process opens its own."""

    def __init__(self, url: str, clock: Callable[[], datetime] = _now) -> None:
        self._url = make_url(url)
        if self._url.drivername in {"postgresql", "postgres"}:
            self._url = self._url.set(drivername="postgresql+psycopg")
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._owner = os.getpid()
        self.now = clock
        """What time it is: one question, so that a test can move the clock."""

    @property
    def shown(self) -> str:
        """The URL without its password."""
        return self._url.render_as_string(hide_password=True)

    @property
    def skip_locked(self) -> bool:
        """Tell whether rows can be locked one by one; SQLite has one writer at a time instead."""
        return self._url.get_backend_name() != "sqlite"

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that ends with the block: all of it or nothing. Raises LedgerUnavailable."""
        with (
            self._translated(),
            self._open().connect().execution_options(attachguard_writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that sees one state of things and changes nothing. Raises LedgerUnavailable."""
        with self._translated(), self._open().connect() as connection:
            yield connection

    def close(self) -> None:
        """Let go of the database."""
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose(close=self._owner == os.getpid())

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            raise LedgerUnavailable(f"the ledger {self.shown} failed: {cause(error)}") from error

    def _open(self) -> Engine:
        with self._lock:
            if self._engine is not None and self._owner != os.getpid():
                self._engine.dispose(close=False)  # the parent's connections stay the parent's
                self._engine = None
            if self._engine is None:
                self._engine, self._owner = self._connect(), os.getpid()
            return self._engine

    def _connect(self) -> Engine:
        if self._url.get_backend_name() == "sqlite":
            engine = self._connect_sqlite()
        else:
            engine = create_engine(self._url, pool_pre_ping=True, connect_args=_SETTINGS)
        try:
            bring_up_to_date(engine)
        except BaseException:
            engine.dispose()
            raise
        return engine

    def _connect_sqlite(self) -> Engine:
        if self._url.database:
            Path(self._url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        engine = create_engine(self._url, connect_args={"timeout": _BUSY_SECONDS})
        event.listen(engine, "connect", _harden_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine


def cause(error: Exception) -> str:
    """Say in one line what a database complained of."""
    lines = str(getattr(error, "orig", None) or error).splitlines()
    return lines[0] if lines else type(error).__name__


def _harden_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # sqlite3's own BEGIN would come too late
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}")  # first: the next one may have to wait
    _write_ahead(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _write_ahead(cursor: DBAPICursor) -> None:
    """Switch to WAL, which stays so: only a new database has to be alone for it. Raises sqlite3.OperationalError.

    For this one statement SQLite does not wait for another writer (two that switch would wait for each other), whatever
    `busy_timeout` says: of four processes that opened a new ledger at once, 26 of 1,000 saw "database is locked".
    """
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_BUSY_PAUSE_SECONDS)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("attachguard_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def bring_up_to_date(engine: Engine) -> None:
    """Apply the migrations that a database lacks, one process at a time. Raises SQLAlchemyError."""
    with engine.connect() as connection:
        if _version(connection) == HEAD:
            return
    with engine.connect().execution_options(attachguard_writes=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        if _version(connection) != HEAD:
            from attachguard.adapters.sql.migrate import upgrade  # noqa: PLC0415 - Alembic takes a while to load

            upgrade(connection)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return version
