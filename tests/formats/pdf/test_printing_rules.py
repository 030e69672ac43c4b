"""What a printer would do, and a copy by either method must: one rule each, as they were measured on real renderers."""

from collections.abc import Callable

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from attachguard.formats.pdf.pdfium import UnreadableError
from attachguard.formats.pdf.render import printing
from attachguard.model import Limits
from tests.formats.pdf.made import (
    HELLO,
    PAGE,
    add_page,
    against,
    annotate,
    classic,
    codes,
    copy_of,
    drawn,
    hello,
    new,
    pictures_of_pages,
    rebuilt,
    saved,
    size_of,
    stream,
    text_of,
)

Copier = Callable[[bytes], bytes]
METHODS = pytest.mark.parametrize("made", [copy_of, pictures_of_pages], ids=["print", "raster"])


def faithful(original: bytes, copy: bytes) -> bool:
    return list(against(original, copy, Limits())) == []


def is_blank(copy: bytes, box: tuple[int, int, int, int]) -> bool:
    """Whether a copy shows nothing in a box, in points from the upper left corner."""
    return min(drawn(copy).crop(box).tobytes()) > 247


@METHODS
def test_a_page_without_a_size_is_a_letter(made: Copier) -> None:
    for box in (b"", b"/MediaBox[0 0 0 0]"):
        assert size_of(made(hello(page=PAGE.replace(b"/MediaBox[0 0 612 792]", box)))) == (612, 792)


@METHODS
def test_a_box_may_begin_anywhere_and_have_its_corners_in_any_order(made: Copier) -> None:
    original = hello(page=PAGE.replace(b"[0 0 612 792]", b"[712 892 50 60]"))
    assert size_of(made(original)) == (662, 832)
    assert faithful(original, made(original))


@METHODS
def test_a_size_that_all_pages_share_holds_for_each(made: Copier) -> None:
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 300 760]/Rotate 180/Resources<</Font<</F 5 0 R>>>>>>",
        3: b"<</Type/Page/Parent 2 0 R/Contents 4 0 R>>",
        4: stream(HELLO),
        5: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    }
    original = classic(objects)
    assert size_of(made(original)) == (300, 760)
    assert faithful(original, made(original))


@METHODS
@pytest.mark.parametrize("turned", [90, 180, 270, -90, 450])
def test_a_page_is_turned_as_it_is_shown(made: Copier, turned: int) -> None:
    pdf = new()
    pdf.pages[0].obj["/Rotate"] = turned
    assert faithful(saved(pdf), made(saved(pdf)))


@METHODS
def test_what_lies_outside_the_crop_is_gone_even_from_the_file(made: Copier) -> None:
    pdf = new(HELLO + b" BT /F 24 Tf 72 100 Td (OUTSIDE) Tj ET")
    pdf.pages[0].obj["/CropBox"] = Array([0, 400, 612, 792])
    copy = made(saved(pdf))
    assert size_of(copy) == (612, 392)
    assert "OUTSIDE" not in text_of(copy)
    assert faithful(saved(pdf), copy)


@METHODS
def test_fields_show_what_they_hold(made: Copier) -> None:
    pdf = new(b"")
    shown = pdf.make_stream(b"/Tx BMC q BT /F 12 Tf 2 6 Td (HELLOVALUE) Tj ET Q EMC")
    shown["/Type"], shown["/Subtype"], shown["/BBox"] = Name.XObject, Name.Form, Array([0, 0, 200, 40])
    shown["/Resources"] = Dictionary(Font=pdf.pages[0].obj["/Resources"]["/Font"])
    annotate(pdf, Subtype=Name.Widget, FT=Name.Tx, T="a", V="HELLOVALUE", AP=Dictionary(N=shown))
    pdf.Root["/AcroForm"] = Dictionary(Fields=Array(list(pdf.pages[0].obj["/Annots"])))
    copy = made(saved(pdf))
    assert not is_blank(copy, (100, 252, 300, 292))
    assert faithful(saved(pdf), copy)


def square(flags: int) -> bytes:
    """A page with a yellow square that the flags show or hide (ISO 32000-2, 12.5.3)."""
    pdf = new(b"")
    look = pdf.make_stream(b"1 1 0 rg 0 0 200 40 re f")
    look["/Type"], look["/Subtype"], look["/BBox"] = Name.XObject, Name.Form, Array([0, 0, 200, 40])
    annotate(pdf, Subtype=Name.Square, F=flags, AP=Dictionary(N=look))
    return saved(pdf)


@METHODS
@pytest.mark.parametrize(("flags", "prints"), [(4, True), (0, False), (2, False), (6, False), (36, True)])
def test_annotations_are_shown_when_they_print(made: Copier, flags: int, prints: bool) -> None:
    copy = made(square(flags))
    assert is_blank(copy, (100, 252, 300, 292)) is not prints
    assert faithful(square(flags), copy)


def layer(state: str, *, printing: str = "") -> bytes:
    """A page with text in a layer that is on or off, on the screen and in print (ISO 32000-2, 8.11.4)."""
    pdf = new(HELLO + b" /OC /L BDC BT /F 24 Tf 72 300 Td (LAYER) Tj ET EMC")
    group = Dictionary(Type=Name.OCG, Name=pikepdf.String("layer"))
    settings = Dictionary(Order=Array([]))
    made = pdf.make_indirect(group)
    if printing:
        made["/Usage"] = Dictionary(Print=Dictionary(PrintState=Name(printing)))
        settings["/AS"] = Array([Dictionary(Event=Name.Print, OCGs=Array([made]), Category=Array([Name.Print]))])
    settings["/ON" if state == "on" else "/OFF"] = Array([made])
    pdf.Root["/OCProperties"] = Dictionary(OCGs=Array([made]), D=settings)
    pdf.pages[0].obj["/Resources"]["/Properties"] = Dictionary(L=made)
    return saved(pdf)


@METHODS
def test_a_layer_that_is_off_is_not_revealed(made: Copier) -> None:
    assert "LAYER" not in text_of(made(layer("off")))
    assert "LAYER" in text_of(made(layer("on")))


def test_a_layer_that_is_on_and_does_not_print_is_not_in_a_faithful_copy() -> None:
    original = layer("on", printing="/OFF")
    assert faithful(original, pictures_of_pages(original))
    assert "LAYER" not in text_of(pictures_of_pages(original))
    assert not faithful(original, copy_of(original))  # pdftocairo shows the screen's state: the gate refuses it


@METHODS
def test_an_appearance_that_is_missing_is_drawn_from_the_annotation(made: Copier) -> None:
    pdf = new()
    annotate(pdf, Subtype=Name.Square, C=Array([1, 0, 0]), IC=Array([1, 1, 0]), BS=Dictionary(W=3))
    assert not is_blank(made(saved(pdf)), (110, 262, 290, 282))
    assert faithful(saved(pdf), made(saved(pdf)))


@METHODS
def test_restrictions_are_gone_and_the_page_is_there(made: Copier) -> None:
    locked = saved(new(), encryption=pikepdf.Encryption(user="", owner="secret"))
    assert codes(made(locked)) == set()
    assert faithful(locked, made(locked))


@METHODS
def test_a_document_of_many_pages_has_them_all(made: Copier) -> None:
    pdf = new()
    for number in range(11):
        add_page(pdf, b"BT /F 24 Tf 72 700 Td (page %d) Tj ET" % number)
    original = saved(pdf)
    assert faithful(original, made(original))


def test_the_invisible_text_of_a_scan_is_kept_by_print_where_it_is_seen() -> None:
    dots = bytes(255 * (at * 7919 % 13 > 5) for at in range(200 * 100))
    pdf = new(b"q 612 0 0 300 0 492 cm /X Do Q BT 3 Tr /F 24 Tf 72 700 Td (SCANNED) Tj 0 -500 Td (GHOST) Tj ET")
    picture = pdf.make_stream(dots, Type=Name.XObject, Subtype=Name.Image, Width=200, Height=100)
    picture["/ColorSpace"], picture["/BitsPerComponent"] = Name.DeviceGray, 8
    pdf.pages[0].obj["/Resources"]["/XObject"] = Dictionary(X=picture)
    copy = copy_of(saved(pdf))
    assert text_of(copy).split() == ["SCANNED"]
    assert faithful(saved(pdf), copy)


def test_a_new_value_is_shown_in_place_of_an_old_appearance() -> None:
    pdf = new(b"")
    old = pdf.make_stream(b"/Tx BMC EMC")
    old["/Type"], old["/Subtype"], old["/BBox"] = Name.XObject, Name.Form, Array([0, 0, 200, 40])
    style = pikepdf.String("/F 12 Tf 0 g")
    annotate(pdf, Subtype=Name.Widget, FT=Name.Tx, T="a", V="NEWVALUE", DA=style, AP=Dictionary(N=old))
    pdf.Root["/AcroForm"] = Dictionary(
        Fields=Array(list(pdf.pages[0].obj["/Annots"])),
        NeedAppearances=True,
        DR=Dictionary(Font=pdf.pages[0].obj["/Resources"]["/Font"]),
        DA=style,
    )
    copy = pictures_of_pages(saved(pdf))
    assert not is_blank(copy, (100, 252, 300, 292))


def test_a_page_count_that_is_a_lie_ends_in_a_finding() -> None:
    pages = b"<</Type/Pages/Kids[3 0 R]/Count 20000>>"
    objects = {1: b"<</Type/Catalog/Pages 2 0 R>>", 2: pages, 3: PAGE, 4: stream(HELLO), 5: b"<</Type/Font>>"}
    assert rebuilt(classic(objects)).findings is not None
    many = {1: b"<</Type/Catalog/Pages 2 0 R>>", 3: PAGE, 4: stream(HELLO), 5: b"<</Type/Font>>"}
    many[2] = b"<</Type/Pages/Kids[" + b"3 0 R " * 501 + b"]/Count 501>>"
    assert "pdf.too_many_pages" in codes(classic(many))


@METHODS
def test_a_document_that_one_reader_alone_opens_is_drawn_and_compared_by_its_repair(made: Copier) -> None:
    headless = hello().replace(b"%PDF-1.7", b"%\xe2\xe3", 1)
    with pytest.raises(UnreadableError), printing(headless):
        raise AssertionError("pdfium opens it")
    assert faithful(headless, made(headless))


def test_letters_of_a_font_that_is_not_embedded_are_there_or_the_print_is_refused() -> None:
    """Without poppler-data, poppler draws nothing for them, and says nothing; pdfium draws them with the machine's."""
    font = (
        b"<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H/DescendantFonts[<</Type/Font"
        b"/Subtype/CIDFontType0/BaseFont/STSong-Light/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 4>>"
        b"/FontDescriptor<</Type/FontDescriptor/FontName/STSong-Light/Flags 6/FontBBox[-25 -254 1000 880]/ItalicAngle 0"
        b"/Ascent 880/Descent -120/CapHeight 880/StemV 93>>>>]>>"
    )
    original = hello(more={5: font}, content=b"BT /F 40 Tf 72 700 Td <4F60597D4E16754C> Tj ET")
    copy = copy_of(original)
    assert faithful(original, copy) or {finding.code for finding in against(original, copy)} == {"copy.unfaithful"}
    assert "\u4f60\u597d\u4e16\u754c" in text_of(pictures_of_pages(original)) or is_blank(original, (72, 50, 300, 100))
