"""The short text that stands in a mail for what was removed from it."""

from collections.abc import Sequence

from attachguard.formats.mail.compose import Entity, text_entity
from attachguard.model import Outcome, printable

FIRST_LINE = "The following was removed from this mail, because it may not be delivered:"
"""By this line a notice is known again."""

NAME_LENGTH = 120

WHY = {Outcome.INFECTED: "malware", Outcome.REJECTED: "not accepted"}
"""What a reader is told; who sent the mail is told more."""


def removed(name: str, outcome: Outcome) -> str:
    """Make the line for one removed file."""
    return f"- {printable(name, NAME_LENGTH)} ({WHY.get(outcome, 'not accepted')})"


def notice(lines: Sequence[str]) -> Entity:
    """Make the part that lists what was removed."""
    return text_entity("\n".join((FIRST_LINE, *lines)) + "\n")


def lines_of(text: str) -> list[str] | None:
    """Read the lines of a notice; None when a text is none."""
    first, *rest = text.strip().splitlines() or [""]
    return [line for line in rest if line.startswith("- ")] if first == FIRST_LINE else None
