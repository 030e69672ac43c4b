"""What a walk over a picture's structure tells before anything is decoded, and the claim that follows from it."""

from collections.abc import Iterator
from dataclasses import dataclass

from attachguard.formats.contract import Claim, Sample
from attachguard.formats.pictures.hidden import markup, second_type, trailing
from attachguard.formats.pictures.sizes import Sizes, measure
from attachguard.kinds import Kind
from attachguard.model import Finding

STEPS = 100_000
"""Chunks, markers or sub-blocks that a walk follows at least (measured: real files stay far below)."""

STEP_BYTES = 128
"""One more step is allowed for every so many bytes, so that a large honest file (GIF: 255-byte sub-blocks,
GIF89a section 15) is walked to its end and a file of empty blocks is not."""

MOST_TOLD = 20
"""Findings of one code that are listed one by one; a hostile file could fill a report with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """One container in the picture that tells more than how to show it."""

    where: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """A picture as its own tables of contents describe it."""

    described: str
    """For people: `animated GIF picture`."""
    end: int
    """Offset of the first byte that no longer belongs to the picture."""
    complete: bool
    """Whether the format's own end was reached."""
    sizes: Sizes
    metadata: tuple[Metadata, ...] = ()
    texts: tuple[tuple[int, int], ...] = ()
    """Begin and end of free text and foreign data: where markup hides."""
    strays: tuple[Metadata, ...] = ()
    """Bytes inside the picture that belong to nothing."""
    accepted: bool = True
    """False: recognised, and a relative that is not accepted (a raw photo in TIFF's clothes)."""


def most_steps(data: bytes) -> int:
    """How many steps a walk over these bytes may take."""
    return STEPS + len(data) // STEP_BYTES


def claim(kind: Kind, sample: Sample, structure: Structure, seen: tuple[Finding, ...] = ()) -> Claim:
    """Claim a picture: say what it is, and what the structure alone says is wrong with it.

    Promises the findings type.truncated, type.trailing_data and type.polyglot, and passes on what the format has
    `seen` itself; `inspect` does not repeat them. A picture above the limits is told here already: the virus
    scanner decodes pictures too (measured: 5 s for a file of 41 KB with 144 million pixels).
    """
    if not structure.accepted:
        return Claim(kind=None, described=structure.described)
    findings = (*seen, *measure(structure.sizes, sample.limits), *_structural(kind, sample.data, structure))
    return Claim(kind=kind.name, described=structure.described, findings=findings)


def _structural(kind: Kind, data: bytes, structure: Structure) -> Iterator[Finding]:
    if not structure.complete:
        yield Finding("type.truncated", detail=f"the {kind.title} does not reach its end")
    for stray in structure.strays[:MOST_TOLD]:
        yield Finding("type.trailing_data", stray.where, stray.detail)
    yield from trailing(data, structure.end)
    yield from second_type(data)
    for start, stop in structure.texts:
        yield from markup(data, start, stop)
