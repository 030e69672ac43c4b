"""XHTML is inspected as XML and as HTML, since it can be opened as either."""

import pytest

from attachguard.formats import xhtml
from tests.formats.finding_codes import codes, copied, doubts, rebuilt

OPEN = '<?xml version="1.0"?>\n<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml"><body>'
CLOSE = "</body></html>"


def test_an_ordinary_page_has_no_finding() -> None:
    page = f'{OPEN}<h1 class="a">Title</h1><p>text <br/><a href="https://example.org/">x</a></p>{CLOSE}'
    assert codes(xhtml, page) == []


@pytest.mark.parametrize(
    ("code", "fragment"),
    [
        ("html.script", "<script/>"),
        ("html.script", '<x:script xmlns:x="http://www.w3.org/1999/xhtml"/>'),
        ("html.handler", '<p onclick="x"/>'),
        ("html.remote", '<img src="a.png"/>'),
        ("html.remote", "<style>&#64;import 'a';</style>"),
        ("html.remote", "<style><![CDATA[@import 'a';]]></style>"),
        ("html.script", "<![CDATA[</body><script>alert(1)</script>]]>"),
        ("html.script", "<!-- > --><script/>"),
        ("file.malformed", "<p>"),
        ("limit.xml_depth", "<i>" * 300 + "</i>" * 300),
        ("xml.instruction", '<?xml-stylesheet href="a"?>'),
        ("xml.include", '<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="a"/>'),
    ],
)
def test_what_acts_is_found_in_either_reading(code: str, fragment: str) -> None:
    assert code in codes(xhtml, f"{OPEN}{fragment}{CLOSE}")


def test_a_doctype_with_declarations_is_found() -> None:
    page = (
        "<!DOCTYPE html [<!ENTITY x \"<script xmlns='http://www.w3.org/1999/xhtml'/>\">]>"
        '<html xmlns="http://www.w3.org/1999/xhtml"><body>&x;</body></html>'
    )
    assert "xml.doctype" in codes(xhtml, page)


def test_the_usual_public_doctype_is_no_finding() -> None:
    page = (
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">'
        '<html xmlns="http://www.w3.org/1999/xhtml"><body>&nbsp;</body></html>'
    )
    assert codes(xhtml, page) == []


def test_a_copy_is_well_formed_and_keeps_what_shows() -> None:
    page = copied(
        xhtml,
        f'{OPEN}<title/><p onclick="x">a&nbsp;b<br/></p><script>c</script><x:b xmlns:x="http://www.w3.org/1999/xhtml">d</x:b>'
        f'<svg xmlns="http://www.w3.org/2000/svg"><text>e</text></svg><pre>\n\nf</pre><![CDATA[<g>]]>{CLOSE}',
    )
    assert page.startswith("<?xml version='1.0' encoding='utf-8'?>\n<!DOCTYPE html>\n<html xmlns=")
    assert "<p>a\xa0b<br/></p><b>d</b>" in page
    assert "&lt;g&gt;" in page


def test_a_page_that_is_not_well_formed_is_read_as_browsers_read_html() -> None:
    assert "<p>a</p><p>b</p>" in copied(xhtml, f"{OPEN}<p>a<p>b")


def test_language_title_and_style_stay() -> None:
    page = copied(
        xhtml,
        '<html xmlns="http://www.w3.org/1999/xhtml" lang="nl"><head><title>T</title><style>p{color:red}</style></head>'
        '<body style="margin:0"><p>a</p></body></html>',
    )
    assert 'lang="nl"' in page
    assert "<title>T</title><style>p{color:red}</style>" in page
    assert '<body style="margin:0">' in page


def test_what_would_cost_too_much_has_no_copy() -> None:
    assert rebuilt(xhtml, f"{OPEN}{'<div>' * 300}a{'</div>' * 300}{CLOSE}") is None
    assert rebuilt(xhtml, b"\0\0") is None


@pytest.mark.parametrize(
    ("copy", "code"),
    [
        (f"{OPEN}<p>one</p>{CLOSE}", "copy.unfaithful"),
        (f"{OPEN}<p>one two</p><script/>{CLOSE}", "copy.unsafe"),
        (f'{OPEN}<p onclick="x">one two</p>{CLOSE}', "copy.unsafe"),
    ],
)
def test_a_wrong_copy_is_noticed(copy: str, code: str) -> None:
    assert code in doubts(xhtml, f"{OPEN}<p>one two</p>{CLOSE}", copy)
