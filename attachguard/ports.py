"""What the pipeline asks of the outside, as small Protocols; adapters and sandbox/ are named by technology.

Every port answers `probe()`: a list of Checks that `doctor` and health show. A probe does the real thing on a
harmless input; it never raises.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Protocol

from attachguard.access import Key, UploadLink
from attachguard.batches import (
    Batch,
    BatchState,
    Bundle,
    Decided,
    Item,
    Line,
    PageClaim,
    Rejudged,
    Request,
    Schedule,
    Selection,
    Spent,
    Summary,
    Yardstick,
)
from attachguard.jobs import (
    Claim,
    Event,
    Held,
    Hint,
    Intent,
    Judged,
    Kept,
    Label,
    PendingUpload,
    Queue,
    Receipt,
    Status,
)
from attachguard.model import (
    Attachment,
    Check,
    Cleared,
    Delivered,
    Identification,
    Inspection,
    JudgedPart,
    Limits,
    Rebuilt,
    ScanResult,
    SubmissionVerdict,
    Verification,
)
from attachguard.states import SubmissionState
from attachguard.webhooks import Answer, Happening, Message, Webhook


class Scanner(Protocol):
    """A virus scanner."""

    def scan(self, path: Path) -> ScanResult:
        """Scan one file. Raises ScannerUnavailable whenever the answer is not a believable yes or no."""
        ...

    def probe(self) -> Sequence[Check]:
        """Do the real thing on harmless input and say how it went; never raises."""
        ...


class Sandbox(Protocol):
    """The room for hostile bytes. Each call runs in a fresh process that can harm nobody.

    How a job ended is a fact about the file: a crash, a violation, a timeout or too much memory or output comes
    back as a `sandbox.*` finding. SandboxUnavailable is raised only when no room could be started.
    """

    def identify(self, attachment: Attachment, limits: Limits) -> Identification:
        """Say what the bytes are."""
        ...

    def inspect(self, attachment: Attachment, limits: Limits) -> Inspection:
        """Needs `attachment.kind`."""
        ...

    def normalize(self, attachment: Attachment, method: str, parts: Sequence[JudgedPart], limits: Limits) -> Rebuilt:
        """Make a safe copy by `method`, one of `attachment.kind.methods`."""
        ...

    def unlock(self, attachment: Attachment, password: str, limits: Limits) -> Rebuilt:
        """Open a file of a kind that has `unlocked_by`: its bytes without the encryption, as hostile as before.

        The password is used for this and forgotten.
        """
        ...

    def verify(self, original: Attachment, copy: Attachment, limits: Limits) -> Verification:
        """Compare a copy with its original, in another process than the one that made it."""
        ...

    def probe(self) -> Sequence[Check]:
        """Do the real thing on harmless input and say how it went; never raises."""
        ...


class Drawer(Protocol):
    """Draws pictures of files, behind the same walls. The room is one."""

    def preview(self, attachment: Attachment, limits: Limits) -> bytes | None:
        """Draw the first page or picture as PNG; None: there is nothing to draw. Raises SandboxUnavailable."""
        ...


class Store(Protocol):
    """Where delivered files go."""

    def put(self, cleared: Cleared) -> Delivered:
        """Store the bytes; they appear whole or not at all. Raises StoreUnavailable."""
        ...

    def probe(self) -> Sequence[Check]:
        """Do the real thing on harmless input and say how it went; never raises."""
        ...


class Ledger(Protocol):
    """The record of every verdict."""

    def record(self, verdict: SubmissionVerdict) -> None:
        """Write it down durably: when this returns, the verdict is given. Raises LedgerUnavailable."""
        ...

    def probe(self) -> Sequence[Check]:
        """Do the real thing on harmless input and say how it went; never raises."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """The parts one pipeline works with; put together in bootstrap.py."""

    scanner: Scanner
    sandbox: Sandbox
    store: Store
    ledger: Ledger


# -- the engine ------------------------------------------------------------------------------------------------


class Shelf(Protocol):
    """A place that keeps objects by key: the quarantine is one, the clean store another, with other credentials."""

    def put(self, key: str, path: Path, label: Label) -> str:
        """Keep a file's bytes and give their location; they appear whole or not at all, and last.

        Raises StoreUnavailable, also when the bytes are not those that `label` names.
        """
        ...

    def open(self, key: str) -> IO[bytes]:
        """Open an object for one sequential read. Raises StoreUnavailable; ObjectMissing when it is not there."""
        ...

    def delete(self, key: str) -> None:
        """Take an object away; one that is not there is no error. Raises StoreUnavailable."""
        ...

    def listing(self) -> Iterator[Kept]:
        """List every object. Raises StoreUnavailable."""
        ...

    def page(self, after: str, limit: int) -> Sequence[Kept]:
        """List the next objects behind a key, in the order of their keys' bytes; fewer than `limit`: the last ones.

        Takes memory for one page, however many objects there are. Raises StoreUnavailable.
        """
        ...

    def location(self, key: str) -> str:
        """Say where an object is, as a verdict names it; of an empty key: how all locations here begin."""
        ...

    def tag(self, key: str, tags: Mapping[str, str]) -> bool:
        """Set tags, others that an object has stay; False: this store has none.

        Raises StoreUnavailable, ObjectMissing.
        """
        ...

    @property
    def requests(self) -> int:
        """Requests that this process has sent to the store's server so far, repeats included."""
        ...

    @property
    def readers(self) -> int:
        """How many reads side by side are worth it: one on a disk, several where each waits for an answer."""
        ...

    def key(self, location: str) -> str:
        """Give the key of an object by its location. Raises StoreUnavailable when it is another shelf's."""
        ...

    def put_link(self, key: str, size: int, seconds: int) -> str | None:
        """Give a URL to which an object of exactly this size can be put for so many seconds; None: there is none.

        Raises StoreUnavailable.
        """
        ...

    def link(self, location: str, label: Label, seconds: int) -> str:
        """Give a URL under which an object can be downloaded for so many seconds. Raises StoreUnavailable."""
        ...

    def probe(self) -> Sequence[Check]:
        """Do the real thing on harmless input and say how it went; never raises."""
        ...


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


class Rescans(Protocol):
    """The ledger as re-scanning uses it. All methods raise LedgerUnavailable."""

    def create_batch(self, request: Request, yardstick: Yardstick) -> Batch:
        """Write a new batch down; it begins at once."""
        ...

    def batch(self, batch: str) -> Batch | None:
        """Find a batch."""
        ...

    def batches(self, limit: int, states: Collection[BatchState] = ()) -> Sequence[Batch]:
        """List batches, newest first; those in certain states oldest first."""
        ...

    def move_batch(self, batch: str, to: BatchState, actor: str) -> Batch:
        """Pause, resume or cancel. Raises NotPossible for one that is not there or has ended."""
        ...

    def policies_asked_for(self) -> Sequence[str]:
        """Name the policies that submissions came in under, as they were asked for."""
        ...

    def count_selected(
        self, selection: Selection, yardstick: Yardstick, locations: str
    ) -> tuple[Sequence[tuple[str, int, int]], int]:
        """Count what a selection means: (kind, objects, bytes) each, and different contents in all."""
        ...

    def claim_page(self, batch: str, owner: str, lease: timedelta) -> PageClaim | None:
        """Take the right to list the next page; None: somebody has it, or there is no next one."""
        ...

    def add_selected_page(self, claim: PageClaim, locations: str) -> int:
        """Write the next page of delivered objects down and move the cursor, in one step; gives how many they were.

        Raises NotPossible when the claim was lost: then nothing was written down.
        """
        ...

    def add_page(
        self, claim: PageClaim, items: Sequence[Item], cursor: str | None, *, last: bool, requests: int
    ) -> int:
        """Write a page of a foreign place down and move the cursor, in one step. Raises like `add_selected_page`."""
        ...

    def release_page(self, claim: PageClaim) -> None:
        """Give the right to list back."""
        ...

    def return_listings(self, owner: str) -> int:
        """Take the right to list from an owner who is known to be dead."""
        ...

    def claim_bundle(self, batch: Batch, owner: str, lease: timedelta, limit: int) -> Bundle | None:
        """Take objects to judge, or such as were left half done; None: nothing is ready, or the batch rests."""
        ...

    def renew_bundle(self, token: str, lease: timedelta) -> bool:
        """Show a sign of life; False: nothing of the bundle is ours any more."""
        ...

    def twins(self, batch: Batch, items: Sequence[Item]) -> Mapping[str, Rejudged]:
        """Find, by key, what this batch said of another object that must get the same verdict."""
        ...

    def record_bundle(self, batch: Batch, token: str, decided: Sequence[Decided], spent: Spent) -> Sequence[Decided]:
        """Record what came of objects, in one step; gives those that were still ours, as they were recorded.

        From then on an object whose verdict changed is not delivered any more.
        """
        ...

    def acted(self, batch: str, token: str, keys: Collection[str], spent: Spent) -> None:
        """Note that the bytes of these objects were seen to."""
        ...

    def not_acted(self, batch: str, token: str, key: str, why: str) -> None:
        """Note that the bytes of an object could not be seen to, whatever was tried; its verdict stands."""
        ...

    def give_bundle_back(
        self, batch: str, token: str, tried: Collection[str], pause: timedelta, rest: timedelta
    ) -> None:
        """Put back what was not recorded. For those that were tried the attempt counts, and a pause begins.

        `rest`: how long nothing of the whole batch is handed out.
        """
        ...

    def return_lost_objects(self, lease: timedelta, attempts: int) -> int:
        """Put back what is held by leases that are over; after so many attempts an object has failed."""
        ...

    def return_objects_of(self, owner: str, attempts: int) -> int:
        """Put back what a worker held that is known to be dead."""
        ...

    def object_owners(self) -> frozenset[str]:
        """Name everybody who holds objects or lists them."""
        ...

    def is_waiting(self, queues: Collection[Queue]) -> bool:
        """Tell whether a submission waits for a worker of these queues."""
        ...

    def end_batches(self) -> Sequence[Batch]:
        """End the batches of which nothing is left to do; gives them."""
        ...

    def clear_batches(self) -> int:
        """Clear some rows of ended batches away that no report needs; gives how many."""
        ...

    def summary(self, batch: str, most: int) -> Summary:
        """Tell what a batch amounts to, with at most so many lines. Raises NotPossible when there is none."""
        ...

    def lines(self, batch: str) -> Iterator[Line]:
        """List all that changed or failed."""
        ...

    def schedule(self) -> Schedule | None:
        """Read the schedule; None: nobody made one."""
        ...

    def set_schedule(self, schedule: Schedule, nightly_at: datetime | None, actor: str) -> None:
        """Write the schedule, and when the next night's batch is due."""
        ...

    def signatures_settled(self, signatures: str, schedule: Schedule) -> bool:
        """Note which signatures there are; True: they are new, and stayed the same for long enough."""
        ...

    def begin_after_signatures(self, signatures: str, request: Request, yardstick: Yardstick) -> str | None:
        """Make the batch for new signatures, once; None: somebody did."""
        ...

    def nightly_due(self) -> datetime | None:
        """Tell when the nightly batch was due, if it is."""
        ...

    def begin_nightly(self, due: datetime, following: datetime, request: Request, yardstick: Yardstick) -> str | None:
        """Make the nightly batch, once, and say when the following one is due; None: somebody did."""
        ...


class Keyring(Protocol):
    """The ledger as it knows callers. All methods raise LedgerUnavailable."""

    def add_key(self, key: Key) -> None:
        """Keep a new key."""
        ...

    def find_key(self, key: str) -> Key | None:
        """Find a key by its id, revoked or not."""
        ...

    def keys(self, tenant: str | None = None) -> Sequence[Key]:
        """List keys, oldest first; of one tenant, or all."""
        ...

    def has_keys(self) -> bool:
        """Tell whether a key was ever made: from then on everybody needs one."""
        ...

    def revoke_key(self, key: str) -> bool:
        """End a key, and every link it signed; False: there is none that is still good."""
        ...

    def spend(self, key: Key, submissions: int, size: int) -> bool:
        """Count against what a key may use in a day; False: it is used up, and nothing was counted."""
        ...

    def used(self, key: str) -> tuple[int, int]:
        """Tell how many submissions and bytes a key has used today (UTC)."""
        ...

    def use_link(self, link: UploadLink) -> bool:
        """Count one submission by a link; False: it made all it may."""
        ...

    def forget_links(self) -> int:
        """Forget the uses of links that are over."""
        ...


class Outbox(Protocol):
    """The ledger as it tells webhooks what happened. All methods raise LedgerUnavailable."""

    def add_webhook(self, webhook: Webhook) -> None:
        """Keep a new webhook; it is told what happens from now on."""
        ...

    def webhooks(self, tenant: str | None = None) -> Sequence[Webhook]:
        """List webhooks, oldest first; of one tenant, or all."""
        ...

    def remove_webhook(self, webhook: str) -> bool:
        """Take a webhook away with everything it was still to be told; False: there is none."""
        ...

    def tell(self, happening: Happening) -> int:
        """Write down something to be told that no transaction of the ledger tells by itself; gives to how many."""
        ...

    def take_messages(self, lease: timedelta, most: int, each: int) -> Sequence[Message]:
        """Claim messages that are due: at most so many, and at most `each` to one webhook.

        They are due again when the lease is over: a relay that died loses none.
        """
        ...

    def answered(self, message: Message, answer: Answer) -> None:
        """Write down what became of an attempt: delivered, to be tried again, given up, or its webhook disabled."""
        ...

    def backlog(self) -> Mapping[str, int]:
        """Count the messages that wait, by webhook."""
        ...

    def forget_messages(self, age: timedelta) -> int:
        """Forget messages that ended so long ago."""
        ...

    def part_is(self, name: str, ok: bool, detail: str) -> bool:
        """Write down how a part of the engine is, and tell of it when that changed; gives whether it did."""
        ...


class Post(Protocol):
    """Sends messages."""

    def send(self, message: Message) -> Answer:
        """Send once; never raises."""
        ...


class EngineLedger(Ledger, Intake, Desk, Caretaker, Register, Rescans, Keyring, Outbox, Protocol):
    """The whole ledger, in all its roles."""


class Wakeup(Protocol):
    """Tells workers that there is something to do. Losing or doubling a hint is harmless: the ledger knows."""

    def hint(self, hint: Hint) -> bool:
        """Pass a hint on within two seconds; False: it could not be passed on. Never raises."""
        ...

    def probe(self) -> Sequence[Check]:
        """Do the real thing on harmless input and say how it went; never raises."""
        ...
