"""XHTML is inspected as XML and as HTML, since it can be opened as either."""

import pytest

from attachguard.formats import xhtml
from tests.formats.finding_codes import codes

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
