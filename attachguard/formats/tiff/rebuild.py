"""A new TIFF of the old one's pages: decoded, and encoded again without loss, with nothing but what shows them."""

from io import BytesIO
from typing import cast

from PIL import Image, TiffImagePlugin

from attachguard.formats.contract import Order
from attachguard.formats.pictures.decode import REFUSALS, opened, reason
from attachguard.formats.pictures.keepsakes import sound_profile
from attachguard.formats.pictures.sizes import measure
from attachguard.formats.structures.tiff import walk
from attachguard.model import Finding, Rebuilt

FAX, DEFLATE, PLAIN = "group4", "tiff_adobe_deflate", "raw"

COMPRESSIONS = {
    "1": FAX, "L": DEFLATE, "LA": DEFLATE, "P": DEFLATE, "RGB": DEFLATE, "RGBA": DEFLATE, "CMYK": DEFLATE,
    "I;16": DEFLATE, "I;16B": PLAIN, "I": DEFLATE, "F": DEFLATE, "LAB": DEFLATE,
}  # fmt: skip
"""Lossless compression by mode, of the sorts that every viewer reads (TIFF 6.0 sections 11, 14; Adobe TN 3)."""

QUICK = "tiff_lzw"
QUICKLY = frozenset({"jpeg", "tiff_jpeg", "webp", QUICK})
"""What photographs are packed by. Their noise packs in a fifth of the time by LZW, to a tenth more bytes (measured);
what was packed by it before grows by nothing."""

PREDICTED = frozenset({"L", "RGB", "RGBA", "CMYK", "I;16"})
"""Modes that compress better as differences (TIFF 6.0 section 14)."""

OTHER_MODES = {"RGBX": "RGB", "RGBa": "RGBA", "YCbCr": "RGB", "PA": "RGBA", "La": "LA", "I;16L": "I;16"}
"""Modes that are written as another one, which shows the same."""

ENCODED = 12
"""Pages may have so many times Limits.pixels in bytes to be encoded again: that takes four seconds (measured)."""

SUBFILE, RESOLUTION_UNIT, X_RESOLUTION, Y_RESOLUTION, PREDICTOR = 0x00FE, 0x0128, 0x011A, 0x011B, 0x013D

UNITS = (1, 2, 3)
"""None, inch, centimetre (TIFF 6.0 section 8)."""

FINEST = 1_000_000
"""Pixels per unit that no scanner reaches."""

DIFFERENCES = 2
"""The predictor for whole numbers (TIFF 6.0 section 14)."""


def rebuild(order: Order) -> Rebuilt:
    """Make the copy; without the structure of a TIFF, or with pages that can't be decoded, there is none."""
    structure = walk(order.original)
    if structure is None:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail="not the structure of a TIFF"),))
    too_much = tuple(measure(structure.sizes, order.limits))
    if too_much:
        return Rebuilt(data=None, findings=too_much)
    if structure.sizes.decoded > ENCODED * order.limits.pixels:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail="too many pixels to encode again"),))
    quick = _written(order.original, len(structure.sizes.frames), QUICK)
    if quick.data is None or len(quick.data) <= order.limits.file_size:
        return quick
    return _written(order.original, len(structure.sizes.frames), DEFLATE)


def _written(original: bytes, pages: int, photographs: str) -> Rebuilt:
    """Write all pages; `photographs` is the compression of those."""
    number = 0
    buffer = BytesIO()
    try:
        with (
            opened(original, "TIFF") as picture,
            TiffImagePlugin.AppendingTiffWriter(buffer, new=True) as writer,
        ):
            for number in range(pages):
                picture.seek(number)
                _write(cast("TiffImagePlugin.TiffImageFile", picture), writer, photographs)
    except REFUSALS as refusal:
        return Rebuilt(data=None, findings=(Finding("copy.failed", f"page {number + 1}", reason(refusal)),))
    return Rebuilt(data=buffer.getvalue())


def _write(page: TiffImagePlugin.TiffImageFile, writer: TiffImagePlugin.AppendingTiffWriter, photographs: str) -> None:
    """Write one page without the tags of the old one, and end it."""
    kept = _fields(page)
    page.load()
    profile = sound_profile(page.info.get("icc_profile") or b"")
    plain = page.convert(OTHER_MODES[page.mode]) if page.mode in OTHER_MODES else Image.Image.copy(page)
    plain.info = {}
    compression = COMPRESSIONS[plain.mode]
    if compression == DEFLATE and page.info.get("compression") in QUICKLY:
        compression = photographs
    if plain.mode in PREDICTED:
        kept[PREDICTOR] = DIFFERENCES
    plain.save(writer, "TIFF", compression=compression, tiffinfo=kept, icc_profile=profile)
    writer.newFrame()


def _fields(page: TiffImagePlugin.TiffImageFile) -> TiffImagePlugin.ImageFileDirectory_v2:
    """Keep the resolution, and what sort of page it is (a page of several, a small version, a mask)."""
    kept = TiffImagePlugin.ImageFileDirectory_v2()
    unit = page.tag_v2.get(RESOLUTION_UNIT)
    if unit in UNITS:
        kept[RESOLUTION_UNIT] = unit
    for tag in (X_RESOLUTION, Y_RESOLUTION):
        value = page.tag_v2.get(tag)
        if isinstance(value, (int, TiffImagePlugin.IFDRational)) and 0 < value < FINEST:
            kept[tag] = value
    subfile = page.tag_v2.get(SUBFILE)
    if isinstance(subfile, int):
        kept[SUBFILE] = subfile & 7
    return kept
