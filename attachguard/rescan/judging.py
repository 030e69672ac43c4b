"""Judging stored bytes again. Nothing here decides: it is the pipeline, in part or as a whole, on bytes of ours."""

import dataclasses
from collections.abc import Sequence

from attachguard.batches import Item, Mode, Rejudged
from attachguard.errors import StoreUnavailable
from attachguard.model import Action, Attachment, Check, Cleared, Delivered, Outcome, Verdict
from attachguard.pipeline import STAGES, examine, settle
from attachguard.policy import Policy
from attachguard.ports import Kit, Store
from attachguard.reports import add, blank, conclude
from attachguard.rescan.reading import Fetched
from attachguard.stages.limit import limit
from attachguard.stages.scan import scan

_NAMES = tuple(stage.__name__ for stage in STAGES)


def judge_again(fetched: Fetched, mode: Mode, policy: Policy, kit: Kit, copies: Store) -> Rejudged:
    """Give the new verdict on an object. Raises Unavailable when a part of ours can't do its work now.

    A copy that was delivered is held to the policy for copies. `copies` takes what is made in mode `full`.
    """
    item, attachment = fetched.item, fetched.attachment
    was = item.before.outcome if item.before else Outcome.ACCEPTED
    ruling = policy.for_normalized() if was is Outcome.NORMALIZED else policy
    if mode is Mode.FULL and item.attachment is not None:
        verdict = _like_new(fetched, ruling, kit, copies)
    elif is_only_scanned(item, mode):
        verdict = _scanned(attachment, ruling, kit)
    else:
        verdict = _inspected(fetched, ruling, kit)
    found = verdict.attachment.kind
    fine = verdict.outcome is Outcome.ACCEPTED
    return Rejudged(
        outcome=was if fine else verdict.outcome,
        reasons=verdict.reasons,
        kind=found.name if found else item.kind,
        scan=verdict.original.scan,
        policy=policy.label,
        sha256=attachment.sha256,
        trouble=verdict.trouble,
        replaced=None if fine else verdict.delivered,
    )


def is_only_scanned(item: Item, mode: Mode) -> bool:
    """Tell whether the scanner alone is asked: about files with files inside it never is."""
    return mode is Mode.SCAN and not item.parts


def _scanned(attachment: Attachment, policy: Policy, kit: Kit) -> Verdict:
    """Judge by size and by the virus scanner alone: what else there is to know was known before."""
    report = blank(attachment)
    for stage in (limit, scan):
        report = add(report, stage(attachment, policy.limits, kit), (), (), policy)
        if report.action is Action.REJECT:
            break
    if report.action is Action.KEEP:
        return Verdict(outcome=Outcome.ACCEPTED, original=report, rendered=None, policy=policy.label)
    outcome, reasons = conclude(report, None, _NAMES)
    return Verdict(outcome=outcome, original=report, rendered=None, policy=policy.label, reasons=reasons)


def _inspected(fetched: Fetched, policy: Policy, kit: Kit) -> Verdict:
    """Judge by every stage, as the bytes lie there: what only a copy could mend may not be delivered."""
    with fetched.room.fresh() as room:
        report = examine(fetched.attachment, policy, kit, room)
    outcome, reasons = conclude(report, None, _NAMES)
    return Verdict(outcome=outcome, original=report, rendered=None, policy=policy.label, reasons=reasons)


def _like_new(fetched: Fetched, policy: Policy, kit: Kit, copies: Store) -> Verdict:
    """Judge like a new submission; what may be delivered as it is stays where it lies."""
    store = InPlace(fetched.item, copies)
    with fetched.room.fresh() as room:
        return settle(fetched.attachment, None, policy, dataclasses.replace(kit, store=store), room)


class InPlace:
    """The port `Store` for a file that is delivered already: only a copy in its place is stored."""

    def __init__(self, item: Item, copies: Store) -> None:
        self._item, self._copies = item, copies

    def put(self, cleared: Cleared) -> Delivered:
        """Store a copy; leave what is delivered byte for byte. Raises StoreUnavailable."""
        if cleared.outcome is Outcome.NORMALIZED:
            return self._copies.put(cleared)
        if cleared.sha256 != self._item.sha256:
            raise StoreUnavailable("the bytes changed while they were judged")
        return Delivered(
            name=cleared.name,
            media_type=cleared.media_type,
            size=cleared.size,
            sha256=cleared.sha256,
            location=self._item.location,
        )

    def probe(self) -> Sequence[Check]:
        """Ask the store of the copies."""
        return self._copies.probe()
