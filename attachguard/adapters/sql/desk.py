"""Handing out jobs: claimed by one UPDATE, held by a lease, ended behind a fence.

The fence counts the claims of a submission. A worker that was stopped past its lease comes back with an old number
and finds nothing to change.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, RowMapping, select, update

from attachguard.adapters.sql.announcements import announce_verdicts
from attachguard.adapters.sql.database import Database
from attachguard.adapters.sql.moves import move_job, move_submission, note
from attachguard.adapters.sql.rows import encode_findings, write_undetermined, write_verdicts
from attachguard.adapters.sql.schema import ATTACHMENTS, JOBS, SUBMISSIONS
from attachguard.errors import ClaimLost
from attachguard.jobs import Claim, Queue, Received
from attachguard.model import Outcome, SubmissionVerdict, Trouble
from attachguard.states import JobState, SubmissionState

OUT_OF_ATTEMPTS = "job.attempts"
OUT_OF_TIME = "job.deadline"

_FAR = timedelta(minutes=10)
"""A job waits for its next attempt less than this (Terms.backoff); what is set beyond it a wrong clock left."""


class SqlDesk:
    """See ports.Desk."""

    _database: Database

    def claim(self, owner: str, lease: timedelta, queues: Collection[Queue]) -> Claim | None:
        """See ports.Desk."""
        now = self._database.now()
        wanted = (JOBS.c.queue.in_([queue.value for queue in queues]), *_ready(now))
        oldest = select(JOBS.c.id).where(*wanted).order_by(JOBS.c.rank, JOBS.c.run_after).limit(1)
        with self._database.reading() as connection:  # looking must not make writers wait
            if connection.execute(oldest).first() is None:
                return None
        if self._database.skip_locked:
            oldest = oldest.with_for_update(skip_locked=True)
        return self._claim(JOBS.c.id == oldest.scalar_subquery(), owner, lease)

    def claim_job(self, job: str, owner: str, lease: timedelta) -> Claim | None:
        """See ports.Desk."""
        return self._claim(JOBS.c.id == job, owner, lease)

    def _claim(self, which: ColumnElement[bool], owner: str, lease: timedelta) -> Claim | None:
        with self._database.writing() as connection:
            now = self._database.now()  # not before: connecting and waiting for other writers is no part of the lease
            row = (
                connection.execute(
                    update(JOBS)
                    .where(which, *_ready(now))
                    .values(
                        state=JobState.RUNNING.value,
                        owner=owner,
                        lease_until=now + lease,
                        attempts=JOBS.c.attempts + 1,
                        fence=JOBS.c.fence + 1,
                        trouble=None,
                    )
                    .returning(JOBS)
                )
                .mappings()
                .first()
            )
            if row is None:
                return None
            submission = row["submission_id"]
            move_submission(connection, submission, SubmissionState.QUEUED, SubmissionState.PROCESSING)
            note(connection, now, "claimed", submission, actor=owner, detail=(f"attempt {row['attempts']}",))
            asked = connection.execute(
                select(SUBMISSIONS.c.policy, SUBMISSIONS.c.method, SUBMISSIONS.c.trace, SUBMISSIONS.c.tenant).where(
                    SUBMISSIONS.c.id == submission
                )
            ).one()
            return Claim(
                job=row["id"],
                submission=submission,
                policy=asked.policy,
                method=asked.method,
                trace=asked.trace,
                tenant=asked.tenant,
                owner=owner,
                fence=row["fence"],
                attempts=row["attempts"],
                files=received(connection, submission),
            )

    def renew(self, claim: Claim, lease: timedelta) -> bool:
        """See ports.Desk."""
        with self._database.writing() as connection:
            done = connection.execute(
                update(JOBS)
                .where(JOBS.c.id == claim.job, JOBS.c.state == JobState.RUNNING.value, JOBS.c.fence == claim.fence)
                .values(lease_until=self._database.now() + lease)
            )
            return done.rowcount == 1

    def give_back(self, claim: Claim, why: str, pause: timedelta, attempts: int) -> bool:
        """See ports.Desk."""
        with self._database.writing() as connection:
            job = _running(connection, claim.job)
            if job is None or job["fence"] != claim.fence:
                return False
            return end_attempt(connection, job, self._database.now(), why, pause=pause, attempts=attempts)

    def finish(self, claim: Claim, verdict: SubmissionVerdict) -> None:
        """See ports.Desk."""
        undetermined = any(one.outcome is Outcome.UNDETERMINED for one in verdict.verdicts)
        with self._database.writing() as connection:
            at = self._database.now()
            to = JobState.FAILED if undetermined else JobState.DONE
            if not move_job(connection, claim.job, claim.fence, JobState.RUNNING, to, owner=None, lease_until=None):
                raise ClaimLost(f"job {claim.job} was taken over before attempt {claim.attempts} ended")
            move_submission(
                connection,
                claim.submission,
                SubmissionState.PROCESSING,
                SubmissionState.FAILED if undetermined else SubmissionState.DONE,
                finished_at=at,
                verdict=verdict.outcome.value,
                verdict_policy=verdict.policy,
                verdict_fence=claim.fence,
                reasons=encode_findings(verdict.reasons),
            )
            write_verdicts(connection, verdict, claim.fence, at)
            announce_verdicts(connection, at, claim.submission, claim.fence)
            note(connection, at, "judged", claim.submission, actor=claim.owner, detail=(verdict.outcome.value,))


def _ready(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        JOBS.c.state == JobState.QUEUED.value,
        due(now),
        JOBS.c.deadline_at > now,
    )


def due(now: datetime) -> ColumnElement[bool]:
    """Say which queued jobs need not wait: a first attempt never does, whatever a clock said when it was written."""
    return (JOBS.c.run_after <= now) | (JOBS.c.attempts == 0) | (JOBS.c.run_after > now + _FAR)


def _running(connection: Connection, job: str) -> RowMapping | None:
    found = connection.execute(select(JOBS).where(JOBS.c.id == job, JOBS.c.state == JobState.RUNNING.value))
    return found.mappings().first()


def end_attempt(
    connection: Connection, job: RowMapping, at: datetime, why: str, *, pause: timedelta, attempts: int
) -> bool:
    """Put a running job back into its queue, or fail it when that was the last attempt; False: it moved on."""
    if job["attempts"] >= attempts:
        return fail(connection, job, at, Trouble(code=OUT_OF_ATTEMPTS, detail=f"{job['attempts']} attempts; {why}"))
    moved = move_job(
        connection,
        job["id"],
        job["fence"],
        JobState.RUNNING,
        JobState.QUEUED,
        owner=None,
        lease_until=None,
        run_after=at + pause,
        announced_at=None,
        trouble=why[:64],
    )
    if moved:
        move_submission(connection, job["submission_id"], SubmissionState.PROCESSING, SubmissionState.QUEUED)
        note(connection, at, "returned", job["submission_id"], actor=job["owner"] or "", detail=(why,))
    return moved


def fail(connection: Connection, job: RowMapping, at: datetime, trouble: Trouble) -> bool:
    """Give a job up: its submission is `undetermined`; False: it moved on."""
    state, fence = JobState(job["state"]), job["fence"] + 1  # a late finish must find another number
    moved = move_job(
        connection,
        job["id"],
        job["fence"],
        state,
        JobState.FAILED,
        fence=fence,
        owner=None,
        lease_until=None,
        trouble=trouble.code,
    )
    if not moved:
        return False
    running = state is JobState.RUNNING
    submission = job["submission_id"]
    policy = connection.execute(select(SUBMISSIONS.c.policy).where(SUBMISSIONS.c.id == submission)).scalar_one()
    move_submission(
        connection,
        submission,
        SubmissionState.PROCESSING if running else SubmissionState.QUEUED,
        SubmissionState.FAILED,
        finished_at=at,
        verdict=Outcome.UNDETERMINED.value,
        verdict_policy=policy[:100],
        verdict_fence=fence,
        reasons="[]",
    )
    write_undetermined(connection, submission, trouble, policy=policy[:100], fence=fence, at=at)
    announce_verdicts(connection, at, submission, fence)
    note(connection, at, "failed", submission, actor=job["owner"] or "", detail=(trouble.code, trouble.detail))
    return True


def received(connection: Connection, submission: str) -> tuple[Received, ...]:
    """List the received files of a submission in their order."""
    rows: Sequence[RowMapping] = (
        connection.execute(
            select(ATTACHMENTS)
            .where(ATTACHMENTS.c.submission_id == submission, ATTACHMENTS.c.parent_id.is_(None))
            .order_by(ATTACHMENTS.c.number)
        )
        .mappings()
        .all()
    )
    return tuple(received_file(row) for row in rows)


def received_file(row: RowMapping) -> Received:
    """Read the row of a received file."""
    return Received(
        id=row[ATTACHMENTS.c.id],
        number=row["number"],
        untrusted_name=row["untrusted_name"],
        safe_name=row["safe_name"],
        declared_type=row["declared_type"],
        source=row["source"],
        size=row["size"] if row["held_size"] is None else row["held_size"],
        sha256=row["held_sha256"] or row["sha256"],
        key=row["quarantine_key"] or "",
    )
