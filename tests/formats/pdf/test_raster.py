"""The method `raster`: pictures of pages, with the text that can be seen."""

import io

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name
from PIL import Image

from attachguard.formats.pdf.audit import violations
from attachguard.formats.pdf.raster import STEPS, encode_page
from attachguard.model import Flatten, Limits
from tests.formats.pdf.made import (
    HELLO,
    add_page,
    against,
    annotate,
    attach,
    codes,
    drawn,
    hello,
    new,
    pictures_of_pages,
    rastered,
    saved,
    script,
    size_of,
    text_of,
)
from tests.formats.pdf.paper import build


def test_a_policy_chooses_how_finely_pages_are_drawn() -> None:
    widths = {}
    for dpi in (100, 150, 300):
        made = rastered(hello(), Limits(flatten=Flatten(dpi=dpi))).data
        assert made is not None
        with pikepdf.open(io.BytesIO(made)) as pdf:
            widths[dpi] = int(pdf.pages[0].obj.Resources.XObject.P.Width)
    assert widths == {100: 850, 150: 1275, 300: 2550}


def test_every_page_looks_and_reads_like_the_original() -> None:
    original = build()
    copy = pictures_of_pages(original)
    assert list(against(original, copy, Limits())) == []
    assert list(violations(copy, Limits())) == []
    assert codes(copy) == set()


def test_nothing_of_the_structure_passes() -> None:
    pdf = new()
    pdf.Root["/OpenAction"] = script(pdf)
    attach(pdf, "a.exe", b"MZ")
    annotate(pdf, Subtype=Name.Link, A=Dictionary(S=Name.Launch))
    copy = pictures_of_pages(saved(pdf))
    assert codes(copy) == set()
    with pikepdf.open(io.BytesIO(copy)) as made:
        kinds = {str(item.get("/Subtype", "")) for item in made.objects if isinstance(item, pikepdf.Dictionary)}
    assert kinds <= {"", "/Type3"}


def test_the_same_original_gives_the_same_bytes() -> None:
    assert pictures_of_pages(hello()) == pictures_of_pages(hello())


def test_text_in_any_script_can_be_found_again() -> None:
    pdf = new(b"BT /F 24 Tf 72 700 Td <0001000200030004> Tj ET")
    meaning = b"1 begincodespacerange <0000> <ffff> endcodespacerange 4 beginbfchar "
    meaning += b"<0001> <0416> <0002> <4E2D> <0003> <0633> <0004> <D83DDE00> endbfchar"
    glyph = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2,
        BaseFont=Name("/Helvetica"),
        DW=1000,
        CIDSystemInfo=Dictionary(Registry="Adobe", Ordering="Identity", Supplement=0),
        FontDescriptor=Dictionary(
            Type=Name.FontDescriptor,
            FontName=Name.Helvetica,
            Flags=4,
            FontBBox=Array([0, 0, 1000, 1000]),
            ItalicAngle=0,
            Ascent=800,
            Descent=0,
            CapHeight=800,
            StemV=80,
        ),
    )
    pdf.pages[0].obj["/Resources"]["/Font"]["/F"] = Dictionary(
        Type=Name.Font,
        Subtype=Name.Type0,
        BaseFont=Name("/Helvetica"),
        Encoding=Name("/Identity-H"),
        DescendantFonts=Array([pdf.make_indirect(glyph)]),
        ToUnicode=pdf.make_stream(meaning),
    )
    original = saved(pdf)
    seen = set(text_of(original).split()) and set("".join(text_of(original).split()))
    assert set("".join(text_of(pictures_of_pages(original)).split())) <= seen


def words(content: bytes, **boxes: Array) -> list[str]:
    """The words that a rastered page says."""
    pdf = new(content)
    for key, box in boxes.items():
        pdf.pages[0].obj[f"/{key}"] = box
    return text_of(pictures_of_pages(saved(pdf))).split()


VISIBLE = b"BT /F 24 Tf 72 700 Td (SEEN) Tj ET\n"


def test_text_that_is_seen_is_said() -> None:
    assert words(HELLO) == ["Invoice", "2024-117", "Total", "1250", "euro"]


def test_text_under_a_covering_box_is_not_said() -> None:
    covered = b"BT /F 24 Tf 72 500 Td (COVERED) Tj ET 0 g 60 480 300 60 re f\n"
    assert words(VISIBLE + covered) == ["SEEN"]


def test_the_rest_of_a_line_that_is_partly_covered_is_said() -> None:
    half = b"BT /F 24 Tf 72 500 Td (PUBLIC SECRET) Tj ET 0 g 164 480 300 60 re f\n"
    assert words(half) == ["PUBLIC"]


@pytest.mark.parametrize("rim", [b"72 499.9 135 17.5", b"71 498 138 20", b"40 450 300 90"])
def test_text_under_a_box_is_not_said_however_tight_the_box(rim: bytes) -> None:
    covered = b"BT /F 24 Tf 72 500 Td (COVERED) Tj ET 0 g " + rim + b" re f\n"
    assert words(VISIBLE + covered) == ["SEEN"]


def test_text_in_the_colour_of_the_paper_is_not_said() -> None:
    assert words(VISIBLE + b"1 g BT /F 24 Tf 72 500 Td (WHITE) Tj ET\n") == ["SEEN"]


def test_text_outside_the_crop_is_not_said() -> None:
    outside = b"BT /F 24 Tf 72 100 Td (OUTSIDE) Tj ET\n"
    assert words(VISIBLE + outside, CropBox=Array([0, 400, 612, 792])) == ["SEEN"]


def test_invisible_text_over_a_scan_is_said_and_over_nothing_is_not() -> None:
    pdf = new(b"q 612 0 0 300 0 492 cm /X Do Q BT 3 Tr /F 24 Tf 72 700 Td (SCANNED) Tj 0 -500 Td (GHOST) Tj ET")
    page = pdf.pages[0].obj
    scan = Image.radial_gradient("L").resize((200, 100)).convert("1").convert("L")  # dots, as scans have
    picture = pdf.make_stream(scan.tobytes(), Type=Name.XObject, Subtype=Name.Image, Width=200, Height=100)
    picture["/ColorSpace"], picture["/BitsPerComponent"] = Name.DeviceGray, 8
    page["/Resources"]["/XObject"] = Dictionary(X=picture)
    assert text_of(pictures_of_pages(saved(pdf))).split() == ["SCANNED"]


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_text_of_a_turned_page_is_said_where_it_is_seen(turned: int) -> None:
    pdf = new()
    pdf.pages[0].obj["/Rotate"] = turned
    original = saved(pdf)
    copy = pictures_of_pages(original)
    assert size_of(copy) == size_of(original)
    assert sorted(text_of(copy).split()) == sorted(text_of(original).split())


@pytest.mark.parametrize("matrix", [b"0 1 -1 0", b"0 -1 1 0", b"-1 0 0 -1", b"0.866 0.5 -0.5 0.866"])
def test_text_that_is_written_in_any_direction_is_said(matrix: bytes) -> None:
    content = b"BT /F 24 Tf " + matrix + b" 300 400 Tm (Invoice 2024-117) Tj ET"
    assert sorted(words(content)) == ["2024-117", "Invoice"]


def test_a_page_in_larger_units_is_as_large_as_it_is_meant() -> None:
    pdf = new(size=(300, 800))
    pdf.pages[0].obj["/UserUnit"] = 2
    copy = pictures_of_pages(saved(pdf))
    assert size_of(copy) == (600, 1600)
    assert list(against(saved(pdf), copy, Limits())) == []


def test_a_page_larger_than_pages_can_be_is_made_smaller_whole() -> None:
    pdf = new(b"0 0 20000 20000 re f", size=(20_000, 10_000))
    copy = pictures_of_pages(saved(pdf))
    assert size_of(copy) == (14_400, 7_200)
    assert drawn(copy, 3.6).getextrema() == (0, 0)


def test_a_copy_that_would_be_too_large_is_made_coarser_and_that_is_said() -> None:
    original = build()
    fine = len(pictures_of_pages(original))
    made = rastered(original, Limits(file_size=fine - 1))
    assert made.data is not None
    assert len(made.data) < fine
    assert "lost.sharpness" in {finding.code for finding in made.findings}
    assert "lost.sharpness" not in {finding.code for finding in rastered(original).findings}


def test_a_copy_that_is_too_large_even_then_is_not_made() -> None:
    made = rastered(build(), Limits(file_size=1000))
    assert made.data is None
    assert [finding.code for finding in made.findings] == ["copy.failed"]


def test_what_does_not_open_gives_no_pictures() -> None:
    assert [finding.code for finding in rastered(b"%PDF-1.7\n").findings] == ["pdf.unreadable"]


def test_more_pages_are_more_pictures() -> None:
    pdf = new()
    add_page(pdf, b"")
    with pikepdf.open(io.BytesIO(pictures_of_pages(saved(pdf)))) as made:
        assert len(made.pages) == 2


def test_more_pages_than_are_rendered_are_not_drawn() -> None:
    pdf = new()
    add_page(pdf)
    made = rastered(saved(pdf), Limits(pages=1))
    assert [finding.code for finding in made.findings] == ["copy.failed"]
    assert [finding.code for finding in against(saved(pdf), pictures_of_pages(saved(pdf)), Limits(pages=1))] == [
        "copy.unfaithful"
    ]


def page_of(image: Image.Image) -> Image.Image:
    return image.resize((400, 500), Image.Resampling.NEAREST)


@pytest.mark.parametrize(
    ("image", "coding"),
    [
        (Image.radial_gradient("L").point(lambda tone: 255 * (tone > 90)), "/CCITTFaxDecode"),
        (Image.linear_gradient("L"), "/DCTDecode"),
        (
            Image.merge("RGB", (Image.linear_gradient("L"), Image.radial_gradient("L"), Image.linear_gradient("L"))),
            "/DCTDecode",
        ),
    ],
)
def test_a_page_is_coded_by_its_content(image: Image.Image, coding: str) -> None:
    assert encode_page(page_of(image), 80).filter == coding


def test_a_page_of_text_is_kept_in_few_greys_or_colours_without_loss_of_edges() -> None:
    assert encode_page(drawn(hello(), 100), 80).filter == "/FlateDecode"
    coloured = new(b"1 0 0 rg " + HELLO + b" 0 0 1 rg 72 500 200 20 re f")
    assert encode_page(drawn(saved(coloured), 100, mode="RGB"), 80).filter == "/FlateDecode"


def test_small_print_is_readable_at_the_coarsest_step() -> None:
    assert min(step.dpi for step in STEPS) >= 100
