"""Delivered names in a header: one line of ASCII that says the whole name, whatever it is."""

from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from attachguard.disposition import content_disposition


def name_read_back(header: str) -> str:
    """The name as a browser takes it: the extended one before the plain one (RFC 6266 section 4.3)."""
    _, extended, whole = header.partition("filename*=UTF-8''")
    return unquote(whole, errors="strict") if extended else header.partition('filename="')[2].removesuffix('"')


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("invoice.pdf", 'attachment; filename="invoice.pdf"'),
        ("my invoice (2).pdf", 'attachment; filename="my invoice (2).pdf"'),
        ("100%.txt", "attachment; filename=\"100_.txt\"; filename*=UTF-8''100%25.txt"),
        ("€ rates.txt", "attachment; filename=\"_ rates.txt\"; filename*=UTF-8''%E2%82%AC%20rates.txt"),
        ("naïve.txt", "attachment; filename=\"na_ve.txt\"; filename*=UTF-8''na%C3%AFve.txt"),
        ("發票.pdf", "attachment; filename=\"__.pdf\"; filename*=UTF-8''%E7%99%BC%E7%A5%A8.pdf"),
        ('a"b\\c.txt', "attachment; filename=\"a_b_c.txt\"; filename*=UTF-8''a%22b%5Cc.txt"),
        ("a;b.txt", "attachment; filename=\"a_b.txt\"; filename*=UTF-8''a%3Bb.txt"),
        ("a\r\nX: b.txt", "attachment; filename=\"a__X_ b.txt\"; filename*=UTF-8''a%0D%0AX%3A%20b.txt"),
    ],
)
def test_a_name_is_written_as_the_rfcs_say(name: str, header: str) -> None:
    assert content_disposition(name) == header


@pytest.mark.parametrize(
    "name", ["invoice.pdf", "€ rates.txt", "發票.pdf", "a;b.txt", "my invoice (2).pdf", "it's.txt"]
)
def test_a_name_is_read_back_whole(name: str) -> None:
    assert name_read_back(content_disposition(name)) == name


@given(st.text(alphabet=st.characters(), max_size=300))
@example("\ud800.txt")
@example("")
def test_no_name_breaks_out_of_its_line_or_its_quotes(name: str) -> None:
    header = content_disposition(name)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    assert "\\" not in header
