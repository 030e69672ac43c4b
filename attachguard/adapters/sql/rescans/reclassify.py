"""A verdict that changed, in the transaction that records it: from its commit on the object is not served any more.

The verdict that counts is named by a fence. The new one gets the next fence, together with a copy of what stays true
of the submission's other files, and the submission is pointed at it by one UPDATE that names the fence it expects.
"""

import msgspec
from sqlalchemy import Connection, RowMapping, insert, select, update

from attachguard.adapters.sql.announcements import announce_change
from attachguard.adapters.sql.moves import note
from attachguard.adapters.sql.rows import encode_findings
from attachguard.adapters.sql.schema import ATTACHMENTS, JOBS, SUBMISSIONS, VERDICTS
from attachguard.batches import Decided, OnInfected, Provenance
from attachguard.model import Action, Outcome
from attachguard.states import BytesState, JobState, SubmissionState

RECLASSIFIED = "attachment.reclassified"
"""The event that tells of a changed verdict; its detail is a ReclassifiedEvent as JSON."""

FAILED = "attachment.rescan_failed"
"""The event that tells that a verdict could not be confirmed; its detail is code and reason."""


class ProvenanceEvent(msgspec.Struct, frozen=True):
    """By whom and what a verdict was given."""

    verdict: str
    engine: str | None
    signatures: str | None
    at: str | None
    policy: str
    build: str


class ReclassifiedEvent(msgspec.Struct, frozen=True):
    """Both verdicts, and what became of the object."""

    batch: str
    before: ProvenanceEvent
    after: ProvenanceEvent
    reasons: tuple[str, ...]
    location: str
    action: str
    """`hold`, `quarantine`, `tag-only`, or `replaced` by a copy."""


def reclassify(connection: Connection, batch: str, decided: Decided, after: Provenance) -> bool:
    """Record a changed verdict; False: the object is no longer what is delivered, so nothing was changed."""
    item = decided.item
    submission = _submission(connection, item.submission or "")
    if submission is None:
        return False
    old = _counting(connection, item.attachment or "", submission["verdict_fence"])
    if old is None or old["delivered_location"] != item.location:
        return False
    at = after.at
    fence = submission["verdict_fence"] + 1
    for row in _verdicts(connection, submission):
        values = {**row, "fence": fence}
        if row["attachment_id"] == item.attachment:
            values |= _changed(decided, after)
        connection.execute(insert(VERDICTS).values(values))
    outcomes = [Outcome(one) for one in _root_outcomes(connection, submission["id"], fence)]
    moved = connection.execute(
        update(SUBMISSIONS)
        .where(
            SUBMISSIONS.c.id == submission["id"],
            SUBMISSIONS.c.state == submission["state"],
            SUBMISSIONS.c.verdict_fence == submission["verdict_fence"],
        )
        .values(verdict_fence=fence, verdict=max(outcomes, key=lambda one: one.severity).value, finished_at=at)
    )
    assert moved.rowcount == 1  # it is locked: nobody else can have moved it
    _outnumber_jobs(connection, submission["id"], fence)
    if decided.held_key is not None:
        _hold(connection, decided)
    tell(connection, batch, decided, after)
    return True


def tell(connection: Connection, batch: str, decided: Decided, after: Provenance) -> None:
    """Add the line to the audit that also tells whoever is to be told."""
    item = decided.item
    assert item.before is not None
    told = ReclassifiedEvent(
        batch=batch,
        before=_event(item.before),
        after=_event(after),
        reasons=tuple(dict.fromkeys(finding.code for finding in decided.judged.reasons)),
        location=item.location,
        action="replaced" if decided.judged.replaced else decided.on_infected.value,
    )
    assert after.at is not None
    note(
        connection,
        after.at,
        RECLASSIFIED,
        item.submission or "",
        attachment=item.attachment,
        actor=f"rescan {batch}",
        detail=(msgspec.json.encode(told).decode(),),
    )
    change = {
        "verdict": after.outcome.value,
        "before": item.before.outcome.value,
        "reasons": list(told.reasons),
        "action": told.action,
        "policy": after.policy,
        "signatures": after.signatures,
        "batch": batch,
    }
    announce_change(connection, after.at, item.submission or "", item.attachment or "", change)


def _submission(connection: Connection, submission: str) -> RowMapping | None:
    final = [SubmissionState.DONE.value, SubmissionState.FAILED.value]
    return (
        connection.execute(
            select(SUBMISSIONS).where(SUBMISSIONS.c.id == submission, SUBMISSIONS.c.state.in_(final)).with_for_update()
        )
        .mappings()
        .first()
    )


def _counting(connection: Connection, attachment: str, fence: int) -> RowMapping | None:
    found = connection.execute(
        select(VERDICTS).where(VERDICTS.c.attachment_id == attachment, VERDICTS.c.fence == fence)
    )
    return found.mappings().first()


def _verdicts(connection: Connection, submission: RowMapping) -> list[RowMapping]:
    found = connection.execute(
        select(VERDICTS).where(
            VERDICTS.c.submission_id == submission["id"], VERDICTS.c.fence == submission["verdict_fence"]
        )
    )
    return list(found.mappings())


def _root_outcomes(connection: Connection, submission: str, fence: int) -> list[str]:
    found = connection.execute(
        select(VERDICTS.c.outcome)
        .join(ATTACHMENTS, ATTACHMENTS.c.id == VERDICTS.c.attachment_id)
        .where(VERDICTS.c.submission_id == submission, VERDICTS.c.fence == fence, ATTACHMENTS.c.parent_id.is_(None))
    )
    return list(found.scalars())


def _changed(decided: Decided, after: Provenance) -> dict[str, object]:
    """Say what is another in the new row of the file itself; what was seen in it before stays written there."""
    judged, replaced = decided.judged, decided.judged.replaced
    withheld = decided.item.location if decided.on_infected is OnInfected.HOLD and replaced is None else None
    return {
        "outcome": judged.outcome.value,
        "policy": after.policy,
        "build": after.build,
        "engine": after.engine,
        "signatures": after.signatures,
        "scanned_at": judged.scan.at if judged.scan else None,
        "action": int(Action.NORMALIZE if replaced else Action.REJECT),
        "reasons": encode_findings(judged.reasons),
        "findings": encode_findings(judged.reasons),
        "recorded_at": after.at,
        "delivered_name": replaced.name if replaced else None,
        "delivered_type": replaced.media_type if replaced else None,
        "delivered_size": replaced.size if replaced else None,
        "delivered_sha256": replaced.sha256 if replaced else None,
        "delivered_location": replaced.location if replaced else None,
        "withheld_location": withheld,
        "checked_at": None,
        "checked_engine": None,
        "checked_signatures": None,
        "checked_policy": None,
        "checked_build": None,
    }


def _outnumber_jobs(connection: Connection, submission: str, fence: int) -> None:
    """Have a later retry count on from here: a fence is given once."""
    ended = [JobState.DONE.value, JobState.FAILED.value]
    connection.execute(
        update(JOBS)
        .where(JOBS.c.submission_id == submission, JOBS.c.state.in_(ended), JOBS.c.fence < fence)
        .values(fence=fence)
    )


def _hold(connection: Connection, decided: Decided) -> None:
    """Say where the bytes are in quarantine; of a copy that was delivered they are not those that were received."""
    connection.execute(
        update(ATTACHMENTS)
        .where(ATTACHMENTS.c.id == decided.item.attachment)
        .values(
            quarantine_key=decided.held_key,
            bytes=BytesState.HELD.value,
            held_size=decided.item.size,
            held_sha256=decided.judged.sha256,
        )
    )


def _event(provenance: Provenance) -> ProvenanceEvent:
    return ProvenanceEvent(
        verdict=provenance.outcome.value,
        engine=provenance.engine,
        signatures=provenance.signatures,
        at=provenance.at.isoformat() if provenance.at else None,
        policy=provenance.policy,
        build=provenance.build,
    )
