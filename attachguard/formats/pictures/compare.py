"""Comparing a copy with its original, decoded pixel by decoded pixel.

The reader is Pillow's decoder. The copies of JPEG, PNG, GIF and BMP are written by our own code and those of TIFF
by libtiff's encoder, so in no case does the code that wrote a picture say whether it was written well.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageFile, ImageStat

from attachguard.formats.pictures.decode import REFUSALS, opened, reason
from attachguard.formats.pictures.keepsakes import sound_profile
from attachguard.formats.pictures.sizes import measure
from attachguard.formats.pictures.structure import Structure
from attachguard.model import Finding, Limits

BAND = 256
"""Rows that are compared at a time, so that two pictures never cost four in memory."""

EQUAL = 0.0

ALMOST_EQUAL = 3.0
"""Mean difference of a channel, of 255, that a re-encoded JPEG may have (measured: at quality 95 below 1.5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One file to be compared."""

    data: bytes
    structure: Structure | None
    format: str
    """Pillow's name of the format."""


def differences(original: View, copy: View, limits: Limits, tolerance: float = EQUAL) -> Iterator[Finding]:
    """Tell how a copy differs from its original: frames, their times, sizes, pixels, colour profile."""
    if original.structure is None or copy.structure is None:
        yield Finding("copy.unfaithful", detail="one of the two is not the structure of its type")
        return
    too_much = tuple(measure(original.structure.sizes, limits)) or tuple(measure(copy.structure.sizes, limits))
    if too_much:
        yield from too_much
        return
    frames, copied = len(original.structure.sizes.frames), len(copy.structure.sizes.frames)
    if frames != copied:
        yield Finding("copy.unfaithful", detail=f"{copied} frames instead of {frames}")
        return
    try:
        with opened(original.data, original.format) as before, opened(copy.data, copy.format) as after:
            if getattr(before, "n_frames", 1) != getattr(after, "n_frames", 1):
                yield Finding("copy.unfaithful", detail="another number of frames")
                return
            yield from _frames(before, after, frames, tolerance)
    except REFUSALS as refusal:
        yield Finding("copy.unfaithful", detail=f"can't be compared: {reason(refusal)}")


def _frames(
    before: ImageFile.ImageFile, after: ImageFile.ImageFile, frames: int, tolerance: float
) -> Iterator[Finding]:
    for number in range(frames):
        before.seek(number)
        after.seek(number)
        before.load()
        after.load()
        where = f"frame {number + 1}"
        if before.size != after.size:
            yield Finding("copy.unfaithful", where, f"{after.size} instead of {before.size} pixels")
            return
        for said in ("duration", "loop"):
            if before.info.get(said) != after.info.get(said):
                yield Finding("copy.unfaithful", where, f"another {said}")
                return
        if not _same_pixels(before, after, tolerance):
            yield Finding("copy.unfaithful", where, "other pixels")
            return
        if _profile(before) != _profile(after):
            yield Finding("copy.unfaithful", where, "another colour profile")
            return


def _profile(picture: Image.Image) -> bytes | None:
    return sound_profile(picture.info.get("icc_profile") or b"")


def _same_pixels(before: Image.Image, after: Image.Image, tolerance: float) -> bool:
    direct = before.mode == after.mode and before.mode not in {"P", "PA"} and not _keyed(before) and not _keyed(after)
    width, height = before.size
    worst = 0.0
    for top in range(0, height, BAND):
        box = (0, top, width, min(height, top + BAND))
        bands = [picture.crop(box) for picture in (before, after)]
        if not direct:
            bands = [band.convert("RGBA") for band in bands]
        if bands[0].tobytes() == bands[1].tobytes():
            continue
        if not tolerance or bands[0].mode != bands[1].mode:
            return False
        worst = max(worst, *ImageStat.Stat(ImageChops.difference(*bands)).mean)
    return worst <= tolerance


def _keyed(picture: Image.Image) -> bool:
    """Whether one colour or some of the palette is transparent, which only conversion shows."""
    return "transparency" in picture.info
