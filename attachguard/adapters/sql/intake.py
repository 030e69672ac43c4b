"""Taking submissions in: the intent, the acknowledgement, the way back."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from attachguard.adapters.sql.database import Database
from attachguard.adapters.sql.moves import move_submission, note
from attachguard.adapters.sql.schema import ATTACHMENTS, IDEMPOTENCY_KEYS, JOBS, SUBMISSIONS
from attachguard.errors import KeyReused, NotPossible, StillReceiving
from attachguard.jobs import RANKS, Claim, Hint, IdempotencyKey, Intent, Queue, Receipt, Received
from attachguard.states import BytesState, JobState, SubmissionState


class SqlIntake:
    """See ports.Intake."""

    _database: Database

    def begin(self, intent: Intent) -> Receipt | None:
        """See ports.Intake."""
        with self._database.writing() as connection:
            at = self._database.now()
            if intent.idempotency:
                before = _before(connection, intent.tenant, intent.idempotency)
                if before:
                    return before
            connection.execute(
                insert(SUBMISSIONS).values(
                    id=intent.submission,
                    tenant=intent.tenant,
                    actor=intent.actor,
                    state=SubmissionState.RECEIVING.value,
                    policy=intent.policy,
                    queue=intent.queue.value,
                    created_at=at,
                    retry_of=intent.retry_of,
                    method=intent.method,
                    trace=intent.trace,
                    conversation=intent.conversation,
                )
            )
            for file in intent.files:
                connection.execute(insert(ATTACHMENTS).values(_expected(intent.submission, file)))
            if intent.idempotency:
                _keep_key(connection, intent, intent.idempotency, at)
            note(connection, at, "receiving", intent.submission, actor=intent.actor)
        return None

    def accept(self, intent: Intent, deadline: timedelta) -> Hint:
        """See ports.Intake."""
        with self._database.writing() as connection:
            at = self._database.now()
            return self._accept(connection, intent, at, at + deadline)

    def accept_claimed(self, intent: Intent, deadline: timedelta, owner: str, lease: timedelta) -> Claim:
        """See ports.Intake."""
        with self._database.writing() as connection:
            at = self._database.now()
            hint = self._accept(connection, intent, at, at + deadline)
            connection.execute(
                update(JOBS)
                .where(JOBS.c.id == hint.job)
                .values(state=JobState.RUNNING.value, owner=owner, lease_until=at + lease, attempts=1, fence=1)
            )
            move_submission(connection, intent.submission, SubmissionState.QUEUED, SubmissionState.PROCESSING)
            note(connection, at, "claimed", intent.submission, actor=owner, detail=("attempt 1",))
        return Claim(
            job=hint.job,
            submission=intent.submission,
            policy=intent.policy,
            owner=owner,
            fence=1,
            attempts=1,
            files=intent.files,
            method=intent.method,
            trace=intent.trace,
            tenant=intent.tenant,
        )

    def _accept(self, connection: Connection, intent: Intent, at: datetime, deadline: datetime) -> Hint:
        move_submission(
            connection, intent.submission, SubmissionState.RECEIVING, SubmissionState.QUEUED, deadline_at=deadline
        )
        connection.execute(
            update(ATTACHMENTS)
            .where(
                ATTACHMENTS.c.submission_id == intent.submission,
                ATTACHMENTS.c.bytes == BytesState.EXPECTED.value,
            )
            .values(bytes=BytesState.HELD.value)
        )
        hint = add_job(connection, intent.submission, intent.queue, at=at, deadline=deadline)
        note(connection, at, "accepted", intent.submission, actor=intent.actor)
        return hint

    def abandon(self, submission: str) -> bool:
        """See ports.Intake."""
        with self._database.writing() as connection:
            at = self._database.now()
            try:
                move_submission(
                    connection,
                    submission,
                    SubmissionState.RECEIVING,
                    SubmissionState.ABANDONED,
                    finished_at=at,
                )
            except NotPossible:
                return False
            connection.execute(delete(IDEMPOTENCY_KEYS).where(IDEMPOTENCY_KEYS.c.submission_id == submission))
            note(connection, at, "abandoned", submission)
        return True

    def retry(self, submission: str, actor: str, deadline: timedelta) -> Hint:
        """See ports.Intake."""
        with self._database.writing() as connection:
            at = self._database.now()
            gone = connection.execute(
                select(ATTACHMENTS.c.id).where(
                    ATTACHMENTS.c.submission_id == submission,
                    ATTACHMENTS.c.parent_id.is_(None),
                    ATTACHMENTS.c.bytes != BytesState.HELD.value,
                )
            ).first()
            if gone:
                raise NotPossible(f"submission {submission} is no longer in quarantine as a whole")
            move_submission(
                connection,
                submission,
                SubmissionState.FAILED,
                SubmissionState.QUEUED,
                deadline_at=at + deadline,
                finished_at=None,
            )
            queue, fence = connection.execute(
                select(JOBS.c.queue, JOBS.c.fence)
                .where(JOBS.c.submission_id == submission)
                .order_by(JOBS.c.fence.desc())
                .limit(1)
            ).one()
            hint = add_job(connection, submission, Queue(queue), at=at, deadline=at + deadline, fence=fence)
            note(connection, at, "retried", submission, actor=actor)
        return hint


def add_job(
    connection: Connection, submission: str, queue: Queue, *, at: datetime, deadline: datetime, fence: int = 0
) -> Hint:
    """Write a job that can be claimed at once; `fence`: the last one that a job of this submission had."""
    hint = Hint(job=uuid.uuid4().hex, queue=queue)
    connection.execute(
        insert(JOBS).values(
            id=hint.job,
            submission_id=submission,
            queue=queue.value,
            rank=RANKS[queue],
            state=JobState.QUEUED.value,
            attempts=0,
            fence=fence,
            run_after=at,
            created_at=at,
            announced_at=at,
            deadline_at=deadline,
        )
    )
    return hint


def _expected(submission: str, file: Received) -> dict[str, str | int | None]:
    return {
        "id": file.id,
        "submission_id": submission,
        "parent_id": None,
        "number": file.number,
        "depth": 0,
        "place": "",
        "untrusted_name": file.untrusted_name,
        "safe_name": file.safe_name,
        "declared_type": file.declared_type,
        "source": file.source,
        "size": file.size,
        "sha256": file.sha256,
        "quarantine_key": file.key,
        "bytes": BytesState.EXPECTED.value,
    }


def _keep_key(connection: Connection, intent: Intent, idempotency: IdempotencyKey, at: datetime) -> None:
    connection.execute(
        insert(IDEMPOTENCY_KEYS).values(
            tenant=intent.tenant,
            key=idempotency.key,
            request=idempotency.request,
            submission_id=intent.submission,
            created_at=at,
        )
    )


def _before(connection: Connection, tenant: str, idempotency: IdempotencyKey) -> Receipt | None:
    row = connection.execute(
        select(IDEMPOTENCY_KEYS.c.request, SUBMISSIONS.c.id, SUBMISSIONS.c.state)
        .join(SUBMISSIONS, SUBMISSIONS.c.id == IDEMPOTENCY_KEYS.c.submission_id)
        .where(IDEMPOTENCY_KEYS.c.tenant == tenant, IDEMPOTENCY_KEYS.c.key == idempotency.key)
    ).first()
    if row is None:
        return None
    if row.request != idempotency.request:
        raise KeyReused("this idempotency key came with another submission before")
    state = SubmissionState(row.state)
    if state is SubmissionState.RECEIVING:
        raise StillReceiving("the first submission with this idempotency key is still on its way")
    return Receipt(submission=row.id, state=state, repeated=True)
