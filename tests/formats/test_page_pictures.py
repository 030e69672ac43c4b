"""Pictures that a page holds itself are looked at, and made anew, as pictures by themselves are."""

from base64 import b64encode
from urllib.parse import quote_from_bytes

import pytest

from attachguard.formats import html, xhtml
from attachguard.formats.contract import Format, Order
from attachguard.formats.pagepictures import Album, content
from attachguard.model import Limits
from tests.formats.finding_codes import codes, copied, doubts
from tests.formats.pictures_made import chunk, colours, exif, jpeg_with, png_with, saved, segment

PLACE = jpeg_with(segment(0xE1, exif({271: "Camera"}, gps=True)))
"""A photograph that says where it was taken."""
LIMITS = Limits()


def held(picture: bytes, kind: str = "jpeg") -> str:
    return f"data:image/{kind};base64,{b64encode(picture).decode('ascii')}"


def page_with(address: str) -> str:
    return f"<html><body><p>word</p><img src='{address}' alt='a'/></body></html>"


def xhtml_with(address: str) -> str:
    return f"<html xmlns='http://www.w3.org/1999/xhtml'><body><p>word</p><img src='{address}' alt='a'/></body></html>"


@pytest.mark.parametrize(
    "fragment",
    [
        "<img src='{}'>",
        "<img src=' \n{}'>",
        "<input type=image src='{}'>",
        "<body background='{}'>",
        "<img srcset='{} 2x'>",
        "<p style='background: url({})'>",
        "<p style='background: url(\\64 {})'>",
        '<style>p {{ background: url("{}") }}</style>',
        "<video poster='{}'></video>",
        "<noscript><img src='{}'></noscript>",
        "<!--[if mso]><img src='{}'><![endif]-->",
    ],
)
def test_a_photograph_in_a_page_that_tells_where_it_was_taken_is_found(fragment: str) -> None:
    address = held(PLACE)
    if "\\64 " in fragment:
        address = address.removeprefix("d")
    assert "image.metadata" in codes(html, f"<html><body>{fragment.format(address)}</body></html>")


def test_it_is_found_in_xhtml_too() -> None:
    assert codes(xhtml, xhtml_with(held(PLACE))) == ["image.metadata"]
    style = f"<style>p {{ background: url({held(PLACE)}) }}</style>"
    assert "image.metadata" in codes(xhtml, xhtml_with(held(saved(colours(), "jpeg"))).replace("<p>", f"{style}<p>"))


def test_it_is_found_however_the_address_is_written() -> None:
    percent = "data:image/jpeg," + quote_from_bytes(PLACE, safe="")
    folded = held(PLACE).replace("A", "A\n").replace("base64", "BASE64").rstrip("=")
    escaped = held(PLACE).replace("+", "%2B").replace("data", "&#100;ata")
    for address in (percent, folded, escaped, held(PLACE, "png")):
        assert codes(html, page_with(address)) == ["image.metadata"]


@pytest.mark.parametrize(
    "picture",
    [
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\x10\0\0\0WEBPVP8 ",
        b"no picture",
        saved(colours(), "jpeg")[:-40],
        saved(colours(), "png") + b"<script>alert(1)</script>",
    ],
)
def test_what_is_no_sound_picture_is_found_and_not_copied(picture: bytes) -> None:
    page = page_with(held(picture))
    assert codes(html, page) == ["html.picture"]
    copy = copied(html, page)
    assert codes(html, copy) == []
    assert "alert" not in copy


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    bomb = saved(colours(64, 64), "png")
    assert codes(html, page_with(held(bomb, "png")), Limits(pixels=1000)) == ["limit.pixels"]


def test_many_pictures_together_are_held_against_the_limit() -> None:
    pictures = [held(png_with(chunk(b"tEXt", b"a\0%d" % number)), "png") for number in range(30)]
    page = "".join(f"<img src='{picture}'>" for picture in pictures)
    assert "limit.pixels" not in codes(html, page, Limits(pixels=12 * 8 * 15))
    assert "limit.pixels" in codes(html, page, Limits(pixels=12 * 8 * 14))
    assert codes(html, page_with(held(saved(colours(), "png"), "png")) * 30, Limits(pixels=12 * 8)) == []


@pytest.mark.parametrize(("kind", "page"), [(html, page_with(held(PLACE))), (xhtml, xhtml_with(held(PLACE)))])
def test_a_copy_shows_the_same_pixels_and_tells_nothing(kind: Format, page: str) -> None:
    copy = copied(kind, page)
    assert codes(kind, copy) == []
    source = copy.partition('src="')[2].partition('"')[0]
    after = content(source)
    assert after is not None
    assert b"Camera" not in after
    assert Album(LIMITS).fresh(source) == source


def test_pictures_that_are_lost_are_counted() -> None:
    page = "".join(page_with(held(picture)) for picture in (b"no picture", b"\xff\xd8\xff\xe0", b"no picture", PLACE))
    order = Order(original=page.encode(), method="rebuild", printed=None, parts=(), limits=LIMITS)
    assert [(finding.code, finding.detail) for finding in html.normalize(order).findings] == [("lost.pictures", "2")]


def test_another_picture_in_a_copy_is_unfaithful() -> None:
    original = page_with(held(saved(colours(), "png"), "png"))
    other = copied(html, page_with(held(saved(colours(13, 8), "png"), "png")))
    assert doubts(html, original, other) == ["copy.unfaithful"]


def test_pictures_are_compared_in_their_order_though_some_are_lost_or_come_again() -> None:
    one, two = (held(saved(colours(width, 8), "png"), "png") for width in (12, 13))
    page = "".join(f"<p>w</p><img src='{address}'>" for address in (one, one, held(b"\xff\xd8\xff"), two, one))
    copied(html, page)
    backwards = copied(html, "".join(f"<p>w</p><img src='{address}'>" for address in (two, one, one)))
    assert "copy.unfaithful" in doubts(html, page, backwards)
