"""GIF pictures, animated ones included (GIF89a specification)."""

from collections.abc import Sequence

from attachguard.formats.contract import Order
from attachguard.formats.gif.rebuild import rebuild
from attachguard.formats.gif.reencode import reencode
from attachguard.formats.pictures.compare import View, differences
from attachguard.formats.pictures.decode import inspect_picture
from attachguard.formats.sniffing import gif as sniff
from attachguard.formats.structures.gif import walk
from attachguard.kinds import KINDS
from attachguard.model import Finding, Inspection, Limits, Rebuilt

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["gif"]


def inspect(data: bytes, limits: Limits) -> Inspection:
    """Report metadata, sizes above the limits, and whether every frame decodes."""
    return inspect_picture(data, walk(data), "GIF", limits)


def normalize(order: Order) -> Rebuilt:
    """Copy frames, times and loop into a new file. Method `re-encode` packs their pixels anew."""
    return reencode(order) if order.method == "re-encode" else rebuild(order)


def verify(original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
    """Compare the decoded pixels of every frame: they must be equal."""
    before = View(data=original, structure=walk(original), format="GIF")
    after = View(data=copy, structure=walk(copy), format="GIF")
    return tuple(differences(before, after, limits))
