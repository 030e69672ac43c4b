"""What is fuzzed, and what counts as a failure.

One look at an input does what the room does: identification (every probe, the strangers' signatures and libmagic),
then the inspector of the kind that was found, or where none was, of the kind that the input was made from, and for
pictures and text the copies.
"""

import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from attachguard.formats import foreign
from attachguard.formats.contract import Claim, Sample
from attachguard.formats.identify import identify
from attachguard.formats.registry import BY_KIND
from attachguard.model import WHERE_LENGTH, Finding, Inspection, Limits
from attachguard.sandbox.inside import pack, sayable
from tests.fuzz.copies import wrong_copies

LIMITS = Limits()

PROBES_CPU = 1.5
"""Seconds of processor time that all probes together may take on 10 MiB, libmagic with them."""

INSPECT_CPU = 10.0
"""Seconds of processor time after which the room kills a reader (sandbox.settings.RoomSettings.cpu)."""

PACKAGE = Path(__file__).resolve().parents[2] / "attachguard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One input that did what none may do."""

    sort: str
    """`escaped` (an exception came out of a probe), `beyond` (something that the room does not turn into
    file.malformed came out of an inspector), `answer` (the room could not send it), `copy` (one that is believed and
    is wrong), `slow` (the probes), `crashed`, `stuck`; and `costly`."""
    target: str
    detail: str

    @property
    def contained(self) -> bool:
        """Whether the room makes a finding of it: an inspector that a large file brings to its limits is ended."""
        return self.sort == "costly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one input did."""

    failures: tuple[Failure, ...]
    gave_up: str = ""
    """Where an inspector gave up with an exception, which the room turns into file.malformed: allowed, counted."""
    probes_cpu: float = 0.0
    inspect_cpu: float = 0.0


def look(data: bytes, extension: str, kind: str) -> Look:
    """Identify an input and inspect it; `kind` is what it was made from."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as in the room: a library's warning is no failure there
        return _look(data, extension, kind)


def _look(data: bytes, extension: str, kind: str) -> Look:
    began = time.process_time()
    try:
        found = identify(data, extension, LIMITS)
        pack(found.findings)
    except BaseException as error:  # any that escapes is what we look for
        if isinstance(error, KeyboardInterrupt):
            raise
        return Look(failures=(Failure(sort="escaped", target=_probe(data, extension), detail=told(error)),))
    probes_cpu = time.process_time() - began
    failures = []
    if probes_cpu > PROBES_CPU:
        failures.append(Failure(sort="slow", target="identify", detail=f"{probes_cpu:.1f} s"))
    began = time.process_time()
    inspection, found_wrong, gave_up = _inspected(found.kind or kind, data)
    failures += found_wrong
    inspect_cpu = time.process_time() - began
    if inspect_cpu > INSPECT_CPU:
        failures.append(Failure(sort="costly", target=f"inspect {found.kind or kind}", detail=f"{inspect_cpu:.1f} s"))
    elif found.kind and inspection is not None:
        copied_wrong, gave_up = _copies(found.kind, data, (*found.findings, *inspection.findings))
        failures += copied_wrong
    return Look(failures=tuple(failures), gave_up=gave_up, probes_cpu=probes_cpu, inspect_cpu=inspect_cpu)


def _inspected(kind: str, data: bytes) -> tuple[Inspection | None, list[Failure], str]:
    """Inspect a file; gives what was seen, the failures, and where the inspector gave up."""
    target = f"inspect {kind}"
    try:
        inspection = BY_KIND[kind].inspect(data, LIMITS)
    except MemoryError as error:
        return None, [Failure(sort="costly", target=target, detail=told(error))], ""
    except Exception as error:  # noqa: BLE001 - the room takes them all for file.malformed
        return None, [], f"{target}: {told(error)}"
    except BaseException as error:  # not even the room catches these
        if isinstance(error, KeyboardInterrupt):
            raise
        return None, [Failure(sort="beyond", target=target, detail=told(error))], ""
    return inspection, [Failure(sort="answer", target=target, detail=wrong) for wrong in _unsendable(inspection)], ""


def _copies(kind: str, data: bytes, seen: tuple[Finding, ...]) -> tuple[list[Failure], str]:
    """Make the copies of a file; gives the failures, and where a rebuild gave up."""
    target = f"copy of {kind}"
    try:
        return [
            Failure(sort="copy", target=target, detail=wrong) for wrong in wrong_copies(kind, data, seen, LIMITS)
        ], ""
    except MemoryError as error:
        return [Failure(sort="costly", target=target, detail=told(error))], ""
    except Exception as error:  # noqa: BLE001 - the room takes them all for copy.failed
        return [], f"{target}: {told(error)}"


def probes() -> dict[str, Callable[[Sample], Claim | None]]:
    """Every probe by its name."""
    return {**{kind: module.sniff for kind, module in BY_KIND.items()}, "foreign": foreign.sniff}


def told(error: BaseException) -> str:
    """Say what was raised and where in our code, without the message, which may hold the input's own bytes."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(PACKAGE)]
    if not ours:
        return type(error).__name__
    last = ours[-1]
    within = "" if frames[-1] is last else " (in a library)"
    return f"{type(error).__name__} at {Path(last.filename).relative_to(PACKAGE)}:{last.lineno} {last.name}{within}"


def _probe(data: bytes, extension: str) -> str:
    """Find the probe that lets an exception out."""
    for name, sniff in probes().items():
        try:
            sniff(Sample(data=data, extension=extension, limits=LIMITS))
        except BaseException:  # noqa: BLE001 - any
            return f"sniff {name}"
    return "identify"


def _unsendable(inspection: Inspection) -> Sequence[str]:
    """Say what the room could not send: places of parts must be short, sayable and each its own."""
    pack(inspection.findings)
    places = [part.where for part in inspection.parts]
    wrong = [f"place {place!r}" for place in places if sayable(place, WHERE_LENGTH) != place]
    return wrong if len(set(places)) == len(places) else [*wrong, "two parts at one place"]
