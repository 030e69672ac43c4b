"""TIFF pictures, BigTIFF and multi-page ones included (TIFF 6.0). Raw photos in TIFF's clothes are refused."""

from collections.abc import Sequence

from attachguard.formats.contract import Order
from attachguard.formats.pictures.compare import View, differences
from attachguard.formats.pictures.decode import inspect_picture
from attachguard.formats.sniffing import tiff as sniff
from attachguard.formats.structures.tiff import walk
from attachguard.formats.tiff.rebuild import rebuild
from attachguard.kinds import KINDS
from attachguard.model import Finding, Inspection, Limits, Rebuilt

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["tiff"]


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
