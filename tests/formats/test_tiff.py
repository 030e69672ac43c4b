"""TIFF: what the walk over the directories and the decoding say."""

import io
import struct
from random import Random

import pytest
from PIL import Image, TiffImagePlugin

from attachguard.formats import tiff
from attachguard.formats.contract import Sample
from attachguard.model import Limits
from tests.formats.pictures_made import (
    LIMITS,
    colours,
    copy_of,
    info,
    pixels,
    profile,
    refused,
    said_of,
    saved,
    small_zip,
)


def several(number: int) -> bytes:
    pictures = [colours(12 + extra, 8, "1") for extra in range(number)]
    return saved(pictures[0], "tiff", save_all=True, append_images=pictures[1:], compression="group4")


def by_hand(*fields: tuple[int, int, int, int], order: str = "<", following: int = 0) -> bytes:
    """A TIFF of one directory with the given fields, and eight bytes of data at offset 8."""
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 16) + b"\x7f" * 8
    directory = struct.pack(order + "H", len(fields))
    for tag, kind, count, value in sorted(fields):
        directory += struct.pack(order + "HHI", tag, kind, count)
        directory += struct.pack(order + ("HH" if kind == 3 else "I"), *((value, 0) if kind == 3 else (value,)))
    return head + directory + struct.pack(order + "I", following)


GRAY = ((256, 3, 1, 4), (257, 3, 1, 2), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8), (279, 4, 1, 8))


def test_ordinary_tiffs_say_nothing() -> None:
    assert said_of(tiff, saved(colours(), "tiff")) == set()
    assert said_of(tiff, saved(colours(), "tiff", compression="tiff_lzw", dpi=(300, 300))) == set()
    assert said_of(tiff, saved(colours(), "tiff", big_tiff=True)) == set()
    assert said_of(tiff, by_hand(*GRAY)) == set()
    assert said_of(tiff, by_hand(*GRAY, order=">")) == set()


def test_a_multi_page_fax_says_nothing_and_is_described_as_such() -> None:
    claim = tiff.sniff(Sample(data=several(3), extension="tif"))
    assert claim is not None
    assert claim.described == "multi-page TIFF picture"
    assert said_of(tiff, several(3)) == set()


def test_what_a_page_tells_is_named() -> None:
    for tag, what in ((271, "camera"), (305, "software"), (315, "author"), (306, "date"), (270, "description")):
        (finding,) = tiff.inspect(saved(colours(), "tiff", tiffinfo={tag: "2026:01:02 03:04:05"}), LIMITS).findings
        assert (finding.code, finding.where, finding.detail) == ("image.metadata", "page 1", what)


def test_private_fields_are_metadata() -> None:
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[65000] = "something of a scanner's own"
    (finding,) = tiff.inspect(saved(colours(), "tiff", tiffinfo=info), LIMITS).findings
    assert (finding.code, finding.detail) == ("image.metadata", "other fields")


def test_bytes_after_the_last_strip_are_trailing_data() -> None:
    assert said_of(tiff, by_hand(*GRAY) + b"more") == {"type.trailing_data"}
    assert said_of(tiff, by_hand(*GRAY) + small_zip()) == {"type.trailing_data", "type.polyglot"}


def test_markup_in_a_description_makes_a_polyglot() -> None:
    assert "type.polyglot" in said_of(tiff, saved(colours(), "tiff", tiffinfo={270: "<script>alert(1)</script>"}))


def test_a_strip_outside_the_file_is_truncated_and_malformed() -> None:
    fields = [field for field in GRAY if field[0] != 273]
    assert said_of(tiff, by_hand(*fields, (273, 4, 1, 4000))) == {"type.truncated", "image.malformed"}


def test_a_chain_of_pages_that_loops_ends() -> None:
    claim = tiff.sniff(Sample(data=by_hand(*GRAY, following=16), extension="tif"))
    assert claim is not None
    assert claim.described == "TIFF picture"


def test_pages_and_pixels_are_held_against_the_limits() -> None:
    assert [found.code for found in tiff.inspect(several(3), Limits(frames=2)).findings] == ["limit.frames"]
    assert [found.code for found in tiff.inspect(by_hand(*GRAY), Limits(pixels=7)).findings] == ["limit.pixels"]
    (whole,) = tiff.inspect(several(40), Limits(pixels=408)).findings
    assert (whole.code, whole.where) == ("limit.pixels", "")


def test_a_huge_tile_counts_as_pixels() -> None:
    tiled = ((322, 4, 1, 100_000), (323, 4, 1, 100_000), (324, 4, 1, 8), (325, 4, 1, 8))
    fields = [field for field in GRAY if field[0] not in {273, 279}]
    assert [found.code for found in tiff.inspect(by_hand(*fields, *tiled), LIMITS).findings] == ["limit.pixels"]


def test_raw_photos_in_tiffs_clothes_are_recognised_and_not_accepted() -> None:
    claim = tiff.sniff(Sample(data=by_hand(*GRAY, (0xC612, 1, 4, 0x00000401)), extension="tif"))
    assert claim is not None
    assert (claim.kind, claim.described) == (None, "DNG raw photo")


def test_headers_without_pages_are_no_tiff() -> None:
    for data in (
        b"II*\0",
        b"II*\0\x08\0\0\0",
        b"MM\0*\0\0\0\x08\0\0",
        b"II*\0 is how a TIFF begins",
        b"II+\0\x08\0\0\0",
    ):
        assert tiff.sniff(Sample(data=data, extension="tif")) is None


# -- the copy


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "LAB", "I;16", "I", "F"])
def test_a_copy_shows_the_same_and_tells_nothing(mode: str) -> None:
    wide = {"I;16": "I", "LAB": "RGB"}.get(mode, mode)
    picture = colours(mode=wide)
    if mode in {"I;16", "LAB"}:
        picture = picture.convert(mode) if mode == "I;16" else Image.frombytes("LAB", picture.size, picture.tobytes())
    data = saved(picture, "tiff", tiffinfo={315: "Jan", 270: "secret"})
    copy = copy_of(tiff, data)
    assert pixels(copy, "") == pixels(data, "")
    assert b"Jan" not in copy
    assert b"secret" not in copy


def test_a_copy_of_several_pages_has_them_all() -> None:
    assert pixels(copy_of(tiff, several(5)), "") == pixels(several(5), "")


def test_a_copy_of_bilevel_pages_stays_small() -> None:
    page = colours(1000, 1000, "1")
    data = saved(page, "tiff", compression="group4")
    assert len(copy_of(tiff, data)) <= len(data) + 64


def test_a_copy_of_a_photograph_loses_nothing_and_is_packed_as_fits_the_limit() -> None:
    noise = Image.frombytes("RGB", (64, 64), Random(1).randbytes(64 * 64 * 3))
    data = saved(noise, "tiff", compression="jpeg", quality=90)
    roomy, tight = copy_of(tiff, data), copy_of(tiff, data, limits=Limits(file_size=13_000))
    assert (info(roomy)["compression"], info(tight)["compression"]) == ("tiff_lzw", "tiff_adobe_deflate")
    assert pixels(roomy, "") == pixels(tight, "") == pixels(data, "")


def test_a_copy_keeps_resolution_and_profile() -> None:
    data = saved(colours(), "tiff", dpi=(300, 200), icc_profile=profile())
    after = info(copy_of(tiff, data))
    assert (after["dpi"], after["icc_profile"]) == ((300, 200), profile())


def test_a_copy_is_upright_and_shows_the_same() -> None:
    data = saved(colours(), "tiff", tiffinfo={274: 6})
    assert pixels(copy_of(tiff, data)) == pixels(data)


def test_a_copy_of_big_endian_pages_has_every_bit() -> None:
    data = by_hand(*GRAY, order=">")
    assert pixels(copy_of(tiff, data), "") == [b"\x7f" * 8]


def test_there_is_no_copy_of_a_bomb_or_of_what_cannot_be_decoded() -> None:
    assert refused(tiff, by_hand(*GRAY), Limits(pixels=7)) == ["limit.pixels"]
    fields = [field for field in GRAY if field[0] != 273]
    assert refused(tiff, by_hand(*fields, (273, 4, 1, 4000))) == ["copy.failed"]
    assert refused(tiff, b"II*\0") == ["copy.failed"]


def test_a_copy_with_other_pages_or_pixels_is_unfaithful() -> None:
    for other in (several(2), saved(colours(mode="L"), "tiff")):
        assert [found.code for found in tiff.verify(several(3), other, LIMITS)] == ["copy.unfaithful"]


@pytest.mark.parametrize("odd", [(0, 0), (0, 1), (5_000_000, 1), (1, 0)])
def test_a_resolution_that_no_scanner_has_does_not_reach_a_copy(odd: tuple[int, int]) -> None:
    plain = saved(colours(), "tiff", dpi=(300, 300))
    honest = struct.pack("<II", 300, 1)
    assert honest in plain
    copy = copy_of(tiff, plain.replace(honest, struct.pack("<II", *odd)))
    with Image.open(io.BytesIO(copy)) as picture:
        assert not {0x011A, 0x011B} & set(picture.getexif())


def test_pages_that_fill_the_memory_are_told_without_decoding() -> None:
    limits = Limits(pixels=100)
    pages = [colours(10, 10, mode="RGBA")] * 11
    data = saved(pages[0], "tiff", save_all=True, append_images=pages[1:])
    assert [found.code for found in tiff.inspect(data, limits).findings] == ["limit.pixels"]
    assert tiff.inspect(saved(pages[0], "tiff", save_all=True, append_images=pages[1:10]), limits).findings == ()
    assert refused(tiff, saved(pages[0], "tiff", save_all=True, append_images=pages[1:4]), limits) == ["copy.failed"]
