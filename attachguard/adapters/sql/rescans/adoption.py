"""A file that was found infected in a foreign place and taken into quarantine: from here on it can be reviewed."""

from datetime import datetime
from pathlib import PurePosixPath

from sqlalchemy import Connection, insert

from attachguard.adapters.sql.moves import note
from attachguard.adapters.sql.rows import NO_BYTES, attachment_row, root_id, write_verdicts
from attachguard.adapters.sql.schema import ATTACHMENTS, SUBMISSIONS
from attachguard.batches import Decided, submission_of
from attachguard.kinds import KINDS
from attachguard.model import Action, Attachment, Limits, Report, SubmissionVerdict, Verdict
from attachguard.names import clean
from attachguard.states import BytesState, SubmissionState


def adopt(connection: Connection, batch: str, decided: Decided, at: datetime) -> None:
    """Write a submission with one file, which is in quarantine, and its verdict."""
    submission = submission_of(batch, decided.item.key)
    identity = root_id(submission, 0)
    judged = decided.judged
    attachment = Attachment(
        path=NO_BYTES,
        size=decided.item.size,
        sha256=judged.sha256 or "",
        untrusted_name=PurePosixPath(decided.item.key).name,
        safe_name=clean(decided.item.name, Limits().name_length).name,
        source=decided.item.location,
        kind=KINDS.get(judged.kind) if judged.kind else None,
    )
    report = Report(
        attachment=attachment, findings=judged.reasons, action=Action.REJECT, deciding=judged.reasons, scan=judged.scan
    )
    verdict = Verdict(
        outcome=judged.outcome, original=report, rendered=None, policy=judged.policy, reasons=judged.reasons
    )
    connection.execute(
        insert(SUBMISSIONS).values(
            id=submission,
            actor=f"rescan {batch}",
            state=SubmissionState.DONE.value,
            policy=decided.item.policy,
            queue="rescan",
            created_at=at,
            finished_at=at,
            verdict=judged.outcome.value,
            verdict_policy=judged.policy,
            verdict_fence=0,
            reasons="[]",
        )
    )
    held = {"quarantine_key": decided.held_key, "bytes": BytesState.HELD.value}
    connection.execute(
        insert(ATTACHMENTS).values({**attachment_row(submission, identity, 0, attachment, None), **held})
    )
    whole = SubmissionVerdict(submission=submission, policy=judged.policy, verdicts=(verdict,))
    write_verdicts(connection, whole, 0, at)
    note(connection, at, "adopted", submission, actor=f"rescan {batch}", detail=(decided.item.location,))
