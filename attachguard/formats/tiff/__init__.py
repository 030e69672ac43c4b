"""TIFF pictures, BigTIFF and multi-page ones included (TIFF 6.0). Raw photos in TIFF's clothes are refused."""

from attachguard.formats.contract import Claim, Sample
from attachguard.formats.pictures.decode import inspect_picture
from attachguard.formats.pictures.structure import claim
from attachguard.formats.tiff.structure import walk
from attachguard.formats.unsupported import normalize, verify
from attachguard.kinds import KINDS
from attachguard.model import Inspection, Limits

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["tiff"]


def sniff(sample: Sample) -> Claim | None:
    """Claim a TIFF header with at least one page; tell of truncation, trailing data and polyglots."""
    structure = walk(sample.data)
    return None if structure is None else claim(KIND, sample.data, structure)


def inspect(data: bytes, limits: Limits) -> Inspection:
    """Report metadata, sizes above the limits, and whether every page decodes."""
    return inspect_picture(data, walk(data), "TIFF", limits)
