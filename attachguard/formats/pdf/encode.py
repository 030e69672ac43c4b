"""Encode samples for a PDF: CCITT for two tones, a palette for few colours, JPEG for photographs, else Flate."""

import io
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from PIL import Image, ImageChops, JpegImagePlugin, TiffImagePlugin

_JPEG_QUALITY = 88
"""Of photographs that were not JPEG before: no difference to see at print size, a sixth of the bytes."""

_JPEG_WINS = 0.4
"""JPEG is taken when it needs less than this share of lossless coding: only photographs compress like that."""

_EFFORT, _QUICK_EFFORT = 6, 2
"""Levels of zlib. Measured on pages of text: 16 to 25 ms and 8 to 12 ms, the quick one 5 to 10 % larger."""

_STAMP = 64 * 64
"""Points of a picture in two tones up to which fax coding is not worth trying: printing makes hundreds of them."""

_STRIP_OFFSETS, _STRIP_SIZES, _STRIP_ROWS = 273, 279, 278
"""TIFF 6.0 section 8."""

_COLOURS = {"1": "/DeviceGray", "L": "/DeviceGray", "RGB": "/DeviceRGB", "CMYK": "/DeviceCMYK", "P": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A picture as a PDF stream takes it (ISO 32000-2, 8.9.5)."""

    data: bytes
    filter: str
    width: int
    height: int
    bits: int
    colour: str = ""
    palette: bytes = b""
    """RGB triples; where there are any, they are the colour space."""
    parameters: Mapping[str, int | bool] = field(default_factory=dict)
    """Of the filter: /DecodeParms without the slashes."""


def encode_picture(picture: Image.Image) -> Encoded:
    """Encode a picture in the coding that suits it best; photographs lose what nobody sees."""
    simple = _simplified(picture)
    if simple.mode in {"1", "P"}:
        return encode_exact(simple)
    photograph = _jpeg(simple, quality=_JPEG_QUALITY)
    exact = encode_exact(simple)
    return photograph if len(photograph.data) < _JPEG_WINS * len(exact.data) else exact


def encode_exact(picture: Image.Image) -> Encoded:
    """Encode a picture without loss, in the mode it has."""
    if picture.mode == "1" and picture.width * picture.height > _STAMP:
        return min(_fax(picture), _flate(picture, _EFFORT), key=lambda encoded: len(encoded.data))
    return _flate(picture, _EFFORT)


def encode_exact_quickly(picture: Image.Image) -> Encoded:
    """Encode a picture without loss in half the time, a tenth larger: for whole pages, of which there are many."""
    return encode_exact(picture) if picture.mode == "1" else _flate(picture, _QUICK_EFFORT)


def encode_jpeg(picture: Image.Image, quality: int) -> Encoded:
    """Encode a photograph, or a page that holds some, at a quality from 1 to 95."""
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return _described(picture, out.getvalue(), "/DCTDecode", bits=8)


def encode_jpeg_again(picture: JpegImagePlugin.JpegImageFile) -> Encoded:
    """Encode the samples of a JPEG with the same quantization, so that size and looks stay what they were."""
    fresh = Image.frombytes(picture.mode, picture.size, picture.tobytes())  # without its comments and profiles
    tables = [list(picture.quantization[number]) for number in sorted(picture.quantization)][:4]
    sampling = JpegImagePlugin.get_sampling(picture) if picture.mode == "RGB" else 0
    return _jpeg(fresh, qtables=tables, subsampling=max(sampling, 0))


def _jpeg(picture: Image.Image, **options: object) -> Encoded:
    out = io.BytesIO()
    picture.save(out, "JPEG", optimize=True, **options)
    return _described(picture, out.getvalue(), "/DCTDecode", bits=8)


def _fax(picture: Image.Image) -> Encoded:
    """Encode two tones by CCITT group 4 (ITU-T T.6); a set bit is white, as in the samples."""
    out = io.BytesIO()
    whole = {_STRIP_ROWS: picture.height}
    picture.save(out, "TIFF", compression="group4", tiffinfo=whole)
    tags = TiffImagePlugin.TiffImageFile(io.BytesIO(out.getvalue())).tag_v2
    start, size = tags[_STRIP_OFFSETS][0], tags[_STRIP_SIZES][0]
    parameters = {"K": -1, "Columns": picture.width, "Rows": picture.height, "BlackIs1": True}
    return _described(picture, out.getvalue()[start : start + size], "/CCITTFaxDecode", bits=1, parameters=parameters)


def _flate(picture: Image.Image, effort: int) -> Encoded:
    """Encode by Flate with PNG predictors (ISO 32000-2, 7.4.4.4): the data of a PNG are just that."""
    if picture.mode == "CMYK":
        return _flate_without_prediction(picture)
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=effort)
    head, data, palette = _png_chunks(out.getvalue())
    bits = struct.unpack_from(">B", head, 8)[0]
    components = 3 if picture.mode == "RGB" else 1
    parameters = {"Predictor": 15, "Colors": components, "BitsPerComponent": bits, "Columns": picture.width}
    return _described(picture, data, "/FlateDecode", bits=bits, palette=palette, parameters=parameters)


def _flate_without_prediction(picture: Image.Image) -> Encoded:
    return _described(picture, zlib.compress(picture.tobytes(), 6), "/FlateDecode", bits=8)


def _described(
    picture: Image.Image,
    data: bytes,
    coding: str,
    *,
    bits: int,
    palette: bytes = b"",
    parameters: Mapping[str, int | bool] | None = None,
) -> Encoded:
    return Encoded(
        data=data,
        filter=coding,
        width=picture.width,
        height=picture.height,
        bits=bits,
        colour=_COLOURS[picture.mode],
        palette=palette,
        parameters=parameters or {},
    )


def _png_chunks(png: bytes) -> tuple[bytes, bytes, bytes]:
    """Take a PNG that Pillow just wrote apart: the head, the compressed data, the palette."""
    found = {b"IHDR": b"", b"IDAT": b"", b"PLTE": b""}
    at = 8
    while at < len(png):
        length, name = struct.unpack_from(">I4s", png, at)
        if name in found:
            found[name] += png[at + 8 : at + 8 + length]
        at += length + 12
    return found[b"IHDR"], found[b"IDAT"], found[b"PLTE"]


def _simplified(picture: Image.Image) -> Image.Image:
    """Give the same picture in the plainest mode that holds it: two tones, grey, a palette, or as it is."""
    if picture.mode == "RGB":
        red, green, blue = picture.split()
        if not ImageChops.difference(red, green).getbbox() and not ImageChops.difference(red, blue).getbbox():
            picture = red
        elif picture.getcolors(256):
            few = picture.quantize(colors=256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
            return few if not ImageChops.difference(few.convert("RGB"), picture).getbbox() else picture
    if picture.mode == "L":
        tones = picture.getcolors(2)
        if tones and {tone for _, tone in tones} <= {0, 255}:
            return picture.convert("1", dither=Image.Dither.NONE)
    return picture
