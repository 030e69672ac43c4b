"""BMP: what the headers and the decoding say."""

import struct

from attachguard.formats import bmp
from attachguard.formats.contract import Sample
from attachguard.model import Limits
from tests.formats.pictures_made import LIMITS, colours, copy_of, info, pixels, refused, said_of, saved, small_zip


def test_ordinary_bmps_say_nothing() -> None:
    for mode in ("RGB", "L", "P", "1"):
        assert said_of(bmp, saved(colours(mode=mode), "bmp")) == set()


def test_a_few_zero_bytes_of_padding_say_nothing() -> None:
    assert said_of(bmp, saved(colours(), "bmp") + b"\0\0") == set()


def test_bytes_after_the_pixels_are_trailing_data_whatever_the_file_size_says() -> None:
    data = bytearray(saved(colours(), "bmp") + b"hidden")
    data[2:6] = struct.pack("<I", len(data))
    assert said_of(bmp, bytes(data)) == {"type.trailing_data"}


def test_a_zip_after_the_pixels_makes_a_polyglot() -> None:
    assert said_of(bmp, saved(colours(), "bmp") + small_zip()) == {"type.trailing_data", "type.polyglot"}


def test_a_file_size_that_opens_a_script_comment_makes_a_polyglot() -> None:
    data = bytearray(saved(colours(), "bmp"))
    data[2:4] = b"/*"
    data[60:62] = b"*/"
    assert said_of(bmp, bytes(data)) == {"type.polyglot"}


def test_a_bmp_cut_short_is_truncated_and_malformed() -> None:
    assert said_of(bmp, saved(colours(40, 40), "bmp")[:-500]) == {"type.truncated", "image.malformed"}


def test_a_bomb_is_told_without_decoding() -> None:
    header = b"BM" + struct.pack("<IIIIiiHHIIIIII", 0, 0, 54, 40, 2_000_000, 1_000_000, 1, 1, 0, 0, 0, 0, 0, 0)
    assert [found.code for found in bmp.inspect(header + b"\0" * 64, LIMITS).findings] == ["limit.pixels"]


def test_pixels_are_held_against_the_limit() -> None:
    assert [found.code for found in bmp.inspect(saved(colours(12, 8), "bmp"), Limits(pixels=95)).findings] == [
        "limit.pixels"
    ]


def test_a_sentence_that_begins_like_a_bmp_is_none() -> None:
    assert bmp.sniff(Sample(data=b"BM is what a bitmap begins with, as everybody knows", extension="txt")) is None
    assert bmp.sniff(Sample(data=b"BM", extension="bmp")) is None


# -- the copy


def with_alpha() -> bytes:
    """A BMP of 32 bits a pixel with masks, the alpha mask among them, in a V4 header."""
    masks = struct.pack("<IIII", 0x00FF0000, 0x0000FF00, 0x000000FF, 0xFF000000)
    head = struct.pack("<IiiHHIIIIII", 108, 2, 1, 1, 32, 3, 8, 0, 0, 0, 0) + masks + b"\0" * 52
    return b"BM" + struct.pack("<IHHI", 130, 0, 0, 122) + head + b"\x01\x02\x03\x80\x04\x05\x06\x00"


def test_a_copy_shows_the_same_in_every_mode() -> None:
    for mode in ("RGB", "L", "P", "1"):
        data = saved(colours(13, 7, mode), "bmp")
        assert pixels(copy_of(bmp, data), "") == pixels(data, "")


def test_a_copy_keeps_transparency() -> None:
    assert pixels(with_alpha()) == [b"\x03\x02\x01\x80\x06\x05\x04\x00"]
    assert pixels(copy_of(bmp, with_alpha())) == pixels(with_alpha())


def test_a_copy_keeps_the_resolution() -> None:
    data = saved(colours(), "bmp", dpi=(300, 300))
    assert info(copy_of(bmp, data))["dpi"] == info(data)["dpi"]


def test_a_copy_ends_with_its_pixels_and_begins_with_nothing_else() -> None:
    plain = saved(colours(), "bmp")
    gap = plain[:10] + struct.pack("<I", 54 + 6) + plain[14:54] + b"secret" + plain[54:] + b"hidden"
    assert copy_of(bmp, gap) == copy_of(bmp, plain)
    assert b"secret" not in copy_of(bmp, gap)


def test_there_is_no_copy_of_a_bomb_or_of_what_cannot_be_decoded() -> None:
    assert refused(bmp, saved(colours(12, 8), "bmp"), Limits(pixels=95)) == ["limit.pixels"]
    assert refused(bmp, saved(colours(40, 40), "bmp")[:-500]) == ["copy.failed"]
    assert refused(bmp, b"BM") == ["copy.failed"]


def test_a_copy_with_other_pixels_is_unfaithful() -> None:
    data = saved(colours(), "bmp")
    assert [found.code for found in bmp.verify(data, data[:-1] + b"\x77", LIMITS)] == ["copy.unfaithful"]
