"""The only place that changes a state: every UPDATE names the state it expects, and the fence where there is one."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, insert, update

from attachguard.adapters.sql.schema import EVENTS, JOBS, SUBMISSIONS
from attachguard.errors import NotPossible
from attachguard.states import JOB_MOVES, SUBMISSION_MOVES, JobState, SubmissionState

Changed = datetime | str | int | None
"""What a column may be set to beside the state."""


def move_submission(
    connection: Connection,
    submission: str,
    expected: SubmissionState,
    to: SubmissionState,
    **changes: Changed,
) -> None:
    """Move a submission. Raises NotPossible when it is not in the expected state: the transaction ends with it."""
    assert (expected, to) in SUBMISSION_MOVES, (expected, to)
    done = connection.execute(
        update(SUBMISSIONS)
        .where(SUBMISSIONS.c.id == submission, SUBMISSIONS.c.state == expected.value)
        .values(state=to.value, **changes)
    )
    if done.rowcount != 1:
        raise NotPossible(f"submission {submission} is not {expected.value}")


def move_job(
    connection: Connection,
    job: str,
    fence: int,
    expected: JobState,
    to: JobState,
    /,
    **changes: Changed,
) -> bool:
    """Move a job; False when it is in another state, or has been claimed since (its fence is another)."""
    assert (expected, to) in JOB_MOVES, (expected, to)
    done = connection.execute(
        update(JOBS)
        .where(JOBS.c.id == job, JOBS.c.state == expected.value, JOBS.c.fence == fence)
        .values(state=to.value, **changes)
    )
    return done.rowcount == 1


def note(
    connection: Connection,
    at: datetime,
    what: str,
    submission: str,
    *,
    attachment: str | None = None,
    actor: str = "",
    detail: Iterable[str] = (),
) -> None:
    """Add a line to the audit, in the transaction of what it tells about."""
    connection.execute(
        insert(EVENTS).values(
            at=at,
            what=what,
            submission_id=submission,
            attachment_id=attachment,
            actor=actor,
            detail=" ".join(part for part in detail if part),
        )
    )
