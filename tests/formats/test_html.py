"""A page is inspected for what it does when it is opened, not for how it looks."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attachguard.formats import html
from tests.formats.finding_codes import codes, copied, doubts, findings, rebuilt
from tests.formats.pictures_made import png_with

PNG = f"data:image/png;base64,{b64encode(png_with(b'')).decode()}"
PLAIN = f"""<!DOCTYPE html><html lang="nl"><head><meta charset="utf-8"><title>Bon</title>
<meta name="viewport" content="width=device-width"><meta http-equiv="X-UA-Compatible" content="IE=edge">
<link rel="canonical" href="https://example.org/"><style>p {{ color: #c00; scroll-behavior: smooth }}</style></head>
<body bgcolor="#ffffff"><p style="margin: 0">Zie <a href="https://example.org/x?a=b">de site</a>, mail
<a href="mailto:a@example.org">ons</a>, bel <a href="tel:+31612345678">ons</a> of ga naar <a href="#top">boven</a>.
<img src="{PNG}" alt=""><img src="cid:logo@example.org">
<!-- <script>alert(1)</script> --></body></html>"""


def test_an_ordinary_page_has_no_finding() -> None:
    assert findings(html, PLAIN) == []


@pytest.mark.parametrize("label", ["utf-7", "UTF-7", "hz-gb-2312", "iso-2022-kr"])
def test_an_encoding_that_hides_markup_is_malformed(label: str) -> None:
    assert codes(html, f"<meta charset={label}>+ADw-script+AD4-") == ["file.malformed"]


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
        ("html.remote", "<img src=cid:x attributionsrc=http://example.org/>"),
        ("html.remote", "<menuitem icon=http://example.org/a>"),
        ("html.script", "<!--[if IE]><script>x</script><![endif]-->"),
        ("html.script", "<!--[if gte mso 9]><a href=javascript:x>a</a>"),
        ("html.remote", "<!--[if mso]><v:imagedata src=http://example.org/a.png /><![endif]-->"),
        ("html.handler", "<!-- a --><!--[if (lt IE 9)|(IEMobile)]><p onclick=x><![endif]-->"),
        ("html.script", "<?import namespace=t implementation=http://example.org/a.htc>"),
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


def test_what_word_notes_for_itself_in_a_comment_is_no_finding() -> None:
    assert (
        findings(html, "<p>a<!--[if gte mso 9]><xml><o:AllowPNG/></xml><![endif]--><?xml:namespace prefix=o />") == []
    )


def test_a_page_of_nothing_but_tags_that_matter_is_malformed() -> None:
    assert "file.malformed" in codes(html, "<p a:b=c>" * 400_001)
    assert "file.malformed" in codes(html, "<!--[if IE]>-->" * 10_001)


def test_binary_is_malformed() -> None:
    assert codes(html, b"<p>\0\0\x01") == ["file.malformed"]


def test_a_page_full_of_scripts_is_told_in_a_few_findings() -> None:
    assert len(findings(html, "<script></script>\n" * 1000)) == 5


def body(fragment: str) -> str:
    """Rebuild a fragment and give the body that became of it."""
    return copied(html, fragment).partition("<body>")[2].partition("</body>")[0]


@pytest.mark.parametrize(
    ("fragment", "kept"),
    [
        ("<p onclick=x>a<script>b</script>c</p>", "<p>ac</p>"),
        ("<a href=javascript:x>a</a>", '<a rel="noopener noreferrer nofollow">a</a>'),
        ("<a href='#x'>a</a>", '<a href="#x" rel="noopener noreferrer nofollow">a</a>'),
        ("<img src=http://example.org/a.png alt=picture>", '<img alt="picture">'),
        ("<img src=cid:a@b>", '<img src="cid:a@b">'),
        (f"<img src='{PNG}'>", f'<img src="{PNG}">'),
        ("<img src='data:image/png;base64,iVBORw0KGgo='>", "<img>"),
        ("<img src='data:image/png;base64,PHN2Zz4='>", "<img>"),
        ("<img src='data:image/svg+xml;base64,iVBORw0KGgo='>", "<img>"),
        ("<p style='color:red;position:fixed;background:url(x)'>a</p>", '<p style="color:red">a</p>'),
        ("<p style='width:calc(1px + 2px)!important'>a</p>", '<p style="width:calc(1px + 2px)!important">a</p>'),
        ("<p style='color:\\72 ed'>a</p>", '<p style="color:red">a</p>'),
        ("<form action=x>a <input value=b><button>c</button></form>", "a c"),
        ("a<iframe src=x>b</iframe><object>c</object><svg><text>d</text></svg>e", "ace"),
        ("<noscript><b>a</b></noscript>", "<b>a</b>"),
        ("a<o:p>b</o:p><![if x]>c<![endif]><!-- d -->", "abc"),
        ("<table><tr><td colspan=2 onx=y>a</table>", '<table><tbody><tr><td colspan="2">a</td></tr></tbody></table>'),
        ("<pre>\n\n a\n</pre>", "<pre>\n\n a\n</pre>"),
        ("a&nbsp;&lt;b&gt;&#1;", "a&nbsp;&lt;b&gt;"),
    ],
)
def test_a_copy_keeps_what_shows(fragment: str, kept: str) -> None:
    assert body(fragment) == kept


def test_a_copy_keeps_the_look_of_a_page() -> None:
    page = copied(
        html,
        """<html lang="nl-NL"><head><title> Een &amp; twee </title>
        <style>p > b { color: red; position: fixed } @import "x"; @font-face { src: url(x) }
        @media print { p { color: blue; background: url(x) } } i { background: url(x) }</style></head>
        <body bgcolor="#ffffff" style="margin: 0">x</body></html>""",
    )
    assert '<html lang="nl-NL">' in page
    assert "<title>Een &amp; twee</title>" in page
    assert "<style>\np > b{color:red}\n@media print{p{color:blue}}\n</style>" in page
    assert '<body style="background-color:#ffffff;margin:0">x</body>' in page


@pytest.mark.parametrize(
    "rule",
    [
        'p{color:red;background:url("x")}',
        "p{background:image-set('x' 1x)}",
        "p{background:src('x')}",
        "p{background:-webkit-image-set('x' 1x)}",
        "p{background:u\\72l(x)}",
        "p{background:var(--x)}",
        "p{behavior:url(#default#time2)}",
        "p{width:expression(alert(1))}",
        "p{content:'</style><script>'}",
        "p{content:'&'}",
        'p["x\n]{color:red}',
        "p::after{position:fixed}",
        "@import 'x';",
        "@font-face{src:url(x)}",
        "@charset 'utf-7';",
        "@namespace url(x);",
        "@media screen{@import 'x';}",
        "@media screen{p{x:y}}",
        "a" + "(" * 65 + ")" * 65 + "{color:red}",
        "a:not(url(x)){color:red}",
    ],
)
def test_a_rule_that_loads_or_breaks_out_does_not_reach_a_copy(rule: str) -> None:
    style = copied(html, f"<style>{rule}</style><p>a").partition("<style>")[2].partition("</style>")[0]
    assert style.strip() in {"", "p{color:red}"}


def test_no_control_character_comes_back_by_a_reference() -> None:
    page = "<title>a&#1;b&#x9f;</title><body style='color:r&#2;ed' bgcolor='&#3;red'><p title='&#4;c'>d&#5;"
    assert not {char for char in copied(html, page) if char < " " and char != "\n"}


def test_a_long_title_is_cut_once_and_for_all() -> None:
    assert f"<title>{'a' * 499}</title>" in copied(html, f"<title>{'a' * 499} b</title><p>c")


def test_no_break_spaces_stay_what_they_are() -> None:
    assert body("a\xa0b&nbsp;c&#160;d<b title='e\xa0f'>\ufdd0&#xfdd0;</b>".replace("&#xfdd0;", "")) == (
        'a&nbsp;b&nbsp;c&nbsp;d<b title="e&nbsp;f"></b>'
    )


def test_an_element_whose_name_nobody_can_say_costs_its_words_nothing() -> None:
    assert copied(html, "<p\x01q>one</p\x01q><p{x}>two")


def test_a_copy_forbids_everything_it_does_not_need() -> None:
    assert "default-src 'none'" in copied(html, "<p>a")


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 300 + "a",
        "<table><tr><td>" * 300,
        "<b>" * 300,
        "<font color=red>" * 200 + "<p>x" * 5000,
        "<p>x" * 500_001,
        "&amp;" * 250_001,
        "<" * 1_500_001,
        "</p>" * 500_001,
        "</br>" * 500_001,
        "<!a>" * 500_001,
        "<html a=1>" * 101,
        "<p " + "src " * 2000,
        b"<p>\0\0\x01",
    ],
)
def test_what_would_cost_too_much_has_no_copy(page: str | bytes) -> None:
    assert rebuilt(html, page) is None


@pytest.mark.parametrize(
    ("original", "copy", "code"),
    [
        ("<p>one two three", "<p>one two", "copy.unfaithful"),
        ("<p>a", "<p onclick=x>a", "copy.unsafe"),
        ("<p>a", "<blink>a", "copy.unsafe"),
        ("<p>a", "<a href=file:x>a", "copy.unsafe"),
        ("<p>a", "<img src=a.png>a", "copy.unsafe"),
        ("<p>a", "<p>a<!-->\n<script>", "copy.unsafe"),
        (b"\0\0", "<p>a", "copy.unfaithful"),
    ],
)
def test_a_wrong_copy_is_noticed(original: str | bytes, copy: str, code: str) -> None:
    assert code in doubts(html, original, copy)


FRAGMENTS = ["<p", "<a href=x", "<table", "<tr><td", "<svg", "<math", "<style>", "</style>", "<title>", "</title>"]
FRAGMENTS += [">", "'", '"', " onclick=x", "<!--", "-->", "<script>", "</script>", "<b>", "</b>", "<pre>", "\n", "text"]
FRAGMENTS += ["<noscript>", "</noscript>", "&lt;", "&amp", "<select><option>", "<img src=cid:a", "<![CDATA[", "]]>"]
FRAGMENTS += ["<template>", "<font color=red>", "<mtext>", "<mglyph>", "<desc>", "<foreignObject>", "<form>", "<li>"]
FRAGMENTS += ["<caption>", "<textarea>", "p{color:red}", " style='color:red"]
FRAGMENTS += ["<h1>", "</h1>", "<h2>", "</a>", "<p>", "</p>", "<button>", "<dd>", "<dt>", "<nobr>", "<rt>"]
FRAGMENTS += ["</td>", "<i>"]


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=16))
def test_copies_of_any_mixture_are_safe_and_settled(fragments: list[str]) -> None:
    page = "".join(fragments)
    copy = rebuilt(html, page)
    assert copy is not None
    assert codes(html, copy) == []
    assert "copy.unsafe" not in doubts(html, page, copy)
    assert rebuilt(html, copy) == copy


@pytest.mark.parametrize(
    "page",
    [
        '<h1><a name="x">one<h1><a name="y">two',
        "<p><button><p>x",
        "<dd><form><dt>x",
        "<li><menu><li>x",
        "<p><object><h1>x",
    ],
)
def test_what_stood_where_it_alone_could_not_stand_is_settled_at_once(page: str) -> None:
    copy = rebuilt(html, page)
    assert copy is not None
    assert rebuilt(html, copy) == copy


@pytest.mark.parametrize(
    "unit",
    [
        '<div class="</div>">',
        "<div a='></div>'>",
        '<div><img alt="<td></div>">',
        "<div><textarea></div></textarea>",
        "<div><xmp></div></xmp>",
        "<svg><title><div></title>",
        "<div><!</div>",
        "<div></!</div>",
        "<!--><div>",
        "<svg><div><![CDATA[></div>]]>",
        "<div><table></div></table>",
        "<div><object></div></object>",
        "<div><select></div></select>",
        "<div><svg><desc></div></desc></svg>",
        '<div ="><i a="</div>">',
    ],
)
def test_an_end_tag_that_is_none_hides_no_nesting(unit: str) -> None:
    assert rebuilt(html, unit * 300) is None


def test_tags_in_values_and_in_raw_text_are_no_nesting() -> None:
    unit = '<div title="a </div> b"><b data-x="<i>">word</b><textarea><div></textarea></div><!-- <div> -->'
    copy = rebuilt(html, unit * 400)
    assert copy is not None
    assert copy.count(b"word") == 400


@pytest.mark.parametrize("mark", ['"', "'", "/"])
def test_a_tag_of_nothing_but_marks_has_no_copy(mark: str) -> None:
    assert rebuilt(html, f"<p {mark * 2_600_000}>word") is None
