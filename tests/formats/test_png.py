"""PNG: what the walk over the chunks and the decoding say."""

import struct
import zlib

import pytest

from attachguard.formats import png
from attachguard.formats.contract import Order, Sample
from attachguard.formats.office.pictures import fresh_picture
from attachguard.formats.png.rebuild import orientation
from attachguard.model import Limits
from tests.formats.pictures_made import (
    LIMITS,
    chunk,
    colours,
    copy_of,
    exif,
    info,
    pixels,
    png_with,
    profile,
    refused,
    said_of,
    saved,
    small_zip,
)


def test_a_colour_profile_that_inflates_without_end_and_a_second_one_are_found() -> None:
    bomb = chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(5 << 20)))
    assert said_of(png, profiled(bomb)) == {"image.metadata"}
    plain = chunk(b"iCCP", b"a\0\0" + zlib.compress(profile()))
    assert said_of(png, profiled(plain)) == set()
    assert said_of(png, profiled(plain + plain)) == {"image.metadata"}
    assert len(copy_of(png, profiled(bomb))) < 1000


def profiled(chunks: bytes) -> bytes:
    """A PNG with chunks between its header and its pixels."""
    plain = saved(colours(), "png")
    return plain[:33] + chunks + plain[33:]


def test_an_ordinary_png_says_nothing() -> None:
    assert said_of(png, saved(colours(), "png")) == set()


def test_a_png_with_resolution_profile_and_transparency_says_nothing() -> None:
    picture = colours(mode="RGBA")
    assert said_of(png, saved(picture, "png", dpi=(300, 300), icc_profile=b"a colour profile")) == set()


def test_an_animated_png_is_described_as_such() -> None:
    data = saved(colours(), "png", save_all=True, append_images=[colours(mode="L").convert("RGB")])
    claim = png.sniff(Sample(data=data, extension="png"))
    assert claim is not None
    assert claim.described == "animated PNG picture"
    assert said_of(png, data) == set()


def test_text_date_and_private_chunks_are_metadata() -> None:
    for extra in (
        chunk(b"tEXt", b"Author\x00Jan Jansen"),
        chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x00\x00\x00\x00<x/>"),
        chunk(b"tIME", struct.pack(">HBBBBB", 2026, 1, 2, 3, 4, 5)),
        chunk(b"prVt", b"something of a program's own"),
    ):
        assert said_of(png, png_with(extra)) == {"image.metadata"}


def test_a_place_in_exif_is_metadata_and_named() -> None:
    data = png_with(chunk(b"eXIf", exif({}, gps=True).removeprefix(b"Exif\x00\x00")))
    (finding,) = png.inspect(data, LIMITS).findings
    assert (finding.code, finding.detail) == ("image.metadata", "location")


def test_an_exif_block_with_orientation_alone_says_nothing() -> None:
    assert said_of(png, png_with(chunk(b"eXIf", exif({0x0112: 6}).removeprefix(b"Exif\x00\x00")))) == set()


def test_bytes_after_iend_are_trailing_data() -> None:
    assert said_of(png, saved(colours(), "png") + b"\0\0\0") == {"type.trailing_data"}


def test_a_zip_after_iend_makes_a_polyglot() -> None:
    assert said_of(png, saved(colours(), "png") + small_zip()) == {"type.trailing_data", "type.polyglot"}


def test_a_zip_in_a_chunk_makes_a_polyglot() -> None:
    assert "type.polyglot" in said_of(png, png_with(chunk(b"prVt", small_zip())))


def test_markup_in_a_text_chunk_makes_a_polyglot() -> None:
    assert "type.polyglot" in said_of(png, png_with(chunk(b"tEXt", b"Comment\x00<ScRiPt>alert(1)</script>")))


def test_a_pdf_in_the_first_kilobyte_makes_a_polyglot() -> None:
    plain = saved(colours(), "png")
    hidden = chunk(b"prVt", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n")
    assert "type.polyglot" in said_of(png, plain[:33] + hidden + plain[33:])


def test_a_png_cut_short_is_truncated_and_malformed() -> None:
    data = saved(colours(40, 40), "png")
    assert said_of(png, data[: len(data) // 2]) == {"type.truncated", "image.malformed"}


def test_a_wrong_checksum_in_picture_data_is_malformed() -> None:
    data = bytearray(saved(colours(), "png"))
    data[data.index(b"IDAT") + 20] ^= 0xFF
    assert said_of(png, bytes(data)) == {"image.malformed"}


def test_too_many_pixels_are_told_without_decoding() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = (
        saved(colours(), "png")[:8] + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )
    (finding,) = png.inspect(bomb, LIMITS).findings
    assert (finding.code, finding.detail) == ("limit.pixels", "60000 x 60000 pixels, limit 50000000")


def test_the_limit_on_pixels_is_the_one_that_is_given() -> None:
    data = saved(colours(12, 8), "png")
    assert [found.code for found in png.inspect(data, Limits(pixels=95)).findings] == ["limit.pixels"]
    assert png.inspect(data, Limits(pixels=96)).findings == ()


def test_too_many_frames_are_told() -> None:
    frames = [colours().rotate(angle) for angle in (90, 180, 270)]
    data = saved(colours(), "png", save_all=True, append_images=frames)
    assert [found.code for found in png.inspect(data, Limits(frames=3)).findings] == ["limit.frames"]


def test_a_report_does_not_grow_with_the_number_of_chunks() -> None:
    findings = png.inspect(png_with(chunk(b"tEXt", b"a\x00b") * 500), LIMITS).findings
    assert len(findings) == 21
    assert findings[-1].detail == "480 more of them"


def test_text_that_mentions_png_is_no_png() -> None:
    assert png.sniff(Sample(data=b"\x89PNG\r\n\x1a\nis how a PNG begins", extension="txt")) is None
    assert png.sniff(Sample(data=b"", extension="png")) is None


# -- the copy


def test_a_copy_shows_the_same_and_tells_nothing() -> None:
    for mode in ("RGB", "RGBA", "L", "LA", "P", "1", "I;16"):
        picture = colours(mode="L").convert("I;16") if mode == "I;16" else colours(mode=mode)
        extra = chunk(b"tEXt", b"Author\x00Jan") + chunk(b"tIME", b"\x07\xea\x01\x02\x03\x04\x05")
        data = png_with(extra + chunk(b"prVt", b"secret"), picture)
        copy = copy_of(png, data)
        assert pixels(copy, "") == pixels(data, "")
        assert b"Jan" not in copy
        assert b"secret" not in copy


def test_a_header_whose_checksum_is_wrong_makes_no_copy() -> None:
    data = bytearray(saved(colours(), "png"))
    data[data.index(b"IHDR") + 4] ^= 0x01
    order = Order(original=bytes(data), method="rebuild", printed=None, parts=(), limits=LIMITS)
    assert png.normalize(order).data is None
    assert fresh_picture(bytes(data), LIMITS) is None  # in an office file a clear pixel takes its place


def test_a_copy_keeps_resolution_profile_and_transparency() -> None:
    data = saved(colours(mode="L"), "png", dpi=(300, 300), icc_profile=profile(), transparency=0)
    before, after = info(data), info(copy_of(png, data))
    assert {key: after.get(key) for key in ("dpi", "icc_profile", "transparency")} == {
        key: before[key] for key in ("dpi", "icc_profile", "transparency")
    }


def test_a_copy_does_not_keep_a_profile_that_is_none() -> None:
    assert "icc_profile" not in info(copy_of(png, saved(colours(), "png", icc_profile=b"anything at all")))


def test_a_copy_keeps_orientation_and_not_the_place() -> None:
    block = exif({0x0112: 6}, gps=True).removeprefix(b"Exif\x00\x00")
    copy = copy_of(png, png_with(chunk(b"eXIf", block)))
    assert orientation(copy) == 6


def test_orientation_that_only_xmp_tells_becomes_an_exif_block() -> None:
    packet = b'XML:com.adobe.xmp\x00\x00\x00\x00\x00<rdf:Description tiff:Orientation="3"/>'
    copy = copy_of(png, png_with(chunk(b"iTXt", packet)))
    assert orientation(copy) == 3
    assert b"iTXt" not in copy


def test_a_copy_of_an_animation_moves_the_same_way() -> None:
    frames = [colours().rotate(angle) for angle in (90, 180)]
    data = saved(colours(), "png", save_all=True, append_images=frames, duration=[50, 70, 90], loop=2)
    copy = copy_of(png, data)
    assert pixels(copy) == pixels(data)
    assert info(copy).get("loop") == 2


def test_what_stands_behind_the_end_of_the_picture_data_does_not_reach_the_copy() -> None:
    plain = saved(colours(), "png")
    at = plain.index(b"IDAT")
    length = struct.unpack(">I", plain[at - 4 : at])[0]
    data = plain[: at - 4] + chunk(b"IDAT", plain[at + 4 : at + 4 + length] + b"hidden") + chunk(b"IEND", b"")
    copy = copy_of(png, data)
    assert b"hidden" not in copy
    assert copy == plain


def test_a_missing_end_is_put_back() -> None:
    plain = saved(colours(), "png")
    assert copy_of(png, plain[:-12]) == plain


def test_picture_data_that_inflates_without_end_is_not_followed() -> None:
    header = struct.pack(">IIBBBBB", 10, 10, 8, 0, 0, 0, 0)
    bomb = (
        png_with(b"")[:8] + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1 << 24))) + chunk(b"IEND", b"")
    )
    assert pixels(copy_of(png, bomb), "L") == [bytes(100)]


def test_there_is_no_copy_of_a_bomb_or_of_something_else() -> None:
    assert refused(png, saved(colours(12, 8), "png"), Limits(pixels=95)) == ["limit.pixels"]
    assert refused(png, b"GIF89a") == ["copy.failed"]


def test_a_copy_with_other_pixels_size_frames_or_orientation_is_unfaithful() -> None:
    data = saved(colours(), "png")
    changed = colours()
    changed.putpixel((5, 5), (1, 2, 3))
    turned = png_with(chunk(b"eXIf", exif({0x0112: 6}).removeprefix(b"Exif\x00\x00")))
    moving = saved(colours(), "png", save_all=True, append_images=[changed])
    for other in (saved(changed, "png"), saved(colours(13, 8), "png"), moving, turned, b"no picture"):
        assert [found.code for found in png.verify(data, other, LIMITS)] == ["copy.unfaithful"]


# -- pixels packed anew


def raw_png(depth: int, colour: int, rows: bytes, *, size: tuple[int, int] = (5, 3), interlaced: int = 0) -> bytes:
    """A PNG of rows as they are, packed without compression."""
    header = struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, interlaced)
    palette = chunk(b"PLTE", bytes(range(9))) if colour == 3 else b""
    data = chunk(b"IDAT", zlib.compress(rows, 0))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + palette + data + chunk(b"IEND", b"")


def unpacked(data: bytes) -> bytes:
    """The rows of a PNG with one data chunk."""
    at = data.index(b"IDAT")
    (length,) = struct.unpack(">I", data[at - 4 : at])
    return zlib.decompress(data[at + 4 : at + 4 + length])


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize(("colour", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_pixels_packed_anew_are_the_same_to_the_last_bit(depth: int, colour: int, channels: int) -> None:
    length = 5 * channels * depth // 8
    rows = b"".join(bytes([row]) + bytes((row * 91 + n * 7) % 256 for n in range(length)) for row in range(3))
    data = raw_png(depth, colour, rows)
    copy = copy_of(png, data, method="re-encode")
    assert unpacked(copy) == rows
    assert copy != data


def test_passes_are_packed_anew_as_they_are() -> None:
    passes = ((1, 1), (1, 1), (1, 1), (1, 3), (2, 2), (1, 5))  # rows and their pixels of 5 x 3 (section 8.1)
    rows = b"".join((b"\0" + bytes(range(1, wide + 1))) * high for high, wide in passes)
    data = raw_png(8, 0, rows, interlaced=1)
    copy = copy_of(png, data, method="re-encode")
    assert unpacked(copy) == rows
    assert pixels(copy) == pixels(data)


def test_every_frame_of_an_animation_is_packed_anew() -> None:
    frames = [colours(mode="RGBA").rotate(angle) for angle in (90, 180)]
    data = saved(colours(mode="RGBA"), "png", save_all=True, append_images=frames, duration=[50, 70, 90], loop=2)
    copy = copy_of(png, data, method="re-encode")
    assert pixels(copy) == pixels(data)
    assert copy.count(b"IDAT") == 1
    assert copy.count(b"fdAT") == 2


def test_a_palette_packed_anew_has_every_colour_that_a_pixel_could_name() -> None:
    copy = copy_of(png, raw_png(4, 3, b"\0\x01\x22\x10" * 3), method="re-encode")
    at = copy.index(b"PLTE")
    assert copy[at + 4 : at + 4 + 48] == bytes(range(9)) + bytes(39)


def test_what_follows_the_last_row_inside_the_stream_does_not_reach_a_copy() -> None:
    assert b"hidden" not in copy_of(png, raw_png(8, 0, bytes(18) + b"hidden"), method="re-encode")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (raw_png(8, 0, bytes(17)), "1 bytes of the picture are missing"),
        (raw_png(8, 0, b"\5" + bytes(17)), "a filter that does not exist"),
        (raw_png(3, 0, bytes(18)), "a header that does not exist"),
        (raw_png(8, 0, bytes(18), interlaced=2), "a header that does not exist"),
        (b"GIF89a", "not the structure of a PNG"),
        (raw_png(8, 0, bytes(18)).replace(b"IDAT\x78", b"IDAT\x77"), "picture data that can't be unpacked"),
    ],
)
def test_what_is_not_what_its_header_says_is_not_packed_anew(data: bytes, why: str) -> None:
    made = png.normalize(Order(original=data, method="re-encode", printed=None, parts=(), limits=LIMITS))
    assert made.data is None
    assert [finding.detail for finding in made.findings] == [why]


def test_a_frame_that_reaches_beyond_the_picture_is_not_packed_anew() -> None:
    control = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 6, 3, 0, 0, 1, 10, 0, 0))
    data = raw_png(8, 0, bytes(18))
    data = data[:33] + chunk(b"acTL", struct.pack(">II", 1, 0)) + control + data[33:]
    assert refused(png, data, method="re-encode") == ["copy.failed"]
