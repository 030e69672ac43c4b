"""TIFF: what the walk over the directories and the decoding say."""

import struct

from PIL import TiffImagePlugin

from attachguard.formats import tiff
from attachguard.formats.contract import Sample
from attachguard.model import Limits
from tests.formats.pictures_made import LIMITS, colours, said_of, saved, small_zip


def pages(number: int) -> bytes:
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
    claim = tiff.sniff(Sample(data=pages(3), extension="tif"))
    assert claim is not None
    assert claim.described == "multi-page TIFF picture"
    assert said_of(tiff, pages(3)) == set()


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
    assert [found.code for found in tiff.inspect(pages(3), Limits(frames=2)).findings] == ["limit.frames"]
    assert [found.code for found in tiff.inspect(by_hand(*GRAY), Limits(pixels=7)).findings] == ["limit.pixels"]
    (whole,) = tiff.inspect(pages(40), Limits(pixels=408)).findings
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
