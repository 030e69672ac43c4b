"""The wake-up of an engine without a broker: its workers look into the ledger by themselves."""

from collections.abc import Sequence

from attachguard.jobs import Hint
from attachguard.model import Check


class NoWakeup:
    """The port `Wakeup` where nobody has to be told."""

    def hint(self, hint: Hint) -> bool:  # noqa: ARG002 - nobody is told
        """Say that everybody knows."""
        return True

    def probe(self) -> Sequence[Check]:
        """Say how it is."""
        return (Check(name="broker", ok=True, detail="none: workers look into the ledger", required=False),)
