"""JPEG pictures (ITU-T T.81, with the JFIF, Exif, ICC and Adobe segments of real life)."""

from collections.abc import Sequence

from attachguard.formats.contract import Order
from attachguard.formats.jpeg.rebuild import is_common, orientation, rebuild, shown
from attachguard.formats.pictures.compare import ALMOST_EQUAL, EQUAL, View, differences
from attachguard.formats.pictures.decode import inspect_picture
from attachguard.formats.sniffing import jpeg as sniff
from attachguard.formats.structures.jpeg import walk
from attachguard.kinds import KINDS
from attachguard.model import Finding, Inspection, Limits, Rebuilt

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["jpeg"]


def inspect(data: bytes, limits: Limits) -> Inspection:
    """Report metadata, sizes above the limits, and whether the picture decodes."""
    return inspect_picture(shown(data), walk(data), "JPEG", limits)


def normalize(order: Order) -> Rebuilt:
    """Copy the picture data, orientation and colour profile into a new file; odd codings are encoded again."""
    return rebuild(order)


def verify(original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
    """Compare the decoded pixels: equal, or nearly so where the original's coding is one that is encoded again."""
    if orientation(original) != orientation(copy):
        return (Finding("copy.unfaithful", detail="another orientation"),)
    before = View(data=shown(original), structure=walk(original), format="JPEG")
    after = View(data=copy, structure=walk(copy), format="JPEG")
    tolerance = EQUAL if is_common(original) else ALMOST_EQUAL
    return tuple(differences(before, after, limits, tolerance))
