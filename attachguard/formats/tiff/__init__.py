"""TIFF pictures, BigTIFF and multi-page ones included (TIFF 6.0). Raw photos in TIFF's clothes are refused."""

from collections.abc import Sequence

from attachguard.formats.contract import Claim, Order, Sample
from attachguard.formats.pictures.compare import View, differences
from attachguard.formats.pictures.decode import inspect_picture
from attachguard.formats.pictures.structure import claim
from attachguard.formats.tiff.rebuild import rebuild
from attachguard.formats.tiff.structure import walk
from attachguard.kinds import KINDS
from attachguard.model import Finding, Inspection, Limits, Rebuilt

KIND = KINDS["tiff"]


def sniff(sample: Sample) -> Claim | None:
    """Claim a TIFF header with at least one page; tell of truncation, trailing data and polyglots."""
    structure = walk(sample.data)
    return None if structure is None else claim(KIND, sample, structure)


def inspect(data: bytes, limits: Limits) -> Inspection:
    """Report metadata, sizes above the limits, and whether every page decodes."""
    return inspect_picture(data, walk(data), "TIFF", limits)


def normalize(order: Order) -> Rebuilt:
    """Write the decoded pages into a new file without loss, resolution and colour profile kept."""
    return rebuild(order)


def verify(original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
    """Compare the decoded pixels of every page: they must be equal."""
    before = View(data=original, structure=walk(original), format="TIFF")
    after = View(data=copy, structure=walk(copy), format="TIFF")
    return tuple(differences(before, after, limits))
