"""PNG pictures, animated ones included (PNG specification, third edition)."""

from collections.abc import Sequence

from attachguard.formats.contract import Order
from attachguard.formats.pictures.compare import View, differences
from attachguard.formats.pictures.decode import inspect_picture
from attachguard.formats.png.rebuild import orientation, rebuild, shown
from attachguard.formats.png.reencode import reencode
from attachguard.formats.sniffing import png as sniff
from attachguard.formats.structures.png import walk
from attachguard.kinds import KINDS
from attachguard.model import Finding, Inspection, Limits, Rebuilt

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["png"]


def inspect(data: bytes, limits: Limits) -> Inspection:
    """Report metadata, sizes above the limits, and whether every frame decodes."""
    return inspect_picture(shown(data), walk(data), "PNG", limits)


def normalize(order: Order) -> Rebuilt:
    """Copy the chunks that show the picture into a new file. Method `re-encode` packs their pixels anew."""
    return reencode(order) if order.method == "re-encode" else rebuild(order)


def verify(original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
    """Compare the decoded pixels of every frame: they must be equal."""
    if orientation(original) != orientation(copy):
        return (Finding("copy.unfaithful", detail="another orientation"),)
    before = View(data=shown(original), structure=walk(original), format="PNG")
    after = View(data=copy, structure=walk(copy), format="PNG")
    return tuple(differences(before, after, limits))
