"""From the bytes a child sent to an answer that may be believed in its form: every bound is checked here, by the host.

In its form only. A reader that was taken over can still say "nothing found"; that is why a copy is examined again by
another child, and why the scanner never asks the room.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from attachguard.findings import MALWARE
from attachguard.kinds import KINDS
from attachguard.model import Finding, Limits
from attachguard.sandbox import wire

A = TypeVar("A", wire.Identified, wire.Inspected, wire.Made, wire.Verified, wire.Probed)

_NOT_THE_ROOMS = frozenset({"scanner", "name", "limit.file_count", "limit.total_size"}) | MALWARE
"""Codes, or their first words, that other stages find: a reader has no business with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said(Generic[A]):
    """What one job came to."""

    answer: A | None
    """None when the job ended badly; then `findings` says how."""
    findings: tuple[Finding, ...]
    peak: int


def understand(
    untrusted: bytes, expected: type[A], limits: Limits, output: int
) -> tuple[A | None, tuple[Finding, ...]]:
    """Read and check an answer of the expected type, with its findings as nouns.

    None and one finding when the child noticed that it ran into a limit. Raises WireError for anything else.
    """
    answer = wire.ANSWER.read(untrusted)
    if isinstance(answer, wire.Exhausted):
        return None, (Finding(answer.code, detail="noticed by the reader"),)
    if not isinstance(answer, expected):
        raise wire.WireError("an answer to another question")
    _check(answer, limits, output)
    if isinstance(answer, wire.Probed):
        return answer, ()
    return answer, tuple(_finding(finding) for finding in answer.findings)


def _check(answer: wire.Answer, limits: Limits, output: int) -> None:
    match answer:
        case wire.Identified(kind=kind) if kind is not None and kind not in KINDS:
            raise wire.WireError("a kind that does not exist")
        case wire.Inspected():
            _check_parts(answer.parts, limits, output)
        case wire.Made():
            _check_copy(answer, output)
        case _:
            pass


def _finding(said: wire.FindingOut) -> Finding:
    if said.code in _NOT_THE_ROOMS or said.code.partition(".")[0] in _NOT_THE_ROOMS:
        raise wire.WireError("a finding that is not the room's to make")
    try:
        return Finding(said.code, where=said.where, detail=said.detail)
    except ValueError as error:
        raise wire.WireError("a finding that does not exist") from error


def _check_parts(parts: tuple[wire.PartOut, ...], limits: Limits, output: int) -> None:
    spans = [part.data for part in parts]
    if len(parts) > limits.parts or sum(span.length for span in spans) > limits.parts_size:
        raise wire.WireError("more parts than the limits allow")
    if len({part.where for part in parts}) < len(parts):
        raise wire.WireError("two parts in one place")
    if not all(wire.within(span, output) for span in spans) or wire.overlap(spans):
        raise wire.WireError("a part that does not lie in the output")


def _check_copy(made: wire.Made, output: int) -> None:
    if made.copy is None and not made.findings:
        raise wire.WireError("no copy, and no reason")
    if made.copy is not None and not (made.copy.length and wire.within(made.copy, output)):
        raise wire.WireError("a copy that does not lie in the output")
