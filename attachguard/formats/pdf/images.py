"""Decode the pictures of a document to samples and encode them anew, each in the coding that suits its content.

No byte of a coded picture passes: a viewer's decoders meet our encoders' work only. Pictures come as printing programs
write them: raw or Flate samples, JPEG, CCITT, JBIG2 or JPEG 2000, never two codings on top of each other.
"""

import io

import pikepdf
from PIL import Image, JpegImagePlugin

from attachguard.formats.pdf.document import TooLargeError, decoded, filters_of, is_true, name_at, number_of
from attachguard.formats.pdf.encode import Encoded, encode_exact, encode_jpeg_again, encode_picture
from attachguard.formats.pdf.pdfium import UnreadableError, only_picture
from attachguard.model import Limits

_BY_PDFIUM = frozenset({"/CCITTFaxDecode", "/JBIG2Decode", "/JPXDecode"})

_RAW_MODES = {
    # colour space (ISO 32000-2, 8.6.4) and bits per component: Pillow's mode, its raw mode, bits per pixel
    ("/DeviceGray", 1): ("1", "1", 1),
    ("/DeviceGray", 2): ("L", "L;2", 2),
    ("/DeviceGray", 4): ("L", "L;4", 4),
    ("/DeviceGray", 8): ("L", "L", 8),
    ("/DeviceRGB", 8): ("RGB", "RGB", 24),
    ("/DeviceCMYK", 8): ("CMYK", "CMYK", 32),
    ("/Indexed", 1): ("P", "P;1", 1),
    ("/Indexed", 2): ("P", "P;2", 2),
    ("/Indexed", 4): ("P", "P;4", 4),
    ("/Indexed", 8): ("P", "P", 8),
}


class UndecodableError(ValueError):
    """A picture is damaged, too large, or coded in a way that copies do not have."""


def rewrite_picture(picture: pikepdf.Stream, target: pikepdf.Pdf, limits: Limits) -> pikepdf.Stream:
    """Decode a picture and write it anew into `target`. Raises UndecodableError."""
    codings = filters_of(picture)
    if codings == ("/DCTDecode",):
        encoded = encode_jpeg_again(_jpeg(picture, limits))
    elif is_true(picture, "/ImageMask"):
        return _stencil(encode_exact(_samples(picture, limits)), target)
    elif "/Decode" in picture:
        encoded = encode_exact(_samples(picture, limits))  # what the samples mean is said beside them
    else:
        encoded = encode_picture(_samples(picture, limits))
    return picture_stream(encoded, target)


def rewrite_mask(mask: pikepdf.Stream, target: pikepdf.Pdf, limits: Limits) -> pikepdf.Stream:
    """Decode a soft mask (ISO 32000-2, 11.6.5.2) and write it anew without loss. Raises UndecodableError."""
    jpeg = filters_of(mask) == ("/DCTDecode",)
    opened = _jpeg(mask, limits) if jpeg else _samples(mask, limits)
    if opened.mode not in {"1", "L"}:
        raise UndecodableError("a mask in colour")
    return picture_stream(encode_exact(opened), target)


def picture_stream(encoded: Encoded, target: pikepdf.Pdf) -> pikepdf.Stream:
    """Put an encoded picture into a document (ISO 32000-2, 8.9.5)."""
    made = pikepdf.Stream(target, encoded.data)
    made.stream_dict = pikepdf.Dictionary(
        Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=encoded.width, Height=encoded.height
    )
    made["/BitsPerComponent"] = encoded.bits
    made["/Filter"] = pikepdf.Name(encoded.filter)
    if encoded.parameters:
        made["/DecodeParms"] = pikepdf.Dictionary({f"/{key}": value for key, value in encoded.parameters.items()})
    if encoded.palette:
        highest = len(encoded.palette) // 3 - 1
        made["/ColorSpace"] = pikepdf.Array(
            [pikepdf.Name.Indexed, pikepdf.Name.DeviceRGB, highest, pikepdf.String(encoded.palette)]
        )
    else:
        made["/ColorSpace"] = pikepdf.Name(encoded.colour)
    return made


def _stencil(encoded: Encoded, target: pikepdf.Pdf) -> pikepdf.Stream:
    """Put an encoded stencil into a document (8.9.6.2): its samples say where to paint, not in which colour."""
    made = picture_stream(encoded, target)
    del made["/ColorSpace"]
    made["/ImageMask"] = True
    return made


def _size(picture: pikepdf.Stream, limits: Limits) -> tuple[int, int]:
    width, height = number_of(picture.get("/Width")) or 0, number_of(picture.get("/Height")) or 0
    if width < 1 or height < 1 or width * height > limits.pixels:
        raise UndecodableError("a picture of no size, or of more pixels than are decoded")
    return int(width), int(height)


def _jpeg(picture: pikepdf.Stream, limits: Limits) -> JpegImagePlugin.JpegImageFile:
    """Open a JPEG; its own size counts, not the one that is written beside it."""
    data = picture.read_raw_bytes()
    try:
        opened = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
        if opened.width * opened.height > limits.pixels:
            raise UndecodableError("a picture of more pixels than are decoded")
        opened.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise UndecodableError("a damaged JPEG") from error
    return opened


def _samples(picture: pikepdf.Stream, limits: Limits) -> Image.Image:
    codings = filters_of(picture)
    if len(codings) == 1 and codings[0] in _BY_PDFIUM:
        return _decoded_by_pdfium(picture, limits)
    if codings not in {(), ("/FlateDecode",)}:
        raise UndecodableError("a coding that copies do not have")
    return _plain(picture, limits)


def _plain(picture: pikepdf.Stream, limits: Limits) -> Image.Image:
    width, height = _size(picture, limits)
    bits = 1 if is_true(picture, "/ImageMask") else int(number_of(picture.get("/BitsPerComponent")) or 0)
    palette = _palette(picture)
    space = "/Indexed" if palette else name_at(picture, "/ColorSpace")
    if is_true(picture, "/ImageMask"):
        space = "/DeviceGray"
    if (space, bits) not in _RAW_MODES:
        raise UndecodableError("a colour space that copies do not have")
    mode, raw_mode, depth = _RAW_MODES[space, bits]
    try:
        data = decoded(picture)
    except (pikepdf.PikepdfError, TooLargeError) as error:
        raise UndecodableError("damaged samples") from error
    needed = (width * depth + 7) // 8 * height
    opened = Image.frombytes(mode, (width, height), data[:needed].ljust(needed, b"\x00"), "raw", raw_mode)
    if palette:
        opened.putpalette(palette)
    return opened


def _palette(picture: pikepdf.Stream) -> bytes:
    """Read the colours of [/Indexed /DeviceRGB hival lookup] (ISO 32000-2, 8.6.6.3); empty for another space."""
    space = picture.get("/ColorSpace")
    if not isinstance(space, pikepdf.Array) or len(space) != 4:
        return b""
    lookup = space[3]
    if space[0] != pikepdf.Name.Indexed or space[1] != pikepdf.Name.DeviceRGB or not isinstance(lookup, pikepdf.String):
        return b""
    return bytes(lookup)


def _decoded_by_pdfium(picture: pikepdf.Stream, limits: Limits) -> Image.Image:
    """Have pdfium decode a picture alone on a page, without what its samples are said to mean."""
    width, height = _size(picture, limits)
    lone = pikepdf.new()
    alone = lone.copy_foreign(picture)
    for key in ("/Decode", "/SMask", "/Mask", "/ImageMask", "/Metadata", "/OC", "/Alternates"):
        if key in alone:
            del alone[key]
    bilevel = is_true(picture, "/ImageMask") or number_of(picture.get("/BitsPerComponent")) == 1
    if bilevel:
        alone["/ColorSpace"], alone["/BitsPerComponent"] = pikepdf.Name.DeviceGray, 1
    lone.add_blank_page(page_size=(100, 100))
    page = lone.pages[0].obj
    page["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(P=alone))
    page["/Contents"] = lone.make_stream(b"100 0 0 100 0 0 cm /P Do")
    file = io.BytesIO()
    lone.save(file)
    try:
        opened = only_picture(file.getvalue())
    except UnreadableError as error:
        raise UndecodableError("a picture that can't be decoded") from error
    if opened.size != (width, height):
        raise UndecodableError("a picture of another size than is said")
    if bilevel:
        return opened.convert("L").convert("1", dither=Image.Dither.NONE)
    return opened.convert("RGB") if opened.mode == "RGBA" else opened
