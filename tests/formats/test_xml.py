"""XML is data; what is something else is found."""

import pytest

from attachguard.formats import xml
from attachguard.model import Limits
from tests.formats.finding_codes import codes, copied, doubts, findings, rebuilt

INVOICE = """<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
  xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:a http://example.org/a.xsd">
  <cbc:ID>1</cbc:ID><!-- a comment --><cbc:Note><![CDATA[<script>]]> &lt;b&gt;</cbc:Note>
  <script xmlns="urn:example:film">a script in another language is data</script>
</Invoice>"""


def test_an_invoice_has_no_finding() -> None:
    assert findings(xml, INVOICE) == []


@pytest.mark.parametrize(
    ("code", "document"),
    [
        ("xml.doctype", "<!DOCTYPE a><a/>"),
        ("xml.doctype", "<!DOCTYPE a SYSTEM 'http://example.org/a.dtd'><a/>"),
        ("xml.doctype", "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>"),
        ("xml.instruction", "<?xml version='1.0'?><?xml-stylesheet href='a.xsl'?><a/>"),
        ("xml.instruction", "<?mso-application progid='Word.Document'?><a/>"),
        ("xml.include", "<a><b:include xmlns:b='http://www.w3.org/2001/XInclude' href='c'/></a>"),
        ("xml.active", "<a><script xmlns='http://www.w3.org/1999/xhtml'/></a>"),
        ("xml.active", "<a><s:svg xmlns:s='http://www.w3.org/2000/svg'/></a>"),
        ("xml.active", "<a><x:template xmlns:x='http://www.w3.org/1999/XSL/Transform'/></a>"),
        ("xml.active", "<w:a xmlns:w='http://schemas.microsoft.com/office/word/2003/wordml'><w:binData/></w:a>"),
        (
            "xml.active",
            "<s:Cell xmlns:s='urn:schemas-microsoft-com:office:spreadsheet' s:Formula='=cmd|&apos;/c x&apos;!A0'/>",
        ),
        ("file.malformed", "<a>"),
        ("file.malformed", "<a/><b/>"),
        ("file.malformed", "<a>&undefined;</a>"),
        ("file.malformed", "<a b='1' b='2'/>"),
        ("file.malformed", "<?xml version='1.0' encoding='utf-7'?><a/>"),
        ("limit.xml_depth", "<a>" * 300 + "</a>" * 300),
    ],
)
def test_what_is_not_data_is_found(code: str, document: str) -> None:
    assert code in codes(xml, document)


def test_entities_are_never_expanded() -> None:
    lines = "".join(f"<!ENTITY e{n + 1} '{f'&e{n};' * 10}'>" for n in range(12))
    bomb = f"<!DOCTYPE a [<!ENTITY e0 'x'>{lines}]><a>&e12;</a>"
    assert "xml.doctype" in codes(xml, bomb)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8"])
def test_other_encodings_are_read(encoding: str) -> None:
    document = "\ufeff<a><?b?></a>".encode(encoding)
    assert codes(xml, document) == ["xml.instruction"]


def test_the_declared_encoding_is_believed_for_8_bit_text() -> None:
    assert codes(xml, b"<?xml version='1.0' encoding='iso-8859-1'?><a>\xe9</a>") == []


def test_half_letters_of_asian_encodings_hide_nothing() -> None:
    document = (
        b"<?xml version='1.0' encoding='shift_jis'?><a><![CDATA[ \x81]]><!-- ]]>"
        b"<script xmlns='http://www.w3.org/1999/xhtml'/>\x83\x41<!-- --></a>"
    )
    assert "xml.active" in codes(xml, document)


def test_a_link_that_is_a_program_is_active_wherever_it_stands() -> None:
    assert codes(xml, "<a b='javascript:x' href='http://example.org/'/>") == []
    assert codes(xml, "<a><b href=' javascript:x'/></a>") == ["xml.active"]


def test_a_document_of_nothing_but_tags_is_malformed() -> None:
    assert codes(xml, "<a>" + "<b/>" * 1_500_000 + "</a>") == ["file.malformed"]


def test_the_depth_is_the_limits() -> None:
    assert codes(xml, "<a><b><c/></b></a>", Limits(xml_depth=2)) == ["limit.xml_depth"]


SVG = "<s:a xmlns:s='http://www.w3.org/2000/svg'><s:b>x</s:b></s:a>"


@pytest.mark.parametrize(
    ("document", "kept"),
    [
        (f"<a>0{SVG}1{SVG}2<c/>3{SVG}4</a>", "<a>012<c/>34</a>"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<a>c</a>"),
        ("<?x y?><a>0<?x y?>1</a><?x?>", "<a>01</a>"),
        ("<a><i:include xmlns:i='http://www.w3.org/2001/XInclude' href='x'/>b</a>", "<a>b</a>"),
        ("<a b='1'><!-- c --><![CDATA[<d>]]></a>", '<a b="1"><!-- c --><![CDATA[<d>]]></a>'),
        ("<a xmlns='urn:x' xmlns:y='urn:y'><y:b y:c='1'/></a>", '<a xmlns="urn:x" xmlns:y="urn:y"><y:b y:c="1"/></a>'),
        (
            "<s:c xmlns:s='urn:schemas-microsoft-com:office:spreadsheet' s:Formula='=cmd|&apos;x&apos;!A0'>1</s:c>",
            '<s:c xmlns:s="urn:schemas-microsoft-com:office:spreadsheet">1</s:c>',
        ),
        (
            "<m:a xmlns:m='http://www.w3.org/1998/Math/MathML' href='jAva&#x9;script:x'><m:b href='urn:x'/></m:a>",
            '<m:a xmlns:m="http://www.w3.org/1998/Math/MathML"><m:b href="urn:x"/></m:a>',
        ),
        (
            "<a xmlns:x='http://www.w3.org/1999/xlink' x:href='javascript:x'/>",
            '<a xmlns:x="http://www.w3.org/1999/xlink"/>',
        ),
        ("<!DOCTYPE a [<!ATTLIST b href CDATA 'javascript:x'>]><a><b/></a>", "<a><b/></a>"),
    ],
)
def test_a_copy_keeps_the_data(document: str, kept: str) -> None:
    assert copied(xml, document) == f"<?xml version='1.0' encoding='utf-8'?>\n{kept}\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "iso-8859-1"])
def test_a_copy_is_in_utf_8(encoding: str) -> None:
    document = f"<?xml version='1.0' encoding='{encoding.removesuffix('-sig')}'?><?x?><a>\xe9</a>"
    assert "<a>\xe9</a>" in copied(xml, document.encode(encoding))


@pytest.mark.parametrize(
    "document",
    [
        "<a>",
        SVG,
        "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
        "<!DOCTYPE a SYSTEM 'http://example.org/a.dtd'><a>&b;</a>",
        "<!DOCTYPE a [" + "".join(f"<!ENTITY e{n + 1} '{f'&e{n};' * 10}'>" for n in range(12)) + "]><a>&e12;</a>",
        "<a>" + "<b/>" * 1_300_000 + "</a>",
        b"\0\0",
    ],
)
def test_what_is_no_data_has_no_copy(document: str | bytes) -> None:
    assert rebuilt(xml, document) is None


@pytest.mark.parametrize(
    ("copy", "code"),
    [
        ("<a b='1'>text<c/></a>", "copy.unfaithful"),
        ("<a b='2'>text</a>", "copy.unfaithful"),
        ("<a b='1'>other</a>", "copy.unfaithful"),
        (b"\0", "copy.unfaithful"),
    ],
)
def test_a_wrong_copy_is_noticed(copy: str | bytes, code: str) -> None:
    assert code in doubts(xml, "<a b='1'>text</a>", copy)
