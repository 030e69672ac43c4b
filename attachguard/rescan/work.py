"""What one worker does with one bundle: fetch, judge, record, see to the bytes.

Results are recorded every second, and at once where a verdict changed. Between two objects it looks whether a
submission waits for this worker: then it puts the rest back and makes way.
"""

import contextlib
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from attachguard.batches import Batch, Bundle, Decided, Item, Rejudged, Result, Spent
from attachguard.delivery import Delivery
from attachguard.errors import (
    LedgerUnavailable,
    ObjectChanged,
    ObjectMissing,
    StoreUnavailable,
    Unavailable,
    UsageError,
)
from attachguard.heartbeat import heartbeat
from attachguard.jobs import Queue, Terms
from attachguard.model import Outcome, Trouble
from attachguard.policy import Policy
from attachguard.ports import EngineLedger, Kit, Shelf
from attachguard.rescan.acting import moves, put_aside, result_of, see_to
from attachguard.rescan.judging import is_only_scanned, judge_again
from attachguard.rescan.reading import Fetched, fetch, fetch_ahead, look_at
from attachguard.workroom import Workroom, workroom

ATTEMPTS = 5
"""How often an object is taken up whose worker dies each time."""

PATIENCE = timedelta(minutes=10)
"""How long an object is tried again and again while a part of ours is not available."""

PAUSE = timedelta(seconds=5)
"""How long an object waits for its next attempt, doubled with every one, to a minute; and how long a batch rests."""

IN_A_ROW = 3
"""So many objects that could not be judged, one after the other, and the batch rests: it is not about the objects."""

RETRIES_CHANGED = 2
"""How often an object is read whose bytes are not those that were delivered: a connection may have broken off."""

NO_POLICY = "policy.unusable"
"""The trouble of an object whose policy can't be loaded any more."""

RECORD_SECONDS = 1.0
LOOK_SECONDS = 0.05
"""How often it is looked whether a submission waits: as long as a scan may take that it finds under way, or longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The parts a worker works with."""

    kit: Kit
    ledger: EngineLedger
    quarantine: Shelf
    clean: Shelf
    policies: Callable[[str], Policy]
    default_policy: str
    terms: Terms
    patience: timedelta = PATIENCE
    pause: timedelta = PAUSE


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """How long a worker goes on."""

    until: float
    """When to make way, on the monotonic clock."""
    queues: Collection[Queue]
    """A job of these, and it makes way at once."""
    most: int
    """Objects at most."""


@dataclass(slots=True, kw_only=True)
class _Pile:
    """What is judged and not recorded yet."""

    decided: list[Decided] = field(default_factory=list)
    scans: int = 0
    bytes: int = 0
    since: float = field(default_factory=time.monotonic)

    def is_due(self) -> bool:
        urgent = any(one.result is Result.CHANGED for one in self.decided[-1:])
        return bool(self.decided) and (urgent or time.monotonic() - self.since >= RECORD_SECONDS)


class Worker:
    """Works through one bundle."""

    def __init__(self, tools: Tools, batch: Batch, bundle: Bundle, shelf: Shelf, turn: Turn) -> None:
        """`shelf`: where the objects lie."""
        self._tools = tools
        self._batch = batch
        self._bundle = bundle
        self._shelf = shelf
        self._turn = turn
        self._looked = time.monotonic()
        self._requests = self._sent()
        self._open = {one.key for one in bundle.items} | {one.item.key for one in bundle.acting}
        self._tried: list[str] = []
        self._pause = timedelta(0)
        self._rest = timedelta(0)
        self._in_a_row = 0
        self._answers: dict[tuple[str, ...], Rejudged] = {}

    def run(self) -> None:
        """Do it. What breaks on our side is put back to be tried again. Raises LedgerUnavailable."""
        with _signs_of_life(self._tools, self._bundle.token):
            try:
                self._see_to(self._bundle.acting)
                self._judge_all()
            finally:
                if self._open:
                    self._give_back()

    def _give_back(self) -> None:
        with contextlib.suppress(LedgerUnavailable):  # else the lease ends by itself
            self._tools.ledger.give_bundle_back(
                self._batch.id, self._bundle.token, self._tried, self._pause, self._rest
            )

    # -- judging -----------------------------------------------------------------------------------------------

    def _judge_all(self) -> None:
        known = dict(self._tools.ledger.twins(self._batch, self._bundle.items)) if self._bundle.items else {}
        pile = _Pile()
        left = self._to_read(known, pile)
        with (
            workroom() as room,
            contextlib.closing(fetch_ahead(left, lambda one: self._fetch(one, room), self._shelf.readers)) as ahead,
        ):
            for item, get in ahead:
                try:
                    self._judge(item, get, known, pile)
                    self._in_a_row = 0
                except Unavailable as error:
                    self._put_off(item, error, pile)
                    if self._rest:
                        break
                if pile.is_due():
                    pile = self._record(pile)
                if self._must_make_way():
                    break
        self._record(pile)

    def _to_read(self, known: Mapping[str, Rejudged], pile: _Pile) -> list[Item]:
        """Leave out what another object of the same content has answered for; what must go is read all the same."""
        left = []
        for item in self._bundle.items:
            judged = known.get(item.key)
            if judged is not None and result_of(item, judged) is Result.UNCHANGED:
                pile.decided.append(self._decided(item, judged))
            else:
                left.append(item)
        return left

    def _fetch(self, item: Item, room: Workroom) -> Fetched:
        get = look_at if is_only_scanned(item, self._batch.request.mode) else fetch
        return get(item, self._shelf, self._policy(item).limits, room)

    def _policy(self, item: Item) -> Policy:
        """Load the policy that a file came in under; a label (name@version) stands for its name."""
        return self._tools.policies(item.policy.partition("@")[0] or self._tools.default_policy)

    def _judge(self, item: Item, get: Callable[[], Fetched], known: Mapping[str, Rejudged], pile: _Pile) -> None:
        try:
            fetched = get()
        except ObjectMissing as error:  # asking again does not help
            pile.decided.append(self._failed(item, error.code, str(error)))
            return
        except UsageError as error:  # its policy is gone or wrong
            pile.decided.append(self._failed(item, NO_POLICY, str(error)))
            return
        item = replace(item, size=fetched.attachment.size)
        with contextlib.ExitStack() as stack:
            stack.callback(fetched.clear)
            pile.bytes += fetched.attachment.size
            question = _question(item, fetched.attachment.sha256)
            judged = known.get(item.key) or self._answers.get(question)
            if judged is None:
                judged = self._judged(fetched)
                pile.scans += 1
            if judged.trouble is None and judged.replaced is None:
                self._answers[question] = judged  # duplicates are handed out side by side
            if judged.trouble is not None:
                raise _Undetermined(judged.trouble)
            decided = self._decided(item, replace(judged, sha256=fetched.attachment.sha256))
            if moves(self._batch, item, judged):
                held = put_aside(self._batch, item, decided.judged, fetched.attachment.path, self._tools.quarantine)
                decided = replace(decided, held_key=held)
            pile.decided.append(decided)

    def _judged(self, fetched: Fetched) -> Rejudged:
        item = fetched.item
        # A number of its own keeps this copy apart from every other attempt's.
        copies = Delivery(self._tools.clean, item.submission or "", f"r{self._bundle.token[:12]}")
        return judge_again(fetched, self._batch.request.mode, self._policy(item), self._tools.kit, copies)

    def _decided(self, item: Item, judged: Rejudged) -> Decided:
        return Decided(
            item=item, judged=judged, result=result_of(item, judged), on_infected=self._batch.request.on_infected
        )

    def _failed(self, item: Item, code: str, why: str) -> Decided:
        trouble = Trouble(code=code, detail=why)
        return self._decided(item, Rejudged(outcome=Outcome.UNDETERMINED, trouble=trouble))

    def _put_off(self, item: Item, error: Unavailable, pile: _Pile) -> None:
        """Have an object tried again later; when it could not be judged for so long, give it up and tell so."""
        if self._is_over(item, error):
            pile.decided.append(self._failed(item, error.code, str(error)))
            return
        self._tried.append(item.key)
        self._pause = min(self._tools.pause * 2 ** (max(1, item.attempts) - 1), timedelta(minutes=1))
        self._in_a_row += 1
        if self._in_a_row >= IN_A_ROW:
            self._rest = self._tools.pause

    def _is_over(self, item: Item, error: Unavailable) -> bool:
        if isinstance(error, ObjectChanged):
            return item.attempts >= RETRIES_CHANGED
        began = item.tried_at or datetime.now(UTC)
        return item.attempts >= ATTEMPTS and began + self._tools.patience <= datetime.now(UTC)

    # -- recording ---------------------------------------------------------------------------------------------

    def _record(self, pile: _Pile) -> _Pile:
        if not pile.decided:
            return pile
        spent = Spent(scans=pile.scans, bytes=pile.bytes, requests=self._newly_sent())
        recorded = self._tools.ledger.record_bundle(self._batch, self._bundle.token, pile.decided, spent)
        self._open -= {one.item.key for one in pile.decided if not is_to_be_seen_to(one)}
        self._see_to([one for one in recorded if is_to_be_seen_to(one)])
        return _Pile()

    def _see_to(self, decided: Sequence[Decided]) -> None:
        done = []
        for one in decided:
            try:
                see_to(one, self._shelf, self._tools.ledger)
            except StoreUnavailable as error:
                if one.item.attempts < ATTEMPTS:
                    self._rest = self._tools.pause
                    continue  # it stays to be seen to
                self._tools.ledger.not_acted(self._batch.id, self._bundle.token, one.item.key, str(error))
                self._open.discard(one.item.key)
            else:
                done.append(one.item.key)
        if done:
            spent = Spent(requests=self._newly_sent())
            self._tools.ledger.acted(self._batch.id, self._bundle.token, done, spent)
            self._open -= set(done)

    def _sent(self) -> int:
        shelves = {id(shelf): shelf for shelf in (self._shelf, self._tools.quarantine, self._tools.clean)}
        return sum(shelf.requests for shelf in shelves.values())

    def _newly_sent(self) -> int:
        before, self._requests = self._requests, self._sent()
        return self._requests - before

    # -- making way --------------------------------------------------------------------------------------------

    def _must_make_way(self) -> bool:
        now = time.monotonic()
        if now >= self._turn.until:
            return True
        if now - self._looked < LOOK_SECONDS:
            return False
        self._looked = now
        return self._tools.ledger.is_waiting(self._turn.queues)


def is_to_be_seen_to(decided: Decided) -> bool:
    """Tell whether something is to be done with an object: it changed, or lies in a foreign place and gets its tags."""
    return decided.result is Result.CHANGED or (decided.item.attachment is None and decided.judged.trouble is None)


def _question(item: Item, sha256: str) -> tuple[str, ...]:
    """Say what a verdict depends on beside the scanner: two objects of which this is the same get the same one."""
    return (sha256, item.policy, item.name, item.before.outcome.value if item.before else "", str(item.parts))


class _Undetermined(Unavailable):
    """A verdict that says that a part of ours could not do its work."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.detail)
        self.code = trouble.code  # type: ignore[misc]  # each of these carries its own


def _signs_of_life(tools: Tools, token: str) -> AbstractContextManager[None]:
    def renew() -> bool:
        tools.ledger.renew_bundle(token, tools.terms.lease)
        return True

    return heartbeat(token, tools.terms.lease.total_seconds() / 3, renew)
