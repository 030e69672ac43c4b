"""The ledger as re-scanning knows it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

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
from attachguard.jobs import Queue


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
