"""What the host and the room say to each other: every message, every bound, and one strict way to read them.

Bytes never travel in messages. One sealed memfd carries everything in, one memfd of fixed size carries everything
out, and messages name places in them (Span). A message is read by `decode`, which takes exactly what `encode`
would have written: nothing unknown, nothing twice, nothing in another spelling.
"""

import enum
import itertools
from collections.abc import Sequence
from typing import Annotated, Generic, Literal, TypeVar

import msgspec

from attachguard.model import DETAIL_LENGTH, WHERE_LENGTH, Limits, Outcome

ANSWER_SIZE = 1024 * 1024
"""Bytes of the longest answer: twice what 256 findings of the greatest length and 100 parts need."""

FINDINGS = 256
"""Findings in one answer."""

PARTS = 1000
"""Parts in one answer, whatever the policy allows."""

NAME_LENGTH = 1000
"""Characters of a part's untrusted name; longer ones are cut in the room."""

PASSWORD_LENGTH = 127
"""Characters of a password; no PDF has a longer one (ISO 32000-2, 7.6.4.3.2: 127 bytes)."""

CONTROL_SIZE = 16 * 1024
"""Bytes of the longest message to or from the zygote; it reads none that a file has a word in."""

PATIENCE = 4
"""A job that waits for a processor may take so many times its `wall`: a busy machine is not the file's fault."""

LOCKED = b"L"
"""The first byte on the answer pipe: the walls are up. Sent before a byte of the file was read, so a file
cannot forge that it is missing."""

NOT_STARTED = b"E"
"""Follows LOCKED in the exec profile when the program could not be executed; the program itself has no way to
say so, since the pipe closes when it starts."""

T = TypeVar("T")

Size = Annotated[int, msgspec.Meta(ge=0, le=2**40)]
Short = Annotated[str, msgspec.Meta(max_length=200)]


class WireError(ValueError):
    """A message is not one that we could have written."""


class Level(enum.StrEnum):
    """How strong the walls are that this machine allows, strongest first."""

    FULL = "full"
    """Limits, no new privileges, Landlock and the system-call filter."""
    NO_OPEN = "no-open"
    """No Landlock here: the filter lets no file be opened at all, so programs and fonts are out of reach."""
    NONE = "none"
    """The filter is missing: no job is run."""

    def weaker_than(self, other: "Level") -> bool:
        """Tell whether these walls are weaker. NONE is weaker than anything, itself included: it is never enough."""
        order = list(Level)
        return self is Level.NONE or order.index(self) > order.index(other)


class Profile(enum.StrEnum):
    """Which walls a job needs."""

    STRICT = "strict"
    """Readers inside the process: nothing is executed."""
    EXEC = "exec"
    """One named program (programs.py)."""


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True):
    """The base of every message: frozen, complete, without unknown fields."""


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a message."""


class Span(Record, frozen=True):
    """A place in a memfd."""

    offset: Size
    length: Size


# -- host to zygote --------------------------------------------------------------------------------------------


class Errand(Message, frozen=True):
    """What the zygote must know to fork one child. It holds no word of any file."""

    profile: Profile
    level: Level
    program: str
    """For the exec profile: a name of programs.PROGRAMS."""
    job: Span | None
    """For the strict profile: where in the input memfd the Job is written."""
    wall: float
    """Seconds until the child is killed, not counting those in which it waited for a processor (PATIENCE)."""
    cpu: int
    """Seconds of processor time."""
    memory: int
    """Bytes of address space."""
    output: int
    """Bytes of the output memfd."""


# -- zygote to host --------------------------------------------------------------------------------------------


class Hello(Message, frozen=True):
    """The zygote is warm, and this is what its children will be locked in with."""

    pid: int
    threads: int
    identity: int
    """The user a child runs as."""
    landlock: int
    """The kernel's Landlock ABI; 0: none. Told, not believed: the acts prove it."""
    filters: tuple[str, ...]
    """A line for each filter: profile, fingerprint, number of instructions; empty on an unknown machine."""


class Ended(Message, frozen=True):
    """How a child ended, as the zygote saw it. The child has no part in it."""

    status: int
    """The wait status, as os.wait4 gives it."""
    killed: bool
    """The zygote ended it, because its time was over or the host hung up."""
    cpu: float
    """Seconds of processor time used."""
    wall: float
    """Seconds since it got its errand."""
    waited: float
    """Of those, seconds in which it could have run but had no processor, when it was killed; else 0."""
    peak: int
    """Largest resident size in bytes."""


class NotForked(Message, frozen=True):
    """No child could be made."""

    reason: str


# -- host to child ---------------------------------------------------------------------------------------------


class PartIn(Record, frozen=True):
    """A judged part (model.JudgedPart) on its way in."""

    where: str
    outcome: Outcome
    safe_name: str
    data: Span | None


class Identify(Message, frozen=True):
    """Say what the file is."""

    extension: str
    original: Span
    limits: Limits


class Inspect(Message, frozen=True):
    """Say what is in the file."""

    kind: str
    original: Span
    limits: Limits


class Normalize(Message, frozen=True):
    """Make a safe copy."""

    kind: str
    method: str
    original: Span
    printed: Span | None
    parts: tuple[PartIn, ...]
    limits: Limits
    password: Annotated[str, msgspec.Meta(max_length=PASSWORD_LENGTH)] | None


class Verify(Message, frozen=True):
    """Compare a copy with its original."""

    kind: str
    original: Span
    copy: Span
    limits: Limits


class Preview(Message, frozen=True):
    """Draw the first page or picture; the answer is Made."""

    kind: str
    original: Span
    limits: Limits


class Probe(Message, frozen=True):
    """Try the forbidden acts (acts.py) and say how each ended."""

    service: int
    """The process id of the service, whose secrets must be out of reach."""


class Trespass(Message, frozen=True):
    """Execute a program, which must be deadly: there is no answer to this."""


Job = Identify | Inspect | Normalize | Verify | Preview | Probe | Trespass

# -- child to host: all of it is untrusted until `decode` and `room` have looked at it ---------------------------


class FindingOut(Record, frozen=True):
    """A finding, within the bounds of model.Finding."""

    code: Annotated[str, msgspec.Meta(max_length=60)]
    where: Annotated[str, msgspec.Meta(max_length=WHERE_LENGTH)]
    detail: Annotated[str, msgspec.Meta(max_length=DETAIL_LENGTH)]


Findings = Annotated[tuple[FindingOut, ...], msgspec.Meta(max_length=FINDINGS)]


class PartOut(Record, frozen=True):
    """A file found in the file."""

    where: Annotated[str, msgspec.Meta(max_length=WHERE_LENGTH)]
    untrusted_name: Annotated[str, msgspec.Meta(max_length=NAME_LENGTH)]
    declared_type: Short | None
    data: Span


class Identified(Message, frozen=True):
    """The answer to Identify."""

    kind: Short | None
    described: Short
    magic: Short
    findings: Findings


class Inspected(Message, frozen=True):
    """The answer to Inspect."""

    findings: Findings
    parts: Annotated[tuple[PartOut, ...], msgspec.Meta(max_length=PARTS)]
    pages: Size = 0
    misprints: bool = False


class Made(Message, frozen=True):
    """The answer to Normalize."""

    copy: Span | None
    findings: Findings


class Verified(Message, frozen=True):
    """The answer to Verify."""

    findings: Findings


class Act(Record, frozen=True):
    """How one forbidden act ended."""

    name: Short
    refused: bool
    how: Short


class Probed(Message, frozen=True):
    """The answer to Probe."""

    acts: Annotated[tuple[Act, ...], msgspec.Meta(min_length=1, max_length=64)]


class Exhausted(Message, frozen=True):
    """The child ran into a limit, noticed, and says which."""

    code: Literal["sandbox.memory", "sandbox.output"]


Answer = Identified | Inspected | Made | Verified | Probed | Exhausted

_ENCODER = msgspec.json.Encoder()


class Reader(Generic[T]):
    """Reads one type of message, strictly."""

    def __init__(self, types: object) -> None:
        """`types` is a Message or a union of them; the caller says by annotation what T is."""
        self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(types)

    def read(self, untrusted: bytes) -> T:
        """Read a message. Raises WireError for anything that `encode` would not have written.

        msgspec takes a duplicated key and any spelling of a number or a string; comparing with our own spelling
        of what was understood refuses them all at once (measured: duplicate keys, escapes, white space, `1e3`).
        """
        try:
            message = self._decoder.decode(untrusted)
            exact = _ENCODER.encode(message) == untrusted
        except (ValueError, RecursionError) as error:  # msgspec's errors and UnicodeError are ValueErrors
            raise WireError(f"not a message: {type(error).__name__}") from error
        if not exact:
            raise WireError("not a message in its only spelling")
        return message


def encode(message: Message) -> bytes:
    """Write a message in its only spelling."""
    return _ENCODER.encode(message)


HELLO: Reader[Hello] = Reader(Hello)
ERRAND: Reader[Errand] = Reader(Errand)
ENDED: Reader[Ended | NotForked] = Reader(Ended | NotForked)
JOB: Reader[Job] = Reader(Job)
ANSWER: Reader[Answer] = Reader(Answer)


def within(span: Span, size: int) -> bool:
    """Tell whether a span lies inside `size` bytes."""
    return span.offset + span.length <= size


def overlap(spans: Sequence[Span]) -> bool:
    """Tell whether two spans share a byte, which our own sink never writes."""
    placed = sorted((span.offset, span.offset + span.length) for span in spans if span.length)
    return any(before[1] > after[0] for before, after in itertools.pairwise(placed))
