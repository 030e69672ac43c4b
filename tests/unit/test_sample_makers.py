"""The made files are the same every time, and are what they claim to be, by readers that did not make them."""

import csv
import email
import email.policy
import hashlib
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import magic
import msoffcrypto  # type: ignore[import-untyped]  # oletools brings it; it ships no annotations
import olefile
import pikepdf
import pypdfium2
import pytest
from lxml import etree
from lxml import html as lxml_html
from oletools.rtfobj import RtfObjParser
from oletools.xls_parser import XlsFile
from PIL import Image
from tnefparse import TNEF

from attachguard.model import Outcome
from samples.build import build
from samples.cases import HERE, Case, ExpectedFile
from samples.makers import (
    blanks,
    compound,
    excel97,
    mail,
    malware,
    odf,
    ooxml,
    packages,
    pdf,
    pdf_actions,
    pdf_carriers,
    pictures,
    rtf,
    text,
    tnef,
    vba,
    word97,
)
from samples.makers.goods import INVOICES, LETTERS, PRICE_LIST

OPENXML = "application/vnd.openxmlformats-officedocument"
PLAIN_TEXT = {"text/plain", "text/csv", "text/html", "text/xml", "message/rfc822"}
MEDIA_TYPES = {
    "bmp": {"image/bmp"},
    "csv": PLAIN_TEXT,
    "doc": {"application/msword"},
    "docx": {f"{OPENXML}.wordprocessingml.document"},
    "eml": PLAIN_TEXT,
    "gif": {"image/gif"},
    "html": {"text/html"},
    "jpeg": {"image/jpeg"},
    "ods": {"application/vnd.oasis.opendocument.spreadsheet"},
    "odt": {"application/vnd.oasis.opendocument.text"},
    "pdf": {"application/pdf"},
    "png": {"image/png"},
    "rtf": {"text/rtf"},
    "tiff": {"image/tiff"},
    "tnef": {"application/vnd.ms-tnef"},
    "txt": PLAIN_TEXT,
    "xhtml": {"text/html", "text/xml", "application/xhtml+xml"},
    "xls": {"application/vnd.ms-excel"},
    "xlsx": {f"{OPENXML}.spreadsheetml.sheet"},
    "xml": {"text/xml"},
}
"""What libmagic may say of a good file of each kind; of text it says little that can be relied on."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, tuple[Case, ...]]]:
    folder = tmp_path_factory.mktemp("samples")
    yield folder, build(folder)
    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink()


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_another_process_in_another_place_and_language_builds_the_same_bytes(
    built: tuple[Path, tuple[Case, ...]], tmp_path: Path
) -> None:
    here, _ = built
    elsewhere = dict(os.environ, PYTHONHASHSEED="417", TZ="Pacific/Auckland", LC_ALL="C", PYTHONUTF8="0")
    subprocess.run([sys.executable, "-m", "samples.build", str(tmp_path)], env=elsewhere, check=True, cwd=HERE.parent)
    assert digests(tmp_path) == digests(here)
    for path in tmp_path.rglob("*.*"):
        path.unlink()


def test_good_files_are_what_their_case_says_to_libmagic_too(built: tuple[Path, tuple[Case, ...]]) -> None:
    folder, cases = built
    wrong = [
        f"{case.name}/{file.stored_as}: {found}"
        for case in cases
        for file in case.files
        if file.verdict is Outcome.ACCEPTED and (found := described(folder, case, file)) not in MEDIA_TYPES[file.kind]
    ]
    assert wrong == []


def described(folder: Path, case: Case, file: ExpectedFile) -> str:
    return str(magic.from_buffer((folder / case.name / file.stored_as).read_bytes(), mime=True))


def test_eicar_stands_in_no_file_of_the_samples_or_the_tests() -> None:
    places = (HERE, Path(__file__).resolve().parents[1])
    files = [path for place in places for path in place.rglob("*") if path.suffix in {".py", ".toml", ".md"}]
    assert len(files) > 100
    assert [path for path in files if malware.eicar() in path.read_bytes()] == []


def test_eicar_is_the_test_file_that_scanners_agree_on() -> None:
    published = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
    assert hashlib.sha256(malware.eicar()).hexdigest() == published


# -- PDF ---------------------------------------------------------------------------------------------------------------


def pdf_text(data: bytes) -> str:
    with pypdfium2.PdfDocument(data) as document:
        return "".join(str(page.get_textpage().get_text_range()) for page in document)


@pytest.mark.parametrize("language", sorted(INVOICES))
def test_an_invoice_shows_its_words_and_is_sound(language: str) -> None:
    made = pdf.invoice(language)
    with pikepdf.open(io.BytesIO(made)) as document:
        assert document.check_pdf_syntax() == []
    shown = pdf_text(made)
    paper = INVOICES[language]
    assert all(words in shown for words in (paper.title, paper.number, paper.buyer[0], paper.thanks))


@pytest.mark.parametrize("made", [pdf.harmless_extras(), pdf.scan(), pdf.e_invoice(), pdf.signed()])
def test_richer_pdfs_are_sound_too(made: bytes) -> None:
    with pikepdf.open(io.BytesIO(made)) as document:
        assert document.check_pdf_syntax() == []
        assert len(document.pages) == 1
    with pypdfium2.PdfDocument(made) as document:
        shades = document[0].render(scale=0.25).to_pil().convert("L").getextrema()
    assert shades[0] < 128 < shades[1]


def scripts(data: bytes) -> list[str]:
    with pikepdf.open(io.BytesIO(data)) as document:
        return [
            str(entry.get("/JS", ""))
            for entry in document.objects
            if isinstance(entry, pikepdf.Dictionary) and entry.get("/S") == "/JavaScript"
        ]


def test_a_script_in_an_object_stream_can_be_read_but_not_seen() -> None:
    made = pdf_actions.javascript_in_object_stream()
    assert len(scripts(made)) == 1
    assert b"JavaScript" not in made


def test_a_script_behind_escaped_names_can_be_read_but_not_seen() -> None:
    made = pdf_actions.javascript_in_escaped_names()
    with pikepdf.open(io.BytesIO(made)) as document:
        assert document.Root.OpenAction.S == "/JavaScript"
    assert b"JavaScript" not in made
    assert b"OpenAction" not in made


def test_a_script_of_an_old_revision_is_not_in_the_newest() -> None:
    made = pdf_actions.javascript_in_old_revision()
    with pikepdf.open(io.BytesIO(made)) as document:
        assert "/OpenAction" not in document.Root
        assert document.check_pdf_syntax() == []
    first = made[: made.index(b"%%EOF") + 5]
    with pikepdf.open(io.BytesIO(first)) as document:
        assert document.Root.OpenAction.S == "/JavaScript"


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (pdf_actions.launch(), "/Launch"),
        (pdf_actions.submit_form(), "/SubmitForm"),
        (pdf_actions.import_data(), "/ImportData"),
        (pdf_actions.remote_goto(), "/GoToR"),
        (pdf_actions.embedded_goto(), "/GoToE"),
        (pdf_actions.file_link(), "/URI"),
    ],
)
def test_a_button_holds_the_action_it_is_named_for(made: bytes, kind: str) -> None:
    with pikepdf.open(io.BytesIO(made)) as document:
        assert document.check_pdf_syntax() == []
        assert [annotation.A.S for annotation in document.pages[0].Annots] == [kind]


def test_attached_files_are_compressed_and_come_out_whole() -> None:
    made = pdf_carriers.with_file(malware.eicar(), "notitie.txt", "text/plain")
    assert malware.eicar() not in made
    with pikepdf.open(io.BytesIO(made)) as document:
        assert document.attachments["notitie.txt"].get_file().read_bytes() == malware.eicar()
    with pikepdf.open(io.BytesIO(pdf.e_invoice())) as document:
        attached = document.attachments["factur-x.xml"].get_file().read_bytes()
    assert etree.fromstring(attached).tag.endswith("}CrossIndustryInvoice")


def test_passwords_keep_out_whom_they_should() -> None:
    for made, password in ((pdf_carriers.user_password(), "geheim"), (pdf_carriers.owner_password(), "")):
        with pikepdf.open(io.BytesIO(made), password=password) as document:
            assert document.is_encrypted
            assert len(document.pages) == 1
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(io.BytesIO(pdf_carriers.user_password()))
    with pikepdf.open(io.BytesIO(pdf_carriers.owner_password())) as document:
        assert not document.allow.print_highres


def test_a_broken_pdf_is_opened_by_nobody() -> None:
    with pytest.raises(pikepdf.PdfError):
        pikepdf.open(io.BytesIO(pdf_carriers.unreadable()))
    with pytest.raises(pypdfium2.PdfiumError):
        pypdfium2.PdfDocument(pdf_carriers.unreadable())


def test_a_pdf_with_wrong_offsets_is_opened_after_a_repair() -> None:
    with pikepdf.open(io.BytesIO(pdf_carriers.wrong_offsets())) as document:
        assert document.check_pdf_syntax() != []
        assert len(document.pages) == 1


def test_a_signature_covers_all_but_itself() -> None:
    made = pdf.signed()
    with pikepdf.open(io.BytesIO(made)) as document:
        start, first, second, last = (int(number) for number in document.Root.AcroForm.Fields[0].V.ByteRange)
    assert (start, second + last) == (0, len(made))
    assert (made[first], made[second - 1]) == (ord("<"), ord(">"))


def test_forms_of_one_vendor_are_static_or_dynamic() -> None:
    for made, dynamic in ((pdf_carriers.static_xfa(), False), (pdf_carriers.dynamic_xfa(), True)):
        with pikepdf.open(io.BytesIO(made)) as document:
            assert "/XFA" in document.Root.AcroForm
            assert bool(document.Root.get("/NeedsRendering", False)) is dynamic
    assert "Please wait" in pdf_text(pdf_carriers.dynamic_xfa())


def test_pages_are_counted_and_measured_as_asked() -> None:
    with pypdfium2.PdfDocument(pdf.many_pages(501)) as document:
        assert len(document) == 501
    with pikepdf.open(io.BytesIO(pdf_carriers.huge_page())) as document:
        assert document.pages[0].mediabox[2] == 2_000_000


# -- pictures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "kind", "frames"),
    [
        (pictures.jpeg(), "JPEG", 1),
        (pictures.png(), "PNG", 1),
        (pictures.gif(), "GIF", 4),
        (pictures.bmp(), "BMP", 1),
        (pictures.tiff(), "TIFF", 2),
        (pictures.bmp_of_size(100_000), "BMP", 1),
        (pictures.jpeg_2000(), "JPEG2000", 1),
    ],
)
def test_a_picture_decodes_as_its_kind(made: bytes, kind: str, frames: int) -> None:
    with Image.open(io.BytesIO(made)) as picture:
        assert picture.format == kind
        assert getattr(picture, "n_frames", 1) == frames
        picture.load()
        assert len(picture.convert("RGB").getcolors(1 << 24) or ()) > 1


def test_only_one_photo_tells_its_place() -> None:
    with Image.open(io.BytesIO(pictures.jpeg())) as picture:
        assert not picture.getexif()
    with Image.open(io.BytesIO(pictures.jpeg_with_place())) as picture:
        assert picture.getexif().get_ifd(0x8825)[2] == (52.0, 5.0, 24.0)


def test_a_pixel_bomb_is_small_and_claims_much() -> None:
    made = pictures.pixel_bomb()
    assert len(made) < 100_000
    assert (int.from_bytes(made[16:20]), int.from_bytes(made[20:24])) == (8_000, 8_000)


# -- office ------------------------------------------------------------------------------------------------------------


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


PACKAGES = {
    "docx": ooxml.docx(),
    "docx_with_macros": ooxml.docx_with_macros(),
    "docx_with_template": ooxml.docx_with_template(),
    "docx_with_dde": ooxml.docx_with_dde(),
    "docx_with_object": ooxml.docx_with_object(packages.archive("a.txt", text.letter())),
    "xlsx": ooxml.xlsx(),
    "xlsx_with_dde": ooxml.xlsx_with_dde(),
    "xlsx_with_web_formula": ooxml.xlsx_with_web_formula(),
    "xlsx_with_formula_between_comments": ooxml.xlsx_with_formula_between_comments(),
    "xlsb": ooxml.xlsb(),
    "odt": odf.odt(),
    "odt_with_event": odf.odt_with_event(),
    "odt_with_remote_picture": odf.odt_with_remote_picture(),
    "ods": odf.ods(),
}


@pytest.mark.parametrize("name", sorted(PACKAGES))
def test_every_xml_part_of_a_package_is_well_formed_and_accounted_for(name: str) -> None:
    parts = members(PACKAGES[name])
    roots = {part: etree.fromstring(data) for part, data in parts.items() if part.endswith((".xml", ".rels"))}
    if "[Content_Types].xml" in parts:
        types = roots["[Content_Types].xml"]
        named = {row.get("PartName", "") for row in types if row.tag.endswith("Override")}
        assert named <= {f"/{part}" for part in parts}
        extensions = {row.get("Extension") for row in types if row.tag.endswith("Default")}
        assert {part.rpartition(".")[2] for part in parts if f"/{part}" not in named} - {"xml"} <= extensions
    else:
        listed = {row.values()[0] for row in roots["META-INF/manifest.xml"]}
        assert listed == set(parts) - {"mimetype", "META-INF/manifest.xml"} | {"/"}


def test_an_open_document_says_first_and_uncompressed_what_it_is() -> None:
    assert odf.odt()[30:].startswith(b"mimetype" + odf.TEXT.encode())
    assert odf.ods()[30:].startswith(b"mimetype" + odf.SHEET.encode())


@pytest.mark.parametrize("made", [ooxml.docx_with_macros(), word97.letter_with_macros()])
def test_macros_can_be_read_by_who_looks_for_them(made: bytes, tmp_path: Path) -> None:
    (tmp_path / "brief").write_bytes(made)
    # As a program: importing olevba warns about what it imports itself.
    command = [sys.executable, "-m", "oletools.olevba", "--code", str(tmp_path / "brief")]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert vba.SOURCE.splitlines()[2] in shown


@pytest.mark.parametrize("made", [word97.letter(language) for language in LETTERS])
def test_a_word_97_letter_is_a_sound_compound_file_with_its_text_in_one_piece(made: bytes) -> None:
    with olefile.OleFileIO(made, raise_defects=olefile.DEFECT_UNSURE) as document:
        assert document.get_metadata().creating_application == b"Microsoft Word 8.0"
        main, table = (document.openstream(name).read() for name in ("WordDocument", "1Table"))
    place, length = (int.from_bytes(main[at : at + 4], "little") for at in (0x1A2, 0x1A6))
    pieces = table[place : place + length]
    characters, start = (int.from_bytes(pieces[at : at + 4], "little") for at in (9, 15))
    shown = main[start : start + 2 * characters].decode("utf-16-le")
    assert shown.split("\r")[:-1] in [list(letter) for letter in LETTERS.values()]


BOF, EOF, LABEL = 0x0809, 0x000A, 0x00FD


def test_an_excel_97_list_has_its_records_in_order_and_its_sheets_where_it_says() -> None:
    kinds = []
    with XlsFile(excel97.price_list_with_macro_sheet()) as workbook:
        # Each stream is open only while it is looked at; behind the last sheet's end there are zeros.
        for stream in workbook.iter_streams():
            for record in stream.iter_records() if stream.name == "Workbook" else ():
                kinds.append(record.type)
                if kinds.count(EOF) == 3:
                    break
    assert kinds.count(BOF) == 3
    assert kinds.count(LABEL) == len(PRICE_LIST)
    with olefile.OleFileIO(excel97.price_list_with_macro_sheet(), raise_defects=olefile.DEFECT_UNSURE) as document:
        book = document.openstream("Workbook").read()
    at = book.index(b"\x85\x00")
    assert book[int.from_bytes(book[at + 4 : at + 8], "little") :][:2] == b"\x09\x08"


@pytest.mark.parametrize(
    ("made", "encrypted"),
    [
        (ooxml.docx_with_password(), True),
        (word97.letter_with_password(), True),
        (excel97.price_list_with_password(), True),
        (word97.letter(), False),
        (excel97.price_list(), False),
    ],
)
def test_an_office_file_has_a_password_exactly_when_it_says_so(made: bytes, encrypted: bool) -> None:
    assert msoffcrypto.OfficeFile(io.BytesIO(made)).is_encrypted() is encrypted


def test_a_compound_file_keeps_streams_short_and_long_in_many_storages() -> None:
    streams = {f"S{n % 5}/stream {n}": bytes([n]) * (n * 211) for n in range(40)} | {"long": bytes(300_000)}
    with olefile.OleFileIO(compound.write(streams), raise_defects=olefile.DEFECT_UNSURE) as document:
        assert {"/".join(path): document.openstream(path).read() for path in document.listdir()} == streams


def test_a_workbook_bomb_is_small_and_inflates_to_what_was_asked() -> None:
    made = ooxml.xlsx_bomb(20 * 1024 * 1024)
    assert len(made) < 50_000
    assert len(members(made)["xl/worksheets/sheet1.xml"]) == 20 * 1024 * 1024


# -- mail, text --------------------------------------------------------------------------------------------------------


def test_a_mail_carries_its_file() -> None:
    made = mail.with_file(pdf.invoice(), "factuur.pdf", "application/pdf")
    message = email.message_from_bytes(made, policy=email.policy.default)
    assert isinstance(message, email.message.EmailMessage)
    (attached,) = message.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("factuur.pdf", pdf.invoice())
    assert message.defects == []


def test_a_mail_is_forwarded_as_often_as_asked() -> None:
    message = email.message_from_bytes(mail.forwarded(5), policy=email.policy.default)
    assert sum(part.get_content_type() == "message/rfc822" for part in message.walk()) == 5


def test_a_winmail_dat_carries_its_file() -> None:
    read = TNEF(tnef.winmail(pdf.invoice(), "facture van de heer de Vries.pdf"), do_checksum=True)
    (attached,) = read.attachments
    assert (attached.long_filename(), bytes(attached.data)) == ("facture van de heer de Vries.pdf", pdf.invoice())


def test_a_price_list_is_read_as_a_table() -> None:
    rows = list(csv.reader(io.StringIO(text.price_list().decode("cp1252")), delimiter=";"))
    assert [len(row) for row in rows] == [5] * (len(PRICE_LIST) + 1)
    assert rows[-1][3] == "-12,50"


def test_pages_and_documents_are_well_formed() -> None:
    page = lxml_html.document_fromstring(text.page("fr"))
    assert page.findtext(".//title") == "Facture F-26-0219"
    for made in (text.xhtml(), text.ubl_invoice(), text.cross_industry_invoice(), text.nested_xml(200)):
        assert etree.fromstring(made) is not None


def test_an_rtf_letter_closes_what_it_opens_and_one_carries_an_object() -> None:
    for made in (rtf.letter(), rtf.with_template(), rtf.with_object()):
        assert made.count(b"{") == made.count(b"}")
    parser = RtfObjParser(rtf.with_object())
    parser.parse()
    (found,) = parser.objects
    assert (found.class_name, found.is_package) == (b"Package", True)


def test_sizes_are_exact() -> None:
    assert len(text.of_size(10 * 1024 * 1024)) == 10 * 1024 * 1024
    assert text.of_size(1000).count(b"\r\n") == text.of_size(1000).count(b"\n")
    assert 0 <= 7_000_000 - len(pictures.bmp_of_size(7_000_000)) < 4000
    assert (blanks.empty(), blanks.zeros(3), blanks.cut(b"abcd", 2)) == (b"", bytes(3), b"ab")


def test_a_program_begins_as_programs_do() -> None:
    assert "executable" in str(magic.from_buffer(malware.program()))
