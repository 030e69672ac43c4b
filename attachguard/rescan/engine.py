"""The verbs of re-scanning: begin, estimate, work, tend, report, pause, resume, cancel, schedule."""

import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from attachguard.batches import (
    BOUNDED_WAIT,
    PAGE,
    Batch,
    BatchState,
    Estimate,
    Item,
    Mode,
    PageClaim,
    Request,
    Schedule,
    Selection,
    Summary,
    Trigger,
    Yardstick,
)
from attachguard.errors import NotPossible, PolicyError, ScannerUnavailable, UsageError
from attachguard.jobs import Queue
from attachguard.kinds import KINDS
from attachguard.ports import Shelf
from attachguard.rescan.work import ATTEMPTS, Tools, Turn, Worker
from attachguard.version import __version__

BUNDLE = 100
"""Objects that a worker takes at once: few enough that losing a worker costs a second, many enough for one commit."""

SLICE_SECONDS = 20.0
"""How long one worker stays with one bundle at most."""

TURN_BUNDLE, TURN_SECONDS = 10, 1.0
"""What a batch gets at once that submissions kept waiting: so little that they do not notice."""

AT_ONCE = 20
"""Batches that are looked at for work, the oldest first."""

_SECONDS = {Mode.SCAN: 0.01, Mode.INSPECT: 0.08, Mode.FULL: 0.1}
"""For one object and one worker, where no batch has shown it yet (measured, benchmarks/rescan.py, demo signatures)."""

_REQUESTS = {True: 2, False: 1}
"""To an S3 server for one unchanged object: reading; tagging too in a foreign place."""


class Rescan:
    """Judges again what is stored. Safe for threads and for fork."""

    def __init__(self, tools: Tools, foreign: Callable[[str], Shelf], is_gone: Callable[[str], bool]) -> None:
        """`foreign` opens a place by its URL; `is_gone` tells whether an owner's process is known to be dead."""
        self._tools = tools
        self._ledger = tools.ledger
        self._foreign = foreign
        self._is_gone = is_gone
        self._shelves: dict[str, Shelf] = {}

    # -- asking for it -----------------------------------------------------------------------------------------

    def begin(self, request: Request) -> Batch:
        """Write a batch down; workers take it from there. Raises UsageError, Unavailable."""
        _check(request.selection)
        if request.source is not None:
            self._shelf(request).page("", 1)  # a place that can't be listed is told now, not in the night
        return self._ledger.create_batch(request, self.yardstick(request.selection))

    def yardstick(self, selection: Selection) -> Yardstick:
        """Find out what there is today. Raises ScannerUnavailable when signatures are asked for and nobody answers."""
        try:
            signatures = self.signatures()
        except ScannerUnavailable:
            if selection.older_than_signatures:
                raise
            signatures = ""  # workers wait for the scanner
        return Yardstick(
            at=datetime.now(UTC), signatures=signatures, build=__version__, policies=self._labels(selection)
        )

    def signatures(self) -> str:
        """Ask the scanner what it scans with today. Raises ScannerUnavailable."""
        with tempfile.NamedTemporaryFile(prefix="attachguard-") as trial:
            trial.write(b"attachguard asks who you are\n")
            trial.flush()
            return self._tools.kit.scanner.scan(Path(trial.name)).identity.signatures

    def _labels(self, selection: Selection) -> dict[str, str]:
        labels: dict[str, str] = {}
        for asked in self._ledger.policies_asked_for() if selection.policy_changed else ():
            try:
                labels[asked] = self._tools.policies(asked.partition("@")[0]).label
            except PolicyError:
                continue
        return labels

    def estimate(self, request: Request) -> Estimate:
        """Count what a batch would do, and say how long one worker would take. Raises UsageError, Unavailable."""
        _check(request.selection)
        if request.source is None:
            here = self._tools.clean.location(request.selection.prefix)
            found, contents = self._ledger.count_selected(request.selection, self.yardstick(request.selection), here)
        else:
            found = self._counted(request)
            contents = sum(number for _, number, _ in found)
        objects = sum(number for _, number, _ in found)
        asked = objects * _REQUESTS[request.source is not None] + objects // PAGE * (request.source is not None)
        seconds = contents * self._pace(request.mode)
        return Estimate(
            objects=objects,
            contents=contents,
            bytes=sum(size for _, _, size in found),
            kinds={kind: number for kind, number, _ in found},
            seconds=max(seconds, objects / request.rate) if request.rate else seconds,
            requests=asked if self._shelf(request).readers > 1 else 0,
        )

    def _counted(self, request: Request) -> Sequence[tuple[str, int, int]]:
        """Count a foreign place by the extensions of its keys; nothing is read."""
        kinds: dict[str, tuple[int, int]] = {}
        after, shelf = "", self._shelf(request)
        while page := shelf.page(after, PAGE):
            for kept in page:
                name = PurePosixPath(kept.key).suffix.lower()[:16] or "(none)"
                number, size = kinds.get(name, (0, 0))
                kinds[name] = (number + 1, size + kept.size)
            after = page[-1].key
        return [(name, *counts) for name, counts in sorted(kinds.items())]

    def _pace(self, mode: Mode) -> float:
        """Seconds for one content: as the newest ended batch of this mode took them, else a measured figure."""
        for batch in self._ledger.batches(AT_ONCE):
            if batch.request.mode is mode and batch.finished_at and batch.tally.scans and not batch.request.rate:
                return (batch.finished_at - batch.created_at).total_seconds() / batch.tally.scans
        return _SECONDS[mode]

    def find(self, batch: str) -> Batch:
        """Tell how far a batch is. Raises NotPossible when there is none, LedgerUnavailable."""
        found = self._ledger.batch(batch)
        if found is None:
            raise NotPossible(f"there is no batch {batch}")
        return found

    def pause(self, batch: str, actor: str = "") -> Batch:
        """Hand out no more of a batch. Raises NotPossible, LedgerUnavailable."""
        return self._ledger.move_batch(batch, BatchState.PAUSED, actor)

    def resume(self, batch: str, actor: str = "") -> Batch:
        """Go on with a batch that was paused. Raises NotPossible, LedgerUnavailable."""
        return self._ledger.move_batch(batch, BatchState.RUNNING, actor)

    def cancel(self, batch: str, actor: str = "") -> Batch:
        """End a batch; what was judged stays judged. Raises NotPossible, LedgerUnavailable."""
        return self._ledger.move_batch(batch, BatchState.CANCELLED, actor)

    def summary(self, batch: str, most: int = 1000) -> Summary:
        """Tell what a batch amounts to. Raises NotPossible, LedgerUnavailable."""
        return self._ledger.summary(batch, most)

    # -- doing it ----------------------------------------------------------------------------------------------

    def work(
        self, owner: str, queues: Collection[Queue] = (), *, only: str | None = None, seconds: float = SLICE_SECONDS
    ) -> bool:
        """Do one bundle of any batch, or of `only` one; False: there was nothing to do, or a job of these queues waits.

        A batch that was kept waiting for so long (BOUNDED_WAIT) gets a short turn all the same. Raises Unavailable.
        """
        waiting = self._ledger.is_waiting(queues)
        now = datetime.now(UTC)
        batches = self._ledger.batches(AT_ONCE, {BatchState.RUNNING}) if only is None else [self.find(only)]
        for batch in batches:
            window = batch.request.window
            if window is not None and not window.is_open(now):
                continue
            if waiting and now - batch.turn_at < BOUNDED_WAIT:
                continue
            if waiting:
                turn = Turn(until=time.monotonic() + TURN_SECONDS, queues=(), most=TURN_BUNDLE)
            else:
                turn = Turn(until=time.monotonic() + seconds, queues=queues, most=BUNDLE)
            if self._work_on(batch, owner, turn):
                return True
        return False

    def _work_on(self, batch: Batch, owner: str, turn: Turn) -> bool:
        shelf = self._shelf(batch.request)
        listed = not batch.listed and batch.waiting < PAGE and self._list(batch, owner)
        rate = batch.request.rate
        limit = turn.most if rate is None else max(1, min(turn.most, int(rate)))
        bundle = self._ledger.claim_bundle(batch, owner, self._tools.terms.lease, limit)
        if bundle is None:
            return listed
        Worker(self._tools, batch, bundle, shelf, turn).run()
        return True

    def _list(self, batch: Batch, owner: str) -> bool:
        """List the next page, if nobody else does; False: nothing was listed."""
        claim = self._ledger.claim_page(batch.id, owner, self._tools.terms.lease)
        if claim is None:
            return False
        try:
            if batch.request.source is None:
                here = self._tools.clean.location(batch.request.selection.prefix)
                return self._ledger.add_selected_page(claim, here) > 0
            return self._list_foreign(batch, claim)
        except NotPossible:
            return False  # the lease ended meanwhile, and somebody else lists
        except BaseException:
            self._ledger.release_page(claim)
            raise

    def _list_foreign(self, batch: Batch, claim: PageClaim) -> bool:
        shelf = self._shelf(batch.request)
        before = shelf.requests
        page = shelf.page(claim.cursor or "", PAGE)
        items = [
            Item(key=kept.key, location=kept.location, size=kept.size, name=PurePosixPath(kept.key).name, policy="")
            for kept in page
        ]
        cursor = page[-1].key if page else claim.cursor
        last = len(page) < PAGE
        return self._ledger.add_page(claim, items, cursor, last=last, requests=shelf.requests - before) > 0

    def _shelf(self, request: Request) -> Shelf:
        if request.source is None:
            return self._tools.clean
        if request.source not in self._shelves:
            self._shelves[request.source] = self._foreign(request.source)
        return self._shelves[request.source]

    # -- looking after it --------------------------------------------------------------------------------------

    def tend(self) -> int:
        """Put back what lost workers held, end what is done; gives how many objects were put back.

        Raises LedgerUnavailable.
        """
        count = 0
        for owner in self._ledger.object_owners():
            if self._is_gone(owner):
                count += self._ledger.return_objects_of(owner, ATTEMPTS)
                self._ledger.return_listings(owner)
        count += self._ledger.return_lost_objects(self._tools.terms.lease, ATTEMPTS)
        self._ledger.end_batches()
        self._ledger.clear_batches()
        return count

    def plan(self) -> Schedule | None:
        """Read the schedule. Raises LedgerUnavailable."""
        return self._ledger.schedule()

    def set_plan(self, schedule: Schedule, actor: str = "") -> None:
        """Write the schedule; from now on workers keep to it. Raises LedgerUnavailable."""
        following = _next(schedule, datetime.now(UTC))
        self._ledger.set_schedule(schedule, following, actor)

    def keep_schedule(self) -> Sequence[str]:
        """Begin the batches that are due; gives their ids. Called by workers now and then. Raises Unavailable."""
        schedule = self._ledger.schedule()
        if schedule is None:
            return ()
        begun = (self._after_signatures(schedule), self._nightly(schedule))
        return [one for one in begun if one is not None]

    def _after_signatures(self, schedule: Schedule) -> str | None:
        if not schedule.after_signatures:
            return None
        signatures = self.signatures()
        if not self._ledger.signatures_settled(signatures, schedule):
            return None
        request = _scheduled(schedule, Trigger.SIGNATURES, Selection(older_than_signatures=True), Mode.SCAN)
        return self._ledger.begin_after_signatures(signatures, request, self.yardstick(request.selection))

    def _nightly(self, schedule: Schedule) -> str | None:
        due = self._ledger.nightly_due()
        if due is None:
            return None
        selection = Selection(policy_changed=True, build_changed=True, older_than=schedule.nightly_older_than)
        request = _scheduled(schedule, Trigger.NIGHTLY, selection, Mode.FULL)
        following = _next(schedule, datetime.now(UTC))
        if following is None:
            return None
        return self._ledger.begin_nightly(due, following, request, self.yardstick(selection))


def _check(selection: Selection) -> None:
    unknown = [kind for kind in selection.kinds if kind not in KINDS]
    if unknown:
        raise UsageError(f"there is no kind {unknown[0]!r}: {', '.join(KINDS)}")


def _next(schedule: Schedule, now: datetime) -> datetime | None:
    if schedule.nightly is None:
        return None
    tonight = datetime.combine(now.date(), schedule.nightly, UTC)
    return tonight if tonight > now else tonight + timedelta(days=1)


def _scheduled(schedule: Schedule, trigger: Trigger, selection: Selection, mode: Mode) -> Request:
    return Request(
        selection=selection,
        mode=mode,
        on_infected=schedule.on_infected,
        rate=schedule.rate,
        window=schedule.window,
        trigger=trigger,
        actor="schedule",
    )
