"""What the commands share of the terminal: where words go, and which language they are in."""

import enum
import sys

from rich.console import Console
from rich.markup import escape

from attachguard.model import printable

_UNFOLDED = 10_000
"""Columns that no line of ours has."""


class Language(enum.StrEnum):
    """The languages that reasons and remedies exist in."""

    EN = "en"
    NL = "nl"
    DE = "de"
    FR = "fr"


def terminal() -> Console:
    """Write for people on stdout; without colours where it is no terminal."""
    # Elsewhere a line is a line, however long: the next program reads it.
    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=_UNFOLDED)


def complain(message: str) -> None:
    """Say in one line on stderr what went wrong."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[bold red]attachguard:[/] {plain(message)}")


def plain(text: str, length: int = 1000) -> str:
    """Show any text as it is: no escape sequence of a file name reaches the terminal, no markup is obeyed."""
    return escape(printable(text, length))
