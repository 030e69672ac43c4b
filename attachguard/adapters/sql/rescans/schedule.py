"""The schedule of re-scans: one row. Of many who look at it at once, one makes the batch that is due."""

import uuid
from datetime import datetime

import msgspec
from sqlalchemy import Connection, RowMapping, insert, select, update

from attachguard.adapters.sql.database import Database
from attachguard.adapters.sql.moves import note
from attachguard.adapters.sql.rescans.batches import write_batch
from attachguard.adapters.sql.rescans.rows import encode
from attachguard.adapters.sql.schema import RESCAN_SCHEDULE
from attachguard.batches import Request, Schedule, Yardstick

_ROW = 1


class SqlSchedule:
    """See ports.Rescans."""

    _database: Database

    def schedule(self) -> Schedule | None:
        """See ports.Rescans."""
        with self._database.reading() as connection:
            row = _row(connection)
            return msgspec.json.decode(row["plan"], type=Schedule) if row else None

    def set_schedule(self, schedule: Schedule, nightly_at: datetime | None, actor: str) -> None:
        """See ports.Rescans."""
        with self._database.writing() as connection:
            values = {"plan": encode(schedule), "nightly_at": nightly_at}
            if _row(connection) is None:
                connection.execute(insert(RESCAN_SCHEDULE).values(id=_ROW, **values))
            else:
                connection.execute(update(RESCAN_SCHEDULE).where(RESCAN_SCHEDULE.c.id == _ROW).values(**values))
            note(connection, self._database.now(), "rescan.scheduled", "", actor=actor, detail=(encode(schedule),))

    def signatures_settled(self, signatures: str, schedule: Schedule) -> bool:
        """See ports.Rescans."""
        with self._database.writing() as connection:
            now = self._database.now()
            row = _row(connection)
            if row is None:
                return False
            if row["done_signatures"] is None:  # the first look: from here on a change is one
                _write(connection, seen_signatures=signatures, seen_at=now, done_signatures=signatures)
                return False
            if row["seen_signatures"] != signatures:
                _write(connection, seen_signatures=signatures, seen_at=now)
                return False
            return bool(row["done_signatures"] != signatures and row["seen_at"] + schedule.settle <= now)

    def begin_after_signatures(self, signatures: str, request: Request, yardstick: Yardstick) -> str | None:
        """See ports.Rescans."""
        identity = uuid.uuid4().hex
        with self._database.writing() as connection:
            moved = connection.execute(
                update(RESCAN_SCHEDULE)
                .where(RESCAN_SCHEDULE.c.id == _ROW, RESCAN_SCHEDULE.c.done_signatures != signatures)
                .values(done_signatures=signatures)
            )
            if moved.rowcount != 1:
                return None
            write_batch(connection, identity, request, yardstick, self._database.now())
        return identity

    def nightly_due(self) -> datetime | None:
        """See ports.Rescans."""
        with self._database.reading() as connection:
            row = _row(connection)
            at = row["nightly_at"] if row else None
            return at if at is not None and at <= self._database.now() else None

    def begin_nightly(self, due: datetime, following: datetime, request: Request, yardstick: Yardstick) -> str | None:
        """See ports.Rescans."""
        identity = uuid.uuid4().hex
        with self._database.writing() as connection:
            moved = connection.execute(
                update(RESCAN_SCHEDULE)
                .where(RESCAN_SCHEDULE.c.id == _ROW, RESCAN_SCHEDULE.c.nightly_at == due)
                .values(nightly_at=following)
            )
            if moved.rowcount != 1:
                return None
            write_batch(connection, identity, request, yardstick, self._database.now())
        return identity


def _row(connection: Connection) -> RowMapping | None:
    return connection.execute(select(RESCAN_SCHEDULE).where(RESCAN_SCHEDULE.c.id == _ROW)).mappings().first()


def _write(connection: Connection, **values: str | datetime) -> None:
    connection.execute(update(RESCAN_SCHEDULE).where(RESCAN_SCHEDULE.c.id == _ROW).values(**values))
