"""Reading the ledger: where a submission is, what is held, what happened."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, RowMapping, and_, func, insert, select, true, update

from attachguard.adapters.sql.announcements import announce_review
from attachguard.adapters.sql.database import Database
from attachguard.adapters.sql.desk import received_file
from attachguard.adapters.sql.moves import note
from attachguard.adapters.sql.rows import decode_findings, read_verdict
from attachguard.adapters.sql.schema import ATTACHMENTS, EVENTS, IDEMPOTENCY_KEYS, JOBS, SUBMISSIONS, UPLOADS, VERDICTS
from attachguard.jobs import Announced, Event, Held, Judged, PendingUpload, Receipt, Status, Whereabouts
from attachguard.model import Outcome
from attachguard.states import BytesState, JobState, SubmissionState

HELD_COLUMNS = (
    select(ATTACHMENTS, SUBMISSIONS, VERDICTS.c.outcome, VERDICTS.c.reasons, VERDICTS.c.trouble)
    .join(SUBMISSIONS, SUBMISSIONS.c.id == ATTACHMENTS.c.submission_id)
    .outerjoin(
        VERDICTS,
        and_(VERDICTS.c.attachment_id == ATTACHMENTS.c.id, VERDICTS.c.fence == SUBMISSIONS.c.verdict_fence),
    )
    .where(ATTACHMENTS.c.parent_id.is_(None))
)
"""A received file with its submission, and with the verdict that counts where there is one."""


def held_row(row: RowMapping) -> Held:
    """Read a row of HELD_COLUMNS."""
    reasons = [finding.code for finding in decode_findings(row[VERDICTS.c.reasons])]
    return Held(
        attachment=row[ATTACHMENTS.c.id],
        submission=row["submission_id"],
        tenant=row["tenant"],
        policy=row["policy"],
        file=received_file(row),
        state=SubmissionState(row["state"]),
        bytes=BytesState(row["bytes"]),
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        reasons=tuple(dict.fromkeys([*reasons, *([row["trouble"]] if row["trouble"] else [])])),
        at=row["finished_at"] or row["created_at"],
    )


class SqlRegister:
    """See ports.Register."""

    _database: Database

    def status(self, submission: str) -> Status | None:
        """See ports.Register."""
        with self._database.reading() as connection:
            row = connection.execute(select(SUBMISSIONS).where(SUBMISSIONS.c.id == submission)).mappings().first()
            if row is None:
                return None
            attempts = connection.execute(
                select(JOBS.c.attempts)
                .where(JOBS.c.submission_id == submission)
                .order_by(JOBS.c.fence.desc(), JOBS.c.created_at.desc())
                .limit(1)
            ).scalar_one_or_none()
            return Status(
                submission=row["id"],
                tenant=row["tenant"],
                state=SubmissionState(row["state"]),
                policy=row["policy"],
                attempts=attempts or 0,
                created_at=row["created_at"],
                deadline_at=row["deadline_at"],
                finished_at=row["finished_at"],
                verdict=read_verdict(connection, row),
                files=_whereabouts(connection, submission),
                retry_of=row["retry_of"],
                method=row["method"],
                conversation=row["conversation"],
            )

    def progress(self, submissions: Collection[str]) -> Mapping[str, SubmissionState]:
        """See ports.Register."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(SUBMISSIONS.c.id, SUBMISSIONS.c.state).where(SUBMISSIONS.c.id.in_(submissions))
            )
            return {row.id: SubmissionState(row.state) for row in rows}

    def retries(self, attachment: str) -> Sequence[str]:
        """See ports.Register."""
        with self._database.reading() as connection:
            found = connection.execute(
                select(SUBMISSIONS.c.id).where(SUBMISSIONS.c.retry_of == attachment).order_by(SUBMISSIONS.c.created_at)
            )
            return list(found.scalars())

    def judged_since(self, since: datetime, limit: int) -> Sequence[Judged]:
        """See ports.Register."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(
                    VERDICTS.c.attachment_id,
                    ATTACHMENTS.c.kind,
                    VERDICTS.c.outcome,
                    VERDICTS.c.reasons,
                    VERDICTS.c.trouble,
                    VERDICTS.c.stages,
                    VERDICTS.c.recorded_at,
                )
                .join(ATTACHMENTS, ATTACHMENTS.c.id == VERDICTS.c.attachment_id)
                .where(VERDICTS.c.recorded_at >= since, ATTACHMENTS.c.parent_id.is_(None))
                .order_by(VERDICTS.c.recorded_at)
                .limit(limit)
            )
            return [_judged(row) for row in rows.mappings()]

    def oldest_waiting(self) -> datetime | None:
        """See ports.Register."""
        with self._database.reading() as connection:
            found = connection.execute(select(func.min(JOBS.c.created_at)).where(JOBS.c.state == JobState.QUEUED.value))
            oldest: datetime | None = found.scalar_one()
            return oldest

    def removed(self, attachment: str) -> None:
        """See ports.Register."""
        with self._database.writing() as connection:
            connection.execute(
                update(ATTACHMENTS)
                .where(ATTACHMENTS.c.id == attachment, ATTACHMENTS.c.removed_at.is_(None))
                .values(removed_at=self._database.now())
            )

    def receipt_for(self, tenant: str, key: str) -> Receipt | None:
        """See ports.Register."""
        with self._database.reading() as connection:
            row = connection.execute(
                select(SUBMISSIONS.c.id, SUBMISSIONS.c.state)
                .join(IDEMPOTENCY_KEYS, SUBMISSIONS.c.id == IDEMPOTENCY_KEYS.c.submission_id)
                .where(IDEMPOTENCY_KEYS.c.tenant == tenant, IDEMPOTENCY_KEYS.c.key == key)
            ).first()
        if row is None or row.state == SubmissionState.RECEIVING.value:
            return None
        return Receipt(submission=row.id, state=SubmissionState(row.state), repeated=True)

    def expect_upload(self, upload: PendingUpload) -> None:
        """See ports.Register."""
        with self._database.writing() as connection:
            connection.execute(
                insert(UPLOADS).values(
                    id=upload.id,
                    tenant=upload.tenant,
                    actor=upload.actor,
                    policy=upload.policy,
                    files=msgspec.json.encode(upload.files).decode(),
                    created_at=upload.created_at,
                    expires_at=upload.expires_at,
                )
            )

    def expected_upload(self, upload: str) -> PendingUpload | None:
        """See ports.Register."""
        with self._database.reading() as connection:
            row = connection.execute(select(UPLOADS).where(UPLOADS.c.id == upload)).mappings().first()
        if row is None:
            return None
        return PendingUpload(
            id=row["id"],
            tenant=row["tenant"],
            actor=row["actor"],
            policy=row["policy"],
            files=msgspec.json.decode(row["files"], type=tuple[Announced, ...]),
            created_at=row["created_at"],
            expires_at=row["expires_at"],
        )

    def held(self, limit: int, tenant: str | None = None) -> Sequence[Held]:
        """See ports.Register."""
        whose = SUBMISSIONS.c.tenant == tenant if tenant is not None else true()
        withheld = [Outcome.REJECTED.value, Outcome.INFECTED.value, Outcome.UNDETERMINED.value]
        with self._database.reading() as connection:
            rows = connection.execute(
                HELD_COLUMNS.where(
                    ATTACHMENTS.c.bytes == BytesState.HELD.value, VERDICTS.c.outcome.in_(withheld), whose
                )
                .order_by(SUBMISSIONS.c.finished_at.desc(), ATTACHMENTS.c.number)
                .limit(limit)
            )
            return [held_row(row) for row in rows.mappings()]

    def held_file(self, attachment: str) -> Held | None:
        """See ports.Register."""
        with self._database.reading() as connection:
            row = connection.execute(HELD_COLUMNS.where(ATTACHMENTS.c.id == attachment)).mappings().first()
            return held_row(row) if row else None

    def bytes_gone(self, attachments: Sequence[str]) -> None:
        """See ports.Register."""
        if not attachments:
            return
        with self._database.writing() as connection:
            connection.execute(
                update(ATTACHMENTS).where(ATTACHMENTS.c.id.in_(attachments)).values(bytes=BytesState.DELETED.value)
            )

    def note(self, event: Event) -> None:
        """See ports.Register."""
        with self._database.writing() as connection:
            note(
                connection,
                event.at,
                event.what,
                event.submission,
                attachment=event.attachment,
                actor=event.actor,
                detail=(event.detail,),
            )
            announce_review(connection, self._database.now(), event.what, event.attachment, event.actor)

    def events(self, submission: str) -> Sequence[Event]:
        """See ports.Register."""
        with self._database.reading() as connection:
            rows = connection.execute(select(EVENTS).where(EVENTS.c.submission_id == submission).order_by(EVENTS.c.id))
            return [
                Event(
                    at=row.at,
                    what=row.what,
                    submission=row.submission_id,
                    attachment=row.attachment_id,
                    actor=row.actor,
                    detail=row.detail,
                )
                for row in rows
            ]


def _whereabouts(connection: Connection, submission: str) -> tuple[Whereabouts, ...]:
    rows = connection.execute(
        select(ATTACHMENTS)
        .where(ATTACHMENTS.c.submission_id == submission, ATTACHMENTS.c.parent_id.is_(None))
        .order_by(ATTACHMENTS.c.number)
    ).mappings()
    return tuple(
        Whereabouts(file=received_file(row), bytes=BytesState(row["bytes"]), removed_at=row["removed_at"])
        for row in rows
    )


def _judged(row: RowMapping) -> Judged:
    reasons = [finding.code for finding in decode_findings(row["reasons"])]
    return Judged(
        attachment=row["attachment_id"],
        kind=row["kind"],
        outcome=Outcome(row["outcome"]),
        reasons=tuple(dict.fromkeys([*reasons, *([row["trouble"]] if row["trouble"] else [])])),
        stages=msgspec.json.decode(row["stages"], type=dict[str, float]),
        at=row["recorded_at"],
    )
