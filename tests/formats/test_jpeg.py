"""JPEG: what the walk over the markers and the decoding say."""

import struct

from attachguard.formats import jpeg
from attachguard.formats.contract import Sample
from attachguard.formats.jpeg.rebuild import is_common, orientation
from attachguard.model import Limits
from tests.formats.pictures_made import (
    LIMITS,
    colours,
    copy_of,
    exif,
    info,
    jpeg_with,
    pixels,
    profile,
    refused,
    said_of,
    saved,
    segment,
    small_zip,
)


def test_an_ordinary_jpeg_says_nothing() -> None:
    assert said_of(jpeg, saved(colours(), "jpeg")) == set()


def test_progressive_gray_and_cmyk_jpegs_say_nothing() -> None:
    assert said_of(jpeg, saved(colours(), "jpeg", progressive=True)) == set()
    assert said_of(jpeg, saved(colours(mode="L"), "jpeg")) == set()
    assert said_of(jpeg, saved(colours(mode="CMYK"), "jpeg")) == set()


def test_profile_resolution_and_orientation_say_nothing() -> None:
    data = saved(colours(), "jpeg", icc_profile=b"a colour profile", dpi=(72, 72), exif=exif({0x0112: 6}))
    assert said_of(jpeg, data) == set()


def test_what_exif_tells_is_named() -> None:
    told = {
        "location": exif({}, gps=True),
        "camera": exif({0x010F: "Maker", 0x0110: "Model 1"}),
        "author": exif({0x013B: "Jan"}),
        "software": exif({0x0131: "Program"}),
        "date": exif({0x0132: "2026:01:02 03:04:05"}),
    }
    for what, block in told.items():
        (finding,) = jpeg.inspect(saved(colours(), "jpeg", exif=block), LIMITS).findings
        assert (finding.code, finding.detail) == ("image.metadata", what)


def test_xmp_iptc_comments_and_private_segments_are_metadata() -> None:
    for extra in (
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00<x/>"),
        segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x04\x1c\x02\x50\x00"),
        segment(0xFE, b"made by Jan"),
        segment(0xE5, b"something of a camera's own"),
        segment(0xE1, b"Exif\x00\x00no directory"),
    ):
        assert said_of(jpeg, jpeg_with(extra)) == {"image.metadata"}


def test_bytes_after_eoi_are_trailing_data() -> None:
    assert said_of(jpeg, saved(colours(), "jpeg") + b"\0" * 9) == {"type.trailing_data"}
    assert said_of(jpeg, saved(colours(), "jpeg") + small_zip()) == {"type.trailing_data", "type.polyglot"}
    assert said_of(jpeg, saved(colours(), "jpeg") + b"<?php echo 1;") == {"type.trailing_data", "type.polyglot"}


def test_a_program_after_eoi_makes_a_polyglot() -> None:
    program = b"MZ" + b"\0" * 62 + b"PE\0\0\x64\x86" + b"\0" * 40
    assert "type.polyglot" in said_of(jpeg, saved(colours(), "jpeg") + program)


def test_bytes_between_segments_are_told() -> None:
    assert said_of(jpeg, jpeg_with(segment(0xE0, b"JFXX\x00") + b"stray")) == {"image.metadata", "type.trailing_data"}


def test_fill_bytes_before_a_marker_are_allowed() -> None:
    assert said_of(jpeg, jpeg_with(b"\xff\xff\xff")) == set()


def test_a_jpeg_cut_short_is_truncated_and_malformed() -> None:
    data = saved(colours(64, 64), "jpeg")
    assert said_of(jpeg, data[:-100]) == {"type.truncated", "image.malformed"}


def test_pixels_are_held_against_the_limit() -> None:
    data = saved(colours(12, 8), "jpeg")
    assert [found.code for found in jpeg.inspect(data, Limits(pixels=95)).findings] == ["limit.pixels"]


def test_jpeg_ls_is_recognised_and_not_accepted() -> None:
    data = b"\xff\xd8" + segment(0xF7, b"\x08\x00\x10\x00\x10\x01\x01\x11\x00") + b"\xff\xd9"
    claim = jpeg.sniff(Sample(data=data, extension="jpg"))
    assert claim is not None
    assert (claim.kind, claim.described) == (None, "JPEG-LS picture")


def test_a_start_without_a_frame_is_no_jpeg() -> None:
    assert jpeg.sniff(Sample(data=b"\xff\xd8\xff\xe0 and so on", extension="jpg")) is None
    assert jpeg.sniff(Sample(data=b"\xff\xd8\xff\xd9", extension="jpg")) is None


# -- the copy


def test_a_copy_shows_the_same_to_the_last_bit_and_tells_nothing() -> None:
    for mode in ("RGB", "L", "CMYK"):
        for progressive in (False, True):
            plain = saved(colours(64, 48, mode), "jpeg", progressive=progressive)
            secrets = segment(0xFE, b"secret") + segment(0xED, b"Photoshop 3.0\0secret") + segment(0xE7, b"secret")
            data = plain[:2] + secrets + plain[2:] + b"secret"
            copy = copy_of(jpeg, data)
            assert pixels(copy, "") == pixels(data, "")
            assert b"secret" not in copy


def test_a_copy_keeps_profile_resolution_and_orientation_and_not_the_place() -> None:
    large = struct.pack(">I", 132 + 70_000) + profile()[4:] + bytes(70_000)
    data = saved(colours(), "jpeg", icc_profile=large, dpi=(300, 300), exif=exif({0x0112: 8}, gps=True))
    assert said_of(jpeg, data) == {"image.metadata"}
    copy = copy_of(jpeg, data)
    assert orientation(copy) == 8
    assert info(copy)["icc_profile"] == large
    assert info(copy)["dpi"] == (300, 300)


def test_orientation_that_only_xmp_tells_becomes_an_exif_block() -> None:
    packet = b"http://ns.adobe.com/xap/1.0/\x00<x><tiff:Orientation>6</tiff:Orientation></x>"
    assert orientation(copy_of(jpeg, jpeg_with(segment(0xE1, packet)))) == 6


def test_a_thumbnail_in_the_jfif_header_does_not_reach_the_copy() -> None:
    plain = saved(colours(), "jpeg")
    header = segment(0xE0, plain[6:18] + b"\x01\x01abc")
    copy = copy_of(jpeg, plain[:2] + header + plain[20:])
    assert copy == plain


def test_stray_bytes_between_segments_do_not_reach_the_copy() -> None:
    plain = saved(colours(), "jpeg")
    assert copy_of(jpeg, plain[:20] + b"\0\0\0" + plain[20:]) == plain


def arithmetic() -> bytes:
    """A gray picture of one block in arithmetic coding: the frame says so, and the data is all zeros."""
    table = segment(0xDB, b"\0" + b"\x10" * 64)
    frame = segment(0xC9, b"\x08\0\x08\0\x08\x01\x01\x11\0")
    return b"\xff\xd8" + table + frame + segment(0xDA, b"\x01\x01\0\0\x3f\0") + b"\0" * 8 + b"\xff\xd9"


def test_an_odd_coding_is_encoded_again_as_an_ordinary_jpeg() -> None:
    assert not is_common(arithmetic())
    assert is_common(copy_of(jpeg, arithmetic()))


def test_there_is_no_copy_of_what_cannot_be_decoded_or_is_something_else() -> None:
    assert refused(jpeg, arithmetic(), Limits(pixels=63)) == ["limit.pixels"]
    lossless = arithmetic().replace(b"\xff\xc9", b"\xff\xcf")
    assert refused(jpeg, lossless) == ["copy.failed"]
    assert refused(jpeg, b"\x89PNG") == ["copy.failed"]


def test_a_copy_with_other_pixels_or_another_orientation_is_unfaithful() -> None:
    data = saved(colours(64, 64), "jpeg", quality=95)
    turned = saved(colours(64, 64), "jpeg", quality=95, exif=exif({0x0112: 3}))
    for other in (saved(colours(64, 64), "jpeg", quality=20), turned):
        assert [found.code for found in jpeg.verify(data, other, LIMITS)] == ["copy.unfaithful"]


def test_scans_without_end_are_told_without_decoding() -> None:
    plain = saved(colours(64, 64), "jpeg", progressive=True)
    last = plain.rindex(b"\xff\xda")
    data = plain[:-2] + plain[last:-2] * 30 + plain[-2:]
    assert [found.code for found in jpeg.inspect(data, Limits(pixels=64 * 64)).findings] == ["limit.pixels"]
    assert jpeg.inspect(plain, Limits(pixels=64 * 64)).findings == ()
