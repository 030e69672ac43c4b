"""What every format is: a module with a KIND and the same four functions.

All functions are pure: bytes in, values out, no file, no network, no state between calls. They may raise for
input they do not understand; the room turns that into `file.malformed` (never into "nothing found").
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, TypeVar, cast

from attachguard.kinds import Kind
from attachguard.model import Finding, Inspection, JudgedPart, Limits, Rebuilt

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One format's opinion-free answer to "is this yours?"."""

    kind: str | None
    """A name of kinds.KINDS; None: recognised, and a type that is not accepted (a .docm, a zip, a program)."""
    described: str
    """In a few words, for people: `Word document with macros`."""
    findings: tuple[Finding, ...] = ()
    """Facts seen on the way: trailing data, a second type inside, encryption."""


@dataclass(frozen=True)
class Sample:
    """The bytes to sniff, with the work that several formats share done once."""

    data: bytes
    extension: str
    """The (safe) name's last extension, lower case, without the dot: settles .txt against .csv only."""
    limits: Limits = field(default_factory=Limits)

    def shared(self, work: "Callable[[Sample], T]") -> T:
        """Do a piece of work that several formats need (a zip's directory, an OLE directory) once per sample."""
        done: dict[object, object] = self.__dict__.setdefault("_shared", {})
        if work not in done:
            done[work] = work(self)
        return cast("T", done[work])

    @cached_property
    def text(self) -> str | None:
        """The content as text, or None when it is binary (text.py)."""
        from attachguard.formats.text import decode  # noqa: PLC0415 - text.py imports Claim from here

        decoded = decode(self.data)
        return None if decoded is None else decoded.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What `normalize` is asked to make."""

    original: bytes
    method: str
    """One of the kind's methods (kinds.py)."""
    printed: bytes | None
    """For method `print`: what the outside program made of the original, to be rebuilt; else None."""
    parts: Sequence[JudgedPart]
    """The files that `inspect` handed out, after their own verdicts, joined by `where`."""
    limits: Limits
    password: str | None = field(default=None, repr=False)
    """For the method that unlocks (kinds.Kind.unlocked_by): what opens the original; else None."""


class Format(Protocol):
    """The four functions. A module satisfies this; see FORMATS in `registry.py`."""

    KIND: Kind

    def sniff(self, sample: Sample) -> Claim | None:
        """Say whether the bytes are of this format, by signature and structure; linear in the input, capped.

        Returns None when they are not. A near relative that is not accepted (.docm for docx) is claimed with
        `kind=None`. Never raises for any input.
        """
        ...

    def inspect(self, data: bytes, limits: Limits) -> Inspection:
        """Report everything in the file that could act, hide, leak or exhaust, and hand out the files inside."""
        ...

    def normalize(self, order: Order) -> Rebuilt:
        """Make a safe copy from an allow-list, or say by findings why there is none."""
        ...

    def verify(self, original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
        """Compare a copy with its original by another reader than the one that wrote it; empty: faithful."""
        ...
