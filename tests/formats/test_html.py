"""A page is inspected for what it does when it is opened, not for how it looks."""

import pytest

from attachguard.formats import html
from tests.formats.finding_codes import codes, findings

PLAIN = """<!DOCTYPE html><html lang="nl"><head><meta charset="utf-8"><title>Bon</title>
<meta name="viewport" content="width=device-width"><meta http-equiv="X-UA-Compatible" content="IE=edge">
<link rel="canonical" href="https://example.org/"><style>p { color: #c00; scroll-behavior: smooth }</style></head>
<body bgcolor="#ffffff"><p style="margin: 0">Zie <a href="https://example.org/x?a=b">de site</a>, mail
<a href="mailto:a@example.org">ons</a>, bel <a href="tel:+31612345678">ons</a> of ga naar <a href="#top">boven</a>.
<img src="data:image/png;base64,iVBORw0KGgo=" alt=""><img src="cid:logo@example.org">
<!-- <script>alert(1)</script> --></body></html>"""


def test_an_ordinary_page_has_no_finding() -> None:
    assert findings(html, PLAIN) == []


@pytest.mark.parametrize(
    ("code", "fragment"),
    [
        ("html.script", "<script>alert(1)</script>"),
        ("html.script", "<SCRIPT SRC=cid:x>"),
        ("html.script", "<a href='javascript:alert(1)'>x</a>"),
        ("html.script", "<a href=' \x01jAva\tscr\nipt:alert(1)'>x</a>"),
        ("html.script", "<a href='&#106;avascript&colon;alert(1)'>x</a>"),
        ("html.script", "<img src='vbscript:x'>"),
        ("html.script", "<p style='width: expression(alert(1))'>"),
        ("html.script", "<p style='width: exp/**/ression(alert(1))'>"),
        ("html.script", "<p style='behavior: url(x.htc)'>"),
        ("html.script", "<style>p { -moz-binding: url(#x) }</style>"),
        ("html.script", "<svg><script>x</script></svg>"),
        ("html.script", "<!--><script>x</script>-->"),
        ("html.script", "<noscript><p title='</noscript><script>x</script>'>"),
        ("html.handler", "<body onload=alert(1)>"),
        ("html.handler", "<img src=cid:x onerror='alert(1)'>"),
        ("html.handler", "<p/onclick=x>"),
        ("html.handler", "<x-y OnMouseOver=x>"),
        ("html.handler", "<style><p onclick=x></style>"),
        ("html.remote", "<img src=http://example.org/a.png>"),
        ("html.remote", "<img src=//example.org/a.png>"),
        ("html.remote", "<img src='\\\\host\\share\\a.png'>"),
        ("html.remote", "<img src=a.png>"),
        ("html.remote", "<img srcset='a.png 2x, data:image/png;base64,AA 3x'>"),
        ("html.remote", "<img src='data:image/svg+xml,<svg/>'>"),
        ("html.remote", "<body background=http://example.org/a.png>"),
        ("html.remote", "<video poster=http://example.org/a.png>"),
        ("html.remote", "<input type=image src=http://example.org/a.png>"),
        ("html.remote", "<link rel=stylesheet href=http://example.org/a.css>"),
        ("html.remote", "<link rel='alternate stylesheet' href=a.css>"),
        ("html.remote", "<link rel=preload href=http://example.org/a>"),
        ("html.remote", "<link href=http://example.org/a>"),
        ("html.remote", "<base href=http://example.org/>"),
        ("html.remote", "<a href=#x ping=http://example.org/>"),
        ("html.remote", "<html manifest=a>"),
        ("html.remote", "<style>@import 'http://example.org/a.css';</style>"),
        ("html.remote", "<style>p { background: url( 'http://example.org/a' ) }</style>"),
        ("html.remote", "<style>p { background: u\\72l(http://example.org/a) }</style>"),
        ("html.remote", "<style>p { content: '/*'; background: url(http://example.org/a); } /* */</style>"),
        ("html.remote", "<style>p { background: image-set('http://example.org/a' 1x) }</style>"),
        ("html.remote", "<style>@font-face { font-family: a; src: url(http://example.org/a) }</style>"),
        ("html.remote", "<p style='background: url(http://example.org/a)'>"),
        ("html.remote", "<svg><image xlink:href='http://example.org/a'/></svg>"),
        ("html.form", "<form action=http://example.org/>"),
        ("html.form", "<button formaction=http://example.org/>"),
        ("html.form", "<isindex action=x>"),
        ("html.refresh", "<meta http-equiv=refresh content='0; url=http://example.org'>"),
        ("html.refresh", "<META content=0 HTTP-EQUIV=' Refresh '>"),
        ("html.link", "<a href=file:///etc/passwd>x</a>"),
        ("html.link", "<a href='data:text/html,x' download=a.exe>x</a>"),
        ("html.link", "<a href=\\\\host\\share>x</a>"),
        ("html.link", "<a href=ms-word:ofe|u|http://example.org/>x</a>"),
        ("html.link", "<map><area href=ftp://example.org></map>"),
        ("html.embedded", "<iframe srcdoc='x'></iframe>"),
        ("html.embedded", "<object data=cid:x></object>"),
        ("html.embedded", "<embed>"),
        ("html.embedded", "<applet code=cid:x>"),
        ("html.embedded", "<frameset>"),
        ("html.embedded", "<svg></svg>"),
        ("html.embedded", "<math></math>"),
        ("text.escape", "\x1b$B\x1b(B"),
    ],
)
def test_what_acts_is_found(code: str, fragment: str) -> None:
    assert code in codes(html, f"<html><body>\n{fragment}")


def test_the_line_is_told() -> None:
    assert findings(html, "<p>\n\n<script>") == [("html.script", "line 3", "<script>")]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8"])
def test_a_page_is_read_in_its_encoding(encoding: str) -> None:
    assert codes(html, "\ufeff<script>".encode(encoding)) == ["html.script"]


def test_half_letters_of_asian_encodings_hide_nothing() -> None:
    page = b"<meta charset=gbk><svg><![CDATA[\x81]]><!-- ]]><script>x</script>\x81\x40\xff-->"
    assert "html.script" in codes(html, page)


def test_a_tag_no_reader_reads_alike_is_malformed() -> None:
    assert codes(html, "<p " + "src " * 2000 + ">") == ["file.malformed"]


def test_binary_is_malformed() -> None:
    assert codes(html, b"<p>\0\0\x01") == ["file.malformed"]


def test_a_page_full_of_scripts_is_told_in_a_few_findings() -> None:
    assert len(findings(html, "<script></script>\n" * 1000)) == 5
