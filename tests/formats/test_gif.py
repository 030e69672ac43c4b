"""GIF: what the walk over the blocks and the decoding say."""

import pytest
from PIL import Image

from attachguard.formats import gif
from attachguard.formats.contract import Sample
from attachguard.model import Limits
from tests.formats.pictures_made import LIMITS, colours, copy_of, info, pixels, refused, said_of, saved, small_zip


def extension(label: int, *blocks: bytes) -> bytes:
    return bytes([0x21, label]) + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"


def with_extension(extra: bytes) -> bytes:
    plain = saved(colours(mode="P"), "gif")
    return plain[:-1] + extra + plain[-1:]


def animated(frames: int = 3) -> bytes:
    pictures = [Image.new("RGB", (9, 7), (20 * number, 0, 200)) for number in range(frames)]
    return saved(pictures[0], "gif", save_all=True, append_images=pictures[1:], duration=50, loop=0)


def test_an_ordinary_gif_says_nothing() -> None:
    assert said_of(gif, saved(colours(mode="P"), "gif")) == set()


def test_an_animated_gif_with_a_loop_says_nothing_and_is_described_as_such() -> None:
    claim = gif.sniff(Sample(data=animated(), extension="gif"))
    assert claim is not None
    assert claim.described == "animated GIF picture"
    assert said_of(gif, animated()) == set()


def test_comments_xmp_and_private_extensions_are_metadata() -> None:
    for extra in (
        extension(0xFE, b"made by Jan"),
        extension(0xFF, b"XMP DataXMP", b"<x/>"),
        extension(0xFF, b"SOMEPROG1.0", b"data"),
        extension(0x01, b"\0" * 12, b"plain text"),
    ):
        assert said_of(gif, with_extension(extra)) == {"image.metadata"}


def test_markup_in_a_comment_makes_a_polyglot() -> None:
    assert "type.polyglot" in said_of(gif, with_extension(extension(0xFE, b"<?php echo 1; ?>")))


def test_bytes_after_the_trailer_are_trailing_data() -> None:
    assert said_of(gif, animated() + b"more") == {"type.trailing_data"}
    assert said_of(gif, animated() + small_zip()) == {"type.trailing_data", "type.polyglot"}


def test_a_missing_trailer_is_truncated() -> None:
    assert said_of(gif, animated()[:-1]) == {"type.truncated"}


def test_a_gif_cut_inside_its_data_is_truncated_and_malformed() -> None:
    data = saved(colours(60, 60, mode="P"), "gif")
    assert said_of(gif, data[:-200]) == {"type.truncated", "image.malformed"}


def test_a_size_that_opens_a_script_comment_makes_a_polyglot() -> None:
    data = bytearray(with_extension(extension(0xFE, b"*/=1;alert(1)//")))
    data[6:8] = b"/*"
    claim = gif.sniff(Sample(data=bytes(data), extension="gif"))
    assert claim is not None
    assert "type.polyglot" in {finding.code for finding in claim.findings}


def test_frames_and_pixels_are_held_against_the_limits() -> None:
    assert [found.code for found in gif.inspect(animated(3), Limits(frames=2)).findings] == ["limit.frames"]
    assert [found.code for found in gif.inspect(animated(1), Limits(pixels=62)).findings] == ["limit.pixels"]
    assert gif.inspect(animated(1), Limits(frames=1, pixels=63)).findings == ()


def test_an_animation_may_have_fewer_pixels_than_a_still_picture() -> None:
    assert [found.code for found in gif.inspect(animated(2), Limits(pixels=4 * 63 - 1)).findings] == ["limit.pixels"]
    assert gif.inspect(animated(8), Limits(pixels=4 * 63)).findings == ()
    assert [found.code for found in gif.inspect(animated(9), Limits(pixels=4 * 63)).findings] == ["limit.pixels"]


def test_a_frame_larger_than_the_screen_counts_with_its_own_size() -> None:
    data = bytearray(saved(colours(mode="P"), "gif"))
    image = data.index(b"\x2c\0\0\0\0")
    data[image + 5 : image + 9] = b"\xff\xff\xff\xff"
    assert [found.code for found in gif.inspect(bytes(data), LIMITS).findings] == ["limit.pixels"]


def test_a_sentence_about_gif_is_no_gif() -> None:
    assert gif.sniff(Sample(data=b"GIF89a is an image format that everybody knows; it is old", extension="txt")) is None


# -- the copy


def test_a_copy_of_an_animation_moves_the_same_way_and_tells_nothing() -> None:
    data = animated(4)
    noisy = data[:-1] + extension(0xFE, b"made by Jan") + extension(0xFF, b"SOMEPROG1.0", b"secret") + b";trailing"
    copy = copy_of(gif, noisy)
    assert copy == data
    assert info(copy) == info(data)


def test_a_copy_keeps_transparency_and_local_palettes() -> None:
    first, second = colours(mode="P"), colours().rotate(180).convert("P", palette=Image.Palette.ADAPTIVE)
    data = saved(first, "gif", save_all=True, append_images=[second], transparency=0, disposal=2, duration=[20, 40])
    assert pixels(copy_of(gif, data)) == pixels(data)


def test_a_copy_leaves_out_plain_text_with_the_control_that_belongs_to_it() -> None:
    control = extension(0xF9, b"\x04\x0a\x00\x00")
    copy = copy_of(gif, with_extension(control + extension(0x01, b"\0" * 12, b"text")))
    assert copy == saved(colours(mode="P"), "gif")


def test_stray_bytes_between_blocks_are_told_and_left_out() -> None:
    data = with_extension(b"\x07\x07")
    assert said_of(gif, data) == {"type.trailing_data"}
    assert copy_of(gif, data) == saved(colours(mode="P"), "gif")


def test_a_missing_trailer_is_put_back() -> None:
    assert copy_of(gif, animated()[:-1]) == animated()


def test_there_is_no_copy_of_something_else() -> None:
    assert refused(gif, b"GIF89a, nothing more") == ["copy.failed"]


def test_a_copy_with_other_frames_or_times_is_unfaithful() -> None:
    slower = bytearray(animated())
    slower[slower.index(b"\x21\xf9") + 4] ^= 1
    for other in (animated(2), bytes(slower)):
        assert [found.code for found in gif.verify(animated(), other, LIMITS)] == ["copy.unfaithful"]


# -- pixels packed anew


@pytest.mark.parametrize("frames", [1, 5])
def test_frames_packed_anew_show_the_same(frames: int) -> None:
    data = animated(frames)
    copy = copy_of(gif, data, method="re-encode")
    assert pixels(copy) == pixels(data)
    assert info(copy).get("duration") == info(data).get("duration")


def test_an_interlaced_frame_packed_anew_runs_from_top_to_bottom() -> None:
    data = saved(colours(40, 40, mode="P"), "gif", interlace=1)
    assert data[data.index(b"\x2c\0\0\0\0") + 9] & 0x40
    copy = copy_of(gif, data, method="re-encode")
    assert not copy[copy.index(b"\x2c\0\0\0\0") + 9] & 0x40
    assert pixels(copy) == pixels(data)


def test_what_stands_behind_a_frames_last_pixel_does_not_reach_a_copy() -> None:
    plain = saved(colours(mode="P"), "gif")
    copy = copy_of(gif, plain[:-2] + b"\x06hidden\0\x3b", method="re-encode")
    assert b"hidden" not in copy
    assert pixels(copy) == pixels(plain)


def test_a_frame_that_can_not_be_decoded_is_not_packed_anew() -> None:
    garbled = b"GIF89a\x10\0\x10\0\0\0\0,\0\0\0\0\x10\0\x10\0\0\x02\x02\xff\xff\0;"
    assert refused(gif, garbled, method="re-encode") == ["copy.failed"]
    assert refused(gif, b"GIF89a", method="re-encode") == ["copy.failed"]
