"""One function decides which textual kind a text is, and which texts are not accepted at all."""

import pytest

from attachguard.formats import csv, html, rtf, txt, xhtml, xml
from attachguard.formats.contract import Claim, Sample
from attachguard.formats.textual import is_mail, textual_claim

FORMATS = (csv, html, txt, xhtml, xml)


def kind_of(data: bytes | str, extension: str = "txt") -> str | None:
    claim = claim_on(data, extension)
    assert claim is not None
    return claim.kind


def claim_on(data: bytes | str, extension: str = "txt") -> Claim | None:
    return textual_claim(Sample(data.encode() if isinstance(data, str) else data, extension))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("html", "<!DOCTYPE html><title>x</title>"),
        ("html", "<html><body>x"),
        ("html", "<!-- a --> \n <!-- b -->\n<P>x</P>"),
        ("html", "<p>Dear customer,</p><table><tr><td>1</td></tr></table>"),
        ("html", "<?xml version='1.0'?><html><body/></html>"),
        ("html", "<html xmlns='http://www.w3.org/TR/REC-html40'><body/></html>"),
        ("html", "\n" * 5000 + "<html>"),
        ("html", "<?xml version='1.0' broken?><html>"),
        ("xhtml", "<html xmlns='http://www.w3.org/1999/xhtml'><body/></html>"),
        ("xhtml", "<?xml version='1.0'?><!DOCTYPE html><h:html xmlns:h='http://www.w3.org/1999/xhtml'/>"),
        ("xml", "<?xml version='1.0'?><Invoice/>"),
        ("xml", "<Invoice xmlns='urn:x'>"),
        ("xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
        ("xml", "<?xml version='1.0'?><menu><item/></menu>"),
        ("xml", "<?xml version='1.0'?><"),
        ("eml", "From: a@b\r\nSubject: c\r\n\r\nbody"),
        ("eml", "\r\nFrom a@b Mon Jan 1 00:00:00 2024\nReceived: x\n y\nDate: z\n\nbody"),
        ("eml", "message-id : <x>\nTO: y\n\n"),
        ("txt", "From the desk of John\nHello"),
        ("txt", "Subject: one field is not enough\n\nbody"),
        ("txt", "{'a': 1}"),
        ("txt", "MZ is the first text"),
        ("txt", "a < b and c > d"),
        ("txt", "x <b>bold</b>"),
        ("txt", "<not closed"),
        ("txt", "ID;P is how some tables begin"),
        ("txt", "var a = 1;"),
    ],
)
def test_a_text_is_of_one_kind(kind: str, text: str) -> None:
    assert kind_of(text) == kind


@pytest.mark.parametrize(
    ("extension", "kind"), [("csv", "csv"), ("xls", "csv"), ("txt", "txt"), ("", "txt"), ("doc", "txt"), ("xml", "txt")]
)
def test_the_name_settles_whether_plain_text_is_a_table(extension: str, kind: str) -> None:
    assert kind_of("a,b\n1,2\n", extension) == kind


@pytest.mark.parametrize(
    ("text", "extension", "kind"),
    [
        ("Dear all,<br>hello", "html", "html"),
        ("Dear all,<br>hello", "txt", "txt"),
        ("no tag", "html", "txt"),
        ("<Invoice><note/><p/></Invoice>", "html", "xml"),
        ("<menu><item/></menu>", "xml", "xml"),
        ("<menu><item/></menu>", "html", "html"),
        ("<html xmlns='http://www.w3.org/1999/xhtml'/>", "htm", "html"),
        ("<html><br></html>", "xhtml", "html"),
        ("ID;Preis\n1;2\n", "csv", "csv"),
    ],
)
def test_the_name_settles_what_a_browser_would_make_of_it(text: str, extension: str, kind: str) -> None:
    assert kind_of(text, extension) == kind


@pytest.mark.parametrize(
    "text",
    [
        "<svg xmlns='http://www.w3.org/2000/svg'/>",
        "<?xml version='1.0'?><!-- c --><!DOCTYPE svg PUBLIC 'a' 'b'><svg xmlns='http://www.w3.org/2000/svg'/>",
        "<xsl:stylesheet xmlns:xsl='http://www.w3.org/1999/XSL/Transform' version='1.0'/>",
        "<office:document xmlns:office='urn:oasis:names:tc:opendocument:xmlns:office:1.0'/>",
        "<?XML version='1.0'?><scriptlet><registration/></scriptlet>",
        "<?xml version='1.0'?><component><script language='JScript'/></component>",
        "<job id='x'><script language='VBScript'>x</script></job>",
        "<package><job><script/></job></package>",
        "<jnlp spec='1.0'/>",
        "<PCSettings><SearchableContent xmlns='http://schemas.microsoft.com/Search/2013/SettingContent'/></PCSettings>",
        "<window xmlns='http://www.mozilla.org/keymaster/gatekeeper/there.is.only.xul'/>",
        "<script xmlns='http://www.w3.org/2000/svg'>x</script>",
        "<SVG xmlns='http://www.w3.org/2000/svg'/>",
        "<asx version='3.0'/>",
        "<?wpl version='1.0'?><smil/>",
        "[Theme]\r\nDisplayName=x",
        "\x1bE\x1b&l0O",
        "<hta:application id=x><body>",
        "<html><head><HTA:APPLICATION ID='x'></head></html>",
        "<libraryDescription xmlns='http://schemas.microsoft.com/windows/2009/library'/>",
        "<Window xmlns='http://schemas.microsoft.com/winfx/2006/xaml/presentation'/>",
        "<Project xmlns='http://schemas.microsoft.com/developer/msbuild/2003'/>",
        'ID;PWXL;N;E\r\nC;X1;Y1;K"x"\r\nE\r\n',
        "WEB\r\n1\r\nhttp://example.org/x",
        "[InternetShortcut]\r\nURL=file:///c:/x",
        "\ufeff[InternetShortcut]\r\nURL=x",
        "Windows Registry Editor Version 5.00",
        "BEGIN:VCALENDAR\r\nEND:VCALENDAR",
        "%!PS-Adobe-3.0 EPSF-3.0",
        "#@~^EQAAAA==",
        '[Version]\r\nSignature="$CHICAGO$"',
        "full address:s:example.org\r\n",
        "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\nContent-Location: file:///C:/a",
        "From: <Saved by Blink>\r\nSubject: x\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x",
        "From a@b x\nTo: a\nDate: b\n\nbody\n\nFrom c@d y\nTo: e\nDate: f\n\n",
    ],
)
@pytest.mark.parametrize("extension", ["txt", "csv", "html", "xml", "eml"])
def test_some_texts_are_not_accepted_under_any_name(text: str, extension: str) -> None:
    claim = claim_on(text, extension)
    assert claim is not None
    assert claim.kind is None
    assert claim.described


@pytest.mark.parametrize("text", ["#!/bin/sh\n", "<?php echo 1 ?>", "<%@ page %>"])
def test_source_text_is_inert_as_txt_and_nothing_under_another_name(text: str) -> None:
    claim = claim_on(text, "txt")
    assert claim is not None
    assert (claim.kind, [finding.code for finding in claim.findings]) == ("txt", ["type.inert"])
    assert kind_of(text, "html") is None


@pytest.mark.parametrize(
    "data",
    [
        b"{\\rtf1 hello}",
        b"\r\n{\\rt hello}",
        b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n",
        b"\r\n" * 400 + b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n",
        b"",
        b"\x89PNG\r\n\x1a\n\0\0\0\r",
    ],
)
def test_what_other_formats_know_better_is_left_to_them(data: bytes) -> None:
    assert claim_on(data) is None


def test_text_about_pdf_is_text() -> None:
    assert kind_of("A file begins with %PDF-1.4, they say.") == "txt"


def test_a_pdf_behind_text_is_two_types_at_once() -> None:
    claim = claim_on("a,b\n%PDF-1.4\n1 0 obj\n<<>>\nendobj\n", "csv")
    assert claim is not None
    assert claim.kind == "csv"
    assert [finding.code for finding in claim.findings] == ["type.polyglot"]


@pytest.mark.parametrize("extension", ["txt", "csv", "html", "xml", "xhtml", "eml"])
@pytest.mark.parametrize(
    "text", ["a,b", "<p>x", "<a/>", "<html xmlns='http://www.w3.org/1999/xhtml'/>", "From: a\nTo: b\n\n", "#!x"]
)
def test_at_most_one_format_claims_a_text(text: str, extension: str) -> None:
    sample = Sample(text.encode(), extension)
    assert len([module for module in FORMATS if module.sniff(sample)]) <= 1


@pytest.mark.parametrize("piece", ["<!-- a -->", "<!--", "<", "<?x?>", "a: b\n", " ", "<a b='", "ID;P\n", "From x\n\n"])
def test_deciding_takes_the_same_time_for_any_size(piece: str) -> None:
    assert claim_on(piece * (1_000_000 // len(piece)), "html") is not None


def test_a_mail_is_known_by_two_header_fields() -> None:
    assert is_mail("Subject: a\nFrom: b\n\nc")
    assert not is_mail("Subject: a\nSubject: b\n\nFrom: c")


def test_rtf_may_begin_with_white_space_or_a_mark() -> None:
    assert [
        bool(rtf.sniff(Sample(data, "rtf"))) for data in (b"{\\rtf1}", b"\xef\xbb\xbf\r\n{\\rt}", b"x{\\rtf1}")
    ] == [
        True,
        True,
        False,
    ]
