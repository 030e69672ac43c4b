"""What the ledger tells webhooks of by itself, in the transaction that makes it true."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select

from attachguard.adapters.sql.outbox import announce, listeners
from attachguard.adapters.sql.rows import decode_findings
from attachguard.adapters.sql.schema import ATTACHMENTS, SUBMISSIONS, VERDICTS
from attachguard.model import Outcome
from attachguard.webhooks import OPERATOR, Happening

REVIEWS: Mapping[str, str] = {
    "released": "quarantine.released",
    "deleted": "quarantine.deleted",
    "expired": "quarantine.expired",
}
"""Lines of the audit that webhooks are told of, and as what."""


def announce_verdicts(connection: Connection, at: datetime, submission: str, fence: int) -> None:
    """Tell of the verdicts on the received files of a submission, just written with this fence.

    A file that another attempt gave another verdict is `attachment.reclassified` too. `undetermined` was none.
    """
    asked = connection.execute(select(SUBMISSIONS).where(SUBMISSIONS.c.id == submission)).mappings().one()
    if not listeners(connection, asked["tenant"]):
        return
    for row in _judged(connection, submission, fence):
        before = _before(connection, row["attachment_id"], fence)
        data = _verdict(asked, row, before)
        announce(connection, at, _happening(f"attachment.{row['outcome']}", asked, row["attachment_id"], data))
        if _reclassified(before, row["outcome"]):
            announce(connection, at, _happening("attachment.reclassified", asked, row["attachment_id"], data))


def announce_review(connection: Connection, at: datetime, what: str, attachment: str | None, actor: str) -> None:
    """Tell of a line of the audit, if it is one that is told of."""
    if what not in REVIEWS or attachment is None:
        return
    submission = select(ATTACHMENTS.c.submission_id).where(ATTACHMENTS.c.id == attachment).scalar_subquery()
    asked = connection.execute(select(SUBMISSIONS).where(SUBMISSIONS.c.id == submission)).mappings().first()
    if asked is not None:
        data = {**_ids(asked, attachment), "reviewer": actor}
        announce(connection, at, _happening(REVIEWS[what], asked, attachment, data))


def announce_change(
    connection: Connection, at: datetime, submission: str, attachment: str, change: Mapping[str, object]
) -> None:
    """Tell that a re-scan gave a delivered file another verdict."""
    asked = connection.execute(select(SUBMISSIONS).where(SUBMISSIONS.c.id == submission)).mappings().first()
    if asked is not None:
        data = {**_ids(asked, attachment), **change}
        announce(connection, at, _happening("attachment.reclassified", asked, attachment, data))


def announce_batch(connection: Connection, at: datetime, event: str, batch: str, figures: Mapping[str, int]) -> None:
    """Tell the operator how far a re-scan is."""
    announce(
        connection,
        at,
        Happening(
            type=event,
            tenant=OPERATOR,
            source=f"/v1/rescans/{batch}",
            subject=batch,
            data={"batch": batch, **figures},
        ),
    )


def _judged(connection: Connection, submission: str, fence: int) -> Sequence[RowMapping]:
    return (
        connection.execute(
            select(VERDICTS, ATTACHMENTS.c.number, ATTACHMENTS.c.kind, ATTACHMENTS.c.size, ATTACHMENTS.c.sha256)
            .join(ATTACHMENTS, ATTACHMENTS.c.id == VERDICTS.c.attachment_id)
            .where(VERDICTS.c.submission_id == submission, VERDICTS.c.fence == fence, ATTACHMENTS.c.parent_id.is_(None))
            .order_by(ATTACHMENTS.c.number)
        )
        .mappings()
        .all()
    )


def _before(connection: Connection, attachment: str, fence: int) -> str | None:
    found: str | None = connection.execute(
        select(VERDICTS.c.outcome)
        .where(VERDICTS.c.attachment_id == attachment, VERDICTS.c.fence < fence)
        .order_by(VERDICTS.c.fence.desc())
        .limit(1)
    ).scalar_one_or_none()
    return found


def _reclassified(before: str | None, now: str) -> bool:
    return before not in {None, now, Outcome.UNDETERMINED.value} and now != Outcome.UNDETERMINED.value


def _happening(event: str, asked: RowMapping, attachment: str, data: Mapping[str, object]) -> Happening:
    return Happening(
        type=event,
        tenant=asked["tenant"],
        source=f"/v1/submissions/{asked['id']}",
        subject=attachment,
        data=data,
        trace=asked["trace"],
    )


def _ids(asked: RowMapping, attachment: str) -> dict[str, object]:
    return {
        "attachment": attachment,
        "submission": asked["id"],
        "conversation": asked["conversation"],
        "retry_of": asked["retry_of"],
    }


def _verdict(asked: RowMapping, row: RowMapping, before: str | None) -> dict[str, object]:
    reasons = [finding.code for finding in decode_findings(row["reasons"])]
    delivered = None
    if row["delivered_sha256"] is not None:
        delivered = {
            "name": row["delivered_name"],
            "media_type": row["delivered_type"],
            "size": row["delivered_size"],
            "sha256": row["delivered_sha256"],
        }
    return {
        **_ids(asked, row["attachment_id"]),
        "number": row["number"],
        "verdict": row["outcome"],
        "before": before,
        "reasons": list(dict.fromkeys([*reasons, *([row["trouble"]] if row["trouble"] else [])])),
        "kind": row["kind"],
        "size": row["size"],
        "sha256": row["sha256"],
        "policy": row["policy"],
        "signatures": row["signatures"],
        "delivered": delivered,
    }
