"""The ledger in SQL: every verdict, durably, before it is given. SQLite by default, PostgreSQL by URL.

One object, eight roles (ports.py): `Ledger` records the verdict of a synchronous check; `Intake` takes submissions in,
`Desk` hands out jobs, `Caretaker` finds what was left behind, `Register` is read and reviewed, `Rescans` has
what was delivered judged again, `Keyring` knows callers, `Outbox` tells webhooks.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import func, insert, select

from attachguard.adapters.sql.caretaker import SqlCaretaker
from attachguard.adapters.sql.database import Database
from attachguard.adapters.sql.desk import SqlDesk
from attachguard.adapters.sql.intake import SqlIntake
from attachguard.adapters.sql.keyring import SqlKeyring
from attachguard.adapters.sql.moves import note
from attachguard.adapters.sql.outbox import SqlOutbox
from attachguard.adapters.sql.register import SqlRegister
from attachguard.adapters.sql.rescans.ledger import SqlRescans
from attachguard.adapters.sql.rows import attachment_row, encode_findings, root_id, write_verdicts
from attachguard.adapters.sql.schema import ATTACHMENTS, JOBS, SUBMISSIONS
from attachguard.errors import LedgerUnavailable
from attachguard.model import Check, SubmissionVerdict
from attachguard.states import JobState, SubmissionState


class SqlLedger(SqlIntake, SqlDesk, SqlCaretaker, SqlRegister, SqlRescans, SqlKeyring, SqlOutbox):
    """The whole ledger in the database that `url` names. Thread-safe; tables are made when first needed."""

    def __init__(self, url: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Remember where; nothing is opened. Raises sqlalchemy.exc.ArgumentError for what is no URL."""
        self._database = Database(url, clock)

    def record(self, verdict: SubmissionVerdict) -> None:
        """Write a submission that was judged at once, in one transaction. Raises LedgerUnavailable."""
        with self._database.writing() as connection:
            at = self._database.now()
            connection.execute(
                insert(SUBMISSIONS).values(
                    id=verdict.submission,
                    state=SubmissionState.DONE.value,
                    policy=verdict.policy,
                    created_at=at,
                    finished_at=at,
                    verdict=verdict.outcome.value,
                    verdict_policy=verdict.policy,
                    verdict_fence=0,
                    reasons=encode_findings(verdict.reasons),
                )
            )
            for number, one in enumerate(verdict.verdicts):
                identity = root_id(verdict.submission, number)
                row = attachment_row(verdict.submission, identity, number, one.attachment, None)
                connection.execute(insert(ATTACHMENTS).values(row))
            write_verdicts(connection, verdict, 0, at)
            note(connection, at, "judged", verdict.submission, detail=(verdict.outcome.value,))

    def probe(self) -> Sequence[Check]:
        """Open the database and count what waits in it."""
        try:
            with self._database.reading() as connection:
                waiting = connection.execute(
                    select(func.count()).select_from(JOBS).where(JOBS.c.state == JobState.QUEUED.value)
                ).scalar_one()
        except LedgerUnavailable as error:
            return (Check(name="ledger", ok=False, detail=str(error)),)
        return (Check(name="ledger", ok=True, detail=f"{self._database.shown}: {waiting} jobs waiting"),)

    def close(self) -> None:
        """Let go of the database; it opens again when it is used again."""
        self._database.close()
