"""The nouns of re-scanning, frozen: what is to be judged again, how far that is, and what came of it.

A **Batch** is one request to judge again what is stored. It goes through its objects in pages; a **Bundle** is what one
worker takes from it at a time.

    batch    running <-> paused      running, paused -> cancelled      running -> done
    object   queued -> running -> done                 judged again, nothing to do or nothing more to do
             running -> acting -> done                 its verdict changed: the object itself is being seen to
             running -> queued                         its worker was lost, or a part of ours was not available
"""

import enum
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from attachguard.errors import UsageError
from attachguard.model import Delivered, Finding, Outcome, ScanIdentity, Trouble

PAGE = 500
"""Objects that are listed, and written down, in one step."""

BOUNDED_WAIT = timedelta(seconds=30)
"""How long submissions may keep a batch from being worked on: then it gets a short turn, however many wait."""

MOST_NAMES = 10_000
"""Ids and hashes in one request: a longer list is a prefix, or several batches."""


class Mode(enum.StrEnum):
    """How thoroughly objects are judged again."""

    SCAN = "scan"
    """By the virus scanner; files that hold files are inspected too, since a scanner does not see into all of them."""
    INSPECT = "inspect"
    """By every stage, as the bytes lie there."""
    FULL = "full"
    """Like a new submission: where a copy is wanted now, one is made and takes the file's place."""


class OnInfected(enum.StrEnum):
    """What becomes of an object that must no longer be delivered."""

    HOLD = "hold"
    """No longer served; the bytes stay where they are."""
    QUARANTINE = "quarantine"
    """No longer served; the bytes move to quarantine, to be reviewed."""
    TAG_ONLY = "tag-only"
    """Told and tagged; everything stays as it is."""


class BatchState(enum.StrEnum):
    """How far a batch is."""

    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


class ObjectState(enum.StrEnum):
    """How far one object of a batch is."""

    QUEUED = "queued"
    RUNNING = "running"
    ACTING = "acting"
    DONE = "done"


class Result(enum.StrEnum):
    """What came of judging an object again."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    FAILED = "failed"
    """It could not be judged now: its old verdict is as old as it was."""


class Trigger(enum.StrEnum):
    """Who wanted a batch."""

    MANUAL = "manual"
    SIGNATURES = "signatures"
    NIGHTLY = "nightly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which delivered objects are judged again. The first four say why, any one is enough; the rest all hold."""

    older_than_signatures: bool = False
    """Last judged with other signatures than today's."""
    policy_changed: bool = False
    """Last judged under another version of their policy."""
    build_changed: bool = False
    """Last judged by another version of attachguard."""
    older_than: timedelta | None = None
    """Last judged so long ago."""
    prefix: str = ""
    """Beginning of the key in the store."""
    kinds: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    verdicts: tuple[Outcome, ...] = ()
    """`accepted`, `normalized`: nothing else is delivered."""
    names: tuple[str, ...] = ()
    """Ids of submissions or attachments, or SHA-256 digests."""

    def __post_init__(self) -> None:
        if any(one not in {Outcome.ACCEPTED, Outcome.NORMALIZED} for one in self.verdicts):
            raise UsageError("only what was delivered is judged again: accepted, normalized; see `quarantine release`")
        if len(self.names) > MOST_NAMES:
            raise UsageError(f"at most {MOST_NAMES} ids and hashes go into one batch")
        if self.older_than is not None and self.older_than <= timedelta(0):
            raise UsageError("an age is above zero")

    @property
    def has_reason(self) -> bool:
        """Tell whether staleness is asked for."""
        return self.older_than_signatures or self.policy_changed or self.build_changed or self.older_than is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The hours of every day, in UTC, in which a batch works. From 22:00 to 06:00 goes over midnight."""

    start: time
    end: time

    def is_open(self, at: datetime) -> bool:
        """Tell whether a moment lies inside. A window that ends when it starts is open all day."""
        now = at.time()
        if self.start < self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end

    @classmethod
    def parse(cls, text: str) -> "Window":
        """Read `22:00-06:00`. Raises UsageError."""
        start, _, end = text.partition("-")
        try:
            return cls(start=time.fromisoformat(start.strip()), end=time.fromisoformat(end.strip()))
        except ValueError as error:
            raise UsageError(f"{text!r} is no window: write 22:00-06:00, in UTC") from error

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asked for."""

    selection: Selection = Selection()
    source: str | None = None
    """URL of a place that attachguard did not fill; None: what it delivered itself."""
    mode: Mode = Mode.SCAN
    on_infected: OnInfected = OnInfected.QUARANTINE
    rate: float | None = None
    """Objects a second at most, all workers together."""
    window: Window | None = None
    trigger: Trigger = Trigger.MANUAL
    actor: str = ""

    def __post_init__(self) -> None:
        if self.rate is not None and not 0 < self.rate <= 1_000_000:
            raise UsageError("a rate is a number of objects a second, above zero")
        if self.source is not None and self.selection != Selection():
            raise UsageError("nothing is known yet of what lies in a foreign place: it is taken as a whole")
        if self.source is not None and self.on_infected is OnInfected.HOLD:
            raise UsageError("attachguard does not serve a foreign place, so it can't hold back: tag-only, quarantine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardstick:
    """What there was when the batch was made: stale is what was judged by something else."""

    at: datetime
    signatures: str
    build: str
    policies: Mapping[str, str] = field(default_factory=dict)
    """Policy as asked for -> its label today. One that can't be loaded any more is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts of a batch."""

    found: int = 0
    """Objects written down so far."""
    unchanged: int = 0
    changed: int = 0
    failed: int = 0
    scans: int = 0
    """Contents that were judged: objects of the same content share one."""
    bytes: int = 0
    """Read from the store."""
    requests: int = 0
    """Sent to an S3 server, listing and repeats included."""

    @property
    def done(self) -> int:
        """Objects that are finished with."""
        return self.unchanged + self.changed + self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One batch as the ledger knows it."""

    id: str
    request: Request
    yardstick: Yardstick
    state: BatchState
    listed: bool
    """Whether the last page is written down: from then on `tally.found` is final."""
    cursor: str | None
    tally: Tally
    created_at: datetime
    finished_at: datetime | None
    turn_at: datetime
    """When objects of it were last handed out; in the future: not before that."""
    waiting: int = 0
    """Objects that are not finished with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """By whom and what a verdict was given."""

    outcome: Outcome
    signatures: str | None
    engine: str | None
    at: datetime | None
    policy: str
    build: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One object that is to be judged again."""

    key: str
    """What it is called in its batch: an attachment's id, or its key in a foreign place. Never twice in a batch."""
    location: str
    size: int
    name: str
    """The name it is judged under."""
    policy: str
    """As asked for when it came in; empty: the engine's default."""
    sha256: str | None = None
    """What its bytes must be; None: not known yet."""
    kind: str | None = None
    attachment: str | None = None
    submission: str | None = None
    parts: bool = False
    """Whether files were found inside it."""
    before: Provenance | None = None
    attempts: int = 0
    tried_at: datetime | None = None
    """When it was first taken up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageClaim:
    """The right to list the next page of a batch."""

    batch: str
    token: str
    cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """The objects of a batch that one worker holds until its lease ends."""

    batch: str
    token: str
    items: tuple[Item, ...]
    acting: tuple["Decided", ...] = ()
    """Objects whose changed verdict is recorded, and whose former worker did not get to seeing to the bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejudged:
    """What came of judging one object again."""

    outcome: Outcome
    reasons: tuple[Finding, ...] = ()
    kind: str | None = None
    scan: ScanIdentity | None = None
    policy: str = ""
    sha256: str | None = None
    """Of the bytes that were judged."""
    trouble: Trouble | None = None
    """Set exactly when the outcome is `undetermined`."""
    replaced: Delivered | None = None
    """A copy that is delivered from now on in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One object with its new verdict, and what is to become of its bytes."""

    item: Item
    judged: Rejudged
    result: Result
    on_infected: OnInfected
    held_key: str | None = None
    """Where a copy of its bytes was put into quarantine, before the verdict is recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a step cost."""

    scans: int = 0
    bytes: int = 0
    requests: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One object in the report of a batch."""

    key: str
    location: str
    name: str
    kind: str | None
    size: int
    result: Result
    before: Provenance | None
    outcome: Outcome | None
    reasons: tuple[str, ...]
    trouble: str | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """How many objects of one sort ended how."""

    name: str
    unchanged: int
    changed: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a batch amounts to."""

    batch: Batch
    kinds: Sequence[Group]
    ages: Sequence[Group]
    """By the age of the verdict before, when the batch was made."""
    signatures: Sequence[Group]
    """By the signatures of the verdict before."""
    lines: Sequence[Line]
    """What changed and what failed; never what stayed as it was."""
    more: int = 0
    """Lines that were left out here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a batch would do."""

    objects: int
    contents: int
    """Different ones: each is judged once. For a foreign place, where nothing is known yet, as many as objects."""
    bytes: int
    kinds: Mapping[str, int]
    seconds: float
    """For one worker, by the pace of the last batch of this mode, else by a measured one."""
    requests: int
    """To an S3 server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What starts batches by itself."""

    after_signatures: bool = True
    """Judge again, by mode `scan`, what was judged with other signatures, after they changed."""
    settle: timedelta = timedelta(minutes=10)
    """How long signatures must have stayed the same before that begins: several updates make one batch."""
    nightly: time | None = None
    """When, in UTC, everything that was judged under another policy or build is judged again."""
    nightly_older_than: timedelta | None = None
    """And everything that was not judged for so long."""
    rate: float | None = None
    window: Window | None = None
    on_infected: OnInfected = OnInfected.QUARANTINE


def usual_mode(source: str | None) -> Mode:
    """Say how thoroughly objects are judged where nobody says it: what nobody ever judged is inspected."""
    return Mode.SCAN if source is None else Mode.INSPECT


def usual_end(source: str | None) -> OnInfected:
    """Say what becomes of what is infected where nobody says it: a stranger's objects stay where they are."""
    return OnInfected.QUARANTINE if source is None else OnInfected.TAG_ONLY


def submission_of(batch: str, key: str) -> str:
    """Name the submission under which an object of a foreign place is known: the same at every attempt."""
    return hashlib.sha256(f"{batch} {key}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
