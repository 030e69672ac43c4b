"""The outbox: what webhooks are to be told, written in the transaction of what happened, and sent by a relay.

A row per event and webhook. Nothing is written where nobody wants to know. A message is claimed by moving the moment it
is due beyond a lease, so that of two relays one sends it, and one that died loses none; receivers may see it twice.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, RowMapping, Update, delete, func, insert, select, update

from attachguard.adapters.sql.database import Database
from attachguard.adapters.sql.schema import OUTBOX, PARTS, WEBHOOKS
from attachguard.webhooks import (
    OPERATOR,
    Answer,
    Happening,
    Message,
    MessageState,
    Webhook,
    cloud_event,
    pause,
    wants,
)

_TROUBLE = 200

REST = timedelta(seconds=30)
"""How long a webhook that did not take a message is sent no other ones: its hanging keeps relays busy."""

_ENDED = (MessageState.DELIVERED.value, MessageState.GIVEN_UP.value, MessageState.DROPPED.value)


def listeners(connection: Connection, tenant: str) -> Sequence[Webhook]:
    """List the webhooks of a tenant that are told anything."""
    rows = connection.execute(
        select(WEBHOOKS)
        .where(WEBHOOKS.c.tenant == tenant, WEBHOOKS.c.disabled_at.is_(None))
        .order_by(WEBHOOKS.c.created_at)
    )
    return [_webhook(row) for row in rows.mappings()]


def announce(connection: Connection, at: datetime, happening: Happening) -> int:
    """Write down who is to be told, in the transaction of what happened; gives to how many."""
    told = [one for one in listeners(connection, happening.tenant) if wants(one, happening.type)]
    if not told:
        return 0
    event = uuid.uuid4().hex
    body = cloud_event(event, happening, at)
    for webhook in told:
        connection.execute(
            insert(OUTBOX).values(
                event_id=event,
                webhook_id=webhook.id,
                type=happening.type,
                body=body,
                state=MessageState.WAITING.value,
                attempts=0,
                created_at=at,
                due_at=at,
            )
        )
    return len(told)


class SqlOutbox:
    """See ports.Outbox."""

    _database: Database

    def add_webhook(self, webhook: Webhook) -> None:
        """See ports.Outbox."""
        with self._database.writing() as connection:
            connection.execute(
                insert(WEBHOOKS).values(
                    id=webhook.id,
                    tenant=webhook.tenant,
                    url=webhook.url,
                    secret=webhook.secret,
                    wanted=msgspec.json.encode(webhook.wanted).decode(),
                    created_at=webhook.created_at,
                )
            )

    def webhooks(self, tenant: str | None = None) -> Sequence[Webhook]:
        """See ports.Outbox."""
        wanted = select(WEBHOOKS).order_by(WEBHOOKS.c.created_at, WEBHOOKS.c.id)
        with self._database.reading() as connection:
            rows = connection.execute(wanted if tenant is None else wanted.where(WEBHOOKS.c.tenant == tenant))
            return [_webhook(row) for row in rows.mappings()]

    def remove_webhook(self, webhook: str) -> bool:
        """See ports.Outbox."""
        with self._database.writing() as connection:
            connection.execute(delete(OUTBOX).where(OUTBOX.c.webhook_id == webhook))
            return connection.execute(delete(WEBHOOKS).where(WEBHOOKS.c.id == webhook)).rowcount == 1

    def tell(self, happening: Happening) -> int:
        """See ports.Outbox."""
        with self._database.writing() as connection:
            return announce(connection, self._database.now(), happening)

    def take_messages(self, lease: timedelta, most: int, each: int) -> Sequence[Message]:
        """See ports.Outbox."""
        now = self._database.now()
        due = (OUTBOX.c.state == MessageState.WAITING.value, OUTBOX.c.due_at <= now)
        place = func.row_number().over(partition_by=OUTBOX.c.webhook_id, order_by=OUTBOX.c.id).label("place")
        ranked = select(OUTBOX.c.id, place).where(*due).subquery()
        first = select(ranked.c.id).where(ranked.c.place <= each).order_by(ranked.c.place, ranked.c.id).limit(most)
        with self._database.reading() as connection:  # looking must not make writers wait
            numbers = connection.execute(first).scalars().all()
        if not numbers:
            return []
        with self._database.writing() as connection:
            taken = connection.execute(
                update(OUTBOX)
                .where(OUTBOX.c.id.in_(numbers), *due)  # another relay may have been quicker
                .values(due_at=self._database.now() + lease, attempts=OUTBOX.c.attempts + 1)
                .returning(OUTBOX)
            )
            rows = taken.mappings().all()
            found = connection.execute(select(WEBHOOKS).where(WEBHOOKS.c.id.in_({row["webhook_id"] for row in rows})))
            webhooks = {row["id"]: _webhook(row) for row in found.mappings()}
        return [_message(row, webhooks[row["webhook_id"]]) for row in rows]

    def answered(self, message: Message, answer: Answer) -> None:
        """See ports.Outbox."""
        with self._database.writing() as connection:
            at = self._database.now()
            if answer.good:
                _end(connection, message, MessageState.DELIVERED, at, "")
            elif answer.gone:
                _disable(connection, message.webhook, at, "its receiver answered 410 Gone")
            else:
                _put_off(connection, message.webhook, at)
                if (wait := pause(message.attempts)) is None:
                    _end(connection, message, MessageState.GIVEN_UP, at, _said(answer))
                else:
                    connection.execute(_claimed(message).values(due_at=at + wait, trouble=_said(answer)))

    def backlog(self) -> Mapping[str, int]:
        """See ports.Outbox."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(OUTBOX.c.webhook_id, func.count().label("waiting"))
                .where(OUTBOX.c.state == MessageState.WAITING.value)
                .group_by(OUTBOX.c.webhook_id)
            )
            return {row.webhook_id: row.waiting for row in rows}

    def forget_messages(self, age: timedelta) -> int:
        """See ports.Outbox."""
        with self._database.writing() as connection:
            done = connection.execute(
                delete(OUTBOX).where(OUTBOX.c.state.in_(_ENDED), OUTBOX.c.finished_at <= self._database.now() - age)
            )
            return done.rowcount

    def part_is(self, name: str, ok: bool, detail: str) -> bool:
        """See ports.Outbox."""
        with self._database.reading() as connection:
            known = connection.execute(select(PARTS.c.ok).where(PARTS.c.name == name)).scalar_one_or_none()
        if known is ok:
            return False
        with self._database.writing() as connection:
            return _change_part(connection, self._database.now(), name, ok, detail[:_TROUBLE])


def _change_part(connection: Connection, at: datetime, name: str, ok: bool, detail: str) -> bool:
    """Write a change down and tell of it; a part that is fine when it is first seen is no news."""
    changed = connection.execute(
        update(PARTS).where(PARTS.c.name == name, PARTS.c.ok != ok).values(ok=ok, detail=detail, since=at)
    )
    if not changed.rowcount:
        if connection.execute(select(PARTS.c.name).where(PARTS.c.name == name)).first() is not None:
            return False  # another watcher was quicker
        connection.execute(insert(PARTS).values(name=name, ok=ok, detail=detail, since=at))
        if ok:
            return False
    announce(
        connection,
        at,
        Happening(
            type="engine.recovered" if ok else "engine.degraded",
            tenant=OPERATOR,
            source="/v1/engine",
            subject=name,
            data={"part": name, "detail": detail},
        ),
    )
    return True


def _claimed(message: Message) -> Update:
    """Name the row of a message, as it was claimed: a late answer finds nothing to change."""
    return update(OUTBOX).where(
        OUTBOX.c.id == message.number,
        OUTBOX.c.state == MessageState.WAITING.value,
        OUTBOX.c.attempts == message.attempts,
    )


def _end(connection: Connection, message: Message, state: MessageState, at: datetime, trouble: str) -> None:
    connection.execute(_claimed(message).values(state=state.value, finished_at=at, trouble=trouble or None))


def _put_off(connection: Connection, webhook: Webhook, at: datetime) -> None:
    """Let whoever did not take one message alone for a moment with the others: they have not failed yet."""
    connection.execute(
        update(OUTBOX)
        .where(OUTBOX.c.webhook_id == webhook.id, OUTBOX.c.state == MessageState.WAITING.value, OUTBOX.c.due_at <= at)
        .values(due_at=at + REST)
    )


def _disable(connection: Connection, webhook: Webhook, at: datetime, why: str) -> None:
    connection.execute(
        update(WEBHOOKS)
        .where(WEBHOOKS.c.id == webhook.id, WEBHOOKS.c.disabled_at.is_(None))
        .values(disabled_at=at, disabled_why=why)
    )
    connection.execute(
        update(OUTBOX)
        .where(OUTBOX.c.webhook_id == webhook.id, OUTBOX.c.state == MessageState.WAITING.value)
        .values(state=MessageState.DROPPED.value, finished_at=at, trouble=why)
    )


def _said(answer: Answer) -> str:
    return (answer.trouble or f"HTTP status {answer.status}")[:_TROUBLE]


def _webhook(row: RowMapping) -> Webhook:
    return Webhook(
        id=row["id"],
        tenant=row["tenant"],
        url=row["url"],
        secret=row["secret"],
        wanted=tuple(msgspec.json.decode(row["wanted"], type=list[str])),
        created_at=row["created_at"],
        disabled_at=row["disabled_at"],
        disabled_why=row["disabled_why"],
    )


def _message(row: RowMapping, webhook: Webhook) -> Message:
    return Message(
        number=row["id"],
        event=row["event_id"],
        type=row["type"],
        body=row["body"],
        attempts=row["attempts"],
        webhook=webhook,
    )
