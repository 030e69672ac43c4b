"""Decoding a picture to its last pixel with Pillow, under limits that are checked before a pixel is decoded."""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from PIL import Image, ImageFile, UnidentifiedImageError

from attachguard.formats.pictures.sizes import Sizes, measure
from attachguard.formats.pictures.structure import MOST_TOLD, Structure
from attachguard.model import Finding, Inspection, Limits

# All of Pillow's plugins are loaded now: in the locked room nothing can be imported any more.
Image.init()

# The limit on pixels is an argument (Limits.pixels) checked before decoding; a global one of Pillow's would
# answer first, with a warning or an error depending on the size, and differently in every version.
Image.MAX_IMAGE_PIXELS = None

REFUSALS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    struct.error,
    zlib.error,
)
"""What Pillow's readers raise for broken input (seen in their sources and by fuzzing). Not MemoryError: running
out of memory is the room's to report."""


def inspect_picture(shown: bytes, structure: Structure | None, pillow_format: str, limits: Limits) -> Inspection:
    """Report what every picture format reports: limits, metadata, and a full decode as proof.

    `shown` is the file, or where the format can tell, the part of it that shows the picture: a decoder that reads
    a hundred thousand comments first proves nothing more. `structure` is None where the walk found no picture:
    image.malformed.
    """
    if structure is None:
        return Inspection(findings=(Finding("image.malformed", detail="not the structure of its type"),))
    findings = [Finding("image.metadata", told.where, told.detail) for told in structure.metadata[:MOST_TOLD]]
    if len(structure.metadata) > MOST_TOLD:
        more = f"{len(structure.metadata) - MOST_TOLD} more of them"
        findings.append(Finding("image.metadata", detail=more))
    too_much = tuple(measure(structure.sizes, limits))
    findings.extend(too_much or undecodable(shown, pillow_format, len(structure.sizes.frames), limits))
    return Inspection(findings=tuple(findings))


def undecodable(data: bytes, pillow_format: str, frames: int, limits: Limits) -> Iterator[Finding]:
    """Decode every frame; tell of the first that cannot be decoded, or is larger than the structure said."""
    number = 1
    try:
        with opened(data, pillow_format) as picture:
            for number in range(1, frames + 1):
                picture.seek(number - 1)
                too_large = tuple(measure(Sizes(frames=(picture.size,)), limits))
                if too_large:
                    yield from too_large
                    return
                picture.load()
    except REFUSALS as refusal:
        yield Finding("image.malformed", f"frame {number}", reason(refusal))


def reason(refusal: BaseException) -> str:
    """Say why a reader refused, without the addresses in memory that one of them tells."""
    if isinstance(refusal, UnidentifiedImageError):
        return "a variant that the reader does not know"
    return f"{type(refusal).__name__}: {refusal}"


@contextmanager
def opened(data: bytes, pillow_format: str) -> Iterator[ImageFile.ImageFile]:
    """Open bytes with the one named plugin. Its warnings (odd tags, bad EXIF) concern nothing that is decoded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(BytesIO(data), formats=[pillow_format]) as picture:
            yield picture
