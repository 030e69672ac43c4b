"""PNG pictures, animated ones included (PNG specification, third edition)."""

from attachguard.formats.contract import Claim, Sample
from attachguard.formats.pictures.decode import inspect_picture
from attachguard.formats.pictures.structure import claim
from attachguard.formats.png.structure import walk
from attachguard.formats.unsupported import normalize, verify
from attachguard.kinds import KINDS
from attachguard.model import Inspection, Limits

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["png"]


def sniff(sample: Sample) -> Claim | None:
    """Claim a PNG signature followed by IHDR; tell of truncation, trailing data and polyglots."""
    structure = walk(sample.data)
    return None if structure is None else claim(KIND, sample.data, structure)


def inspect(data: bytes, limits: Limits) -> Inspection:
    """Report metadata, sizes above the limits, and whether every frame decodes."""
    return inspect_picture(data, walk(data), "PNG", limits)
