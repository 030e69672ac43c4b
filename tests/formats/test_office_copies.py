"""Safe copies of office files: what acts is gone, what shows is there, and verify notices when that is not so."""

import io
import struct
import zipfile

import pytest

from attachguard.formats.contract import Order
from attachguard.formats.office.compound import write_compound
from attachguard.formats.office.word97 import rewrite
from attachguard.formats.ole import read_compound
from attachguard.formats.registry import BY_KIND
from attachguard.model import Rebuilt
from samples.makers import word97
from tests.formats.office_made import (
    LIMITS,
    SHEET,
    WORD,
    content_types,
    docx,
    docx_members,
    odf_members,
    ods,
    odt,
    packed,
    relationships,
    seen,
    xlsx,
    xlsx_members,
)
from tests.formats.ole_made import (
    Tree,
    beginning,
    doc,
    field,
    packaged,
    record,
    sheet_entry,
    supporting_link,
    workbook,
    xls,
)
from tests.formats.pictures_made import colours, saved

R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
LETTER = "<w:p><w:r><w:t>Dear all</w:t></w:r></w:p>"


def rebuilt(kind: str, original: bytes) -> Rebuilt:
    order = Order(original=original, method="rebuild", printed=None, parts=(), limits=LIMITS)
    return BY_KIND[kind].normalize(order)


def copy_of(kind: str, original: bytes) -> bytes:
    """The copy, which no finding is left in and which verify believes."""
    made = rebuilt(kind, original)
    assert made.data is not None, made.findings
    assert tuple(BY_KIND[kind].verify(original, made.data, LIMITS)) == ()
    assert seen(BY_KIND[kind], made.data) == set()
    assert rebuilt(kind, made.data).data == made.data, "a copy's copy is the same"
    return made.data


def lost(kind: str, original: bytes) -> set[str]:
    return {finding.code for finding in rebuilt(kind, original).findings}


def member(package: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(package)) as members:
        return members.read(name).decode()


def names(package: bytes) -> set[str]:
    with zipfile.ZipFile(io.BytesIO(package)) as members:
        return set(members.namelist())


def word(
    body: str, *links: tuple[str, str], external: bool = False, more: dict[str, str | bytes] | None = None
) -> bytes:
    """A letter with relationships r0, r1 ... of its document."""
    members = {**docx_members(LETTER + body), **(more or {})}
    members["word/document.xml"] = str(members["word/document.xml"]).replace("<w:document ", f"<w:document {R} {A} ")
    members["word/_rels/document.xml.rels"] = relationships(*links, external=external)
    return packed(members)


def complex_field(instruction: str, result: str = "shown") -> str:
    run = "<w:r>{}</w:r>"
    mark = '<w:fldChar w:fldCharType="{}"/>'
    pieces = (mark.format("begin"), instruction, mark.format("separate"), f"<w:t>{result}</w:t>", mark.format("end"))
    return "<w:p>" + "".join(run.format(piece) for piece in pieces) + "</w:p>"


def cell(formula: str, value: str = "7") -> bytes:
    return xlsx(f'<sheetData><row r="1"><c r="A1"><f>{formula}</f><v>{value}</v></c></row></sheetData>')


# -- Word documents --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "instruction",
    [
        "<w:instrText>DDEAUTO c:\\\\x calc</w:instrText>",
        "<w:instrText>INCLUDE</w:instrText><w:instrText>PICTURE http://a.example/x</w:instrText>",
        '<w:instrText>HYPERLINK "file:///c:/x"</w:instrText>',
        "<w:instrText>QUOTE 68 68</w:instrText>",
        "<w:instrText>IMPORT x</w:instrText>",
    ],
)
def test_a_field_that_acts_gives_way_to_its_result(instruction: str) -> None:
    text = member(copy_of("docx", docx(LETTER + complex_field(instruction))), "word/document.xml")
    assert "shown" in text
    assert "fldChar" not in text
    assert "instrText" not in text


@pytest.mark.parametrize(
    "instruction", ["PAGE", 'HYPERLINK "https://a.example/"', "REF _Toc123 \\h", "= 1 + 1", "TOC \\o"]
)
def test_a_field_that_only_shows_stays(instruction: str) -> None:
    text = member(
        copy_of("docx", docx(complex_field(f"<w:instrText>{instruction}</w:instrText>"))), "word/document.xml"
    )
    assert f"<w:instrText>{instruction}</w:instrText>" in text
    assert text.count("fldChar ") == 3


def test_the_result_of_a_field_inside_an_instruction_that_goes_is_not_shown() -> None:
    inner = complex_field("<w:instrText>REF a</w:instrText>", "secret").removeprefix("<w:p>").removesuffix("</w:p>")
    outer = f"<w:instrText>INCLUDETEXT </w:instrText></w:r>{inner}<w:r><w:instrText> x</w:instrText>"
    text = member(copy_of("docx", docx(complex_field(outer))), "word/document.xml")
    assert "secret" not in text
    assert "shown" in text


def test_a_simple_field_that_acts_gives_way_to_its_result() -> None:
    body = '<w:p><w:fldSimple w:instr="DDEAUTO a b"><w:r><w:t>shown</w:t></w:r></w:fldSimple> tail</w:p>'
    text = member(copy_of("docx", docx(body)), "word/document.xml")
    assert "<w:p><w:r><w:t>shown</w:t></w:r> tail</w:p>" in text


@pytest.mark.parametrize("kind", ["oleObject", "package", "control", "aFChunk", "subDocument", "somethingNew"])
def test_what_a_dropped_relationship_led_to_goes_with_every_user(kind: str) -> None:
    body = '<w:p><w:r><w:object><w:control r:id="r0"/></w:object><w:t>after</w:t></w:r></w:p>'
    made = copy_of("docx", word(body, (kind, "embeddings/x.bin"), more={"word/embeddings/x.bin": b"MZ"}))
    assert names(made) == {"[Content_Types].xml", "_rels/.rels", "word/document.xml"}
    text = member(made, "word/document.xml")
    assert "r0" not in text
    assert "after" in text


def test_a_link_to_the_web_stays_and_one_to_a_file_becomes_text() -> None:
    body = '<w:p><w:hyperlink r:id="r0"><w:r><w:t>a</w:t></w:r></w:hyperlink></w:p>'
    kept = copy_of("docx", word(body, ("hyperlink", "https://a.example/?a=1&amp;b=2"), external=True))
    assert "https://a.example/?a=1&amp;b=2" in member(kept, "word/_rels/document.xml.rels")
    gone = word(body, ("hyperlink", "file:///c:/x.exe"), external=True)
    assert "<w:p><w:r><w:t>a</w:t></w:r></w:p>" in member(copy_of("docx", gone), "word/document.xml")
    assert "lost.links" in lost("docx", gone)


def test_a_picture_from_elsewhere_becomes_a_blank_one_inside() -> None:
    original = word('<w:p><w:r><a:blip r:link="r0"/></w:r></w:p>', ("image", "https://a.example/x.png"), external=True)
    made = copy_of("docx", original)
    assert 'r:embed="r0"' in member(made, "word/document.xml")
    assert "word/media/picture1.png" in names(made)
    assert lost("docx", original) == {"lost.pictures"}


def test_a_picture_loses_its_metadata() -> None:
    picture = saved(colours(), "jpeg").replace(b"\xff\xd8", b"\xff\xd8\xff\xfe\x00\x08secret", 1)
    made = copy_of("docx", word("", ("image", "media/a.jpg"), more={"word/media/a.jpg": picture}))
    assert b"secret" not in made
    assert "word/media/picture1.jpeg" in names(made)


def test_document_properties_comments_and_instructions_stay_behind() -> None:
    more = {
        "_rels/.rels": relationships(("officeDocument", "word/document.xml"), ("core-properties", "docProps/core.xml")),
        "docProps/core.xml": "<a>Jansen</a>",
    }
    made = copy_of("docx", word("<!-- secret --><?secret?>", more=dict(more)))
    assert names(made) == {"[Content_Types].xml", "_rels/.rels", "word/document.xml"}
    assert "secret" not in member(made, "word/document.xml")


def test_a_document_in_utf_16_is_copied_in_utf_8() -> None:
    text = str(docx_members(LETTER)["word/document.xml"])
    original = docx(more={"word/document.xml": f'<?xml version="1.0" encoding="UTF-16"?>{text}'.encode("utf-16")})
    assert "Dear all" in member(copy_of("docx", original), "word/document.xml")


# -- Excel workbooks -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "formula",
    [
        'WEBSERVICE("http://a.example")',
        "cmd|' /c calc'!A0",
        "'a&quot;b'!A1+CALL(&quot;x&quot;)",
        "[1]Sheet1!A1",
        "MyMacro(1)",
        'HYPERLINK("file:///c:/x")',
        "_xlfn.IMAGE(A2)",
    ],
)
def test_a_formula_that_does_more_than_calculate_gives_way_to_its_value(formula: str) -> None:
    text = member(copy_of("xlsx", cell(formula)), "xl/worksheets/sheet1.xml")
    assert '<c r="A1"><v>7</v></c>' in text
    assert lost("xlsx", cell(formula)) == {"lost.formulas"}


@pytest.mark.parametrize("formula", ["SUM(A2:A9)", 'HYPERLINK("https://a.example","a")', "_xlfn.XLOOKUP(1,T[a],T[b])"])
def test_a_formula_that_calculates_stays(formula: str) -> None:
    assert f"<f>{formula}</f>" in member(copy_of("xlsx", cell(formula)), "xl/worksheets/sheet1.xml")


def test_cells_that_share_a_formula_that_goes_lose_it_too() -> None:
    sheet = (
        '<sheetData><row r="1"><c r="A1"><f t="shared" ref="A1:B1" si="3">WEBSERVICE(C1)</f><v>1</v></c>'
        '<c r="B1"><f t="shared" si="3"/><v>2</v></c></row></sheetData>'
    )
    text = member(copy_of("xlsx", xlsx(sheet)), "xl/worksheets/sheet1.xml")
    assert "<f" not in text


def macro_book() -> bytes:
    members = xlsx_members()
    members["xl/workbook.xml"] = (
        f'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" {R}><bookViews>'
        '<workbookView activeTab="1"/></bookViews><sheets><sheet name="Macro1" sheetId="1" r:id="r1"/>'
        '<sheet name="Data" sheetId="2" r:id="r0"/></sheets><definedNames>'
        '<definedName name="_xlnm.Auto_Open">Macro1!$A$1</definedName><definedName name="x">Macro1!$A$2</definedName>'
        '<definedName name="y" localSheetId="1">Data!$A$1</definedName></definedNames></workbook>'
    )
    members["xl/_rels/workbook.xml.rels"] = relationships(
        ("worksheet", "worksheets/sheet1.xml"), ("xlMacrosheet", "macrosheets/sheet1.xml")
    )
    members["xl/macrosheets/sheet1.xml"] = "<macrosheet><sheetData/></macrosheet>"
    members["[Content_Types].xml"] = content_types(
        xl__workbook=SHEET + "sheet.main+xml",
        xl__worksheets__sheet1=SHEET + "worksheet+xml",
        xl__macrosheets__sheet1="application/vnd.ms-excel.macrosheet+xml",
    )
    return packed(members)


def test_a_macro_sheet_goes_with_its_names_and_the_others_are_counted_anew() -> None:
    text = member(copy_of("xlsx", macro_book()), "xl/workbook.xml")
    assert "Macro1" not in text
    assert '<definedName name="x">#REF!</definedName>' in text
    assert '<definedName name="y" localSheetId="0">Data!$A$1</definedName>' in text
    assert "<workbookView/>" in text


# -- OpenDocument ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "<text:p>a<text:dde-connection>shown</text:dde-connection>tail</text:p>",
        '<text:p>a<text:script script:language="x">bad()</text:script>showntail</text:p>',
        '<text:p>a<text:a xlink:href="file:///c:/x">shown</text:a>tail</text:p>',
        (
            "<text:p>a<text:execute-macro><office:event-listeners><script:event-listener "
            'xlink:href="vnd.sun.star.script:a"/></office:event-listeners>shown</text:execute-macro>tail</text:p>'
        ),
        '<text:p>ashown<draw:frame><draw:image xlink:href="https://a.example/x.png"/></draw:frame>tail</text:p>',
        "<text:p>ashown<draw:frame><draw:applet/></draw:frame>tail</text:p>",
    ],
)
def test_what_acts_in_a_text_goes_and_the_words_around_it_stay(body: str) -> None:
    made = copy_of("odt", odt(body))
    text = member(made, "content.xml")
    assert "bad" not in text
    assert "shown" in text
    assert "tail" in text


def test_a_formula_that_leaves_the_file_gives_way_to_its_value() -> None:
    def table(formula: str) -> bytes:
        cells = f'<table:table-cell table:formula="{formula}" office:value="7"><text:p>7</text:p></table:table-cell>'
        return ods(f"<table:table><table:table-row>{cells}</table:table-row></table:table>")

    kept = member(copy_of("ods", table("of:=SUM([.A1:.A3])")), "content.xml")
    assert 'table:formula="of:=SUM([.A1:.A3])"' in kept
    for formula in (
        "of:='file:///c:/x.ods'#$Sheet1.A1",
        "of:=WEBSERVICE(&quot;http://a&quot;)",
        "of:=DDE(&quot;a&quot;)",
    ):
        text = member(copy_of("ods", table(formula)), "content.xml")
        assert "formula" not in text
        assert "<text:p>7</text:p>" in text


def test_the_manifest_names_what_is_there_and_scripts_and_properties_are_not() -> None:
    more: dict[str, str | bytes] = {
        "Basic/Standard/Module1.xml": "<a>Sub Main</a>",
        "meta.xml": "<a>Jansen</a>",
        "Pictures/a.png": saved(colours(), "png"),
        "Thumbnails/thumbnail.png": b"x",
        "settings.xml": str(odf_members()["content.xml"]),
    }
    frame = '<text:p><draw:frame><draw:image xlink:href="Pictures/a.png"/></draw:frame></text:p>'
    made = copy_of("odt", odt(frame, more=more))
    assert names(made) == {"mimetype", "content.xml", "settings.xml", "Pictures/a.png", "META-INF/manifest.xml"}


# -- Word and Excel 97-2003 ------------------------------------------------------------------------------------------


def test_macros_and_objects_are_cut_out_of_compound_files() -> None:
    parts = {"Macros": {"VBA": {"dir": b"x"}}, "ObjectPool": {"_1": {"\x01Ole10Native": packaged("a.exe", b"MZ")}}}
    assert b"MZ" not in copy_of("doc", doc("A letter.", more=parts))
    assert lost("doc", doc("A letter.", more=parts)) == {"lost.attachments"}
    project: Tree = {"_VBA_PROJECT_CUR": {"VBA": {"dir": b"x"}}, "MBD0001": {"CONTENTS": b"x"}}
    made = copy_of("xls", xls(sheet_entry(), record(0x00D3), more=project))
    assert record(0x00D3) not in made


def test_a_data_connection_is_cut_out_of_a_workbook_and_the_sheets_are_found_where_they_are_then() -> None:
    query, entry = record(0x01AD, b"x" * 9), sheet_entry()
    start = len(workbook(query, entry)) - len(beginning() + record(0x000A))
    original = xls(query, entry[:4] + struct.pack("<L", start) + entry[8:])
    assert seen(BY_KIND["xls"], original) == {"ole.external"}
    made = read_compound(copy_of("xls", original))
    assert made is not None
    stream = made.read(made.entries[0])
    assert struct.unpack_from("<L", stream, stream.index(entry[8:]) - 4)[0] == start - len(query)


def test_what_acts_in_the_main_stream_leaves_no_copy() -> None:
    for kind, original in (
        ("doc", doc(field("DDEAUTO a b"))),
        ("doc", doc(field("INCLUDETEXT x"))),
        ("xls", xls(sheet_entry(kind=1))),
        ("xls", xls(supporting_link("cmd\x03/c calc"))),
    ):
        made = rebuilt(kind, original)
        assert made.data is None
        assert [finding.code for finding in made.findings] == ["copy.unsupported"]


@pytest.mark.parametrize("wide", [False, True])
def test_a_link_to_another_workbook_is_forgotten_where_it_stands(wide: bool) -> None:
    path = "\x01\x01@files.example\x03[other.xls]Sheet1"
    link = supporting_link(path)
    if wide:
        link = record(0x01AE, struct.pack("<HHB", 0, len(path), 1) + path.encode("utf-16-le"))
    original = xls(sheet_entry(), link)
    assert seen(BY_KIND["xls"], original) == {"ole.external"}
    made = copy_of("xls", original)
    assert b"other" not in made
    assert "other".encode("utf-16-le") not in made


def test_a_copy_keeps_the_settings_of_a_document_and_forgets_its_printer() -> None:
    original = word97.letter()
    places = {"settings": 31, "printer": 27, "orientation": 29, "saved by": 71}  # [MS-DOC] section 2.5.6
    found = read_compound(original)
    assert found is not None
    stream = bytearray(found.read(found.entries[[e.name for e in found.entries].index("worddocument")]))
    settings = struct.unpack_from("<LL", stream, 0x9A + 8 * places["settings"])
    for place in ("printer", "orientation", "saved by"):
        struct.pack_into("<LL", stream, 0x9A + 8 * places[place], 0, 4)
    streams = {entry.path: found.read(entry) for entry in found.entries if entry.is_stream}
    made = rewrite({**streams, ("WordDocument",): bytes(stream)})[("WordDocument",)]
    assert struct.unpack_from("<LL", made, 0x9A + 8 * places["settings"]) == settings
    assert settings[1]
    assert [struct.unpack_from("<LL", made, 0x9A + 8 * places[place])[1] for place in places][1:] == [0, 0, 0]


def test_a_remote_template_is_forgotten() -> None:
    copy_of("doc", doc("A letter.", template="https://a.example/x.dot"))


def test_a_large_compound_file_is_written_with_more_tables_than_fit_its_header() -> None:
    streams = {("Data",): bytes(range(250)) * 60_000, ("Book", "small"): b"x" * 70, ("empty",): b""}
    found = read_compound(write_compound(streams, ""))
    assert found is not None
    assert found.findings == ()
    assert {entry.path: found.read(entry) for entry in found.entries if entry.is_stream} == streams


# -- verify ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "original", "copy"),
    [
        ("docx", docx(LETTER), docx(LETTER.replace("all", "ball"))),
        ("docx", docx(LETTER), docx("<w:p/>")),
        ("docx", docx(LETTER), docx(LETTER, {"word/other.xml": "<a/>"})),
        ("docx", docx(LETTER), word('<w:p><w:r r:id="r9"/></w:p>')),
        ("docx", docx(LETTER), word("", ("header", "header1.xml"))),
        ("docx", docx(LETTER), word("", ("image", "https://a.example/x"), external=True)),
        ("docx", docx(LETTER), b"PK"),
        ("xlsx", cell("SUM(A2)"), cell("SUM(A2)", "8")),
        ("odt", odt("<text:p>a</text:p>"), odt("<text:p>b</text:p>")),
        ("odt", odt(), odt(more={"a.png": b"x"})),
        ("odt", odt(), packed(odf_members())),
        ("odt", odt(), odt('<draw:image xlink:href="a.png"/>')),
        ("doc", doc("A letter."), doc("A ladder.")),
        ("doc", doc("A letter."), doc("A letter.", more={"Macros": b"x"})),
        ("xls", xls(sheet_entry()), xls(sheet_entry(), sheet_entry("b"))),
        ("xls", xls(), b"no file"),
    ],
)
def test_verify_notices_other_words_and_packages_that_are_not_whole(kind: str, original: bytes, copy: bytes) -> None:
    found = {finding.code for finding in BY_KIND[kind].verify(original, copy, LIMITS)}
    assert found
    assert found <= {"copy.unfaithful", "copy.unsafe"}


def test_no_copy_is_made_of_what_is_no_file_of_the_kind() -> None:
    for kind in ("docx", "xlsx", "odt", "ods", "doc", "xls"):
        made = rebuilt(kind, b"nothing of the kind")
        assert made.data is None
        assert made.findings
    assert rebuilt("docx", packed(docx_members(main=WORD + "template.main+xml"))).data is None
