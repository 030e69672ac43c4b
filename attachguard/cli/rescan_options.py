"""What can be said on the command line about judging again, and how it is read."""

import re
from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from attachguard.batches import Mode, OnInfected
from attachguard.errors import UsageError
from attachguard.model import Outcome

NONE = "none"
"""What takes a condition out of the schedule."""

_AGE = re.compile(r"([0-9]{1,5})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

OlderThanSignatures = Annotated[
    bool, typer.Option("--older-than-signatures", help="Last judged with other signatures than today's.")
]
PolicyChanged = Annotated[
    bool, typer.Option("--policy-changed", help="Last judged under another version of its policy.")
]
BuildChanged = Annotated[bool, typer.Option("--build-changed", help="Last judged by another version of attachguard.")]
OlderThan = Annotated[
    str | None, typer.Option("--older-than", metavar="30d", help="Last judged so long ago: s, m, h, d or w.")
]
Prefix = Annotated[str, typer.Option("--prefix", help="Keys in the store that begin so.")]
Kinds = Annotated[list[str] | None, typer.Option("--kind", help="Of this kind: pdf, docx, ...; may be repeated.")]
Tenants = Annotated[list[str] | None, typer.Option("--tenant", help="Of this tenant; may be repeated.")]
Verdicts = Annotated[
    list[Outcome] | None,
    typer.Option("--verdict", metavar="accepted|normalized", help="With this verdict; may be repeated."),
]
Names = Annotated[list[str] | None, typer.Option("--id", help="A submission, attachment or SHA-256; may be repeated.")]
NamesFrom = Annotated[
    Path | None, typer.Option("--ids-from", help="A file with one of these in each line; `#` begins a remark.")
]
Everything = Annotated[bool, typer.Option("--all", help="Everything that was delivered.")]
Adopt = Annotated[
    str | None,
    typer.Option("--adopt", metavar="PLACE", help="A bucket (s3://...) or a folder that attachguard did not fill."),
]
How = Annotated[
    Mode | None,
    typer.Option(
        "--mode", help="scan: for viruses; inspect: by every stage; full: and mended. Unset: scan, inspect for --adopt."
    ),
]
OnHit = Annotated[
    OnInfected | None,
    typer.Option("--on-infected", help="What becomes of it. Unset: quarantine, tag-only for --adopt."),
]
Rate = Annotated[float | None, typer.Option("--rate", metavar="N", help="At most N objects a second, in all.")]
Hours = Annotated[str | None, typer.Option("--window", metavar="22:00-06:00", help="Work in these hours only, UTC.")]

AfterSignatures = Annotated[
    bool | None,
    typer.Option("--after-signatures/--not-after-signatures", help="A batch after new signatures settled."),
]
Settle = Annotated[
    str | None, typer.Option("--settle", metavar="10m", help="How long new signatures must stay the same.")
]
Nightly = Annotated[
    str | None,
    typer.Option("--nightly", metavar="02:30", help="When what another policy or build judged is judged again."),
]
NightlyOlderThan = Annotated[
    str | None,
    typer.Option("--older-than", metavar="30d|none", help="Nightly also what was not judged for so long."),
]
NotNightly = Annotated[bool, typer.Option("--not-nightly", help="No nightly batch.")]
AnyRate = Annotated[
    float | None, typer.Option("--rate", metavar="N", help="At most N objects a second, in all; 0: no limit.")
]
AnyHours = Annotated[
    str | None, typer.Option("--window", metavar="22:00-06:00|none", help="Work in these hours only, UTC.")
]
OnScheduledHit = Annotated[OnInfected | None, typer.Option("--on-infected", help="What becomes of it.")]

T = TypeVar("T")


def read_age(text: str) -> timedelta:
    """Read `30d`, `12h`. Raises UsageError."""
    found = _AGE.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!r} is no age: write 30d, 12h, 90m")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def read_clock(text: str) -> time:
    """Read `02:30`. Raises UsageError."""
    try:
        return time.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no time of day: write 02:30, in UTC") from error


def changed(before: T | None, text: str | None, read: Callable[[str], T]) -> T | None:
    """Give what was before where nothing is said now, and nothing where `none` is said."""
    if text is None:
        return before
    return None if text == NONE else read(text)


def read_names(path: Path) -> tuple[str, ...]:
    """Read a file of ids and hashes. Raises UsageError, also when there is none in it: that would mean everything."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no text") from error
    names = tuple(name for line in lines if (name := line.partition("#")[0].strip()))
    if not names:
        raise UsageError(f"{path} names nothing")
    return names


def read_place(text: str | None) -> str | None:
    """Read a URL or the path of a folder, as a URL."""
    return Path(text).absolute().as_uri() if text and "://" not in text else text
