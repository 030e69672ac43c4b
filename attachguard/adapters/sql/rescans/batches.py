"""Batches in the ledger: made, listed page by page, paused, resumed, cancelled, ended.

A page and the cursor behind it are written in one transaction, by whoever holds the claim on the listing: a lister that
dies leaves the cursor where its last whole page ended.
"""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from attachguard.adapters.sql.announcements import announce_batch
from attachguard.adapters.sql.database import Database
from attachguard.adapters.sql.moves import note
from attachguard.adapters.sql.rescans.report import summarise
from attachguard.adapters.sql.rescans.rows import encode, object_row, read_batch
from attachguard.adapters.sql.rescans.selection import contents, count, page
from attachguard.adapters.sql.schema import BATCH_OBJECTS, BATCHES, SUBMISSIONS
from attachguard.batches import (
    PAGE,
    Batch,
    BatchState,
    Item,
    ObjectState,
    PageClaim,
    Request,
    Result,
    Selection,
    Yardstick,
)
from attachguard.errors import NotPossible

_MOVES = {
    BatchState.PAUSED: (BatchState.RUNNING,),
    BatchState.RUNNING: (BatchState.PAUSED,),
    BatchState.CANCELLED: (BatchState.RUNNING, BatchState.PAUSED),
}
"""Which states somebody may bring a batch into, from which."""

_SWEEP = 5000
"""Rows that are cleared away in one step."""


class SqlBatches:
    """See ports.Rescans."""

    _database: Database

    def create_batch(self, request: Request, yardstick: Yardstick) -> Batch:
        """See ports.Rescans."""
        identity = uuid.uuid4().hex
        with self._database.writing() as connection:
            at = self._database.now()
            write_batch(connection, identity, request, yardstick, at)
        found = self.batch(identity)
        assert found is not None
        return found

    def batch(self, batch: str) -> Batch | None:
        """See ports.Rescans."""
        with self._database.reading() as connection:
            row = connection.execute(select(BATCHES).where(BATCHES.c.id == batch)).mappings().first()
            return read_batch(row) if row else None

    def batches(self, limit: int, states: Collection[BatchState] = ()) -> Sequence[Batch]:
        """See ports.Rescans."""
        wanted = [BATCHES.c.state.in_([one.value for one in states])] if states else []
        order = BATCHES.c.created_at if states else BATCHES.c.created_at.desc()
        with self._database.reading() as connection:
            rows = connection.execute(select(BATCHES).where(*wanted).order_by(order, BATCHES.c.id).limit(limit))
            return [read_batch(row) for row in rows.mappings()]

    def move_batch(self, batch: str, to: BatchState, actor: str) -> Batch:
        """See ports.Rescans."""
        with self._database.writing() as connection:
            at = self._database.now()
            expected = [state.value for state in _MOVES[to]]
            moved = connection.execute(
                update(BATCHES).where(BATCHES.c.id == batch, BATCHES.c.state.in_(expected)).values(state=to.value)
            )
            if moved.rowcount == 1:
                note(connection, at, f"rescan.{to.value}", batch, actor=actor)
        found = self.batch(batch)
        if found is None:
            raise NotPossible(f"there is no batch {batch}")
        if found.state is not to:
            raise NotPossible(f"batch {batch} is {found.state.value}")
        return found

    def policies_asked_for(self) -> Sequence[str]:
        """See ports.Rescans."""
        with self._database.reading() as connection:
            return connection.execute(select(SUBMISSIONS.c.policy).distinct().limit(1000)).scalars().all()

    def count_selected(
        self, selection: Selection, yardstick: Yardstick, locations: str
    ) -> tuple[Sequence[tuple[str, int, int]], int]:
        """See ports.Rescans."""
        with self._database.reading() as connection:
            kinds = count(connection, selection, yardstick, locations)
            return kinds, contents(connection, selection, yardstick, locations)

    # -- listing -----------------------------------------------------------------------------------------------

    def claim_page(self, batch: str, owner: str, lease: timedelta) -> PageClaim | None:
        """See ports.Rescans."""
        token = uuid.uuid4().hex
        with self._database.writing() as connection:
            now = self._database.now()
            over = (BATCHES.c.lease_until <= now) | (BATCHES.c.lease_until > now + 2 * lease)
            free = (BATCHES.c.claim.is_(None)) | over
            row = connection.execute(
                update(BATCHES)
                .where(BATCHES.c.id == batch, BATCHES.c.state == BatchState.RUNNING.value, BATCHES.c.listed == 0, free)
                .values(claim=token, owner=owner, lease_until=now + lease)
                .returning(BATCHES.c.cursor)
            ).first()
            return PageClaim(batch=batch, token=token, cursor=row.cursor) if row else None

    def add_selected_page(self, claim: PageClaim, locations: str) -> int:
        """See ports.Rescans."""
        with self._database.writing() as connection:
            row = connection.execute(select(BATCHES).where(BATCHES.c.id == claim.batch)).mappings().one()
            found = read_batch(row)
            items = page(
                connection, found.request.selection, found.yardstick, locations, after=claim.cursor, limit=PAGE
            )
            cursor = items[-1].key if items else claim.cursor
            self._add(connection, claim, found, items, cursor, last=len(items) < PAGE, requests=0)
            return len(items)

    def add_page(
        self, claim: PageClaim, items: Sequence[Item], cursor: str | None, *, last: bool, requests: int
    ) -> int:
        """See ports.Rescans."""
        with self._database.writing() as connection:
            row = connection.execute(select(BATCHES).where(BATCHES.c.id == claim.batch)).mappings().one()
            self._add(connection, claim, read_batch(row), items, cursor, last=last, requests=requests)
            return len(items)

    def _add(
        self,
        connection: Connection,
        claim: PageClaim,
        batch: Batch,
        items: Sequence[Item],
        cursor: str | None,
        *,
        last: bool,
        requests: int,
    ) -> None:
        at = self._database.now()
        moved = connection.execute(
            update(BATCHES)
            .where(BATCHES.c.id == claim.batch, BATCHES.c.claim == claim.token)
            .values(
                cursor=cursor,
                listed=int(last),
                found=BATCHES.c.found + len(items),
                requests=BATCHES.c.requests + requests,
                claim=None,
                owner=None,
                lease_until=None,
            )
        )
        if moved.rowcount != 1:
            raise NotPossible(f"another one lists batch {claim.batch}")
        if items:
            mode = batch.request.mode
            connection.execute(insert(BATCH_OBJECTS), [object_row(claim.batch, mode, item, at) for item in items])

    def release_page(self, claim: PageClaim) -> None:
        """See ports.Rescans."""
        with self._database.writing() as connection:
            connection.execute(
                update(BATCHES)
                .where(BATCHES.c.id == claim.batch, BATCHES.c.claim == claim.token)
                .values(claim=None, owner=None, lease_until=None)
            )

    def return_listings(self, owner: str) -> int:
        """See ports.Rescans."""
        with self._database.writing() as connection:
            done = connection.execute(
                update(BATCHES).where(BATCHES.c.owner == owner).values(claim=None, owner=None, lease_until=None)
            )
            return done.rowcount

    # -- the end -----------------------------------------------------------------------------------------------

    def end_batches(self) -> Sequence[Batch]:
        """See ports.Rescans."""
        ended = []
        for row in self._endable():
            with self._database.writing() as connection:
                if self._end(connection, row):
                    ended.append(row)
        return [batch for one in ended if (batch := self.batch(one)) is not None]

    def _endable(self) -> Sequence[str]:
        running = (BATCHES.c.state == BatchState.RUNNING.value) & (BATCHES.c.listed == 1)
        cancelled = BATCHES.c.state == BatchState.CANCELLED.value
        with self._database.reading() as connection:
            found = connection.execute(
                select(BATCHES.c.id).where(
                    BATCHES.c.finished_at.is_(None),
                    (running & (BATCHES.c.found == BATCHES.c.unchanged + BATCHES.c.changed + BATCHES.c.failed))
                    | cancelled,
                )
            )
            return found.scalars().all()

    def _end(self, connection: Connection, batch: str) -> bool:
        """End a batch of which nothing is left to do; what a cancelled one did not get to is forgotten."""
        row = connection.execute(select(BATCHES).where(BATCHES.c.id == batch).with_for_update()).mappings().one()
        unfinished = [ObjectState.RUNNING.value, ObjectState.ACTING.value]
        if row["state"] == BatchState.RUNNING.value:
            unfinished.append(ObjectState.QUEUED.value)
        left = select(BATCH_OBJECTS.c.key).where(
            BATCH_OBJECTS.c.batch_id == batch, BATCH_OBJECTS.c.state.in_(unfinished)
        )
        if row["finished_at"] is not None or connection.execute(left.limit(1)).first() is not None:
            return False
        state = BatchState.CANCELLED if row["state"] == BatchState.CANCELLED.value else BatchState.DONE
        at = self._database.now()
        groups = summarise(connection, row["id"], row["created_at"])
        connection.execute(
            update(BATCHES)
            .where(BATCHES.c.id == batch)
            .values(state=state.value, finished_at=at, summary=encode(groups), claim=None, owner=None, lease_until=None)
        )
        note(connection, at, f"rescan.{'finished' if state is BatchState.DONE else 'ended'}", batch)
        figures = {name: row[name] for name in ("found", "unchanged", "changed", "failed")}
        event = "rescan.finished" if state is BatchState.DONE else "rescan.cancelled"
        announce_batch(connection, at, event, batch, figures)
        return True

    def clear_batches(self) -> int:
        """See ports.Rescans."""
        ended = select(BATCHES.c.id).where(BATCHES.c.finished_at.is_not(None)).scalar_subquery()
        dull = (BATCH_OBJECTS.c.result == Result.UNCHANGED.value) | (BATCH_OBJECTS.c.state == ObjectState.QUEUED.value)
        with self._database.reading() as connection:
            rows = connection.execute(
                select(BATCH_OBJECTS.c.batch_id, func.max(BATCH_OBJECTS.c.key))
                .where(BATCH_OBJECTS.c.batch_id.in_(ended), dull)
                .group_by(BATCH_OBJECTS.c.batch_id)
            ).all()
        count = 0
        for batch, _ in rows:
            keys = (
                select(BATCH_OBJECTS.c.key).where(BATCH_OBJECTS.c.batch_id == batch, dull).limit(_SWEEP)
            ).scalar_subquery()
            with self._database.writing() as connection:
                gone = connection.execute(
                    delete(BATCH_OBJECTS).where(BATCH_OBJECTS.c.batch_id == batch, BATCH_OBJECTS.c.key.in_(keys))
                )
                count += gone.rowcount
        return count


def write_batch(connection: Connection, identity: str, request: Request, yardstick: Yardstick, at: datetime) -> None:
    """Write a new batch, in whatever transaction it belongs to."""
    connection.execute(
        insert(BATCHES).values(
            id=identity,
            request=encode(request),
            yardstick=encode(yardstick),
            state=BatchState.RUNNING.value,
            listed=0,
            next_at=at,
            found=0,
            unchanged=0,
            changed=0,
            failed=0,
            scans=0,
            bytes=0,
            requests=0,
            created_at=at,
        )
    )
    note(connection, at, "rescan.created", identity, actor=request.actor, detail=(request.trigger.value,))
    announce_batch(connection, at, "rescan.started", identity, {})
