"""Reading the ledger: where a submission is, what is held, what happened."""

from collections.abc import Sequence

from sqlalchemy import RowMapping, and_, select, update

from attachguard.adapters.sql.database import Database
from attachguard.adapters.sql.moves import note
from attachguard.adapters.sql.rows import decode_findings, read_verdict
from attachguard.adapters.sql.schema import ATTACHMENTS, EVENTS, JOBS, SUBMISSIONS, VERDICTS
from attachguard.jobs import Event, Held, Received, Status
from attachguard.model import Outcome
from attachguard.states import BytesState, SubmissionState

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
        file=Received(
            id=row[ATTACHMENTS.c.id],
            number=row["number"],
            untrusted_name=row["untrusted_name"],
            safe_name=row["safe_name"],
            declared_type=row["declared_type"],
            source=row["source"],
            size=row["size"] if row["held_size"] is None else row["held_size"],
            sha256=row["held_sha256"] or row["sha256"],
            key=row["quarantine_key"] or "",
        ),
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
            )

    def held(self, limit: int) -> Sequence[Held]:
        """See ports.Register."""
        withheld = [Outcome.REJECTED.value, Outcome.INFECTED.value, Outcome.UNDETERMINED.value]
        with self._database.reading() as connection:
            rows = connection.execute(
                HELD_COLUMNS.where(ATTACHMENTS.c.bytes == BytesState.HELD.value, VERDICTS.c.outcome.in_(withheld))
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
