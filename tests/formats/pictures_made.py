"""Small pictures for the tests, made by Pillow or put together byte by byte."""

import io
import struct
import zipfile
import zlib

from PIL import Image

from attachguard.formats.contract import Format, Order, Sample
from attachguard.model import Limits

LIMITS = Limits()


def colours(width: int = 12, height: int = 8, mode: str = "RGB") -> Image.Image:
    """A picture in which every pixel differs from its neighbours."""
    picture = Image.new("RGB", (width, height))
    picture.putdata([(x * 20 % 256, y * 30 % 256, (x + y) * 7 % 256) for y in range(height) for x in range(width)])
    return picture.convert(mode)


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    """The picture in a format, as Pillow writes it."""
    buffer = io.BytesIO()
    picture.save(buffer, kind.upper(), **options)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG chunk with a right checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with(extra: bytes, picture: Image.Image | None = None) -> bytes:
    """A PNG with chunks put in before its IEND."""
    plain = saved(picture or colours(), "png")
    return plain[:-12] + extra + plain[-12:]


def segment(marker: int, body: bytes) -> bytes:
    """A JPEG segment."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def jpeg_with(extra: bytes, picture: Image.Image | None = None) -> bytes:
    """A JPEG with segments put in behind its SOI."""
    plain = saved(picture or colours(), "jpeg", quality=90)
    return plain[:2] + extra + plain[2:]


def exif(tags: dict[int, object], *, gps: bool = False) -> bytes:
    """An Exif block with tags of the first directory, and a place on earth if wanted."""
    block = Image.Exif()
    for tag, value in tags.items():
        block[tag] = value
    if gps:
        block.get_ifd(0x8825)[1] = "N"
        block.get_ifd(0x8825)[2] = (52.0, 22.0, 12.0)
    return block.tobytes()


def small_zip() -> bytes:
    """A zip package with one member."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("hello.txt", "hello")
    return buffer.getvalue()


def said_of(kind: Format, data: bytes) -> set[str]:
    """The codes of everything a format says about bytes that it claims."""
    claim = kind.sniff(Sample(data=data, extension=""))
    assert claim is not None
    assert claim.kind == kind.KIND.name
    return {finding.code for finding in (*claim.findings, *kind.inspect(data, LIMITS).findings)}


def copy_of(kind: Format, data: bytes, limits: Limits = LIMITS, method: str = "rebuild") -> bytes:
    """The safe copy a format makes: faithful, with nothing left to say, and the same when it is copied again."""
    rebuilt = kind.normalize(Order(original=data, method=method, printed=None, parts=(), limits=limits))
    assert rebuilt.data is not None, rebuilt.findings
    assert tuple(kind.verify(data, rebuilt.data, limits)) == ()
    assert said_of(kind, rebuilt.data) == set()
    again = kind.normalize(Order(original=rebuilt.data, method=method, printed=None, parts=(), limits=limits))
    assert again.data == rebuilt.data
    return rebuilt.data


def refused(kind: Format, data: bytes, limits: Limits = LIMITS, method: str = "rebuild") -> list[str]:
    """The codes that say why there is no copy."""
    rebuilt = kind.normalize(Order(original=data, method=method, printed=None, parts=(), limits=limits))
    assert rebuilt.data is None
    return [finding.code for finding in rebuilt.findings]


def pixels(data: bytes, mode: str = "RGBA") -> list[bytes]:
    """The pixels of every frame."""
    with Image.open(io.BytesIO(data)) as picture:
        frames = []
        for number in range(getattr(picture, "n_frames", 1)):
            picture.seek(number)
            frames.append(picture.convert(mode).tobytes() if mode else picture.tobytes())
        return frames


def info(data: bytes) -> dict[str | tuple[int, int], object]:
    """What Pillow reads beside the pixels."""
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        return dict(picture.info)


def profile() -> bytes:
    """A small colour profile with a right header (ICC.1:2022 section 7.2) and no tags."""
    return struct.pack(">I", 132) + b"\0" * 32 + b"acsp" + b"\0" * 88 + struct.pack(">I", 0)
