"""BMP pictures, from OS/2 1.x to the V5 header."""

from collections.abc import Sequence

from attachguard.formats.bmp.rebuild import rebuild
from attachguard.formats.contract import Order
from attachguard.formats.pictures.compare import View, differences
from attachguard.formats.pictures.decode import inspect_picture
from attachguard.formats.sniffing import bmp as sniff
from attachguard.formats.structures.bmp import walk
from attachguard.kinds import KINDS
from attachguard.model import Finding, Inspection, Limits, Rebuilt

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["bmp"]


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
