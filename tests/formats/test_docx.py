"""Word documents: told by the main part's content type, and everything in them that acts."""

from html import escape

import pytest

from attachguard.formats import docx as format_
from attachguard.formats import odt as odt_format
from attachguard.formats import xlsx as xlsx_format
from attachguard.formats.contract import Order
from attachguard.model import Limits
from tests.formats.office_made import (
    STRICT,
    WORD,
    claimed,
    content_types,
    docx,
    docx_members,
    inspected,
    odf_members,
    packed,
    relationships,
    seen,
    sniffed,
)
from tests.formats.ole_made import ole, packaged, workbook

RELS = "word/_rels/document.xml.rels"


def field(*instructions: str, result: str = "shown") -> str:
    """A complex field whose instruction is split over runs."""
    runs = "".join(f"<w:r><w:instrText>{piece}</w:instrText></w:r>" for piece in instructions)
    return (
        f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r>{runs}<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        f'<w:r><w:t>{result}</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
    )


def test_an_ordinary_document_is_claimed_and_says_nothing() -> None:
    assert claimed(format_, docx()) == "docx"
    assert sniffed(format_, docx()) == set()
    assert inspected(format_, docx()).findings == ()


def test_a_strict_document_and_one_in_other_folders_are_claimed() -> None:
    members = docx_members()
    members["_rels/.rels"] = relationships(("officeDocument", "/word/document.xml"), base=STRICT)
    assert claimed(format_, packed(members)) == "docx"
    elsewhere = {
        "[Content_Types].xml": content_types(text__main=WORD + "document.main+xml"),
        "_rels/.rels": relationships(("officeDocument", "text/main.xml")),
        "text/main.xml": "<a/>",
    }
    assert claimed(format_, packed(elsewhere)) == "docx"


def test_a_default_content_type_is_as_good_as_an_override() -> None:
    members = docx_members()
    members["[Content_Types].xml"] = content_types().replace(
        'Extension="xml" ContentType="application/xml"', f'Extension="XML" ContentType="{WORD}document.main+xml"'
    )
    assert claimed(format_, packed(members)) == "docx"


@pytest.mark.parametrize(
    "main",
    [
        "application/vnd.ms-word.document.macroEnabled.main+xml",
        WORD + "template.main+xml",
        "application/vnd.ms-word.template.macroEnabledTemplate.main+xml",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
        "application/vnd.ms-excel.sheet.binary.macroEnabled.main",
    ],
)
def test_a_relative_is_claimed_without_a_kind_whatever_its_parts_are_called(main: str) -> None:
    assert claimed(format_, packed(docx_members(main=main))) == ""


def test_names_of_parts_prove_nothing() -> None:
    assert claimed(format_, packed({"word/document.xml": "<a/>", "[Content_Types].xml": content_types()})) is None
    assert claimed(format_, packed({"word/document.xml": "<a/>"})) is None
    assert claimed(format_, b"PK\x03\x04 word/document.xml") is None


def test_a_content_type_that_no_part_has_proves_nothing() -> None:
    members = docx_members()
    del members["word/document.xml"]
    assert claimed(format_, packed(members)) is None


def test_something_before_the_package_is_no_document() -> None:
    assert claimed(format_, b"MZ" + docx()) is None


def test_two_main_parts_of_different_types_make_a_polyglot() -> None:
    members = docx_members()
    sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    members["[Content_Types].xml"] = content_types(word__document=WORD + "document.main+xml", xl__workbook=sheet)
    members["_rels/.rels"] = relationships(
        ("officeDocument", "word/document.xml"), ("officeDocument", "xl/workbook.xml")
    )
    members["xl/workbook.xml"] = "<a/>"
    claims = [claim for claim in (claimed(format_, packed(members)), claimed(xlsx_format, packed(members))) if claim]
    assert len(claims) == 1
    assert "type.polyglot" in sniffed(format_ if claims == ["docx"] else xlsx_format, packed(members))


def test_a_document_that_is_a_java_archive_or_open_document_too_is_a_polyglot() -> None:
    assert sniffed(format_, docx(more={"META-INF/MANIFEST.MF": "Main-Class: A"})) == {"type.polyglot"}
    both = packed({**odf_members(), **docx_members()})
    assert "type.polyglot" in sniffed(format_, both)
    assert claimed(odt_format, both) == "odt"


def test_two_types_for_one_part_or_a_doctype_in_the_description_are_no_document() -> None:
    members = docx_members()
    override = f'<Override PartName="/word/document.xml" ContentType="{WORD}document.main+xml"/>'
    members["[Content_Types].xml"] = str(members["[Content_Types].xml"]).replace(
        override, override + override.replace("document.main", "template.main")
    )
    assert claimed(format_, packed(members)) is None
    members["[Content_Types].xml"] = "<!DOCTYPE Types [<!ENTITY a 'b'>]>" + content_types()
    assert claimed(format_, packed(members)) is None


def test_a_description_that_inflates_endlessly_is_no_document() -> None:
    members = docx_members()
    members["[Content_Types].xml"] = content_types() + " " * 2_000_000
    assert claimed(format_, packed(members)) is None


def test_cut_and_flipped_documents_never_raise() -> None:
    whole = docx()
    for size in range(0, len(whole), 13):
        claimed(format_, whole[:size])
        claimed(format_, whole[:size] + b"\xff" + whole[size + 1 :])


# -- what acts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("vbaProject", "ooxml.macros"),
        ("oleObject", "ooxml.embedded"),
        ("package", "ooxml.embedded"),
        ("control", "ooxml.activex"),
        ("aFChunk", "ooxml.alt_chunk"),
        ("extensibility", "ooxml.custom_ui"),
        ("webextension", "ooxml.web_extension"),
        ("connections", "ooxml.connection"),
        ("notKnownYet", "ooxml.part"),
    ],
)
def test_a_relationship_that_acts_is_told_by_the_end_of_its_type(kind: str, code: str) -> None:
    for base in (STRICT, "http://schemas.microsoft.com/office/2006/relationships/"):
        assert seen(format_, docx(more={RELS: relationships((kind, "x.bin"), base=base)})) == {code}


def test_ordinary_relationships_say_nothing() -> None:
    kinds = ("styles", "settings", "theme", "image", "header", "footnotes", "chart", "customXml", "hyperlink")
    assert seen(format_, docx(more={RELS: relationships(*((kind, "x.xml") for kind in kinds))})) == set()


@pytest.mark.parametrize(
    "target", ["http://example.org/", "HTTPS://example.org", "mailto:a@example.org", "tel:1", "#top"]
)
def test_a_link_to_the_web_mail_or_telephone_says_nothing(target: str) -> None:
    assert seen(format_, docx(more={RELS: relationships(("hyperlink", target), external=True)})) == set()


@pytest.mark.parametrize("target", ["file:///c:/x.exe", "\\\\server\\x", "ms-msdt:/id", "javascript:a()", "other.docx"])
def test_a_link_to_anything_else_is_told(target: str) -> None:
    assert seen(format_, docx(more={RELS: relationships(("hyperlink", target), external=True)})) == {"ooxml.link"}


def test_a_picture_or_template_from_elsewhere_is_external() -> None:
    for kind in ("image", "attachedTemplate", "theme", "frame", "notKnownYet"):
        external = relationships((kind, "http://example.org/x"), external=True)
        assert "ooxml.external" in seen(format_, docx(more={RELS: external}))


@pytest.mark.parametrize(
    "target", ["http://example.org/t.dotm", "file:///\\\\server\\t.dotm", "file://server/t.dotm", "\\\\server\\t.dot"]
)
def test_a_template_on_another_computer_is_external(target: str) -> None:
    attached = relationships(("attachedTemplate", target), external=True)
    assert seen(format_, docx(more={"word/_rels/settings.xml.rels": attached})) == {"ooxml.external"}


@pytest.mark.parametrize("target", ["file:///C:\\Templates\\letter.dotx", "file:///D:/letter.dotx", "letter.dotx"])
def test_where_a_template_lay_on_the_senders_disk_says_nothing(target: str) -> None:
    attached = relationships(("attachedTemplate", target), external=True)
    assert seen(format_, docx(more={"word/_rels/settings.xml.rels": attached})) == set()


def test_an_address_in_vml_is_external() -> None:
    shape = '<v:imagedata xmlns:v="urn:schemas-microsoft-com:vml" src="http://example.org/x.png"/>'
    assert seen(format_, docx(f"<w:p>{shape}</w:p>")) == {"ooxml.external"}


def test_macros_are_told_by_type_and_by_name_though_nothing_leads_to_them() -> None:
    assert seen(format_, docx(more={"word/vbaProject.bin": b"x"})) == {"ooxml.macros"}
    members = docx_members()
    members["[Content_Types].xml"] = content_types(
        word__document=WORD + "document.main+xml", word__harmless="application/vnd.ms-office.vbaProject"
    )
    members["word/harmless.xml"] = "<a/>"
    assert seen(format_, packed(members)) == {"ooxml.macros"}


@pytest.mark.parametrize(
    ("element", "code"),
    [
        ("altChunk", "ooxml.alt_chunk"),
        ("OLEObject", "ooxml.embedded"),
        ("ocx", "ooxml.activex"),
        ("subDoc", "ooxml.external"),
    ],
)
def test_an_element_that_acts_is_told_in_any_part_and_prefix(element: str, code: str) -> None:
    assert seen(format_, docx(f'<x:{element} xmlns:x="urn:x"/>')) == {code}
    assert seen(format_, docx(more={"word/orphan.xml": f"<{element}/>"})) == {code}


# -- fields ------------------------------------------------------------------------------------------------------


def test_a_dde_field_is_told_though_split_over_runs_and_in_any_letter_case() -> None:
    assert seen(format_, docx(field("D", "dEa", 'uto c:\\\\windows "x"'))) == {"ooxml.dde"}
    assert seen(format_, docx('<w:fldSimple w:instr=" DDE c:\\x "/>')) == {"ooxml.dde"}


def test_a_dde_field_is_told_though_it_is_never_ended() -> None:
    assert seen(format_, docx('<w:r><w:fldChar w:fldCharType="begin"/><w:instrText>DDE x</w:instrText></w:r>')) == {
        "ooxml.dde"
    }


def test_a_field_whose_word_another_field_writes_is_told() -> None:
    inner = field("QUOTE 68 68 69")
    outer = f'<w:r><w:fldChar w:fldCharType="begin"/></w:r>{inner}<w:r><w:instrText> c:\\x</w:instrText></w:r>'
    assert seen(format_, docx(outer + '<w:r><w:fldChar w:fldCharType="end"/></w:r>')) == {"ooxml.field"}


@pytest.mark.parametrize(
    "instruction", ["INCLUDEPICTURE http://x", "includetext c:\\x", "LINK Excel.Sheet", "DATABASE x", "RD x"]
)
def test_a_field_that_reads_is_told(instruction: str) -> None:
    assert seen(format_, docx(field(instruction))) == {"ooxml.field"}


@pytest.mark.parametrize(
    "instruction", ["PAGE", "TOC \\o", "HYPERLINK x", "IF 1 = 1 DDE x", "MyBookmark", "ADDIN ZOTERO", "= 1+1"]
)
def test_other_fields_say_nothing(instruction: str) -> None:
    assert seen(format_, docx(field(instruction))) == set()


@pytest.mark.parametrize(
    "instruction",
    [
        'HYPERLINK "file:///c:/x.exe"',
        "HYPERLINK search-ms:query=x",
        'HYPERLINK \\o "a tip" "ms-word:x"',
        'HYPERLINK \\t frame \\n "\\\\\\\\a.example\\\\x"',
        "hyperlink \\\\\\\\a.example\\\\x",
        "HYPERLINK \u201cjavascript:x\u201d",
        'HYPERLINK "" "vbscript:x"',
        '"HYPERLINK" "ms-msdt:x" \\l "place"',
    ],
)
def test_a_field_that_links_to_a_program_is_told_and_flattened(instruction: str) -> None:
    document = docx(field(instruction))
    assert seen(format_, document) == {"ooxml.link"}
    simple = docx(f'<w:p><w:fldSimple w:instr="{escape(instruction)}"><w:r><w:t>a</w:t></w:r></w:fldSimple></w:p>')
    assert seen(format_, simple) == {"ooxml.link"}
    for original in (document, simple):
        order = Order(original=original, method="rebuild", printed=None, parts=(), limits=Limits())
        copy = format_.normalize(order).data
        assert copy is not None
        assert seen(format_, copy) == set()


def test_a_link_whose_address_another_field_computes_is_told() -> None:
    begin, end = ('<w:r><w:fldChar w:fldCharType="begin"/></w:r>', '<w:r><w:fldChar w:fldCharType="end"/></w:r>')
    words = [f"<w:r><w:instrText>{text}</w:instrText></w:r>" for text in ('HYPERLINK "', "QUOTE 102", '"')]
    body = f"<w:p>{begin}{words[0]}{begin}{words[1]}{end}{words[2]}{end}</w:p>"
    assert seen(format_, docx(body)) == {"ooxml.link"}


@pytest.mark.parametrize(
    "instruction",
    [
        'HYPERLINK "https://shop.example/a b" \\o "file:///tip" \\t "_blank"',
        'HYPERLINK \\l "_Toc123"',
        'HYPERLINK "" \\l "a:b"',
        'HYPERLINK "mailto:a@shop.example?subject=x" \\h',
        'HYPERLINK "brief.docx"',
        "HYPERLINKED file:///x",
    ],
)
def test_a_field_that_links_to_the_web_or_nearby_says_nothing(instruction: str) -> None:
    assert seen(format_, docx(field(instruction))) == set()


def test_the_word_dde_in_the_text_says_nothing() -> None:
    assert seen(format_, docx("<w:p><w:r><w:t>DDEAUTO is a field</w:t></w:r></w:p>")) == set()


def test_endlessly_nested_fields_are_told() -> None:
    assert "ooxml.field" in seen(format_, docx('<w:fldChar w:fldCharType="begin"/>' * 100))


# -- files inside ------------------------------------------------------------------------------------------------


def test_a_packaged_file_is_handed_out_under_its_own_name() -> None:
    found = inspected(
        format_, docx(more={"word/embeddings/o.bin": ole({"\x01Ole10Native": packaged("run.exe", b"MZ..")})})
    )
    assert {finding.code for finding in found.findings} == {"ooxml.embedded"}
    assert [(part.untrusted_name, part.data) for part in found.parts] == [("run.exe", b"MZ..")]


def test_an_embedded_workbook_is_handed_out_whole_with_its_extension() -> None:
    inner = ole({"Workbook": workbook()})
    found = inspected(format_, docx(more={"word/embeddings/o.bin": inner}))
    assert [(part.untrusted_name, part.data) for part in found.parts] == [("o.xls", inner)]


def test_an_embedded_package_is_handed_out_wherever_it_is_kept() -> None:
    found = inspected(format_, docx(more={"word/media/picture.png": docx()}))
    assert [(part.where, part.data) for part in found.parts] == [("word/media/picture.png", docx())]


def test_an_object_that_can_not_be_read_is_malformed() -> None:
    broken = ole({"Workbook": workbook()})[:700]
    assert seen(format_, docx(more={"word/embeddings/o.bin": broken})) == {"ooxml.embedded", "file.malformed"}


def test_parts_of_long_or_equal_names_have_short_places_of_their_own() -> None:
    long = "word/embeddings/" + "n" * 220
    found = inspected(format_, docx(more={long + "a": docx(), long + "b": docx()}))
    places = [part.where for part in found.parts]
    assert len(set(places)) == 2
    assert all(len(place) <= 200 for place in places)


def test_parts_past_the_limits_are_told_and_not_handed_out() -> None:
    inner = {f"word/embeddings/{number}.bin": docx() for number in range(4)}
    found = inspected(format_, docx(more=inner), Limits(parts=3))
    assert len(found.parts) == 3
    assert "limit.parts" in {finding.code for finding in found.findings}
    found = inspected(format_, docx(more=inner), Limits(parts_size=10))
    assert found.parts == ()
    assert "limit.parts_size" in {finding.code for finding in found.findings}


# -- hostile -----------------------------------------------------------------------------------------------------


def test_a_doctype_stops_the_reading() -> None:
    assert seen(format_, docx(more={"word/x.xml": "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"})) == {"xml.doctype"}
    assert seen(format_, docx(more={"word/x.xml": "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"})) == {"xml.doctype"}


def test_elements_nested_too_deeply_stop_the_reading() -> None:
    assert seen(format_, docx("<w:p>" * 300 + "</w:p>" * 300)) == {"limit.xml_depth"}


def test_xml_that_is_not_well_formed_is_malformed() -> None:
    assert seen(format_, docx("<w:p>")) == {"file.malformed"}


def test_a_bomb_is_told_and_what_was_seen_before_it_is_kept() -> None:
    found = seen(format_, docx(field("DDE x"), more={"word/bomb.xml": b" " * 4_000_000}))
    assert found == {"ooxml.dde", "limit.ratio"}


def test_no_package_at_all_is_malformed() -> None:
    assert seen(format_, b"no package") == {"file.malformed"}


def test_a_finding_repeated_endlessly_is_kept_a_few_times() -> None:
    found = inspected(format_, docx("<w:altChunk/>", more={f"word/{n}.xml": "<altChunk/>" for n in range(50)}))
    assert len(found.findings) == 5
