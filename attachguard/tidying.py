"""What is to be done now and then: jobs taken back and announced again, what is left over cleared away."""

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from attachguard.jobs import Held, Kept, Received, Swept, Terms
from attachguard.model import Outcome
from attachguard.ports import EngineLedger, Shelf, Wakeup
from attachguard.rescan import Rescan

WITHHELD = frozenset({Outcome.REJECTED, Outcome.INFECTED, Outcome.UNDETERMINED})
"""Verdicts after which a file is held in quarantine for review."""

_PAGE = 500


class Tidying:
    """The verbs of Service for whoever looks after it: workers, beat, `attachguard sweep`."""

    ledger: EngineLedger
    rescan: Rescan
    terms: Terms
    now: Callable[[], datetime]
    _quarantine: Shelf
    _clean: Shelf
    _wakeup: Wakeup
    _is_gone: Callable[[str], bool]
    _discard: Callable[[Iterable[Received]], None]
    _note: Callable[[Held, str, str, str], None]

    def tend(self) -> Swept:
        """Return what lost workers held, end what is out of time, announce what waits. Raises LedgerUnavailable."""
        attempts = self.terms.attempts
        dead = [owner for owner in self.ledger.owners() if self._is_gone(owner)]
        returned = sum(self.ledger.return_owned(owner, attempts) for owner in dead)
        return Swept(
            returned=returned + self.ledger.return_lost(self.terms.lease, attempts),
            objects=self.rescan.tend(),
            overdue=self.ledger.fail_overdue(),
            announced=self.relay(),
        )

    def relay(self) -> int:
        """Announce the jobs that nobody claimed. Raises LedgerUnavailable."""
        told = []
        for hint in self.ledger.unannounced(self.terms.announce):
            if not self._wakeup.hint(hint):
                break  # the broker is away; the next round tries again
            told.append(hint.job)
        if told:
            self.ledger.announced(told)
        return len(told)

    def sweep(self) -> Swept:
        """Do all of `tend`, then clear away abandoned intents, expired files and orphaned objects.

        An orphan is an object of a submission of this ledger that nothing refers to, and older than the grace time. An
        object of a submission that this ledger has never heard of is somebody else's and stays. Raises Unavailable.
        """
        tended = self.tend()
        abandoned = sum(self.ledger.abandon(one) for one in self.ledger.stale_intents(self.terms.abandon))
        expired = self.ledger.no_longer_needed(self.terms.retention)
        for held in expired:
            if held.outcome in WITHHELD:  # its time was over; what was delivered goes without a word
                self._note(held, "expired", "", f"{held.outcome}, held since {held.at:%Y-%m-%d}")
        self._discard(held.file for held in expired)
        self.ledger.forget_links()
        orphans = self._sweep_shelf(self._quarantine, self._unwanted_in_quarantine)
        orphans += self._sweep_shelf(self._clean, self._unwanted_in_clean)
        return dataclasses.replace(tended, abandoned=abandoned, expired=len(expired), orphans=orphans)

    def _sweep_shelf(self, shelf: Shelf, unwanted: Callable[[Sequence[Kept]], Sequence[Kept]]) -> int:
        """List first, read the ledger afterwards, look again before each delete: what is just coming in stays."""
        before = self.now() - self.terms.grace
        count = 0
        for page in _pages(kept for kept in shelf.listing() if kept.at <= before):
            for kept in unwanted(page):
                if unwanted([kept]):
                    shelf.delete(kept.key)
                    count += 1
        return count

    def _unwanted_in_quarantine(self, page: Sequence[Kept]) -> Sequence[Kept]:
        wanted = self.ledger.wanted_keys([kept.key for kept in page])
        return self._ours([kept for kept in page if kept.key not in wanted])

    def _unwanted_in_clean(self, page: Sequence[Kept]) -> Sequence[Kept]:
        wanted = self.ledger.wanted_locations([kept.location for kept in page])
        return self._ours([kept for kept in page if kept.location not in wanted])

    def _ours(self, page: Sequence[Kept]) -> Sequence[Kept]:
        known = self.ledger.known({_submission_of(kept) for kept in page})
        return [kept for kept in page if _submission_of(kept) in known]


def _submission_of(kept: Kept) -> str:
    """Read the submission from a key of ours (`ab/abcd….…`, or `ab/.abcd….…` half written); empty for any other."""
    folder, _, name = kept.key.partition("/")
    submission, dot, _ = name.removeprefix(".").partition(".")
    return submission if dot and submission.startswith(folder) else ""


def _pages(found: Iterable[Kept]) -> Iterator[Sequence[Kept]]:
    iterator = iter(found)
    while page := list(itertools.islice(iterator, _PAGE)):
        yield page
