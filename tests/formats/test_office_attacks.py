"""Office packages as an enemy writes them: what only some programs read is found and goes."""

import io
import re
import zipfile
from dataclasses import replace

import pytest

from attachguard.formats.contract import Order
from attachguard.formats.harvest import MARKS
from attachguard.formats.registry import BY_KIND
from samples.makers import pictures
from tests.formats.office_made import (
    LIMITS,
    RELATIONSHIPS,
    WORD,
    W,
    content_types,
    docx,
    docx_members,
    odt,
    packed,
    relationships,
    seen,
    sniffed,
    xlsx,
)
from tests.formats.pictures_made import colours, saved

MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
VML = 'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
KEYS, LIBRARY = "Configurations2/accelerator/current.xml", "Basic/Standard/script-lb.xml"
OFFICE = 'xmlns:s="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
PACKAGE = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
RUN = "<w:r>{}</w:r>"
BEGIN, SEPARATE, END = (RUN.format(f'<w:fldChar w:fldCharType="{kind}"/>') for kind in ("begin", "separate", "end"))


def instruction(text: str) -> str:
    return RUN.format(f"<w:instrText>{text}</w:instrText>")


def clean_copy(kind: str, original: bytes) -> bytes:
    """Make the copy: verification believes it, inspection finds nothing in it."""
    fmt = BY_KIND[kind]
    copy = fmt.normalize(Order(original=original, method="rebuild", printed=None, parts=(), limits=LIMITS)).data
    assert copy is not None
    assert list(fmt.verify(original, copy, LIMITS)) == []
    assert fmt.inspect(copy, LIMITS).findings == ()
    return copy


def one_relationship(inner: str) -> bytes:
    """A document with one relationship, written out."""
    return docx(more={"word/_rels/document.xml.rels": f"<Relationships {PACKAGE}>{inner}</Relationships>"})


# -- relationships ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["External", "external", "EXTERNAL", "External ", "Externl"])
def test_a_picture_from_elsewhere_is_found_however_the_mode_is_written(mode: str) -> None:
    original = one_relationship(
        f'<Relationship Id="r" Type="{RELATIONSHIPS}image" Target="https://a.example/x.png" TargetMode="{mode}"/>'
    )
    assert seen(BY_KIND["docx"], original) == {"ooxml.external"}
    assert b"a.example" not in clean_copy("docx", original)


@pytest.mark.parametrize(
    "target",
    [
        "https://a.example/x.png",
        "//a.example/x.png",
        "\\\\a.example\\share\\x.png",
        "%5C%5Ca.example%5Cshare%5Cx.png",
        "file:///c:/x.png",
        "\u00a0https://a.example/x.png",
    ],
)
def test_an_address_that_no_part_can_have_is_outside_without_saying_so(target: str) -> None:
    original = one_relationship(f'<Relationship Id="r" Type="{RELATIONSHIPS}image" Target="{target}"/>')
    assert seen(BY_KIND["docx"], original) == {"ooxml.external"}


@pytest.mark.parametrize("target", ["\\\\a.example\\s\\t.dotm", "%5c%5Ca.example/t.dotm", "file://a.example/t.dotm"])
def test_a_template_on_another_computer_is_found_behind_its_encoding(target: str) -> None:
    original = one_relationship(
        f'<Relationship Id="r" Type="{RELATIONSHIPS}attachedTemplate" Target="{target}" TargetMode="External"/>'
    )
    assert seen(BY_KIND["docx"], original) == {"ooxml.external"}


def test_a_second_attribute_of_the_same_name_in_another_namespace_is_no_way_to_hide() -> None:
    original = one_relationship(
        f'<Relationship xmlns:x="urn:x" Id="r" Type="{RELATIONSHIPS}image" Target="https://a.example/x.png" '
        'x:Target="media/a.png" TargetMode="External" x:TargetMode="Internal"/>'
    )
    assert seen(BY_KIND["docx"], original) == {"file.malformed"}


def test_relationships_with_one_id_are_two_readings_of_one_document() -> None:
    row = f'<Relationship Id="r" Type="{RELATIONSHIPS}image" Target="media/a.png"/>'
    assert seen(BY_KIND["docx"], one_relationship(row + row)) == {"file.malformed"}


def test_alternatives_have_no_place_in_what_describes_the_package() -> None:
    inner = f'<mc:AlternateContent {MC}><mc:Choice Requires="x"/></mc:AlternateContent>'
    assert seen(BY_KIND["docx"], one_relationship(inner)) == {"file.malformed"}


def test_two_main_parts_of_one_type_make_a_polyglot() -> None:
    members = docx_members()
    members["_rels/.rels"] = relationships(("officeDocument", "word/document.xml"), ("officeDocument", "b/b.xml"))
    members["b/b.xml"] = members["word/document.xml"]
    members["[Content_Types].xml"] = content_types(
        word__document=WORD + "document.main+xml", b__b=WORD + "document.main+xml"
    )
    assert "type.polyglot" in sniffed(BY_KIND["docx"], packed(members))


def test_a_relationship_of_another_vocabulary_is_not_followed() -> None:
    original = docx(
        "<w:p/>",
        {
            "[Content_Types].xml": content_types(
                word__document=WORD + "document.main+xml", word__header1=WORD + "header+xml"
            ),
            "word/_rels/document.xml.rels": relationships(("header", "header1.xml"), base="http://a.example/"),
            "word/header1.xml": f"<w:hdr {W}><w:p/></w:hdr>",
        },
    )
    assert b"header1" not in clean_copy("docx", original)


# -- content types ---------------------------------------------------------------------------------------------------


def with_types(types: str) -> bytes:
    return docx(more={"[Content_Types].xml": content_types(word__document=WORD + "document.main+xml").replace(
        "</Types>", f"{types}</Types>"
    )})  # fmt: skip


@pytest.mark.parametrize(
    "types",
    [
        '<Default Extension="bin" ContentType="image/png"/><Default Extension="BIN" ContentType="image/gif"/>',
        '<Override PartName="/a.xml" ContentType="image/png"/><Override PartName="/A.xml" ContentType="image/gif"/>',
        '<Override PartName="/a.xml" ContentType="image/png"/><Override PartName="/%61.xml" ContentType="image/gif"/>',
        '<Override PartName="/a.xml" ContentType="a/b" x:ContentType="c/d" xmlns:x="urn:x"/>',
        '<x:Override xmlns:x="urn:x" PartName="/word/document.xml" ContentType="a/b"/>',
    ],
)
def test_a_part_has_one_type(types: str) -> None:
    assert seen(BY_KIND["docx"], with_types(types)) == {"file.malformed"}


def test_names_that_differ_in_percent_encoding_only_are_one_name() -> None:
    assert "zip.duplicate" in seen(BY_KIND["docx"], docx(more={"word/%64ocument.xml": "<a/>"}))


def test_a_part_whose_name_is_percent_encoded_is_followed() -> None:
    original = docx(
        "<w:p/>",
        {
            "[Content_Types].xml": content_types(
                word__document=WORD + "document.main+xml", **{"word__my%20header": WORD + "header+xml"}
            ),
            "word/_rels/document.xml.rels": relationships(("header", "my%20header.xml")),
            "word/my%20header.xml": f"<w:hdr {W}><w:p><w:r><w:t>above</w:t></w:r></w:p></w:hdr>",
        },
    )
    assert seen(BY_KIND["docx"], original) == set()
    clean_copy("docx", original)


@pytest.mark.parametrize("name", ["word/header1.png", "word/header1.bin", "word/header1"])
def test_xml_under_another_type_is_read_too(name: str) -> None:
    header = f"<w:hdr {W}><w:p>{BEGIN}{instruction('DDEAUTO a b')}{SEPARATE}{END}</w:p></w:hdr>"
    assert "ooxml.dde" in seen(BY_KIND["docx"], docx(more={name: header}))
    assert "ooxml.dde" in seen(BY_KIND["docx"], docx(more={name: header.encode("utf-16")}))


# -- fields ----------------------------------------------------------------------------------------------------------

BOX = "<w:r><w:pict><v:textbox xmlns:v='urn:schemas-microsoft-com:vml'><w:txbxContent><w:p>{}</w:p></w:txbxContent></v:textbox></w:pict></w:r>"  # noqa: E501 - one element
CHOICE = f"<mc:AlternateContent {MC}><mc:Choice Requires='zz' xmlns:zz='urn:zz'>{{}}</mc:Choice><mc:Fallback>{{}}</mc:Fallback></mc:AlternateContent>"  # noqa: E501 - the same
FOREIGN = 'xmlns:x="urn:x" xmlns:a="urn:a"'
FIELDS = {
    "a mark of another vocabulary": f"<w:r><w:fldChar {FOREIGN} a:fldCharType='end' w:fldCharType='begin'/></w:r>"
    + instruction("DDEAUTO a b")
    + SEPARATE,
    "split over runs": BEGIN + instruction("DD") + instruction("EA") + instruction("UTO a b") + SEPARATE,
    "text between": BEGIN + instruction("D") + RUN.format("<w:t>DEAUTO a b</w:t>") + SEPARATE,
    "no separator": BEGIN + instruction("DDEAUTO a b"),
    "a separator in a text box": BEGIN + BOX.format(SEPARATE) + instruction("DDEAUTO a b") + SEPARATE,
    "an end in a text box": BEGIN + BOX.format(END) + instruction("DDEAUTO a b") + SEPARATE,
    "another word in a text box": BEGIN + BOX.format(instruction("PAGE ")) + instruction("DDEAUTO a b") + SEPARATE,
    "a separator in an alternative": BEGIN + CHOICE.format(SEPARATE, "") + instruction("DDEAUTO a b") + SEPARATE,
    "a word in an alternative": BEGIN + CHOICE.format(instruction("PAGE "), "") + instruction("DDEAUTO a b") + SEPARATE,
    "a field in the other alternative": CHOICE.format("", BEGIN + instruction("DDEAUTO a b") + SEPARATE + END) + BEGIN,
    "deleted before": BEGIN
    + "<w:del><w:r><w:delInstrText>PAGE </w:delInstrText></w:r></w:del>"
    + instruction("DDEAUTO a b")
    + SEPARATE,
    "computed": BEGIN + BEGIN + instruction("QUOTE 68 68 69") + SEPARATE + END + instruction(" a b") + SEPARATE,
    "nested in a good one": BEGIN + instruction("IF 1 = 1 ") + BEGIN + instruction("DDEAUTO a b") + SEPARATE + END,
    "lower case": BEGIN + instruction("dDeAuTo a b") + SEPARATE,
    "in quotation marks": BEGIN + instruction('"DDEAUTO" a b') + SEPARATE,
    "behind spaces of other sorts": BEGIN + instruction("\u2003\u00a0DDEAUTO a b") + SEPARATE,
    "deleted as a whole": BEGIN + "<w:del><w:r><w:delInstrText>DDEAUTO a b</w:delInstrText></w:r></w:del>" + SEPARATE,
}


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_that_starts_a_program_is_found_and_gives_way(name: str) -> None:
    original = docx(f"<w:p>{FIELDS[name]}{RUN.format('<w:t>shown</w:t>')}{END}</w:p>")
    assert seen(BY_KIND["docx"], original) & {"ooxml.dde", "ooxml.field"}
    fmt = BY_KIND["docx"]
    copy = fmt.normalize(Order(original=original, method="rebuild", printed=None, parts=(), limits=LIMITS)).data
    assert copy is not None
    assert fmt.inspect(copy, LIMITS).findings == ()
    assert not re.search("(?i)d?deauto|QUOTE 68", text_of(copy))


def text_of(copy: bytes) -> str:
    """The words and instructions of the main part, tags left out."""
    with zipfile.ZipFile(io.BytesIO(copy)) as package:
        return re.sub("<[^>]*>", "", package.read("word/document.xml").decode())


def test_a_simple_field_with_two_instructions_is_judged_by_both() -> None:
    for attributes in ('x:instr="PAGE" w:instr="DDEAUTO a b"', 'w:instr="DDEAUTO a b" x:instr="PAGE"'):
        original = docx(f"<w:p><w:fldSimple {FOREIGN} {attributes}><w:r><w:t>1</w:t></w:r></w:fldSimple></w:p>")
        assert seen(BY_KIND["docx"], original) == {"ooxml.dde"}
        assert "DDEAUTO" not in text_and_tags(clean_copy("docx", original))


@pytest.mark.parametrize(
    ("part", "root", "kind"),
    [("header1", "hdr", "header"), ("footer1", "ftr", "footer"), ("footnotes", "footnotes", "footnotes")],
)
def test_a_field_is_found_in_every_part(part: str, root: str, kind: str) -> None:
    inner = f"<w:p>{BEGIN}{instruction('INCLUDEPICTURE http://a.example')}{SEPARATE}{END}</w:p>"
    inner = f'<w:footnote w:id="1">{inner}</w:footnote>' if kind == "footnotes" else inner
    types = {"word__document": WORD + "document.main+xml", f"word__{part}": WORD + kind + "+xml"}
    original = docx(
        "<w:p/>",
        {
            "[Content_Types].xml": content_types(**types),
            "word/_rels/document.xml.rels": relationships((kind, f"{part}.xml")),
            f"word/{part}.xml": f"<w:{root} {W}>{inner}</w:{root}>",
        },
    )
    assert seen(BY_KIND["docx"], original) == {"ooxml.field"}
    clean_copy("docx", original)


# -- pictures, films and shapes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('<w:webVideoPr embeddedHtml="&lt;iframe src=&quot;https://a.example&quot;>"/>', "ooxml.external"),
        ("<v:imagedata " + VML + ' o:href="https://a.example/x.png"/>', "ooxml.external"),
        ("<v:imagedata " + VML + ' src="\\\\a.example\\x.png"/>', "ooxml.external"),
        ("<v:shape " + VML + ' href="file://a.example/x.exe"/>', "ooxml.link"),
    ],
)  # fmt: skip
def test_what_a_shape_loads_is_found_and_does_not_stay(body: str, code: str) -> None:
    original = docx(f"<w:p><w:r>{body}</w:r></w:p>")
    assert seen(BY_KIND["docx"], original) == {code}
    assert "a.example" not in text_and_tags(clean_copy("docx", original))


def text_and_tags(copy: bytes, member: str = "word/document.xml") -> str:
    with zipfile.ZipFile(io.BytesIO(copy)) as package:
        return package.read(member).decode()


@pytest.mark.parametrize(
    ("inner", "code"),
    [
        ("<script>a()</script>", "ooxml.part"),
        ('<rect onclick="a()"/>', "ooxml.part"),
        ('<image xmlns:l="http://www.w3.org/1999/xlink" l:href="https://a.example/x.png"/>', "ooxml.external"),
        ("<foreignObject/>", "ooxml.part"),
    ],
)
def test_a_drawing_that_runs_or_loads_is_found(inner: str, code: str) -> None:
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg">{inner}</svg>'
    assert seen(BY_KIND["docx"], docx(more={"word/media/a.svg": drawing})) == {code}
    expected = {"ooxml.part": "odf.script", "ooxml.external": "odf.external"}[code]
    assert seen(BY_KIND["odt"], odt(more={"Pictures/a.svg": drawing})) == {expected}


@pytest.mark.parametrize(
    ("inner", "code"),
    [
        ('<text:bibliography-mark text:url="javascript:a()"/>', "odf.script"),
        ('<text:span xmlns:h="http://www.w3.org/1999/xhtml" h:about="vbscript:a">a</text:span>', "odf.script"),
        ('<form:image xmlns:form="urn:oasis:names:tc:opendocument:xmlns:form:1.0" form:image-data="http://a.example/x"/>',
         "odf.external"),
    ],
)  # fmt: skip
def test_addresses_of_other_vocabularies_are_found_and_left_out(inner: str, code: str) -> None:
    original = odt(f"<text:p>{inner}</text:p>")
    assert seen(BY_KIND["odt"], original) == {code}
    copy = text_and_tags(clean_copy("odt", original), "content.xml")
    assert "a()" not in copy
    assert "vbscript" not in copy
    assert "a.example" not in copy


def test_a_picture_inside_is_held_against_the_limits_of_pictures() -> None:
    picture = saved(colours(), "png")
    wide = picture[:16] + (100_000).to_bytes(4, "big") * 2 + picture[24:]
    for kind, make, name in (("docx", docx, "word/media/a.png"), ("odt", odt, "Pictures/a.png")):
        assert seen(BY_KIND[kind], make(more={name: picture})) == set()
        assert seen(BY_KIND[kind], make(more={name: wide})) == {"limit.pixels"}


def test_a_picture_inside_that_tells_where_it_was_taken_is_found_and_made_anew() -> None:
    for picture in (pictures.jpeg_with_place(), with_xmp(b"exif:GPSLatitude"), with_xmp(b"exif:GPSLongitude")):
        original = letter_with(picture)
        assert seen(BY_KIND["docx"], original) == {"image.metadata"}
        clean_copy("docx", original)
        assert seen(BY_KIND["odt"], odt(more={"Pictures/a.jpg": picture})) == {"image.metadata"}


def test_a_picture_inside_that_tells_the_program_only_is_no_reason_for_a_copy() -> None:
    for picture in (pictures.jpeg(), with_xmp(b"xmp:CreatorTool")):
        assert seen(BY_KIND["docx"], letter_with(picture)) == set()


def letter_with(picture: bytes) -> bytes:
    image = relationships(("image", "media/a.jpg"))
    return docx(more={"word/_rels/document.xml.rels": image, "word/media/a.jpg": picture})


def with_xmp(name: bytes) -> bytes:
    told = b"http://ns.adobe.com/xap/1.0/\0<rdf:Description " + name + b'="52,5.4N"/>'
    return b"\xff\xd8\xff\xe1" + (len(told) + 2).to_bytes(2, "big") + told + pictures.jpeg()[2:]


@pytest.mark.parametrize("row", ['<row <c r="A1"/> ></row>', "<row s='<c/>'/>", "<row></row<c/>>", "<row/><c<c/>/>"])
def test_a_cell_in_the_middle_of_a_tag_is_no_xml(row: str) -> None:
    assert seen(BY_KIND["xlsx"], xlsx(f"<sheetData>{row}</sheetData>")) == {"file.malformed"}


# -- workbooks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        ('HYPERLINK("file:///c:/x.exe","a")', "ooxml.link"),
        ('HYPERLINK("\\\\a.example\\x","a")', "ooxml.link"),
        ("HYPERLINK(A1)", "ooxml.link"),
        ('hyperlink ( "ja"&amp;"vascript:x" )', "ooxml.link"),
        ('IMPORTDATA("https://a.example")', "ooxml.formula"),
        ("_xlfn._xlws.WEBSERVICE(A1)", "ooxml.formula"),
        ("Rtd(1)", "ooxml.formula"),
        ("cmd|'/c calc'!A0", "ooxml.dde"),
        ("\u00e9t\u00e9|'a'!A0", "ooxml.dde"),
        ("'\\\\a.example\\[x.xlsx]S'!A1", "ooxml.external"),
        ("_xlfn._xlws.PY(0,1)", "ooxml.formula"),
    ],
)
def test_a_formula_that_leaves_the_workbook_is_found(formula: str, code: str) -> None:
    for text in (formula, f"IF(A1,{formula},0)", f"A1:B2 {formula}"):
        original = xlsx(f'<sheetData><row r="1"><c r="A1"><f>{text}</f><v>7</v></c></row></sheetData>')
        assert code in seen(BY_KIND["xlsx"], original)
        clean_copy("xlsx", original)


@pytest.mark.parametrize(
    "attributes",
    ['name="_xlnm.Auto_Open"', 'name="AUTO_OPEN_2"', 'name="auto_close"', 'name="x" xlm="1"'],
)
def test_a_name_that_runs_by_itself_is_found_and_goes(attributes: str) -> None:
    original = xlsx(workbook=f"<definedNames><definedName {attributes}>Sheet1!$A$1</definedName></definedNames>")
    assert seen(BY_KIND["xlsx"], original) == {"ooxml.xlm"}
    assert "definedName" not in text_and_tags(clean_copy("xlsx", original), "xl/workbook.xml")


def test_a_sheet_of_macros_is_found_behind_the_type_of_another() -> None:
    assert seen(BY_KIND["xlsx"], xlsx(more={"xl/worksheets/sheet1.xml": "<macrosheet/>"})) == {"ooxml.xlm"}


def test_a_button_that_calls_a_macro_of_another_workbook_is_found() -> None:
    drawing = '<a:sp xmlns:a="urn:a" macro="\'\\\\a.example\\[x.xlsm]\'!m"/>'
    assert seen(BY_KIND["xlsx"], xlsx(more={"xl/drawings/drawing1.xml": drawing})) == {"ooxml.external"}
    own = '<a:sp xmlns:a="urn:a" macro="[0]!m"/>'
    assert seen(BY_KIND["xlsx"], xlsx(more={"xl/drawings/drawing1.xml": own})) == set()
    vml = "<xml><x:FmlaMacro xmlns:x='urn:x'>[x.xlsm]!m</x:FmlaMacro></xml>"
    assert seen(BY_KIND["xlsx"], xlsx(more={"xl/drawings/a.vml": vml})) == {"ooxml.external"}


def test_cells_that_only_look_calm_are_read() -> None:
    row = '<row r="1">{}</row>'
    for cell in (
        '<c r="A1"><f>EXEC(1)</f><v>1</v></c>',
        '<c r="A1"><f>SUM(1)+RTD(1)</f><v>1</v></c>',
        '<c r="A1"><f>SUM.RTD(1)|a!b</f></c>',
        '<c r="A1" t="str"><f>CALL (1)</f></c>',
    ):
        assert seen(BY_KIND["xlsx"], xlsx(f"<sheetData>{row.format(cell)}</sheetData>"))


def test_what_is_not_well_formed_is_told_where_cells_are_calm_too() -> None:
    for sheet in (
        '<sheetData><!-<c r="A1"><v>1</v></c>- x --></sheetData>',
        '<sheetData><row <c r="A1"><v>1</v></c> r="1"></sheetData>',
        '<sheetData><c r="A1"><v>1</v></c></row></sheetData>',
    ):
        assert seen(BY_KIND["xlsx"], xlsx(sheet)) == {"file.malformed"}


def test_more_tags_than_are_read_are_told_by_their_limit() -> None:
    many = docx(f"<w:p>{'<w:b/>' * (MARKS + 1)}</w:p>")
    assert seen(BY_KIND["docx"], many, replace(LIMITS, ratio=10_000)) == {"limit.xml_elements"}


# -- OpenDocument ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        (KEYS, f"<a:item {XLINK} xmlns:a='urn:a' xlink:href='vnd.sun.star.script:x'/>", "odf.script"),
        ("Configurations2/menubar/a.xml", '<m:menu xmlns:m="urn:m" m:id=" vnd.sun.star.script:x"/>', "odf.script"),
        (LIBRARY, f"<l:library {XLINK} xmlns:l='urn:l' xlink:href='file://a.example/x'/>", "odf.external"),
        ("BASIC/Standard/Module1.xml", "<a/>", "odf.script"),
        ("Scripts/python/x.py", "print()", "odf.script"),
        ("Object 1/content.xml", f"<s:script {OFFICE}/>", "odf.script"),
    ],
)  # fmt: skip
def test_macros_are_found_wherever_a_package_may_name_them(name: str, content: str, code: str) -> None:
    assert seen(BY_KIND["odt"], odt(more={name: content})) == {code}
    clean_copy("odt", odt(more={name: content}))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('<draw:image xlink:href="%2e%2e/%2e%2e/x.png"/>', "odf.external"),
        ('<draw:image xlink:href="\\\\a.example\\x.png"/>', "odf.external"),
        ('<draw:image xlink:href="./a/../../x.png"/>', "odf.external"),
        ('<draw:object xlink:href="ftp://a.example/x"/>', "odf.external"),
        ('<text:a xlink:href="vnd.sun.star.script:a">a</text:a>', "odf.script"),
        ('<text:a xlink:href="java&#9;script:a">a</text:a>', "odf.link"),
        ('<text:section><text:section-source xlink:href="smb://a.example/x"/></text:section>', "odf.external"),
        ('<x:submission xmlns:x="http://www.w3.org/2002/xforms" action="https://a.example"/>', "odf.external"),
        ("<draw:frame><draw:plugin/></draw:frame>", "odf.embedded"),
    ],
)
def test_addresses_that_lead_out_of_an_open_document_are_found_and_go(body: str, code: str) -> None:
    original = odt(f"<text:p>{body}tail</text:p>")
    assert code in seen(BY_KIND["odt"], original)
    copy = clean_copy("odt", original)
    assert "a.example" not in text_and_tags(copy, "content.xml")


def test_a_field_of_word_that_an_open_document_carries_along_is_found_and_goes() -> None:
    name = "vnd.oasis.opendocument.field.code"
    space = "urn:openoffice:names:experimental:ooo-ms-interop:xmlns:field:1.0"

    def carried(code: str) -> bytes:
        param = f'<f:param f:name="{name}" f:value="{code}"/>'
        return odt(f'<text:p><f:fieldmark-start xmlns:f="{space}">{param}</f:fieldmark-start>shown</text:p>')

    assert seen(BY_KIND["odt"], carried(" DDEAUTO a b")) == {"odf.dde"}
    assert "DDEAUTO" not in text_and_tags(clean_copy("odt", carried(" DDEAUTO a b")), "content.xml")
    assert seen(BY_KIND["odt"], carried(" MERGEFIELD a")) == set()
    assert "MERGEFIELD" in text_and_tags(clean_copy("odt", carried(" MERGEFIELD a")), "content.xml")


@pytest.mark.parametrize("element", ["text:unheard-of", "draw:plugin", "table:error-macro", "office:model"])
def test_an_element_that_is_not_listed_is_not_copied(element: str) -> None:
    made = clean_copy_of_any("odt", odt(f"<text:p>a<{element}/>tail</text:p>"))
    assert element not in text_and_tags(made, "content.xml")
    assert "tail" in text_and_tags(made, "content.xml")


def clean_copy_of_any(kind: str, original: bytes) -> bytes:
    copy = (
        BY_KIND[kind].normalize(Order(original=original, method="rebuild", printed=None, parts=(), limits=LIMITS)).data
    )
    assert copy is not None
    return copy


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        ("of:='smb://a.example/x.ods'#$a.A1", "odf.external"),
        ("of:=HYPERLINK(&quot;file:///c:/x&quot;)", "odf.link"),
        ("of:=COM.MICROSOFT.WEBSERVICE(&quot;http://a.example&quot;)", "odf.external"),
        ("msoxl:=cmd|'/c calc'!A0", "odf.dde"),
        ("of:=DDE(&quot;a&quot;;&quot;b&quot;;&quot;c&quot;)", "odf.dde"),
    ],
)
def test_a_formula_that_leaves_an_open_document_is_found_and_gives_way(formula: str, code: str) -> None:
    body = f'<table:table-cell table:formula="{formula}"><text:p>7</text:p></table:table-cell>'
    assert code in seen(BY_KIND["odt"], odt(body))
    clean_copy("odt", odt(body))
