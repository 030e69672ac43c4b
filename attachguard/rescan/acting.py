"""What becomes of the bytes of an object whose verdict changed. Every step can be done twice.

The bytes are put into quarantine first, then the verdict is recorded, and only then they are taken away: whatever dies
in between, the object is either still delivered and judged again, or no longer delivered and seen to later.
"""

from collections.abc import Mapping
from pathlib import Path

from attachguard.batches import Batch, Decided, Item, OnInfected, Rejudged, Result, submission_of
from attachguard.errors import ObjectMissing
from attachguard.jobs import Label
from attachguard.model import Outcome
from attachguard.ports import EngineLedger, Shelf
from attachguard.rescan.reading import key_of
from attachguard.version import __version__

GONE = frozenset({Outcome.INFECTED, Outcome.REJECTED})
"""What must not be delivered."""


def result_of(item: Item, judged: Rejudged) -> Result:
    """Say whether a verdict is another one. In a foreign place there was none: what must not be there counts."""
    if judged.outcome is Outcome.UNDETERMINED:
        return Result.FAILED
    if item.before is None:
        return Result.CHANGED if judged.outcome in GONE else Result.UNCHANGED
    return Result.UNCHANGED if judged.outcome is item.before.outcome and not judged.replaced else Result.CHANGED


def moves(batch: Batch, item: Item, judged: Rejudged) -> bool:
    """Tell whether an object's bytes go to quarantine. From a foreign place only what is infected does."""
    if batch.request.on_infected is not OnInfected.QUARANTINE:
        return False
    return judged.outcome is Outcome.INFECTED or (item.attachment is not None and judged.outcome is Outcome.REJECTED)


def put_aside(batch: Batch, item: Item, judged: Rejudged, path: Path, quarantine: Shelf) -> str:
    """Copy an object's bytes into quarantine; at every attempt the key is the same. Raises StoreUnavailable."""
    submission = item.submission or submission_of(batch.id, item.key)
    number = (item.attachment or "0").rpartition(".")[2]
    key = f"{submission[:2]}/{submission}.{number}.rescan-{batch.id}"
    quarantine.put(key, path, Label(sha256=judged.sha256 or "", size=item.size))
    return key


def see_to(decided: Decided, shelf: Shelf, ledger: EngineLedger) -> None:
    """Tag an object, and take it away where it has moved or was replaced. Raises StoreUnavailable."""
    key = key_of(decided.item, shelf)
    replaced = decided.judged.replaced is not None or _was_replaced(decided)
    try:
        if not replaced:
            shelf.tag(key, tags(decided.judged))
    except ObjectMissing:
        return
    if (decided.held_key is not None or replaced) and not _still_wanted(decided.item, ledger):
        shelf.delete(key)


def tags(judged: Rejudged) -> Mapping[str, str]:
    """Tags for others to read, as they stand beside what is delivered."""
    found = {"ag-verdict": judged.outcome.value, "ag-policy": judged.policy, "ag-build": __version__}
    if judged.scan is not None:
        found["ag-scanned-at"] = judged.scan.at.strftime("%Y-%m-%dT%H:%M:%SZ")
        found["ag-signatures"] = judged.scan.signatures
    return found


def _was_replaced(decided: Decided) -> bool:
    """Tell it of an object whose first worker was lost: a changed verdict that still delivers is a copy."""
    return decided.result is Result.CHANGED and decided.judged.outcome is Outcome.NORMALIZED


def _still_wanted(item: Item, ledger: EngineLedger) -> bool:
    """Tell whether another submission delivers the same object: a store by content keeps equal files once."""
    return item.attachment is not None and item.location in ledger.wanted_locations([item.location])
