"""Pictures inside office files: each is made anew as a picture by itself would be, or replaced by a blank one.

A picture that can't be made anew, comes from elsewhere or is of a kind that runs programs (SVG) becomes one clear
pixel under the same relationship: whatever refers to it stays whole, and the page keeps its layout.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from attachguard.formats.bmp.rebuild import rebuild as bmp
from attachguard.formats.contract import Order
from attachguard.formats.gif.rebuild import rebuild as gif
from attachguard.formats.jpeg.rebuild import rebuild as jpeg
from attachguard.formats.pictures.metadata import TELLING
from attachguard.formats.pictures.sizes import measure
from attachguard.formats.pictures.structure import Structure
from attachguard.formats.png.rebuild import rebuild as png
from attachguard.formats.structures import bmp as bmp_structure
from attachguard.formats.structures import gif as gif_structure
from attachguard.formats.structures import jpeg as jpeg_structure
from attachguard.formats.structures import png as png_structure
from attachguard.formats.structures import tiff as tiff_structure
from attachguard.formats.tiff.rebuild import rebuild as tiff
from attachguard.model import Finding, Limits, Rebuilt

EMF_SIGNATURE = b" EMF"
"""Bytes 40 to 44 of an enhanced metafile ([MS-EMF] section 2.2.9)."""
WMF_PLACEABLE = b"\xd7\xcd\xc6\x9a"
WMF_PLAIN = (b"\x01\x00\x09\x00\x00\x03", b"\x02\x00\x09\x00\x00\x03", b"\x01\x00\x09\x00\x00\x01")
"""Beginnings of Windows metafiles ([MS-WMF] sections 2.3.2.2 and 2.3.2.3)."""
STAR_METAFILE = b"VCLMTF"
"""Beginning of StarView metafiles, in which OpenDocument programs keep previews of objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that a copy may hold."""

    data: bytes
    extension: str
    media_type: str


BLANK = Picture(
    data=bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
        "0000000b4944415478da636000020000050001e9fadcd80000000049454e44ae426082"
    ),
    extension="png",
    media_type="image/png",
)
"""One clear pixel (PNG)."""

_RASTER: tuple[tuple[bytes, str, str, Callable[[Order], Rebuilt]], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png", "image/png", png),
    (b"\xff\xd8\xff", "jpeg", "image/jpeg", jpeg),
    (b"GIF8", "gif", "image/gif", gif),
    (b"BM", "bmp", "image/bmp", bmp),
    (b"II*\0", "tiff", "image/tiff", tiff),
    (b"MM\0*", "tiff", "image/tiff", tiff),
)


_WALKS: tuple[tuple[bytes, Callable[[bytes], Structure | None]], ...] = (
    (b"\x89PNG\r\n\x1a\n", png_structure.walk),
    (b"\xff\xd8\xff", jpeg_structure.walk),
    (b"GIF8", gif_structure.walk),
    (b"BM", bmp_structure.walk),
    (b"II*\0", tiff_structure.walk),
    (b"MM\0*", tiff_structure.walk),
)

_LOCATION = TELLING[0x8825]
_XMP_PLACES = (b"GPSLatitude", b"GPSLongitude")
"""Exif's names of a place in XMP, as attributes or elements (XMP specification part 2, "Exif namespace")."""


def picture_findings(data: bytes, limits: Limits) -> Iterator[Finding]:
    """Tell what matters of a picture inside a file before anybody shows it: too many pixels, and where it was taken.

    The limits are those of pictures by themselves. Other metadata (a camera, a program) is not reason enough to write a
    whole document anew; a place is, since a photo in a letter tells it as well as one beside it.
    """
    for signature, walk in _WALKS:
        if data.startswith(signature) and (structure := walk(data)) is not None:
            yield from measure(structure.sizes, limits)
            if any(_LOCATION in told.detail for told in structure.metadata) or any(
                name in data for name in _XMP_PLACES
            ):
                yield Finding("image.metadata", detail=_LOCATION)


def fresh_picture(data: bytes, limits: Limits) -> Picture | None:
    """Make a picture anew by its first bytes, whatever it is called; None when it is of no kind that may stay."""
    for signature, extension, media_type, rebuild in _RASTER:
        if data.startswith(signature):
            order = Order(original=data, method="rebuild", printed=None, parts=(), limits=limits)
            made = rebuild(order).data
            return None if made is None else Picture(data=made, extension=extension, media_type=media_type)
    return _metafile(data)


def _metafile(data: bytes) -> Picture | None:
    """Keep metafiles, cut to the length that their headers give: they draw, and nothing in them is decoded here."""
    if data[40:44] == EMF_SIGNATURE and len(data) >= 88:
        size = struct.unpack_from("<L", data, 48)[0]
        return Picture(data=data[:size], extension="emf", media_type="image/x-emf") if size >= 88 else None
    head = 22 if data.startswith(WMF_PLACEABLE) else 0
    if data.startswith(WMF_PLAIN, head) and len(data) >= head + 18:
        size = 2 * struct.unpack_from("<L", data, head + 6)[0]
        return Picture(data=data[: head + size], extension="wmf", media_type="image/x-wmf") if size >= 18 else None
    if data.startswith(STAR_METAFILE):
        return Picture(data=data, extension="svm", media_type="application/x-openoffice-gdimetafile")
    return None
