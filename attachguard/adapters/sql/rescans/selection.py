"""Which delivered objects a selection means, as one question to the ledger, answered page by page."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Join, RowMapping, exists, func, or_, select

from attachguard.adapters.sql.schema import ATTACHMENTS, SUBMISSIONS, VERDICTS
from attachguard.batches import Item, Provenance, Selection, Yardstick
from attachguard.model import Outcome
from attachguard.states import SubmissionState

_PARTS = ATTACHMENTS.alias("parts")

_SIGNATURES = func.coalesce(VERDICTS.c.checked_signatures, VERDICTS.c.signatures)
_POLICY = func.coalesce(VERDICTS.c.checked_policy, VERDICTS.c.policy)
_BUILD = func.coalesce(VERDICTS.c.checked_build, VERDICTS.c.build)
_ENGINE = func.coalesce(VERDICTS.c.checked_engine, VERDICTS.c.engine)
_AT = func.coalesce(VERDICTS.c.checked_at, VERDICTS.c.scanned_at, VERDICTS.c.recorded_at)
"""What a verdict rests on today: its last confirmation, else how it was given."""


def page(
    connection: Connection, selection: Selection, yardstick: Yardstick, locations: str, *, after: str | None, limit: int
) -> Sequence[Item]:
    """List the next objects in the order of their attachments' ids; `locations`: how their locations begin."""
    rows = connection.execute(
        select(
            ATTACHMENTS.c.id,
            ATTACHMENTS.c.submission_id,
            ATTACHMENTS.c.kind,
            SUBMISSIONS.c.policy.label("asked"),
            VERDICTS.c.outcome,
            VERDICTS.c.delivered_location,
            VERDICTS.c.delivered_name,
            VERDICTS.c.delivered_size,
            VERDICTS.c.delivered_sha256,
            _SIGNATURES.label("signatures_now"),
            _ENGINE.label("engine_now"),
            _POLICY.label("policy_now"),
            _BUILD.label("build_now"),
            VERDICTS.c.checked_at,
            VERDICTS.c.scanned_at,
            VERDICTS.c.recorded_at,
            _has_parts().label("parts"),
        )
        .select_from(_delivered())
        .where(*conditions(selection, yardstick, locations), ATTACHMENTS.c.id > (after or ""))
        .order_by(ATTACHMENTS.c.id)
        .limit(limit)
    )
    return [_item(row) for row in rows.mappings()]


def count(
    connection: Connection, selection: Selection, yardstick: Yardstick, locations: str
) -> Sequence[tuple[str, int, int]]:
    """Count objects and their bytes by kind."""
    rows = connection.execute(
        select(ATTACHMENTS.c.kind, func.count(), func.coalesce(func.sum(VERDICTS.c.delivered_size), 0))
        .select_from(_delivered())
        .where(*conditions(selection, yardstick, locations))
        .group_by(ATTACHMENTS.c.kind)
        .order_by(ATTACHMENTS.c.kind)
    )
    return [(kind or "", number, int(size)) for kind, number, size in rows]


def contents(connection: Connection, selection: Selection, yardstick: Yardstick, locations: str) -> int:
    """Count different contents."""
    counted = (
        select(func.count(func.distinct(VERDICTS.c.delivered_sha256)))
        .select_from(_delivered())
        .where(*conditions(selection, yardstick, locations))
    )
    found: int = connection.execute(counted).scalar_one()
    return found


def _delivered() -> Join:
    return ATTACHMENTS.join(SUBMISSIONS, SUBMISSIONS.c.id == ATTACHMENTS.c.submission_id).join(
        VERDICTS,
        (VERDICTS.c.attachment_id == ATTACHMENTS.c.id) & (VERDICTS.c.fence == SUBMISSIONS.c.verdict_fence),
    )


def _has_parts() -> ColumnElement[bool]:
    return exists().where(_PARTS.c.submission_id == ATTACHMENTS.c.submission_id, _PARTS.c.parent_id == ATTACHMENTS.c.id)


def conditions(selection: Selection, yardstick: Yardstick, locations: str) -> tuple[ColumnElement[bool], ...]:
    """Say what a selection means."""
    wanted: list[ColumnElement[bool]] = [
        ATTACHMENTS.c.parent_id.is_(None),
        VERDICTS.c.delivered_location.is_not(None),
        SUBMISSIONS.c.state.in_([SubmissionState.DONE.value, SubmissionState.FAILED.value]),
    ]
    if selection.has_reason:
        wanted.append(or_(*_reasons(selection, yardstick)))
    if selection.prefix:
        wanted.append(VERDICTS.c.delivered_location.startswith(locations, autoescape=True))
    if selection.kinds:
        wanted.append(ATTACHMENTS.c.kind.in_(selection.kinds))
    if selection.tenants:
        wanted.append(SUBMISSIONS.c.tenant.in_(selection.tenants))
    if selection.verdicts:
        wanted.append(VERDICTS.c.outcome.in_([one.value for one in selection.verdicts]))
    if selection.names:
        names = list(selection.names)
        wanted.append(
            ATTACHMENTS.c.id.in_(names)
            | ATTACHMENTS.c.submission_id.in_(names)
            | ATTACHMENTS.c.sha256.in_(names)
            | VERDICTS.c.delivered_sha256.in_(names)
        )
    return tuple(wanted)


def _reasons(selection: Selection, yardstick: Yardstick) -> Sequence[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if selection.older_than_signatures:
        found.append(_SIGNATURES.is_distinct_from(yardstick.signatures))
    if selection.policy_changed:
        known = yardstick.policies
        found += [(SUBMISSIONS.c.policy == asked) & _POLICY.is_distinct_from(label) for asked, label in known.items()]
        found.append(SUBMISSIONS.c.policy.not_in(list(known)))  # it can't be loaded any more: told when it is judged
    if selection.build_changed:
        found.append(_BUILD.is_distinct_from(yardstick.build))
    if selection.older_than is not None:
        since = yardstick.at - selection.older_than
        found.append(since >= _AT)
    return found


def _item(row: RowMapping) -> Item:
    return Item(
        key=row["id"],
        location=row["delivered_location"],
        size=row["delivered_size"] or 0,
        name=row["delivered_name"] or "",
        policy=row["asked"],
        sha256=row["delivered_sha256"],
        kind=row["kind"],
        attachment=row["id"],
        submission=row["submission_id"],
        parts=bool(row["parts"]),
        before=Provenance(
            outcome=Outcome(row["outcome"]),
            signatures=row["signatures_now"],
            engine=row["engine_now"],
            at=row["checked_at"] or row["scanned_at"] or row["recorded_at"],
            policy=row["policy_now"],
            build=row["build_now"],
        ),
    )
