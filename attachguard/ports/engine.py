"""The ledger as the engine knows it: taking in, handing out, looking after, being asked; and what wakes workers."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from attachguard.jobs import Claim, Event, Held, Hint, Intent, Judged, PendingUpload, Queue, Receipt, Status
from attachguard.model import Check, SubmissionVerdict
from attachguard.states import SubmissionState


class Intake(Protocol):
    """The ledger as it is when something comes in. All methods raise LedgerUnavailable."""

    def begin(self, intent: Intent) -> Receipt | None:
        """Write an intent down; or give the receipt of the submission that had this idempotency key before.

        Raises KeyReused for the same key with another request, StillReceiving while the first is on its way.
        """
        ...

    def accept(self, intent: Intent, deadline: timedelta) -> Hint:
        """Acknowledge: the bytes are in quarantine, and a job exists, from one moment to the next."""
        ...

    def accept_claimed(self, intent: Intent, deadline: timedelta, owner: str, lease: timedelta) -> Claim:
        """Acknowledge, with the job in the hands of `owner` from the same moment on: nobody else gets it before."""
        ...

    def abandon(self, submission: str) -> bool:
        """Give up a submission that was not acknowledged, and free its idempotency key; False: it was."""
        ...

    def retry(self, submission: str, actor: str, deadline: timedelta) -> Hint:
        """Queue a failed submission again. Raises NotPossible when it is in another state or has no bytes left."""
        ...


class Desk(Protocol):
    """The ledger as a worker uses it. All methods raise LedgerUnavailable."""

    def claim(self, owner: str, lease: timedelta, queues: Collection[Queue]) -> Claim | None:
        """Take the oldest job that is ready, or none."""
        ...

    def claim_job(self, job: str, owner: str, lease: timedelta) -> Claim | None:
        """Take that one job if it is ready; None when somebody else has or had it."""
        ...

    def renew(self, claim: Claim, lease: timedelta) -> bool:
        """Show a sign of life; False: the job is no longer ours."""
        ...

    def give_back(self, claim: Claim, why: str, pause: timedelta, attempts: int) -> bool:
        """End an attempt that broke off; after `attempts` of them the submission fails. False: no longer ours."""
        ...

    def finish(self, claim: Claim, verdict: SubmissionVerdict) -> None:
        """Record the verdict and end the job, in one step. Raises ClaimLost when it is no longer ours."""
        ...


class Caretaker(Protocol):
    """The ledger as the sweeper uses it. All methods raise LedgerUnavailable."""

    def stale_intents(self, age: timedelta) -> Sequence[str]:
        """Name submissions that have been coming in for that long."""
        ...

    def return_lost(self, lease: timedelta, attempts: int) -> int:
        """Return the jobs whose lease is over to the queue, or fail them after so many attempts."""
        ...

    def return_owned(self, owner: str, attempts: int) -> int:
        """Return the jobs of a worker that is known to be dead."""
        ...

    def owners(self) -> frozenset[str]:
        """Name everybody who holds a job."""
        ...

    def owner_of(self, job: str) -> str | None:
        """Tell who holds a job; None: nobody."""
        ...

    def fail_overdue(self) -> int:
        """Fail what is past its deadline."""
        ...

    def unannounced(self, age: timedelta) -> Sequence[Hint]:
        """List jobs that are ready and were not claimed for so long."""
        ...

    def announced(self, jobs: Sequence[str]) -> None:
        """Note that jobs were announced."""
        ...

    def not_announced(self, job: str) -> None:
        """Note that a job could not be announced: it is due at once."""
        ...

    def known(self, submissions: Collection[str]) -> frozenset[str]:
        """Say which submissions this ledger has ever heard of."""
        ...

    def no_longer_needed(self, retention: timedelta) -> Sequence[Held]:
        """List quarantined files that were delivered, were given up, or have been held for so long."""
        ...

    def wanted_keys(self, keys: Sequence[str]) -> frozenset[str]:
        """Say which quarantine keys the ledger still refers to."""
        ...

    def wanted_locations(self, locations: Sequence[str]) -> frozenset[str]:
        """Say which locations in the clean store the ledger still refers to."""
        ...


class Register(Protocol):
    """The ledger as it is read and reviewed. All methods raise LedgerUnavailable."""

    def status(self, submission: str) -> Status | None:
        """Tell where a submission is."""
        ...

    def held(self, limit: int, tenant: str | None = None) -> Sequence[Held]:
        """List the files that were not delivered and are in quarantine, newest first; None: everybody's."""
        ...

    def held_file(self, attachment: str) -> Held | None:
        """Find a received file, whether its bytes are still there or not."""
        ...

    def progress(self, submissions: Collection[str]) -> Mapping[str, SubmissionState]:
        """Tell how far submissions are, in one question; unknown ones are left out."""
        ...

    def retries(self, attachment: str) -> Sequence[str]:
        """Name the submissions that tried this attachment again, oldest first."""
        ...

    def judged_since(self, since: datetime, limit: int) -> Sequence[Judged]:
        """List verdicts on received files that were recorded at or after a moment, oldest first."""
        ...

    def oldest_waiting(self) -> datetime | None:
        """Tell since when the oldest job waits; None: nothing waits."""
        ...

    def removed(self, attachment: str) -> None:
        """Note that its sender had a received file taken away; the first time counts."""
        ...

    def receipt_for(self, tenant: str, key: str) -> Receipt | None:
        """Find the submission that was acknowledged under an idempotency key."""
        ...

    def expect_upload(self, upload: PendingUpload) -> None:
        """Write down what will be put into quarantine directly."""
        ...

    def expected_upload(self, upload: str) -> PendingUpload | None:
        """Find what was written down."""
        ...

    def bytes_gone(self, attachments: Sequence[str]) -> None:
        """Note that files are no longer in quarantine."""
        ...

    def note(self, event: Event) -> None:
        """Add a line to the audit."""
        ...

    def events(self, submission: str) -> Sequence[Event]:
        """Read the audit of a submission, oldest first."""
        ...


class Wakeup(Protocol):
    """Tells workers that there is something to do. Losing or doubling a hint is harmless: the ledger knows."""

    def hint(self, hint: Hint) -> bool:
        """Pass a hint on within two seconds; False: it could not be passed on. Never raises."""
        ...

    def probe(self) -> Sequence[Check]:
        """Do the real thing on harmless input and say how it went; never raises."""
        ...
