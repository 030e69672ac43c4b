"""BMP: what the headers and the decoding say."""

import struct

from attachguard.formats import bmp
from attachguard.formats.contract import Sample
from attachguard.model import Limits
from tests.formats.pictures_made import LIMITS, colours, said_of, saved, small_zip


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
