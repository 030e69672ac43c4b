import zlib

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from attachguard.formats.pdf import inspect
from attachguard.model import Limits
from tests.formats.pdf.made import (
    HELLO,
    PAGE,
    add_page,
    annotate,
    attach,
    classic,
    codes,
    hello,
    new,
    rebuilt,
    saved,
    script,
    seen,
    stream,
)


def test_a_plain_document_has_no_findings() -> None:
    assert codes(hello()) == set()
    assert codes(saved(new(), packed=True)) == set()


def action(**keys: object) -> bytes:
    """A document with a link that does something."""
    pdf = new()
    annotate(pdf, Subtype=Name.Link, A=Dictionary({f"/{key}": value for key, value in keys.items()}))
    return saved(pdf)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("/JavaScript", "pdf.javascript"),
        ("/Launch", "pdf.launch"),
        ("/GoToR", "pdf.remote_goto"),
        ("/GoToE", "pdf.remote_goto"),
        ("/SubmitForm", "pdf.submit_form"),
        ("/ImportData", "pdf.import_data"),
        ("/Rendition", "pdf.rich_media"),
        ("/Movie", "pdf.rich_media"),
        ("/Sound", "pdf.rich_media"),
        ("/GoTo3DView", "pdf.rich_media"),
        ("/Crash", "pdf.action"),
    ],
)
def test_an_action_that_reaches_out_is_found_by_its_type(kind: str, code: str) -> None:
    assert codes(action(S=Name(kind))) == {code}


@pytest.mark.parametrize("kind", ["/GoTo", "/ResetForm", "/Hide", "/SetOCGState", "/Trans"])
def test_an_action_that_stays_in_the_document_is_not(kind: str) -> None:
    assert codes(action(S=Name(kind))) == set()


def test_a_named_action_is_harmless_when_viewers_know_its_name() -> None:
    assert codes(action(S=Name.Named, N=Name.NextPage)) == set()
    assert codes(action(S=Name.Named, N=Name.SaveAs)) == {"pdf.action"}


def test_a_thread_is_remote_when_it_names_a_file() -> None:
    assert codes(action(S=Name.Thread, D=0)) == set()
    assert codes(action(S=Name.Thread, D=0, F="other.pdf")) == {"pdf.remote_goto"}


def test_an_action_that_follows_another_is_found() -> None:
    assert codes(action(S=Name.GoTo, Next=Array([Dictionary(S=Name.Launch)]))) == {"pdf.launch"}


@pytest.mark.parametrize(
    "address",
    [
        "https://shop.example/invoice?x=a:b",
        "HTTP://shop.example",
        "mailto:shop@shop.example",
        "tel:+31201234567",
        "www.shop.example/a:b",
        "shop.example:8080/invoice",
        "#page=2",
        "",
    ],
)
def test_links_to_web_mail_and_telephone_are_harmless(address: str) -> None:
    assert codes(action(S=Name.URI, URI=address)) == set()


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "javascript:alert(1)",
        "java\tscript:alert(1)",
        " data:text/html,x",
        "\\\\server\\share",
        "//server/share",
        "smb://server/share",
        "C:\\Windows\\system32\\cmd.exe",
        "ms-word:ofe|u|https://shop.example/a.docx",
    ],
)
def test_links_of_any_other_kind_are_told(address: str) -> None:
    assert codes(action(S=Name.URI, URI=address)) == {"pdf.uri_scheme"}


def test_a_base_for_all_links_is_looked_at_too() -> None:
    assert codes(hello(catalog=b"<</Type/Catalog/Pages 2 0 R/URI<</Base(file:///)>>>>")) == {"pdf.uri_scheme"}
    assert codes(hello(catalog=b"<</Type/Catalog/Pages 2 0 R/URI<</Base(https://a.example/)>>>>")) == set()


def test_an_open_action_that_acts_is_told_with_what_it_does() -> None:
    pdf = new()
    pdf.Root["/OpenAction"] = script(pdf)
    assert codes(saved(pdf)) == {"pdf.open_action", "pdf.javascript"}


def test_an_open_action_that_opens_a_web_page_is_told() -> None:
    pdf = new()
    pdf.Root["/OpenAction"] = Dictionary(S=Name.URI, URI="https://shop.example")
    assert codes(saved(pdf)) == {"pdf.open_action"}


def test_an_open_action_that_chooses_a_view_is_harmless() -> None:
    pdf = new()
    pdf.Root["/OpenAction"] = Array([pdf.pages[0].obj, Name.Fit])
    assert codes(saved(pdf)) == set()
    pdf.Root["/OpenAction"] = Dictionary(S=Name.GoTo, D=Array([pdf.pages[0].obj, Name.Fit]))
    assert codes(saved(pdf)) == set()


def test_a_view_that_is_followed_by_something_else_acts() -> None:
    pdf = new()
    chain = Dictionary(S=Name.Hide, T="field")
    pdf.Root["/OpenAction"] = Dictionary(S=Name.GoTo, D=Array([pdf.pages[0].obj, Name.Fit]), Next=chain)
    assert codes(saved(pdf)) == {"pdf.open_action"}


def test_a_circle_of_actions_ends() -> None:
    pdf = new()
    first = pdf.make_indirect(Dictionary(S=Name.GoTo))
    first["/Next"] = first
    pdf.Root["/OpenAction"] = first
    assert codes(saved(pdf)) == {"pdf.open_action"}


def test_triggers_that_act_are_told_and_those_that_choose_a_view_are_not() -> None:
    pdf = new()
    pdf.pages[0].obj["/AA"] = Dictionary(O=script(pdf))
    assert codes(saved(pdf)) == {"pdf.additional_actions", "pdf.javascript"}
    pdf.pages[0].obj["/AA"] = Dictionary(O=Dictionary(S=Name.GoTo))
    assert codes(saved(pdf)) == set()


def test_scripts_of_the_name_tree_and_of_renditions_are_found() -> None:
    pdf = new()
    pdf.Root["/Names"] = Dictionary(JavaScript=Dictionary(Names=Array(["a", script(pdf)])))
    assert codes(saved(pdf)) == {"pdf.javascript"}


def test_a_name_written_with_escapes_is_the_same_name() -> None:
    hidden = b"<</Type/Catalog/Pages 2 0 R/Open#41ction<</S/J#61va#53cript/J#53(1)>>>>"
    assert codes(hello(catalog=hidden)) == {"pdf.open_action", "pdf.javascript"}


def test_a_name_that_stands_elsewhere_is_the_same_name() -> None:
    catalog = b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S 6 0 R/F(cmd)>>>>"
    assert codes(hello(catalog=catalog, more={6: b"/Launch"})) == {"pdf.open_action", "pdf.launch"}


def test_objects_in_object_streams_are_seen() -> None:
    pdf = new()
    pdf.Root["/OpenAction"] = script(pdf)
    data = saved(pdf, packed=True)
    assert b"JavaScript" not in data
    assert codes(data) == {"pdf.open_action", "pdf.javascript"}


def test_the_word_javascript_in_a_page_or_a_string_is_no_script() -> None:
    pdf = new(b"BT /F 12 Tf 72 700 Td (/S /JavaScript /JS /Launch /OpenAction) Tj ET")
    pdf.docinfo["/Title"] = pikepdf.String("<< /S /JavaScript /JS (x) >>")
    assert codes(saved(pdf)) == set()


def test_names_that_are_no_utf_8_do_not_hide_what_is_beside_them() -> None:
    catalog = b"<</Type/Catalog/Pages 2 0 R/A#ff#fe<</S/Launch/F(cmd)>>/AA<</X#ff<</S/J#ff>>>>>>"
    assert codes(hello(catalog=catalog)) >= {"pdf.launch", "pdf.additional_actions"}


def test_an_object_that_nothing_leads_to_is_seen() -> None:
    assert codes(hello(more={9: b"<</S/Launch/F(cmd)>>"})) == {"pdf.launch"}


@pytest.mark.parametrize("kind", ["/RichMedia", "/Screen", "/Movie", "/Sound", "/3D"])
def test_annotations_that_play_something_are_told(kind: str) -> None:
    pdf = new()
    annotate(pdf, Subtype=Name(kind))
    assert codes(saved(pdf)) == {"pdf.rich_media"}


def test_annotations_that_only_show_something_are_not() -> None:
    pdf = new()
    annotate(pdf, Subtype=Name.Text, Contents="a note")
    annotate(pdf, Subtype=Name.Highlight)
    assert codes(saved(pdf)) == set()


def test_a_plain_form_is_harmless() -> None:
    pdf = new()
    annotate(pdf, Subtype=Name.Widget, FT=Name.Tx, T="name", V="Jansen")
    pdf.Root["/AcroForm"] = Dictionary(Fields=pdf.pages[0].obj["/Annots"])
    assert codes(saved(pdf)) == set()


def with_xfa(*, dynamic: bytes, fields: bool) -> pikepdf.Pdf:
    pdf = new()
    config = pdf.make_stream(b"<config><acrobat7><dynamicRender>" + dynamic + b"</dynamicRender></acrobat7></config>")
    config["/Type"] = Name.EmbeddedFile  # as some writers do
    annotate(pdf, Subtype=Name.Widget if fields else Name.Text, FT=Name.Tx, T="name")
    own = Array(pdf.pages[0].obj["/Annots"]) if fields else Array([])
    pdf.Root["/AcroForm"] = Dictionary(Fields=own, XFA=Array(["config", config]))
    return pdf


def test_a_static_xfa_form_is_told_from_a_dynamic_one() -> None:
    assert codes(saved(with_xfa(dynamic=b"forbidden", fields=True))) == {"pdf.xfa"}
    assert codes(saved(with_xfa(dynamic=b" required ", fields=True))) == {"pdf.xfa", "pdf.xfa_dynamic"}
    assert codes(saved(with_xfa(dynamic=b"forbidden", fields=False))) == {"pdf.xfa", "pdf.xfa_dynamic"}
    pdf = with_xfa(dynamic=b"forbidden", fields=True)
    pdf.Root["/NeedsRendering"] = True
    assert codes(saved(pdf)) == {"pdf.xfa", "pdf.xfa_dynamic"}


def test_the_packets_of_a_form_are_no_embedded_files() -> None:
    assert seen(saved(with_xfa(dynamic=b"forbidden", fields=True))).parts == ()


def test_a_portfolio_is_told() -> None:
    pdf = new()
    pdf.Root["/Collection"] = Dictionary(View=Name.D)
    assert codes(saved(pdf)) == {"pdf.portfolio"}


def test_a_signature_is_told_and_an_empty_field_for_one_is_not() -> None:
    field = {6: b"<</FT/Sig/T(sign)>>"}
    assert codes(hello(more=field)) == set()
    signed = {6: b"<</FT/Sig/T(sign)/V 7 0 R>>", 7: b"<</Type/Sig/ByteRange[0 1 2 3]/Contents<00>>>"}
    assert codes(hello(more=signed)) == {"pdf.signed"}


def test_a_stream_whose_data_are_elsewhere_is_told() -> None:
    assert codes(hello(more={6: stream(b"", b"/F(/etc/passwd)")})) == {"pdf.external_stream"}
    assert codes(hello(more={6: stream(b"", b"/F<</F(x)>>")})) == {"pdf.external_stream"}


def test_annotation_flags_are_not_taken_for_a_file() -> None:
    assert codes(hello(more={6: b"<</Type/Annot/Subtype/Square/F 4/Rect[0 0 1 1]>>"})) == set()


def test_pages_and_pictures_of_other_files_are_told() -> None:
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 1 1]"
    assert codes(hello(more={6: stream(b"", form + b"/Ref<</F(x.pdf)/Page 0>>")})) == {"pdf.external_stream"}
    assert codes(hello(more={6: stream(b"", form + b"/OPI<</1.3<</F(x)>>>>")})) == {"pdf.external_stream"}
    assert codes(hello(more={6: stream(b"", form)})) == set()


@pytest.mark.parametrize("coding", [b"/JBIG2Decode", b"/JPXDecode", b"[/FlateDecode/JBIG2Decode]", b"/J#50XDecode"])
def test_codings_whose_decoders_are_attacked_are_told(coding: bytes) -> None:
    assert codes(hello(more={6: stream(b"x", b"/Subtype/Image/Filter" + coding)})) == {"pdf.codec"}


def test_ordinary_codings_are_not() -> None:
    assert codes(hello(more={6: stream(b"x", b"/Subtype/Image/Filter/DCTDecode")})) == set()


def test_a_font_matrix_that_is_not_six_numbers_is_told() -> None:
    font = b"<</Type/Font/Subtype/Type1/FontMatrix[%b]>>"
    assert codes(hello(more={6: font % b"0.001 0 0 0.001 0 0"})) == set()
    assert codes(hello(more={6: font % b"1 0 0 1 0 (0\\); alert\\(1\\))"})) == {"pdf.font_program"}
    assert codes(hello(more={6: font % b"1 0 0 1"})) == {"pdf.font_program"}


def test_the_same_inside_a_type_1_font_is_told() -> None:
    descriptor = {6: b"<</Type/FontDescriptor/FontName/A/FontFile 7 0 R>>"}
    good = b"%!PS-AdobeFont-1.0\n/FontMatrix [0.001 0 0 0.001 0 0] readonly def\ncurrentfile eexec\n/FontMatrix [x]"
    bad = b"%!PS-AdobeFont-1.0\n/FontMatrix [1 0 0 1 0 (0);alert(1)] readonly def\neexec"
    assert codes(hello(more={**descriptor, 7: stream(good)})) == set()
    assert codes(hello(more={**descriptor, 7: stream(bad)})) == {"pdf.font_program"}


def test_a_calculator_function_may_only_calculate() -> None:
    function = b"/FunctionType 4/Domain[0 1]/Range[0 1]"
    good = b"{ dup 0.5 gt % half\n { 1 exch sub } { 2 mul } ifelse }"
    assert codes(hello(more={6: stream(good, function)})) == set()
    assert codes(hello(more={6: stream(b"{ 0 (x) alert }", function)})) == {"pdf.font_program"}


def test_a_stream_that_can_not_be_read_where_it_must_be_is_told() -> None:
    function = b"/FunctionType 4/Filter/FlateDecode"
    assert codes(hello(more={6: stream(b"garbage", function)})) == {"pdf.malformed"}


def test_text_in_an_invisible_mode_is_told() -> None:
    shown = HELLO.replace(b"24 Tf", b"24 Tf 0 Tr")
    assert codes(hello(content=shown.replace(b"0 Tr", b"3 Tr"))) == {"pdf.hidden_text"}
    assert codes(hello(content=shown.replace(b"0 Tr", b"2 Tr"))) == set()


def test_invisible_text_inside_a_form_is_told() -> None:
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</XObject<</X 6 0 R>>>>/Contents 4 0 R>>"
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources<</Font<</F 5 0 R>>>>"
    document = hello(page=page, content=b"/X Do", more={6: stream(b"3 Tr " + HELLO, form)})
    assert codes(document) == {"pdf.hidden_text"}


def test_text_outside_the_page_is_told() -> None:
    pdf = new(b"BT /F 24 Tf 72 700 Td (gone) Tj ET")
    pdf.pages[0].obj["/CropBox"] = Array([0, 0, 612, 400])
    assert codes(saved(pdf)) == {"pdf.hidden_text"}
    pdf.pages[0].obj["/CropBox"] = Array([0, 0, 612, 710])
    assert codes(saved(pdf)) == set()


def test_embedded_files_are_told_and_handed_out() -> None:
    pdf = new()
    attach(pdf, "terms.txt", b"thirty days")
    inspection = seen(saved(pdf))
    assert {finding.code for finding in inspection.findings} == {"pdf.embedded_file"}
    assert [(part.untrusted_name, part.data) for part in inspection.parts] == [("terms.txt", b"thirty days")]
    assert inspection.parts[0].where.endswith("terms.txt")


def test_an_embedded_file_on_an_annotation_or_without_a_specification_is_handed_out() -> None:
    pdf = new()
    specification = attach(pdf, "a.txt", b"one")
    del pdf.Root["/Names"]
    annotate(pdf, Subtype=Name.FileAttachment, FS=specification)
    lone = pdf.make_stream(b"two")
    lone["/Type"] = Name.EmbeddedFile
    pdf.Root["/Spare"] = lone
    assert {part.data for part in seen(saved(pdf)).parts} == {b"one", b"two"}


def test_a_file_that_is_named_twice_is_handed_out_once() -> None:
    pdf = new()
    specification = attach(pdf, "a.txt", b"one")
    pdf.Root["/AF"] = Array([specification])
    specification["/EF"]["/UF"] = specification["/EF"]["/F"]
    assert len(seen(saved(pdf)).parts) == 1


def test_files_that_belong_to_a_file_and_those_under_unusual_keys_are_handed_out() -> None:
    pdf = new()
    specification = attach(pdf, "a.txt", b"one")
    specification["/RF"] = Dictionary(F=Array(["b.exe", pdf.make_stream(b"two")]))
    specification["/EF"]["/X"] = pdf.make_stream(b"three")
    assert {part.data for part in seen(saved(pdf)).parts} == {b"one", b"two", b"three"}


def test_a_file_whose_key_is_no_utf_8_is_handed_out() -> None:
    """Found by benchmarks/pdf_fuzz.py."""
    file = stream(b"one", b"/Type/EmbeddedFile")
    assert [part.data for part in seen(hello(more={6: b"<</EF<</F#ff 7 0 R>>>>", 7: file})).parts] == [b"one"]


def test_an_attachment_that_is_only_a_path_is_told() -> None:
    pdf = new()
    annotate(pdf, Subtype=Name.FileAttachment, FS=pikepdf.String("\\\\server\\share\\a.exe"))
    assert codes(saved(pdf)) == {"pdf.external_stream"}


def test_the_places_of_parts_are_unique() -> None:
    pdf = new()
    first, second = attach(pdf, "a.txt", b"one"), attach(pdf, "a.txt", b"two")
    pdf.Root["/Names"] = Dictionary(EmbeddedFiles=Dictionary(Names=Array(["a", first, "b", second])))
    parts = seen(saved(pdf)).parts
    assert len({part.where for part in parts}) == len(parts) == 2


def test_more_embedded_files_than_are_looked_at_are_told() -> None:
    pdf = new()
    pdf.Root["/AF"] = Array([attach(pdf, f"{number}.txt", b"x" * number) for number in range(4)])
    assert "limit.parts" in codes(saved(pdf), Limits(parts=3))
    assert "limit.parts" not in codes(saved(pdf), Limits(parts=4))
    assert "limit.parts_size" in codes(saved(pdf), Limits(parts_size=5))


def test_an_embedded_file_that_inflates_too_far_is_not_taken_for_none() -> None:
    bomb = stream(zlib.compress(b"\x00" * 200_000), b"/Type/EmbeddedFile/Filter/FlateDecode")
    inspection = inspect(hello(more={6: bomb}), Limits(member_size=100_000))
    assert {finding.code for finding in inspection.findings} >= {"pdf.embedded_file", "limit.inflated_size"}
    assert inspection.parts == ()


CII = b'<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"/>'
UBL = b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>'


@pytest.mark.parametrize(("name", "xml"), [("factur-x.xml", CII), ("ZUGFeRD-invoice.xml", CII), ("xrechnung.xml", UBL)])
def test_an_invoice_for_machines_is_told_as_one_and_handed_out(name: str, xml: bytes) -> None:
    pdf = new()
    attach(pdf, name, xml)
    inspection = seen(saved(pdf))
    assert {finding.code for finding in inspection.findings} == {"pdf.einvoice"}
    assert [part.untrusted_name for part in inspection.parts] == [name]


@pytest.mark.parametrize(
    ("name", "xml"),
    [
        ("invoice.xml", CII),
        ("factur-x.xml", b"<Invoice/>"),
        ("factur-x.xml", CII[:-2]),
        ("factur-x.xml", b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + CII),
        ("factur-x.xml.exe", CII),
    ],
)
def test_what_only_looks_like_one_is_any_embedded_file(name: str, xml: bytes) -> None:
    pdf = new()
    attach(pdf, name, xml)
    assert codes(saved(pdf)) == {"pdf.embedded_file"}


def test_a_document_with_a_user_password_is_encrypted_and_no_more_is_said() -> None:
    data = saved(new(), encryption=pikepdf.Encryption(user="secret", owner="secret"))
    assert codes(data) == {"file.encrypted"}


def test_a_document_with_an_owner_password_alone_is_restricted() -> None:
    pdf = new()
    pdf.Root["/OpenAction"] = script(pdf)
    data = saved(pdf, encryption=pikepdf.Encryption(user="", owner="secret"))
    assert codes(data) == {"pdf.restricted", "pdf.open_action", "pdf.javascript"}


def test_too_many_pages_are_told() -> None:
    pdf = new()
    add_page(pdf)
    assert codes(saved(pdf), Limits(pages=2)) == set()
    assert codes(saved(pdf), Limits(pages=1)) == {"pdf.too_many_pages"}


def test_a_huge_page_is_told_and_the_largest_allowed_is_not() -> None:
    assert codes(saved(new(b"", size=(14_400, 200)))) == set()
    assert codes(saved(new(b"", size=(2_000_000, 200)))) == {"pdf.huge_page"}


def test_a_page_whose_unit_makes_it_huge_is_told() -> None:
    pdf = new(b"", size=(8000, 200))
    pdf.pages[0].obj["/UserUnit"] = 2
    assert codes(saved(pdf)) == {"pdf.huge_page"}


def test_a_page_without_area_is_malformed_and_one_with_turned_corners_is_not() -> None:
    assert codes(hello(page=PAGE.replace(b"[0 0 612 792]", b"[0 0 0 0]"))) == {"pdf.malformed"}
    assert codes(hello(page=PAGE.replace(b"[0 0 612 792]", b"[612 792 0 0]"))) == set()


def test_a_damaged_table_is_malformed() -> None:
    assert "pdf.malformed" in codes(hello().replace(b"startxref\n", b"startxref\n9"))


def test_a_key_that_stands_twice_is_malformed_because_readers_choose_differently() -> None:
    twice = b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/Launch>>/OpenAction[3 0 R/Fit]>>"
    assert "pdf.malformed" in codes(hello(catalog=twice))


def test_what_no_reader_opens_is_unreadable() -> None:
    assert "pdf.unreadable" in codes(classic({1: b"<</Type/Catalog>>", 2: b"null"}))
    assert "pdf.unreadable" not in codes(hello())


def test_dangers_in_a_file_that_does_not_open_are_still_found() -> None:
    wreck = b"%PDF-1.7\n1 0 obj\n<</S/Launch/F(cmd)>>\nendobj\n"
    assert codes(wreck) >= {"pdf.unreadable", "pdf.launch"}


def test_a_flood_of_one_finding_is_cut_short() -> None:
    many = {number: b"<</S/Launch/F(%d)>>" % number for number in range(6, 206)}
    assert len(seen(hello(more=many)).findings) == 10


def test_places_name_the_page_and_the_object() -> None:
    pdf = new()
    add_page(pdf)
    pdf.pages[1].obj["/AA"] = Dictionary(O=script(pdf))
    places = {finding.where for finding in seen(saved(pdf)).findings}
    assert any(place.startswith("page 2, object ") for place in places)


@pytest.mark.parametrize(
    "place",
    [b"/Root %d 0 R", b"/Size %d", b"startxref\n%d", b"xref\n0 %d", b"%d 0 obj"],
    ids=lambda place: place.decode(),
)
def test_a_number_that_no_computer_has_room_for_is_a_finding_at_the_most(place: bytes) -> None:
    """Found by benchmarks/pdf_fuzz.py."""
    huge = 415926535897932384626433832795402
    usual = {b"/Root %d 0 R": 1, b"/Size %d": 21, b"%d 0 obj": 1}
    plain = place % usual[place] if place in usual else place.partition(b"%d")[0]
    data = hello()
    assert plain in data
    assert codes(data.replace(plain, place % huge)) <= {"pdf.malformed", "pdf.unreadable"}
    made = rebuilt(data.replace(plain, place % huge))
    assert made.data is not None or {finding.code for finding in made.findings} <= {"copy.failed", "pdf.unreadable"}
