"""JPEG pictures (ITU-T T.81, with the JFIF, Exif, ICC and Adobe segments of real life)."""

from attachguard.formats.contract import Claim, Sample
from attachguard.formats.jpeg.structure import walk
from attachguard.formats.pictures.decode import inspect_picture
from attachguard.formats.pictures.structure import claim
from attachguard.formats.unsupported import normalize, verify
from attachguard.kinds import KINDS
from attachguard.model import Inspection, Limits

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["jpeg"]


def sniff(sample: Sample) -> Claim | None:
    """Claim SOI with a frame header behind it; tell of truncation, trailing data and polyglots."""
    structure = walk(sample.data)
    return None if structure is None else claim(KIND, sample.data, structure)


def inspect(data: bytes, limits: Limits) -> Inspection:
    """Report metadata, sizes above the limits, and whether the picture decodes."""
    return inspect_picture(data, walk(data), "JPEG", limits)
