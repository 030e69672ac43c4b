"""Which fields of a picture tell where, by whom or with what it was made: everything but how to show it.

The lists are of what is harmless; a field that is on none of them counts as telling something.
"""

from collections.abc import Iterator

from attachguard.formats.pictures.ifd import Directory, Tiff, tiff
from attachguard.formats.pictures.structure import Metadata

EXIF_HARMLESS = frozenset(
    {
        0x0112,  # Orientation
        0x011A, 0x011B, 0x0128,  # XResolution, YResolution, ResolutionUnit
        0x0100, 0x0101, 0x0102, 0x0103, 0x0106, 0x0115, 0x011C,  # the picture's own measures, as in TIFF
        0x0211, 0x0212, 0x0213, 0x0214,  # YCbCr coefficients, subsampling, positioning, reference
        0x8769, 0xA005,  # where the Exif and interoperability directories are
        0x9000, 0x9101, 0x9102,  # ExifVersion, ComponentsConfiguration, CompressedBitsPerPixel
        0xA000, 0xA001, 0xA002, 0xA003,  # FlashpixVersion, ColorSpace, PixelXDimension, PixelYDimension
        0xA500,  # Gamma
    }
)  # fmt: skip
"""Exif fields that say how to show the pixels (Exif 2.32 sections 4.6.4 and 4.6.5)."""

TIFF_HARMLESS = EXIF_HARMLESS | frozenset(
    {
        0x00FE, 0x00FF,  # NewSubfileType, SubfileType
        0x0107, 0x0108, 0x0109, 0x010A,  # thresholding, cell size, fill order
        0x0111, 0x0116, 0x0117, 0x0118, 0x0119,  # strips; smallest and largest sample
        0x011E, 0x011F, 0x0120, 0x0121, 0x0122, 0x0123, 0x0124, 0x0125,  # position, free areas, gray, fax
        0x0129, 0x012D, 0x013D, 0x013E, 0x013F, 0x0140, 0x0141,  # page number, transfer, predictor, colours
        0x0142, 0x0143, 0x0144, 0x0145, 0x0146, 0x0147, 0x0148, 0x014A,  # tiles, fax lines, SubIFDs
        0x014C, 0x014E, 0x0150, 0x0151, 0x0152, 0x0153, 0x0154, 0x0155, 0x0156,  # inks, samples
        0x0157, 0x0158, 0x0159, 0x015A, 0x015B,  # clip path and its units, indexed, JPEG tables
        0x0200, 0x0201, 0x0202, 0x0203, 0x0205, 0x0206, 0x0207, 0x0208, 0x0209,  # old JPEG
        0x022F,  # StripRowCounts
        0x8773,  # ICC profile
        0x80E3, 0x80E4, 0x80E5, 0x80E6,  # data type, depth and matteing of early SGI files
        0x9C2E, 0x9C2F,  # LERC parameters
    }
)  # fmt: skip
"""TIFF fields that say how to read and show the pixels (TIFF 6.0 appendix A, TIFF Technical Notes)."""

TELLING = {
    0x8825: "location",
    0x830E: "location", 0x8480: "location", 0x8482: "location", 0x85D8: "location",  # GeoTIFF
    0x87AF: "location", 0x87B0: "location", 0x87B1: "location",
    0x010F: "camera", 0x0110: "camera", 0xA432: "camera", 0xA433: "camera", 0xA434: "camera",
    0xA431: "serial number", 0xA435: "serial number", 0xC62F: "serial number",
    0x013B: "author", 0x8298: "author", 0xA430: "author", 0x9C9D: "author",
    0x0131: "software", 0x000B: "software", 0x013C: "computer",
    0x0132: "date", 0x9003: "date", 0x9004: "date",
    0x010E: "description", 0x010D: "description", 0x011D: "description", 0x9286: "description",
    0x9C9B: "description", 0x9C9C: "description", 0x9C9E: "description", 0x9C9F: "description",
    0x927C: "maker note", 0xA420: "unique number",
    0x02BC: "XMP", 0x83BB: "IPTC", 0x8649: "Photoshop resources", 0x935C: "Photoshop layers",
}  # fmt: skip
"""What to call the fields that people ask about; any other field is `other fields`."""

EXIF_POINTER = 0x8769


def exif(where: str, block: bytes) -> Iterator[Metadata]:
    """Tell what an Exif block says beyond how to show the picture; a block that can't be read says something."""
    reader = tiff(block)
    first = reader.directory(reader.first) if reader else None
    if reader is None or first is None:
        yield Metadata(where=where, detail=f"unreadable block of {len(block)} bytes")
        return
    told = set(_told(reader, first, EXIF_HARMLESS))
    if first.next:
        told.add("thumbnail")
    if told:
        yield Metadata(where=where, detail=", ".join(sorted(told)))


def fields(where: str, reader: Tiff, directory: Directory) -> Iterator[Metadata]:
    """Tell what a TIFF page's directory says beyond how to show the page."""
    told = set(_told(reader, directory, TIFF_HARMLESS))
    if told:
        yield Metadata(where=where, detail=", ".join(sorted(told)))


def _told(reader: Tiff, directory: Directory, harmless: frozenset[int]) -> Iterator[str]:
    for tag in directory.entries:
        if tag not in harmless:
            yield TELLING.get(tag, "other fields")
    if EXIF_POINTER in directory.entries:
        inner = reader.directory(reader.integer(directory.entries[EXIF_POINTER]))
        for tag in inner.entries if inner else ():
            if tag not in EXIF_HARMLESS:
                yield TELLING.get(tag, "other fields")
