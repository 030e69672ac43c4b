"""BMP pictures, from OS/2 1.x to the V5 header."""

from collections.abc import Sequence

from attachguard.formats.bmp.rebuild import rebuild
from attachguard.formats.bmp.structure import walk
from attachguard.formats.contract import Claim, Order, Sample
from attachguard.formats.pictures.compare import View, differences
from attachguard.formats.pictures.decode import inspect_picture
from attachguard.formats.pictures.hidden import comment_opener
from attachguard.formats.pictures.structure import claim
from attachguard.kinds import KINDS
from attachguard.model import Finding, Inspection, Limits, Rebuilt

KIND = KINDS["bmp"]

FILE_SIZE_AT = 2
"""Where the field stands that turns a BMP into a script when it reads `/*`."""


def sniff(sample: Sample) -> Claim | None:
    """Claim `BM` with a known bitmap header; tell of truncation, trailing data and polyglots."""
    structure = walk(sample.data)
    if structure is None:
        return None
    return claim(KIND, sample, structure, tuple(comment_opener(sample.data, FILE_SIZE_AT)))


def inspect(data: bytes, limits: Limits) -> Inspection:
    """Report sizes above the limits and whether the picture decodes."""
    return inspect_picture(data, walk(data), "BMP", limits)


def normalize(order: Order) -> Rebuilt:
    """Write the decoded pixels into a new file, transparency and resolution kept."""
    return rebuild(order)


def verify(original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
    """Compare the decoded pixels: they must be equal."""
    before = View(data=original, structure=walk(original), format="BMP")
    after = View(data=copy, structure=walk(copy), format="BMP")
    return tuple(differences(before, after, limits))
