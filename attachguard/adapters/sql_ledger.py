"""The ledger in SQL: every verdict, durably, before it is given. SQLite by default.

SQLite runs in WAL mode with synchronous=FULL: with NORMAL the last commits may be lost at power loss (SQLite,
"PRAGMA synchronous"), and a recorded verdict is a given one.
"""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    func,
    insert,
    make_url,
    select,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError

from attachguard.errors import LedgerUnavailable
from attachguard.model import Check, Finding, SubmissionVerdict, Verdict

_METADATA = MetaData()

_SUBMISSIONS = Table(
    "submissions",
    _METADATA,
    Column("id", String(64), primary_key=True),
    Column("verdict", String(16), nullable=False),
    Column("policy", String(100), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, index=True),
)

_ATTACHMENTS = Table(
    "attachments",
    _METADATA,
    Column("submission_id", ForeignKey("submissions.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("safe_name", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("kind", String(16)),
    Column("verdict", String(16), nullable=False, index=True),
    Column("reasons", Text, nullable=False),
    Column("findings", Text, nullable=False),
    Column("trouble", String(64)),
    Column("engine", String(100)),
    Column("signatures", String(100)),
    Column("delivered_sha256", String(64)),
    Column("delivered_location", Text),
)


class SqlLedger:
    """Records verdicts in the database that `url` names. Thread-safe; tables are made when first needed."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._lock = threading.Lock()
        self._engine: Engine | None = None

    def record(self, verdict: SubmissionVerdict) -> None:
        """Write a submission and its attachments in one transaction. Raises LedgerUnavailable."""
        try:
            with self._open().begin() as connection:
                _write(connection, verdict)
        except (SQLAlchemyError, OSError) as error:
            raise LedgerUnavailable(f"the ledger {self._shown()} did not take a verdict: {_cause(error)}") from error

    def probe(self) -> Sequence[Check]:
        """Open the database and count what it holds."""
        try:
            with self._open().connect() as connection:
                count = connection.execute(select(func.count()).select_from(_SUBMISSIONS)).scalar_one()
        except (SQLAlchemyError, OSError) as error:
            return (Check(name="ledger", ok=False, detail=f"{self._shown()}: {_cause(error)}"),)
        return (Check(name="ledger", ok=True, detail=f"{self._shown()}: {count} submissions"),)

    def close(self) -> None:
        """Let go of the database."""
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()

    def _open(self) -> Engine:
        with self._lock:
            if self._engine is None:
                self._engine = _connect(self._url.render_as_string(hide_password=False))
            return self._engine

    def _shown(self) -> str:
        return self._url.render_as_string(hide_password=True)


def _connect(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(url)
    if parsed.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _harden_sqlite)
    _METADATA.create_all(engine)
    return engine


def _harden_sqlite(connection: DBAPIConnection, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA busy_timeout=10000")  # milliseconds; writers queue up rather than fail
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _write(connection: Connection, verdict: SubmissionVerdict) -> None:
    connection.execute(
        insert(_SUBMISSIONS).values(
            id=verdict.submission,
            verdict=verdict.outcome.value,
            policy=verdict.policy,
            recorded_at=datetime.now(UTC),
        )
    )
    for number, one in enumerate(verdict.verdicts):
        _write_attachment(connection, verdict.submission, number, one)


def _write_attachment(connection: Connection, submission: str, number: int, verdict: Verdict) -> None:
    attachment, scan, delivered = verdict.attachment, verdict.original.scan, verdict.delivered
    connection.execute(
        insert(_ATTACHMENTS).values(
            submission_id=submission,
            number=number,
            safe_name=attachment.safe_name,
            size=attachment.size,
            sha256=attachment.sha256,
            kind=attachment.kind.name if attachment.kind else None,
            verdict=verdict.outcome.value,
            reasons=_codes(verdict.reasons),
            findings=_codes(verdict.original.findings),
            trouble=verdict.trouble.code if verdict.trouble else None,
            engine=scan.engine if scan else None,
            signatures=scan.signatures if scan else None,
            delivered_sha256=delivered.sha256 if delivered else None,
            delivered_location=delivered.location if delivered else None,
        )
    )


def _codes(findings: Sequence[Finding]) -> str:
    return msgspec.json.encode([finding.code for finding in findings]).decode()


def _cause(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).splitlines()[0]
