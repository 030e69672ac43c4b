"""Whatever pieces an office file is put together of: its copy holds nothing that acts, and is its own copy."""

import re
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attachguard.formats.contract import Order
from attachguard.formats.registry import BY_KIND
from attachguard.formats.zip import read_package, unpack
from tests.formats.office_made import (
    LIMITS,
    SHEET,
    WORD,
    W,
    content_types,
    docx_members,
    ods,
    odt,
    packed,
    relationships,
    xlsx_members,
)
from tests.formats.ole_made import defined_name, doc, field, record, sheet_entry, supporting_link, xls

FORBIDDEN = re.compile(
    rb"(?i)vbaproject|oleobject[ />]|altchunk|webvideopr|activex|macrosheet|externallink|ddelink|event-listener|applet"
    rb"|dde-connection-decl|attachedtemplate|evil\.example|<\?mso|\bmacro=\"[^\"]|<!--"
)
"""What no part of a copy may hold, by name; `evil.example` stands for every address that is loaded."""

FEWER = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])


def holds(kind: str, original: bytes) -> None:
    """Make the copy, if there is one, and look at it from all sides."""
    fmt = BY_KIND[kind]
    order = Order(original=original, method="rebuild", printed=None, parts=(), limits=LIMITS)
    made = fmt.normalize(order)
    if made.data is None:
        assert made.findings
        return
    assert fmt.inspect(made.data, LIMITS).findings == ()
    # Text of elements that nobody knows, and of fields without an end, may be lost: then nothing is delivered.
    assert {finding.code for finding in fmt.verify(original, made.data, LIMITS)} <= {"copy.unfaithful"}
    again = fmt.normalize(Order(original=made.data, method="rebuild", printed=None, parts=(), limits=LIMITS))
    assert again.data == made.data
    whole = read_package(made.data, LIMITS)
    if whole is not None:
        assert [member.name for member, content in unpack(whole, LIMITS) if FORBIDDEN.search(content)] == []


def tree(leaves: list[str], wrappers: list[tuple[str, str]]) -> st.SearchStrategy[str]:
    """Markup of these pieces, nested at will."""
    return st.recursive(
        st.sampled_from(leaves),
        lambda inner: st.builds(
            lambda around, parts: around[0] + "".join(parts) + around[1],
            st.sampled_from(wrappers),
            st.lists(inner, max_size=5),
        ),
        max_leaves=25,
    )


NAMESPACES = (
    f'{W} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:x="urn:x" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
)

WORD_LEAVES = [
    *(f'<w:r><w:fldChar w:fldCharType="{mark}"/></w:r>' for mark in ("begin", "begin", "separate", "end", "end")),
    *(
        f"<w:r><w:instrText>{text}</w:instrText></w:r>"
        for text in ("DDE", "AUTO a b", "DDEAUTO a b", " PAGE ", 'HYPERLINK "file://evil.example"', "INCLUDETEXT x")
    ),
    "<w:r><w:delInstrText>DDE</w:delInstrText></w:r>",
    "<w:r><w:t>words</w:t></w:r>",
    "<w:r><w:delText>gone</w:delText></w:r>",
    '<a:blip r:embed="r0"/>',
    '<a:blip r:link="r1"/>',
    '<a:blip r:embed="r0" r:link="r1"/>',
    '<v:imagedata r:id="r1" o:href="https://evil.example"/>',
    '<v:imagedata src="https://evil.example"/>',
    '<w:altChunk r:id="r2"/>',
    '<o:OLEObject r:id="r3"/>',
    '<w:control r:id="r4"/>',
    '<webVideoPr xmlns="http://schemas.microsoft.com/office/word/2012/wordprocessingDrawing" embeddedHtml="x"/>',
    "<!-- evil.example -->",
    "<?mso evil.example?>",
    "<x:unknown>x</x:unknown>",
    "<w:subDoc r:id='r5'/>",
    "text",
]
WORD_WRAPPERS = [
    ("<w:p>", "</w:p>"),
    ("<w:r>", "</w:r>"),
    ('<w:hyperlink r:id="r6">', "</w:hyperlink>"),
    ('<w:hyperlink r:id="r7" w:anchor="a">', "</w:hyperlink>"),
    ("<mc:AlternateContent><mc:Choice Requires='x'>", "</mc:Choice></mc:AlternateContent>"),
    ("<mc:AlternateContent><mc:Fallback>", "</mc:Fallback></mc:AlternateContent>"),
    ("<w:r><w:pict><w:txbxContent>", "</w:txbxContent></w:pict></w:r>"),
    ('<w:fldSimple w:instr="DDEAUTO a b">', "</w:fldSimple>"),
    ('<w:fldSimple w:instr="PAGE">', "</w:fldSimple>"),
    ("<w:r><w:object>", "</w:object></w:r>"),
    ("<w:del>", "</w:del>"),
]
WORD_LINKS = (
    ("image", "media/a.png"),
    ("image", "https://evil.example/a.png"),
    ("aFChunk", "a.htm"),
    ("oleObject", "embeddings/a.bin"),
    ("control", "activeX/a.xml"),
    ("subDocument", "https://evil.example/a.docx"),
    ("hyperlink", "https://a.example"),
    ("hyperlink", "file://evil.example/a"),
)


@FEWER
@given(st.lists(tree(WORD_LEAVES, WORD_WRAPPERS), max_size=6), st.booleans())
def test_a_word_document(body: list[str], external: bool) -> None:
    members = docx_members("".join(body))
    members["word/document.xml"] = str(members["word/document.xml"]).replace(W, NAMESPACES)
    members["word/_rels/document.xml.rels"] = relationships(*WORD_LINKS, external=external)
    members |= {"word/a.htm": "<html/>", "word/embeddings/a.bin": b"MZ", "word/media/a.png": b"\x89PNG\r\n\x1a\n"}
    members["[Content_Types].xml"] = content_types(word__document=WORD + "document.main+xml")
    holds("docx", packed(members))


FORMULAS = [
    "A1*2",
    "SUM(A1:A9)",
    "WEBSERVICE(&quot;https://evil.example&quot;)",
    "cmd|'/c calc'!A0",
    'HYPERLINK("https://a.example")',
    'HYPERLINK("file://evil.example")',
    "[1]Sheet1!A1",
    "Macro1!A1",
    "CALL(1)",
    "_xlfn.IMAGE(A1)",
    "IF(A1,RTD(1),2)",
]
SHEET_LEAVES = [
    *(f'<c r="A1"><f>{formula}</f><v>7</v></c>' for formula in FORMULAS),
    *(f'<c r="A1"><f t="shared" si="{n}" ref="A1">{formula}</f><v>7</v></c>' for n, formula in enumerate(FORMULAS)),
    '<c r="A1"><f t="shared" si="2"/><v>7</v></c>',
    '<c r="A1" s="1"><v>7</v></c>',
    '<c r="A1" t="s"><v>0</v></c>',
    "<!-- evil.example -->",
    '<hyperlink ref="A1" r:id="r7"/>',
    '<hyperlink ref="A1" r:id="r6"/>',
    '<oleObject r:id="r3"/>',
    '<legacyDrawing r:id="r9"/>',
    "<ddeLink/>",
    '<sp macro="[0]!x"/>',
]
SHEET_WRAPPERS = [
    ('<row r="1">', "</row>"),
    ("<hyperlinks>", "</hyperlinks>"),
    ("<oleObjects>", "</oleObjects>"),
    ("<cfRule>", "</cfRule>"),
]
NAMES = [
    '<definedName name="_xlnm.Auto_Open">Macro1!$A$1</definedName>',
    '<definedName name="x">Macro1!$A$1</definedName>',
    '<definedName name="y" localSheetId="1">Data!$A$1</definedName>',
    '<definedName name="z">WEBSERVICE(1)</definedName>',
    '<definedName name="w" xlm="1">Data!$A$1</definedName>',
]


@FEWER
@given(st.lists(tree(SHEET_LEAVES, SHEET_WRAPPERS), max_size=6), st.lists(st.sampled_from(NAMES), max_size=4))
def test_an_excel_workbook(cells: list[str], names: list[str]) -> None:
    office = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    members = xlsx_members()
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    members["xl/workbook.xml"] = (
        f'<workbook {main} {office}><sheets><sheet name="Macro1" sheetId="1" r:id="r1"/><sheet name="Data" sheetId="2" '
        f'r:id="r0"/></sheets><definedNames>{"".join(names)}</definedNames></workbook>'
    )
    members["xl/_rels/workbook.xml.rels"] = relationships(
        ("worksheet", "worksheets/sheet1.xml"), ("xlMacrosheet", "macrosheets/sheet1.xml")
    )
    members["xl/worksheets/sheet1.xml"] = (
        f"<worksheet {main} {office}><sheetData>{''.join(cells)}</sheetData></worksheet>"
    )
    members["xl/worksheets/_rels/sheet1.xml.rels"] = relationships(*WORD_LINKS, external=True)
    members["xl/macrosheets/sheet1.xml"] = f"<macrosheet {main}/>"
    members["[Content_Types].xml"] = content_types(
        xl__workbook=SHEET + "sheet.main+xml",
        xl__worksheets__sheet1=SHEET + "worksheet+xml",
        xl__macrosheets__sheet1="application/vnd.ms-excel.macrosheet+xml",
    )
    holds("xlsx", packed(members))


ODF_LEAVES = [
    "words",
    "<text:script>bad()</text:script>",
    '<draw:image xlink:href="https://evil.example/a.png"/>',
    '<draw:image xlink:href="Pictures/a.png"/>',
    '<draw:image xlink:href="../evil.example"/>',
    "<draw:applet/>",
    "<draw:plugin/>",
    '<draw:object-ole xlink:href="./Object 1"/>',
    '<draw:object xlink:href="./Object 2"/>',
    '<draw:floating-frame xlink:href="https://evil.example"/>',
    "<office:event-listeners><script:event-listener/></office:event-listeners>",
    '<table:table-cell table:formula="of:=DDE(1)"><text:p>7</text:p></table:table-cell>',
    "<table:table-cell table:formula=\"of:='file://evil.example'#$a.A1\"><text:p>7</text:p></table:table-cell>",
    '<table:table-cell table:formula="of:=SUM([.A1])"><text:p>7</text:p></table:table-cell>',
    '<table:table-source xlink:href="https://evil.example"/>',
    '<text:section-source xlink:href="https://evil.example"/>',
    "<x:unknown xmlns:x='urn:x'>x</x:unknown>",
    "<!-- evil.example -->",
    "<?mso evil.example?>",
]
ODF_WRAPPERS = [
    ("<text:p>", "</text:p>"),
    ("<text:span>", "</text:span>"),
    ("<draw:frame>", "</draw:frame>"),
    ("<text:dde-connection>", "</text:dde-connection>"),
    ('<text:a xlink:href="file://evil.example">', "</text:a>"),
    ('<text:a xlink:href="https://a.example">', "</text:a>"),
    ("<text:execute-macro>", "</text:execute-macro>"),
    ("<table:table>", "</table:table>"),
]


@FEWER
@given(st.lists(tree(ODF_LEAVES, ODF_WRAPPERS), max_size=6), st.sampled_from(["odt", "ods"]))
def test_an_open_document(body: list[str], kind: str) -> None:
    make = odt if kind == "odt" else ods
    holds(
        kind,
        make("".join(body), more={"Pictures/a.png": b"\x89PNG\r\n\x1a\n", "Object 1": b"MZ", "Basic/x.xml": "<a/>"}),
    )


TEXTS = ["Hello\r", field("DDEAUTO a b"), field("PAGE"), "\x13", "\x14", "\x15", "DDE", field('"INCLUDE"TEXT')]


@FEWER
@given(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=8), st.sampled_from(["", "https://evil.example/a.dot"]))
def test_a_document_of_1997(texts: list[str], template: str) -> None:
    holds("doc", doc("".join(texts), template=template, more={"Macros": {"VBA": {"dir": b"x"}}, "ObjectPool": b"x"}))


RECORDS = [
    sheet_entry(),
    sheet_entry(kind=1),
    defined_name("x"),
    defined_name(built_in=1),
    defined_name("_xlfn.WEBSERVICE"),
    supporting_link("\x01[a.xls]b"),
    supporting_link("cmd\x03/c"),
    record(0x0006, bytes(20) + struct.pack("<H", 4) + b"\x42\x01\x96\x00"),
    record(0x0006, bytes(20) + struct.pack("<H", 3) + b"\x1e\x01\x00"),
    record(0x00D3),
    record(0x01AD, b"x" * 9),
    record(0x00B0, b"x"),
]


@FEWER
@given(st.lists(st.sampled_from(RECORDS), min_size=1, max_size=8))
def test_a_workbook_of_1997(records: list[bytes]) -> None:
    holds("xls", xls(*records, more={"_VBA_PROJECT_CUR": {"VBA": {"dir": b"x"}}, "MBD0001": {"CONTENTS": b"x"}}))


@pytest.mark.parametrize("kind", ["docx", "xlsx", "odt", "ods", "doc", "xls"])
@FEWER
@given(st.binary(max_size=200))
def test_any_bytes(kind: str, data: bytes) -> None:
    holds(kind, data)
