"""A store and a ledger that live in memory: behaving twins for tests and for trying things out.

They pass the same contract tests as the real ones. Nothing survives the process, so a service must not run on
them: whoever makes one says so by its name.
"""

from collections.abc import Sequence

from attachguard.errors import LedgerUnavailable, StoreUnavailable
from attachguard.model import Check, Cleared, Delivered, SubmissionVerdict


class MemoryStore:
    """Keeps delivered bytes in a dictionary, for as long as the process lives."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.broken = False
        """Set to have every call fail as a store does that is gone."""

    def put(self, cleared: Cleared) -> Delivered:
        """Keep the bytes under their digest. Raises StoreUnavailable."""
        if self.broken:
            raise StoreUnavailable("the memory store was told to be broken")
        self.objects[cleared.sha256] = cleared.path.read_bytes()
        return Delivered(
            name=cleared.name,
            media_type=cleared.media_type,
            size=cleared.size,
            sha256=cleared.sha256,
            location=f"memory:{cleared.sha256}",
        )

    def probe(self) -> Sequence[Check]:
        """Say that nothing here lasts."""
        return (Check(name="store", ok=not self.broken, detail="in memory: lost with the process"),)


class MemoryLedger:
    """Keeps verdicts in a list, for as long as the process lives."""

    def __init__(self) -> None:
        self.verdicts: list[SubmissionVerdict] = []
        self.broken = False
        """Set to have every call fail as a ledger does that is gone."""

    def record(self, verdict: SubmissionVerdict) -> None:
        """Keep the verdict. Raises LedgerUnavailable."""
        if self.broken:
            raise LedgerUnavailable("the memory ledger was told to be broken")
        if any(verdict.submission == known.submission for known in self.verdicts):
            raise LedgerUnavailable(f"submission {verdict.submission} has a verdict already")
        self.verdicts.append(verdict)

    def probe(self) -> Sequence[Check]:
        """Say that nothing here lasts."""
        return (Check(name="ledger", ok=not self.broken, detail="in memory: lost with the process"),)
