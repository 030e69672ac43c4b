"""Finding what was left behind: lost workers, jobs out of time, intents that came to nothing, bytes nobody needs."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, RowMapping, select, update

from attachguard.adapters.sql.database import Database
from attachguard.adapters.sql.desk import OUT_OF_TIME, due, end_attempt, fail
from attachguard.adapters.sql.register import HELD_COLUMNS, held_row
from attachguard.adapters.sql.schema import ATTACHMENTS, JOBS, SUBMISSIONS, UPLOADS, VERDICTS
from attachguard.jobs import Held, Hint, Queue
from attachguard.model import Outcome, Trouble
from attachguard.states import BytesState, JobState, SubmissionState

PAGE = 500
"""How many rows one round looks at: the next round takes the next ones."""


class SqlCaretaker:
    """See ports.Caretaker."""

    _database: Database

    def stale_intents(self, age: timedelta) -> Sequence[str]:
        """See ports.Caretaker."""
        with self._database.reading() as connection:
            found = connection.execute(
                select(SUBMISSIONS.c.id)
                .where(
                    SUBMISSIONS.c.state == SubmissionState.RECEIVING.value,
                    SUBMISSIONS.c.created_at <= self._database.now() - age,
                )
                .limit(PAGE)
            )
            return found.scalars().all()

    def return_lost(self, lease: timedelta, attempts: int) -> int:
        """See ports.Caretaker. A lease that ends later than any lease can is what a clock left that was wrong."""
        now = self._database.now()
        over = (JOBS.c.lease_until <= now) | (JOBS.c.lease_until > now + 2 * lease)
        return self._return(over, "its lease ended", attempts)

    def return_owned(self, owner: str, attempts: int) -> int:
        """See ports.Caretaker."""
        return self._return(JOBS.c.owner == owner, "its worker died", attempts)

    def _return(self, which: ColumnElement[bool], why: str, attempts: int) -> int:
        jobs = self._jobs(which, JOBS.c.state == JobState.RUNNING.value)
        count = 0
        for job in jobs:
            with self._database.writing() as connection:
                fresh = _unchanged(connection, job)
                if fresh is not None:
                    count += end_attempt(
                        connection, fresh, self._database.now(), why, pause=timedelta(0), attempts=attempts
                    )
        return count

    def owners(self) -> frozenset[str]:
        """See ports.Caretaker."""
        with self._database.reading() as connection:
            found = connection.execute(select(JOBS.c.owner).where(JOBS.c.state == JobState.RUNNING.value).distinct())
            return frozenset(owner for owner in found.scalars() if owner)

    def owner_of(self, job: str) -> str | None:
        """See ports.Caretaker."""
        with self._database.reading() as connection:
            found = connection.execute(
                select(JOBS.c.owner).where(JOBS.c.id == job, JOBS.c.state == JobState.RUNNING.value)
            )
            owner: str | None = found.scalar_one_or_none()
            return owner

    def fail_overdue(self) -> int:
        """See ports.Caretaker."""
        pending = JOBS.c.state.in_([JobState.QUEUED.value, JobState.RUNNING.value])
        jobs = self._jobs(pending, JOBS.c.deadline_at <= self._database.now())
        count = 0
        for job in jobs:
            with self._database.writing() as connection:
                trouble = Trouble(code=OUT_OF_TIME, detail=f"after {job['attempts']} attempts")
                count += fail(connection, job, self._database.now(), trouble)
        return count

    def unannounced(self, age: timedelta) -> Sequence[Hint]:
        """See ports.Caretaker."""
        now = self._database.now()
        jobs = self._jobs(
            JOBS.c.state == JobState.QUEUED.value,
            due(now),
            JOBS.c.announced_at.is_(None) | (JOBS.c.announced_at <= now - age) | (JOBS.c.announced_at > now + age),
        )
        return [Hint(job=job["id"], queue=Queue(job["queue"])) for job in jobs]

    def announced(self, jobs: Sequence[str]) -> None:
        """See ports.Caretaker."""
        with self._database.writing() as connection:
            connection.execute(update(JOBS).where(JOBS.c.id.in_(jobs)).values(announced_at=self._database.now()))

    def not_announced(self, job: str) -> None:
        """See ports.Caretaker."""
        with self._database.writing() as connection:
            connection.execute(update(JOBS).where(JOBS.c.id == job).values(announced_at=None))

    def known(self, submissions: Collection[str]) -> frozenset[str]:
        """See ports.Caretaker."""
        with self._database.reading() as connection:
            found = connection.execute(
                select(SUBMISSIONS.c.id)
                .where(SUBMISSIONS.c.id.in_(submissions))
                .union(select(UPLOADS.c.id).where(UPLOADS.c.id.in_(submissions)))
            )
            return frozenset(found.scalars())

    def no_longer_needed(self, retention: timedelta) -> Sequence[Held]:
        """See ports.Caretaker."""
        delivered = VERDICTS.c.outcome.in_([Outcome.ACCEPTED.value, Outcome.NORMALIZED.value])
        done = SUBMISSIONS.c.state == SubmissionState.DONE.value
        ended = SUBMISSIONS.c.state.in_([SubmissionState.DONE.value, SubmissionState.FAILED.value])
        old = SUBMISSIONS.c.finished_at <= self._database.now() - retention
        given_up = SUBMISSIONS.c.state == SubmissionState.ABANDONED.value
        with self._database.reading() as connection:
            rows = connection.execute(
                HELD_COLUMNS.where(
                    ATTACHMENTS.c.bytes != BytesState.DELETED.value,
                    (done & delivered) | given_up | (ended & old),
                ).limit(PAGE)
            )
            return [held_row(row) for row in rows.mappings()]

    def wanted_keys(self, keys: Sequence[str]) -> frozenset[str]:
        """See ports.Caretaker."""
        with self._database.reading() as connection:
            found = connection.execute(
                select(ATTACHMENTS.c.quarantine_key)
                .join(SUBMISSIONS, SUBMISSIONS.c.id == ATTACHMENTS.c.submission_id)
                .where(
                    ATTACHMENTS.c.quarantine_key.in_(keys),
                    ATTACHMENTS.c.bytes != BytesState.DELETED.value,
                    SUBMISSIONS.c.state != SubmissionState.ABANDONED.value,
                )
            )
            return frozenset(key for key in found.scalars() if key)

    def wanted_locations(self, locations: Sequence[str]) -> frozenset[str]:
        """See ports.Caretaker."""
        with self._database.reading() as connection:
            return frozenset(
                location
                for column in (VERDICTS.c.delivered_location, VERDICTS.c.withheld_location)
                for location in connection.execute(
                    select(column)
                    .join(SUBMISSIONS, SUBMISSIONS.c.id == VERDICTS.c.submission_id)
                    .where(column.in_(locations), VERDICTS.c.fence == SUBMISSIONS.c.verdict_fence)
                ).scalars()
            )

    def _jobs(self, *which: ColumnElement[bool]) -> Sequence[RowMapping]:
        with self._database.reading() as connection:
            return connection.execute(select(JOBS).where(*which).limit(PAGE)).mappings().all()


def _unchanged(connection: Connection, job: RowMapping) -> RowMapping | None:
    """Read a job again inside the transaction: its owner may have shown a sign of life meanwhile."""
    same = (JOBS.c.state == job["state"], JOBS.c.fence == job["fence"], JOBS.c.lease_until == job["lease_until"])
    return connection.execute(select(JOBS).where(JOBS.c.id == job["id"], *same)).mappings().first()
