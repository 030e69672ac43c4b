"""What a batch amounts to: counts by kind, age and signatures, and a line for everything that changed or failed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import ColumnElement, Connection, RowMapping, case, func, literal, select

from attachguard.adapters.sql.database import Database
from attachguard.adapters.sql.rescans.rows import read_batch, read_before
from attachguard.adapters.sql.rows import decode_findings
from attachguard.adapters.sql.schema import BATCH_OBJECTS, BATCHES
from attachguard.batches import Group, Line, Result, Summary
from attachguard.errors import NotPossible
from attachguard.model import Outcome

AGES: tuple[tuple[str, int], ...] = (
    ("less than a day", 1),
    ("1 to 7 days", 7),
    ("7 to 30 days", 30),
    ("30 to 90 days", 90),
)
"""Ages of the verdict before, each up to so many days."""

OLDEST = "over 90 days"
NEVER = "never judged"

_PAGE = 500

Groups = dict[str, list[Group]]


class SqlReport:
    """See ports.Rescans."""

    _database: Database

    def summary(self, batch: str, most: int) -> Summary:
        """See ports.Rescans."""
        with self._database.reading() as connection:
            row = connection.execute(select(BATCHES).where(BATCHES.c.id == batch)).mappings().first()
            if row is None:
                raise NotPossible(f"there is no batch {batch}")
            if row["summary"] is None:
                groups = summarise(connection, batch, row["created_at"])
            else:
                groups = msgspec.json.decode(row["summary"], type=Groups)
            found = read_batch(row)
            lines = [_line(one) for one in _lines(connection, batch, None, most)]
        told = found.tally.changed + found.tally.failed
        return Summary(
            batch=found,
            kinds=groups["kind"],
            ages=groups["age"],
            signatures=groups["signatures"],
            lines=lines,
            more=max(0, told - len(lines)),
        )

    def lines(self, batch: str) -> Iterator[Line]:
        """See ports.Rescans."""
        after: str | None = None
        while True:
            with self._database.reading() as connection:
                rows = _lines(connection, batch, after, _PAGE)
            if not rows:
                return
            yield from (_line(row) for row in rows)
            after = rows[-1]["key"]


def summarise(connection: Connection, batch: str, at: datetime) -> Groups:
    """Count what came of the objects of a batch, by kind, by age and by signatures before."""
    return {
        "kind": _grouped(connection, batch, func.coalesce(BATCH_OBJECTS.c.kind, literal("unknown"))),
        "age": _in_order(_grouped(connection, batch, _age(at))),
        "signatures": _grouped(connection, batch, func.coalesce(BATCH_OBJECTS.c.before_signatures, literal(NEVER))),
    }


def _age(at: datetime) -> ColumnElement[str]:
    buckets = [(BATCH_OBJECTS.c.before_at > at - timedelta(days=days), literal(name)) for name, days in AGES]
    return case((BATCH_OBJECTS.c.before_at.is_(None), literal(NEVER)), *buckets, else_=literal(OLDEST))


def _in_order(groups: Sequence[Group]) -> list[Group]:
    order = [*(name for name, _ in AGES), OLDEST, NEVER]
    return sorted(groups, key=lambda group: order.index(group.name))


def _grouped(connection: Connection, batch: str, by: ColumnElement[str]) -> list[Group]:
    counts: dict[str, Mapping[str, int]] = {}
    name = by.label("name")
    rows = connection.execute(
        select(name, BATCH_OBJECTS.c.result, func.count())
        .where(BATCH_OBJECTS.c.batch_id == batch, BATCH_OBJECTS.c.result.is_not(None))
        .group_by(name, BATCH_OBJECTS.c.result)
        .order_by(name)
    )
    for group, result, number in rows:
        counts[group] = {**counts.get(group, {}), result: number}
    return [
        Group(name=group, **{one.value: found.get(one.value, 0) for one in Result}) for group, found in counts.items()
    ]


def _lines(connection: Connection, batch: str, after: str | None, limit: int) -> Sequence[RowMapping]:
    wanted = [BATCH_OBJECTS.c.key > after] if after is not None else []
    rows = connection.execute(
        select(BATCH_OBJECTS)
        .where(
            BATCH_OBJECTS.c.batch_id == batch,
            BATCH_OBJECTS.c.result.in_([Result.CHANGED.value, Result.FAILED.value]),
            *wanted,
        )
        .order_by(BATCH_OBJECTS.c.key)
        .limit(limit)
    )
    return rows.mappings().all()


def _line(row: RowMapping) -> Line:
    return Line(
        key=row["key"],
        location=row["location"],
        name=row["name"],
        kind=row["kind"],
        size=row["size"],
        result=Result(row["result"]),
        before=read_before(row),
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        reasons=tuple(dict.fromkeys(finding.code for finding in decode_findings(row["reasons"]))),
        trouble=row["trouble"],
        detail=row["detail"] or "",
    )
