"""The nouns of the engine, frozen: what is written down between a submission's arrival and its verdict."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from attachguard.model import Outcome, SubmissionVerdict
from attachguard.states import BytesState, SubmissionState


class Queue(enum.StrEnum):
    """Which workers a job is for, by what it is likely to cost. A hint that orders work and decides nothing."""

    SCAN = "scan"
    """Quick: pictures, text, small documents."""
    RENDER = "render"
    """May be printed page by page, or holds files that may be."""
    RESCAN = "rescan"
    """Judged before; nobody waits for it."""


RANKS: Mapping[Queue, int] = MappingProxyType({Queue.SCAN: 0, Queue.RENDER: 0, Queue.RESCAN: 1})
"""A worker that serves several queues takes the lowest rank first, and the oldest job of that rank."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long things may take before somebody else takes over or gives up."""

    lease: timedelta = timedelta(seconds=30)
    """How long a job belongs to a worker that shows no sign of life. Renewed three times in that time."""
    seconds: float = 300.0
    """How long one attempt may take: five files, each through several rooms of 15 s and a scan of 60 s at worst."""
    attempts: int = 3
    """How often a job is tried."""
    backoff: timedelta = timedelta(seconds=5)
    """The pause after the first attempt that broke off on our side; four times as long after each further one."""
    deadline: timedelta = timedelta(hours=1)
    """When a submission that is still pending becomes `undetermined`."""
    abandon: timedelta = timedelta(hours=1)
    """When a submission that was never acknowledged is cleared away: longer than the longest upload."""
    grace: timedelta = timedelta(hours=24)
    """The age at which an object that nothing refers to is an orphan: longer than any upload and any attempt."""
    retention: timedelta = timedelta(days=30)
    """How long what was not delivered is held in quarantine for review."""
    announce: timedelta = timedelta(seconds=30)
    """A queued job that nobody claimed for so long is announced again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """What a caller sends with a submission so that sending it twice makes one."""

    key: str
    request: str
    """Digest of what was sent: the same key with another digest is a mistake of the caller's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One received file as the ledger knows it."""

    id: str
    number: int
    """Its place in the submission, from 0."""
    untrusted_name: str
    safe_name: str
    declared_type: str | None
    source: str
    size: int
    sha256: str
    key: str
    """Its key in quarantine: unique, never used again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A submission that is about to be received: written down before its bytes go anywhere."""

    submission: str
    tenant: str
    actor: str
    policy: str
    """Name or path of the policy, as `load_policy` takes it."""
    queue: Queue
    files: tuple[Received, ...]
    idempotency: IdempotencyKey | None = None
    retry_of: str | None = None
    """The attachment that was refused before, when this is another try."""
    method: str = ""
    """How a retry wants its copy made: a method of kinds.Kind; empty: as the policy says."""
    trace: str = ""
    """W3C trace context (traceparent) of whoever sent it; empty: none."""
    conversation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Who sends a submission, and how it is to be judged."""

    tenant: str = ""
    actor: str = ""
    policy: str | None = None
    """Name or path of the policy; None: the engine's own."""
    idempotency_key: str | None = None
    conversation: str | None = None
    """What the sender's backend calls the conversation it belongs to."""
    retry_of: str | None = None
    method: str = ""
    trace: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a caller is told when a submission is acknowledged: from here on it is ours to finish."""

    submission: str
    state: SubmissionState
    repeated: bool = False
    """True: this is the answer to the first one with this idempotency key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """A job that could be started: all that ever travels through a broker."""

    job: str
    queue: Queue


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A job that a worker holds until its lease ends. `fence` makes a late finish find nothing to change."""

    job: str
    submission: str
    policy: str
    owner: str
    fence: int
    attempts: int
    """This one included."""
    files: tuple[Received, ...]
    method: str = ""
    trace: str = ""
    tenant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """A received file, and where its bytes are."""

    file: Received
    bytes: BytesState
    removed_at: datetime | None
    """When its sender had it taken away; None: it was not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where a submission is, and its verdict once there is one."""

    submission: str
    tenant: str
    state: SubmissionState
    policy: str
    attempts: int
    """Of the newest job: a retry counts anew."""
    created_at: datetime
    deadline_at: datetime | None
    finished_at: datetime | None
    verdict: SubmissionVerdict | None
    files: tuple[Whereabouts, ...] = ()
    """Its received files, in their order."""
    retry_of: str | None = None
    method: str = ""
    conversation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """One file that will be put into quarantine by its sender directly."""

    number: int
    untrusted_name: str
    declared_type: str | None
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingUpload:
    """Files that were announced and are not submitted yet."""

    id: str
    tenant: str
    actor: str
    policy: str
    files: tuple[Announced, ...]
    created_at: datetime
    expires_at: datetime

    def key(self, number: int) -> str:
        """Name the place in quarantine where a file is put before it is submitted."""
        return f"{self.id[:2]}/{self.id}.in.{number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One verdict as the figures need it."""

    attachment: str
    kind: str | None
    outcome: Outcome
    reasons: tuple[str, ...]
    stages: Mapping[str, float]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One file in quarantine that was not delivered."""

    attachment: str
    submission: str
    tenant: str
    policy: str
    file: Received
    state: SubmissionState
    bytes: BytesState
    outcome: Outcome | None
    reasons: tuple[str, ...]
    at: datetime
    """When its verdict was given, or it came in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the audit: what happened, never changed and never taken away."""

    at: datetime
    what: str
    submission: str
    attachment: str | None = None
    actor: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What is written beside an object in a store, for whoever reads it there. No state: that is the ledger's."""

    sha256: str
    size: int
    media_type: str = "application/octet-stream"
    name: str = ""
    """The name it is downloaded under; empty: it is not for downloading."""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One object that a store lists."""

    key: str
    location: str
    """As a verdict names it: an absolute path or `s3://bucket/key`."""
    size: int
    at: datetime
    """When it was written, by the store's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What one round of the sweeper did."""

    abandoned: int = 0
    """Submissions that never came in whole."""
    returned: int = 0
    """Jobs whose worker was lost."""
    objects: int = 0
    """Objects of a batch whose worker was lost."""
    overdue: int = 0
    """Jobs that ran out of time."""
    announced: int = 0
    """Jobs that were announced again."""
    expired: int = 0
    """Files whose time in quarantine is over."""
    orphans: int = 0
    """Objects that nothing referred to."""
