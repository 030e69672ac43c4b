"""What workers hold of a batch: handed out in bundles, by a token and a lease; recorded only while the token holds."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, RowMapping, bindparam, case, func, select, update

from attachguard.adapters.sql.database import Database
from attachguard.adapters.sql.moves import note
from attachguard.adapters.sql.rescans.adoption import adopt
from attachguard.adapters.sql.rescans.reclassify import FAILED, reclassify, tell
from attachguard.adapters.sql.rescans.rows import decided_row, read_decided, read_item, read_judged, twin
from attachguard.adapters.sql.schema import BATCH_OBJECTS, BATCHES, JOBS, VERDICTS
from attachguard.batches import (
    Batch,
    BatchState,
    Bundle,
    Decided,
    Item,
    Mode,
    ObjectState,
    OnInfected,
    Provenance,
    Rejudged,
    Result,
    Spent,
)
from attachguard.errors import StoreUnavailable
from attachguard.jobs import Queue
from attachguard.model import Outcome, Trouble
from attachguard.states import JobState
from attachguard.version import __version__

OUT_OF_ATTEMPTS = "job.attempts"
MOVED_ON = "rescan.moved"
"""The object was judged again, or taken away, by somebody else meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taking:
    """Who takes objects of which batch, under which token, until when."""

    batch: str
    token: str
    owner: str
    now: datetime
    until: datetime


class SqlBundles:
    """See ports.Rescans."""

    _database: Database

    def claim_bundle(self, batch: Batch, owner: str, lease: timedelta, limit: int) -> Bundle | None:
        """See ports.Rescans."""
        token = uuid.uuid4().hex
        with self._database.writing() as connection:
            now = self._database.now()
            gate = connection.execute(
                select(BATCHES.c.next_at)
                .where(BATCHES.c.id == batch.id, BATCHES.c.state == BatchState.RUNNING.value, BATCHES.c.next_at <= now)
                .with_for_update()
            ).first()
            if gate is None:
                return None
            taking = _Taking(batch=batch.id, token=token, owner=owner, now=now, until=now + lease)
            acting = self._take(connection, taking, _left_acting(), limit)
            rows = [] if acting else self._next(connection, taking, limit)
            if acting or rows:
                _space(connection, batch, now, gate.next_at, len(rows))
        if not acting and not rows:
            return None
        return Bundle(
            batch=batch.id,
            token=token,
            items=tuple(read_item(row) for row in rows),
            acting=tuple(read_decided(row, batch.request.on_infected) for row in acting),
        )

    def _next(self, connection: Connection, taking: "_Taking", limit: int) -> Sequence[RowMapping]:
        """Take fresh objects together; one whose worker was lost goes alone: it may have been the reason."""
        ready = (BATCH_OBJECTS.c.state == ObjectState.QUEUED.value) & (BATCH_OBJECTS.c.run_after <= taking.now)
        fresh = ready & (BATCH_OBJECTS.c.attempts == 0)
        return self._take(connection, taking, fresh, limit) or self._take(connection, taking, ready, 1)

    def _take(
        self, connection: Connection, taking: "_Taking", which: ColumnElement[bool], limit: int
    ) -> Sequence[RowMapping]:
        keys = select(BATCH_OBJECTS.c.key).where(BATCH_OBJECTS.c.batch_id == taking.batch, which)
        keys = keys.order_by(BATCH_OBJECTS.c.attempts, BATCH_OBJECTS.c.twin).limit(limit)
        if self._database.skip_locked:
            keys = keys.with_for_update(skip_locked=True)
        found = connection.execute(keys).scalars().all()
        if not found:
            return []
        queued, acting = ObjectState.QUEUED.value, ObjectState.ACTING.value
        taken = connection.execute(
            update(BATCH_OBJECTS)
            .where(BATCH_OBJECTS.c.batch_id == taking.batch, BATCH_OBJECTS.c.key.in_(found), which)
            .values(
                state=case((BATCH_OBJECTS.c.state == queued, ObjectState.RUNNING.value), else_=acting),
                claim=taking.token,
                owner=taking.owner,
                lease_until=taking.until,
                attempts=BATCH_OBJECTS.c.attempts + 1,
                tried_at=func.coalesce(BATCH_OBJECTS.c.tried_at, taking.now),
            )
            .returning(BATCH_OBJECTS)
        )
        return sorted(taken.mappings().all(), key=lambda row: row["twin"] or "")

    def renew_bundle(self, token: str, lease: timedelta) -> bool:
        """See ports.Rescans."""
        with self._database.writing() as connection:
            done = connection.execute(
                update(BATCH_OBJECTS)
                .where(BATCH_OBJECTS.c.claim == token)
                .values(lease_until=self._database.now() + lease)
            )
            return done.rowcount > 0

    def twins(self, batch: Batch, items: Sequence[Item]) -> Mapping[str, Rejudged]:
        """See ports.Rescans."""
        keys = {twin(batch.request.mode, item): item.key for item in items if item.sha256 is not None}
        if not keys:
            return {}
        usable = [Result.UNCHANGED.value]
        if batch.request.mode is not Mode.FULL:  # there every object gets a copy of its own
            usable.append(Result.CHANGED.value)
        with self._database.reading() as connection:
            rows = connection.execute(
                select(BATCH_OBJECTS).where(
                    BATCH_OBJECTS.c.batch_id == batch.id,
                    BATCH_OBJECTS.c.twin.in_([one for one in keys if one]),
                    BATCH_OBJECTS.c.result.in_(usable),
                )
            )
            known = {row["twin"]: read_judged(row) for row in rows.mappings()}
        found = {item.key: known.get(twin(batch.request.mode, item)) for item in items}
        return {key: judged for key, judged in found.items() if judged is not None}

    def record_bundle(self, batch: Batch, token: str, decided: Sequence[Decided], spent: Spent) -> Sequence[Decided]:
        """See ports.Rescans."""
        with self._database.writing() as connection:
            ours = _ours(connection, token, [one.item.key for one in decided])
            mine = [one for one in decided if one.item.key in ours]
            recorded = [one if _stays(one) else self._record(connection, batch, one) for one in mine]
            _confirm(connection, batch, [one for one in mine if _stays(one)], self._database.now())
            _count(connection, batch.id, [one.result for one in recorded], spent)
        return recorded

    def _record(self, connection: Connection, batch: Batch, decided: Decided) -> Decided:
        at = self._database.now()
        if decided.held_key is not None and decided.item.attachment is None:
            adopt(connection, batch.id, decided, at)
        if decided.result is Result.CHANGED and decided.item.attachment is not None:
            after = _after(decided.judged, at)
            if decided.on_infected is OnInfected.TAG_ONLY and decided.judged.replaced is None:
                tell(connection, batch.id, decided, after)
            elif not reclassify(connection, batch.id, decided, after):
                decided = _moved_on(decided)
        if decided.result is Result.FAILED:
            _tell_failed(connection, batch.id, decided, at)
        acting = decided.result is Result.CHANGED or (
            decided.item.attachment is None and decided.judged.trouble is None
        )
        state = ObjectState.ACTING if acting else ObjectState.DONE
        held = {} if acting else {"claim": None, "owner": None, "lease_until": None}
        connection.execute(
            update(BATCH_OBJECTS)
            .where(BATCH_OBJECTS.c.batch_id == batch.id, BATCH_OBJECTS.c.key == decided.item.key)
            .values(**decided_row(decided, state), **held)
        )
        return decided

    def acted(self, batch: str, token: str, keys: Collection[str], spent: Spent) -> None:
        """See ports.Rescans."""
        with self._database.writing() as connection:
            connection.execute(
                update(BATCH_OBJECTS)
                .where(
                    BATCH_OBJECTS.c.batch_id == batch,
                    BATCH_OBJECTS.c.key.in_(keys),
                    BATCH_OBJECTS.c.claim == token,
                    BATCH_OBJECTS.c.state == ObjectState.ACTING.value,
                )
                .values(state=ObjectState.DONE.value, claim=None, owner=None, lease_until=None)
            )
            _count(connection, batch, (), spent)

    def not_acted(self, batch: str, token: str, key: str, why: str) -> None:
        """See ports.Rescans."""
        with self._database.writing() as connection:
            connection.execute(
                update(BATCH_OBJECTS)
                .where(BATCH_OBJECTS.c.batch_id == batch, BATCH_OBJECTS.c.key == key, BATCH_OBJECTS.c.claim == token)
                .values(
                    state=ObjectState.DONE.value,
                    claim=None,
                    owner=None,
                    lease_until=None,
                    trouble=StoreUnavailable.code,
                    detail=f"recorded, but not tagged or moved: {why}"[:500],
                )
            )

    def give_bundle_back(
        self, batch: str, token: str, tried: Collection[str], pause: timedelta, rest: timedelta
    ) -> None:
        """See ports.Rescans."""
        now = self._database.now()
        free = {"claim": None, "owner": None, "lease_until": None}
        mine = (BATCH_OBJECTS.c.batch_id == batch, BATCH_OBJECTS.c.claim == token)
        running = BATCH_OBJECTS.c.state == ObjectState.RUNNING.value
        with self._database.writing() as connection:
            if tried:
                connection.execute(
                    update(BATCH_OBJECTS)
                    .where(*mine, running, BATCH_OBJECTS.c.key.in_(tried))
                    .values(state=ObjectState.QUEUED.value, run_after=now + pause, **free)
                )
            connection.execute(
                update(BATCH_OBJECTS)
                .where(*mine, running)
                .values(state=ObjectState.QUEUED.value, attempts=BATCH_OBJECTS.c.attempts - 1, **free)
            )
            connection.execute(update(BATCH_OBJECTS).where(*mine).values(**free))  # what is left to see to
            if rest:
                connection.execute(
                    update(BATCHES)
                    .where(BATCHES.c.id == batch, BATCHES.c.next_at < now + rest)
                    .values(next_at=now + rest)
                )

    def return_lost_objects(self, lease: timedelta, attempts: int) -> int:
        """See ports.Rescans."""
        now = self._database.now()
        lost = (BATCH_OBJECTS.c.lease_until <= now) | (BATCH_OBJECTS.c.lease_until > now + 2 * lease)
        return self._put_back(lost, attempts)

    def return_objects_of(self, owner: str, attempts: int) -> int:
        """See ports.Rescans."""
        return self._put_back(BATCH_OBJECTS.c.owner == owner, attempts)

    def object_owners(self) -> frozenset[str]:
        """See ports.Rescans."""
        held = [ObjectState.RUNNING.value, ObjectState.ACTING.value]
        with self._database.reading() as connection:
            found = connection.execute(
                select(BATCH_OBJECTS.c.owner).where(BATCH_OBJECTS.c.state.in_(held)).distinct()
            ).scalars()
            listing = connection.execute(select(BATCHES.c.owner).where(BATCHES.c.owner.is_not(None))).scalars()
            return frozenset(owner for owner in (*found, *listing) if owner)

    def _put_back(self, which: ColumnElement[bool], attempts: int) -> int:
        held = BATCH_OBJECTS.c.state.in_([ObjectState.RUNNING.value, ObjectState.ACTING.value])
        with self._database.reading() as connection:
            if connection.execute(select(BATCH_OBJECTS.c.key).where(held, which).limit(1)).first() is None:
                return 0
        free = {"claim": None, "owner": None, "lease_until": None}
        running = BATCH_OBJECTS.c.state == ObjectState.RUNNING.value
        with self._database.writing() as connection:
            worn = connection.execute(
                select(BATCH_OBJECTS).where(running, which, BATCH_OBJECTS.c.attempts >= attempts).with_for_update()
            )
            for row in worn.mappings().all():
                self._give_up(connection, row)
            acting = connection.execute(
                update(BATCH_OBJECTS).where(BATCH_OBJECTS.c.state == ObjectState.ACTING.value, which).values(**free)
            )
            back = connection.execute(
                update(BATCH_OBJECTS).where(running, which).values(state=ObjectState.QUEUED.value, **free)
            )
            return acting.rowcount + back.rowcount

    def _give_up(self, connection: Connection, row: RowMapping) -> None:
        trouble = Trouble(code=OUT_OF_ATTEMPTS, detail=f"{row['attempts']} attempts; its worker died each time")
        judged = Rejudged(outcome=Outcome.UNDETERMINED, trouble=trouble)
        decided = Decided(item=read_item(row), judged=judged, result=Result.FAILED, on_infected=OnInfected.TAG_ONLY)
        _tell_failed(connection, row["batch_id"], decided, self._database.now())
        connection.execute(
            update(BATCH_OBJECTS)
            .where(BATCH_OBJECTS.c.batch_id == row["batch_id"], BATCH_OBJECTS.c.key == row["key"])
            .values(**decided_row(decided, ObjectState.DONE), claim=None, owner=None, lease_until=None)
        )
        _count(connection, row["batch_id"], [Result.FAILED], Spent())

    def is_waiting(self, queues: Collection[Queue]) -> bool:
        """See ports.Rescans."""
        if not queues:
            return False
        asked = {"now": self._database.now(), "queues": [queue.value for queue in queues]}
        with self._database.reading() as connection:
            return connection.execute(_WAITING, asked).first() is not None


_WAITING = (  # made once: it is asked twenty times a second
    select(JOBS.c.id)
    .where(
        JOBS.c.state == JobState.QUEUED.value,
        JOBS.c.rank == 0,
        JOBS.c.run_after <= bindparam("now"),
        JOBS.c.queue.in_(bindparam("queues", expanding=True)),
        JOBS.c.deadline_at > bindparam("now"),
    )
    .limit(1)
)


def _left_acting() -> ColumnElement[bool]:
    return (BATCH_OBJECTS.c.state == ObjectState.ACTING.value) & BATCH_OBJECTS.c.claim.is_(None)


def _space(connection: Connection, batch: Batch, now: datetime, gate: datetime, count: int) -> None:
    """Note the turn; with a rate, open the gate again when so many objects are due: one pace for all workers."""
    rate, since = batch.request.rate, max(gate, now - timedelta(seconds=1))
    following = since + timedelta(seconds=count / rate) if rate else now
    connection.execute(update(BATCHES).where(BATCHES.c.id == batch.id).values(next_at=following))


def _ours(connection: Connection, token: str, keys: Sequence[str]) -> frozenset[str]:
    """Say which objects are still held by this token, and keep them so until the transaction ends."""
    held = connection.execute(
        select(BATCH_OBJECTS.c.key)
        .where(
            BATCH_OBJECTS.c.claim == token,
            BATCH_OBJECTS.c.state == ObjectState.RUNNING.value,
            BATCH_OBJECTS.c.key.in_(keys),
        )
        .with_for_update()
    )
    return frozenset(held.scalars())


def _stays(decided: Decided) -> bool:
    """Tell it of nearly all objects: delivered by us, and judged as before. They are written down together."""
    return decided.result is Result.UNCHANGED and decided.item.attachment is not None


_DONE_TOGETHER = (
    update(BATCH_OBJECTS)
    .where(BATCH_OBJECTS.c.batch_id == bindparam("in_batch"), BATCH_OBJECTS.c.key == bindparam("of_key"))
    .values(
        state=ObjectState.DONE.value,
        result=Result.UNCHANGED.value,
        reasons="[]",
        claim=None,
        owner=None,
        lease_until=None,
        **{
            name: bindparam(f"new_{name}")
            for name in ("outcome", "kind", "engine", "signatures", "judged_at", "ruled_by")
        },
    )
)

_CONFIRMED_BY_SCANNER = (
    update(VERDICTS)
    .where(
        VERDICTS.c.attachment_id == bindparam("of_attachment"), VERDICTS.c.delivered_location == bindparam("at_place")
    )
    .values(
        checked_at=bindparam("at"),
        checked_engine=func.coalesce(bindparam("new_engine"), VERDICTS.c.checked_engine),
        checked_signatures=func.coalesce(bindparam("new_signatures"), VERDICTS.c.checked_signatures),
    )
)

_CONFIRMED_BY_ALL = _CONFIRMED_BY_SCANNER.values(checked_policy=bindparam("new_policy"), checked_build=__version__)


def _confirm(connection: Connection, batch: Batch, unchanged: Sequence[Decided], at: datetime) -> None:
    """Write beside verdicts that stay what they were last confirmed by. The scanner alone confirms no policy."""
    if not unchanged:
        return
    done, confirmed = [], []
    for one in unchanged:
        row = decided_row(one, ObjectState.DONE)
        names = ("outcome", "kind", "engine", "signatures", "judged_at", "ruled_by")
        done.append({"in_batch": batch.id, "of_key": one.item.key, **{f"new_{name}": row[name] for name in names}})
        confirmed.append(
            {
                "of_attachment": one.item.attachment,
                "at_place": one.item.location,
                "at": row["judged_at"] or at,
                "new_engine": row["engine"],
                "new_signatures": row["signatures"],
                **({} if batch.request.mode is Mode.SCAN else {"new_policy": row["ruled_by"]}),
            }
        )
    connection.execute(_DONE_TOGETHER, done)
    connection.execute(_CONFIRMED_BY_SCANNER if batch.request.mode is Mode.SCAN else _CONFIRMED_BY_ALL, confirmed)


def _count(connection: Connection, batch: str, results: Sequence[Result], spent: Spent) -> None:
    if not results and spent == Spent():
        return
    connection.execute(
        update(BATCHES)
        .where(BATCHES.c.id == batch)
        .values(
            unchanged=BATCHES.c.unchanged + results.count(Result.UNCHANGED),
            changed=BATCHES.c.changed + results.count(Result.CHANGED),
            failed=BATCHES.c.failed + results.count(Result.FAILED),
            scans=BATCHES.c.scans + spent.scans,
            bytes=BATCHES.c.bytes + spent.bytes,
            requests=BATCHES.c.requests + spent.requests,
        )
    )


def _after(judged: Rejudged, at: datetime) -> Provenance:
    return Provenance(
        outcome=judged.outcome,
        signatures=judged.scan.signatures if judged.scan else None,
        engine=judged.scan.engine if judged.scan else None,
        at=at,
        policy=judged.policy,
        build=__version__,
    )


def _moved_on(decided: Decided) -> Decided:
    trouble = Trouble(code=MOVED_ON, detail="judged again, or taken away, by somebody else meanwhile")
    return Decided(
        item=decided.item,
        judged=Rejudged(outcome=Outcome.UNDETERMINED, trouble=trouble),
        result=Result.FAILED,
        on_infected=decided.on_infected,
        held_key=decided.held_key,
    )


def _tell_failed(connection: Connection, batch: str, decided: Decided, at: datetime) -> None:
    trouble = decided.judged.trouble
    if decided.item.submission is None or trouble is None:
        return
    note(
        connection,
        at,
        FAILED,
        decided.item.submission,
        attachment=decided.item.attachment,
        actor=f"rescan {batch}",
        detail=(trouble.code, trouble.detail),
    )
