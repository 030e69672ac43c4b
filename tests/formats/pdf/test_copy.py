"""The method `print`: the printed document, rebuilt by the grammar of copies."""

import io
import zlib

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name
from PIL import Image

from attachguard.formats.contract import Order
from attachguard.formats.pdf import normalize
from attachguard.formats.pdf.audit import violations
from attachguard.formats.pdf.pdfium import opened, page_count
from attachguard.model import Limits
from tests.formats.pdf.made import (
    HELVETICA,
    add_page,
    annotate,
    attach,
    codes,
    copy_of,
    difference,
    drawn,
    hello,
    new,
    printed,
    rebuilt,
    saved,
    script,
    size_of,
    stream,
    text_of,
)


def open_copy(data: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(data))


def hostile() -> bytes:
    """Everything at once, on two pages."""
    pdf = new()
    add_page(pdf)
    pdf.Root["/OpenAction"] = script(pdf)
    pdf.pages[1].obj["/AA"] = Dictionary(O=script(pdf))
    attach(pdf, "factura.exe", b"MZ")
    annotate(pdf, Subtype=Name.Link, A=Dictionary(S=Name.Launch, F="cmd"))
    annotate(pdf, Subtype=Name.Screen)
    with pdf.open_metadata() as xmp:
        xmp["dc:creator"] = ["Jansen"]
    pdf.docinfo["/Author"] = "Jansen"
    return saved(pdf)


def test_a_copy_of_a_hostile_document_has_no_findings_and_all_pages() -> None:
    copy = copy_of(hostile())
    assert codes(copy) == set()
    assert list(violations(copy, Limits())) == []
    assert len(open_copy(copy).pages) == 2


def test_the_same_print_gives_the_same_bytes() -> None:
    original = hostile()
    order = Order(original=original, method="print", printed=printed(original), parts=(), limits=Limits())
    assert normalize(order) == normalize(order)


def test_rebuilding_a_copy_changes_nothing_more() -> None:
    copy = copy_of(hostile())
    again = normalize(Order(original=copy, method="print", printed=copy, parts=(), limits=Limits()))
    assert again.data == copy


def test_a_copy_says_nothing_of_its_author_or_its_time() -> None:
    with open_copy(copy_of(hostile())) as copy:
        assert "/Info" not in copy.trailer
        assert "/Metadata" not in copy.Root


def test_a_copy_keeps_a_plain_title_and_a_language() -> None:
    pdf = new()
    pdf.docinfo["/Title"] = pikepdf.String("Rechnung\n \u202e117\x07  für Müller")
    pdf.Root["/Lang"] = pikepdf.String("de-AT")
    with open_copy(copy_of(saved(pdf))) as copy:
        assert dict(copy.docinfo.items()) == {"/Title": pikepdf.String("Rechnung 117 für Müller")}
        assert str(copy.Root["/Lang"]) == "de-AT"


def test_a_language_that_is_none_is_left_out() -> None:
    pdf = new()
    pdf.Root["/Lang"] = pikepdf.String("<script>")
    with open_copy(copy_of(saved(pdf))) as copy:
        assert "/Lang" not in copy.Root


def test_nothing_printed_means_no_copy() -> None:
    order = Order(original=hello(), method="print", printed=None, parts=(), limits=Limits())
    made = normalize(order)
    assert made.data is None
    assert [finding.code for finding in made.findings] == ["copy.failed"]


def test_what_no_reader_opens_is_unreadable() -> None:
    made = normalize(Order(original=b"%PDF-1.7\n", method="print", printed=b"", parts=(), limits=Limits()))
    assert [finding.code for finding in made.findings] == ["pdf.unreadable"]


def test_what_needs_a_password_is_encrypted() -> None:
    locked = saved(new(), encryption=pikepdf.Encryption(user="secret", owner="secret"))
    made = normalize(Order(original=locked, method="print", printed=b"", parts=(), limits=Limits()))
    assert [finding.code for finding in made.findings] == ["file.encrypted"]


def test_a_method_that_is_not_known_is_unsupported() -> None:
    made = normalize(Order(original=hello(), method="sing", printed=hello(), parts=(), limits=Limits()))
    assert [finding.code for finding in made.findings] == ["copy.unsupported"]


def test_a_print_with_a_thing_that_copies_do_not_have_is_refused() -> None:
    pattern = b"<</PatternType 2/Shading<</ShadingType 2/ColorSpace/DeviceRGB/Coords[0 0 1 1]/Function 7 0 R>>>>"
    function = stream(b"{ dup }", b"/FunctionType 4/Domain[0 1]/Range[0 1]")
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources<</Pattern<</P 6 0 R>>>>/Contents 4 0 R>>"
    document = hello(page=page, more={6: pattern, 7: function})
    made = normalize(Order(original=document, method="print", printed=document, parts=(), limits=Limits()))
    assert made.data is None
    assert [finding.code for finding in made.findings] == ["copy.failed"]


def test_keys_that_copies_do_not_have_are_left_out_wherever_they_stand() -> None:
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/AA<</O<</S/JavaScript/JS(1)>>>>/Metadata 6 0 R"
        b"/Resources<</Font<</F 5 0 R>>/Properties<</P<</S/Launch>>>>>>/Contents 4 0 R/PieceInfo<<>>>>"
    )
    document = hello(page=page, more={5: HELVETICA[:-2] + b"/AA<</S/Launch>>>>", 6: stream(b"<x/>")})
    made = normalize(Order(original=document, method="print", printed=document, parts=(), limits=Limits()))
    assert made.data is not None
    assert codes(made.data) == set()
    assert list(violations(made.data, Limits())) == []


def test_a_form_that_holds_itself_is_copied_once() -> None:
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>/Contents 4 0 R>>"
    form = stream(b"/X Do", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>")
    document = hello(page=page, more={6: form})
    made = normalize(Order(original=document, method="print", printed=document, parts=(), limits=Limits()))
    assert made.data is not None
    assert list(violations(made.data, Limits())) == []


def test_a_unit_makes_the_copy_as_large_as_the_original_is_meant() -> None:
    pdf = new(size=(100, 200))
    pdf.pages[0].obj["/UserUnit"] = 2
    assert size_of(copy_of(saved(pdf))) == (200, 400)


def test_a_page_larger_than_pages_can_be_is_made_smaller_whole() -> None:
    pdf = new(b"0 0 20000 20000 re f", size=(20_000, 10_000))
    copy = copy_of(saved(pdf))
    assert size_of(copy) == (14_400, 7_200)
    assert drawn(copy, 3.6).getextrema() == (0, 0)


def picture(image: Image.Image, keys: bytes, data: bytes) -> bytes:
    head = b"/Type/XObject/Subtype/Image/Width %d/Height %d" % image.size
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Resources<</XObject<</X 6 0 R>>>>/Contents 4 0 R>>"
    return hello(page=page, content=b"99 0 0 99 0 0 cm /X Do", more={6: stream(data, head + keys)})


def photograph() -> Image.Image:
    """Smooth shades of more than 256 colours, which is what tells a photograph from a drawing."""
    round_shade, shade = Image.radial_gradient("L").resize((64, 64)), Image.linear_gradient("L").resize((64, 64))
    return Image.merge("RGB", (round_shade, shade, shade.rotate(90)))


def jpeg(image: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    return out.getvalue()


def pictures_of(data: bytes) -> list[set[str]]:
    """The keys of every picture."""
    with open_copy(data) as pdf:
        return [set(item.keys()) for item in pdf.objects if isinstance(item, pikepdf.Stream) and "/Width" in item]


def test_no_byte_of_a_jpeg_passes_and_it_looks_the_same() -> None:
    image = photograph()
    original = picture(image, b"/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode", jpeg(image, comment=b"hi"))
    copy = copy_of(original)
    assert b"hi" not in copy
    assert difference(drawn(original), drawn(copy)) < 16


def test_a_damaged_jpeg_ends_in_a_finding() -> None:
    image = photograph()
    keys = b"/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode"
    document = picture(image, keys, jpeg(image)[:40])
    made = normalize(Order(original=document, method="print", printed=document, parts=(), limits=Limits()))
    assert [finding.code for finding in made.findings] == ["copy.failed"]


def test_a_picture_of_more_pixels_than_are_decoded_ends_in_a_finding() -> None:
    image = Image.new("L", (300, 300))
    document = picture(image, b"/ColorSpace/DeviceGray/BitsPerComponent 8", image.tobytes())
    limits = Limits(pixels=89_999)
    made = normalize(Order(original=document, method="print", printed=document, parts=(), limits=limits))
    assert [finding.code for finding in made.findings] == ["copy.failed"]


def test_a_jpeg_counts_by_its_own_size_not_by_the_one_beside_it() -> None:
    image = Image.new("RGB", (300, 300))
    keys = b"/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode"
    document = picture(Image.new("RGB", (1, 1)), keys, jpeg(image))
    limits = Limits(pixels=10_000)
    made = normalize(Order(original=document, method="print", printed=document, parts=(), limits=limits))
    assert [finding.code for finding in made.findings] == ["copy.failed"]


def two_tones() -> Image.Image:
    return Image.radial_gradient("L").resize((200, 200)).point(lambda tone: 255 * (tone > 90)).convert("1")


def fax(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "TIFF", compression="group4", tiffinfo={278: image.height})
    tags = Image.open(io.BytesIO(out.getvalue())).tag_v2  # type: ignore[attr-defined] # it is a TIFF
    return out.getvalue()[tags[273][0] : tags[273][0] + tags[279][0]]


def rgb_keys(bits: int, space: bytes = b"/DeviceRGB", more: bytes = b"") -> bytes:
    return b"/ColorSpace%b/BitsPerComponent %d%b" % (space, bits, more)


def sources() -> dict[str, bytes]:
    """One document per kind of picture that a printing program writes, and per kind that our own encoders write."""
    photo, grey, tones = photograph(), photograph().convert("L"), two_tones()
    flate = b"/Filter/FlateDecode"
    return {
        "photograph": picture(photo, rgb_keys(8, more=flate), zlib.compress(photo.tobytes())),
        "grey": picture(grey, rgb_keys(8, b"/DeviceGray"), grey.tobytes()),
        "two tones": picture(tones, rgb_keys(1, b"/DeviceGray"), tones.tobytes()),
        "mask": picture(tones, b"/ImageMask true/BitsPerComponent 1/Decode[1 0]", tones.tobytes()),
        "fax": picture(
            tones,
            rgb_keys(
                1, b"/DeviceGray", b"/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns 200/Rows 200/BlackIs1 true>>"
            ),
            fax(tones),
        ),
        "few colours": picture(tones, rgb_keys(1, b"[/Indexed/DeviceRGB 1<ff0000 00ff00>]"), tones.tobytes()),
        "cmyk jpeg": picture(photo, rgb_keys(8, b"/DeviceCMYK", b"/Filter/DCTDecode"), jpeg(photo.convert("CMYK"))),
        "inverted": picture(grey, rgb_keys(8, b"/DeviceGray", b"/Decode[1 0]"), grey.tobytes()),
    }


@pytest.mark.parametrize("kind", sorted(sources()))
def test_a_picture_looks_the_same_after_it_was_decoded_and_encoded(kind: str) -> None:
    document = sources()[kind]
    made = normalize(Order(original=document, method="print", printed=document, parts=(), limits=Limits()))
    assert made.data is not None, made.findings
    assert list(violations(made.data, Limits())) == []
    assert difference(drawn(document, mode="RGB"), drawn(made.data, mode="RGB")) < 24


@pytest.mark.parametrize("kind", sorted(sources()))
def test_a_printed_picture_is_copied(kind: str) -> None:
    assert len(pictures_of(copy_of(sources()[kind]))) == 1


def test_a_soft_mask_goes_with_its_picture() -> None:
    grey = photograph().convert("L")
    mask = b"/Type/XObject/Subtype/Image/Width 64/Height 64/ColorSpace/DeviceGray/BitsPerComponent 8"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Resources<</XObject<</X 6 0 R>>>>/Contents 4 0 R>>"
    document = hello(
        page=page,
        content=b"99 0 0 99 0 0 cm /X Do",
        more={6: stream(grey.tobytes(), mask + b"/SMask 7 0 R"), 7: stream(grey.tobytes(), mask)},
    )
    assert sorted("/SMask" in keys for keys in pictures_of(copy_of(document))) == [False, True]


def test_text_stays_text() -> None:
    with opened(copy_of(hello())) as document:
        assert page_count(document) == 1
    assert b"/FontFile" in _unpacked(copy_of(hello()))


def _unpacked(data: bytes) -> bytes:
    with open_copy(data) as pdf:
        return saved(pdf)


def test_more_pages_than_are_rendered_are_not_copied() -> None:
    pdf = new()
    add_page(pdf)
    made = rebuilt(saved(pdf), Limits(pages=1))
    assert [finding.code for finding in made.findings] == ["copy.failed"]


def test_a_turned_page_keeps_its_size_as_shown() -> None:
    pdf = new(size=(300, 500))
    pdf.pages[0].obj["/Rotate"] = -90
    assert size_of(copy_of(saved(pdf))) == (500, 300)


def test_text_outside_the_crop_is_gone() -> None:
    pdf = new(b"BT /F 24 Tf 72 700 Td (OUTSIDE) Tj 0 -400 Td (INSIDE) Tj ET")
    pdf.pages[0].obj["/CropBox"] = Array([0, 0, 612, 400])
    assert text_of(copy_of(saved(pdf))).split() == ["INSIDE"]
