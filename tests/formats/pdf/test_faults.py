"""What may go wrong when a document is printed, planted on purpose: the gate must notice every one."""

from collections.abc import Callable, Mapping

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name
from PIL import Image, ImageOps

from attachguard.model import Limits
from tests.formats.pdf.made import against, annotate, copy_of
from tests.formats.pdf.paper import (
    LINES,
    build,
    clipped,
    moved,
    picture,
    pieces,
    replaced,
    text,
    with_piece,
    without,
)

ORIGINAL = build()

LETTERS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")


def everything() -> bytes:
    return b"".join(pieces().values())


def words_as(draw: Callable[[float, float, float, str], bytes]) -> dict[str, bytes]:
    """The paragraph drawn in another way."""
    return {**pieces(), **{f"line {at}": draw(10, 60, 600 - 14 * at, line) for at, line in enumerate(LINES)}}


def boxes(size: float, x: float, y: float, words: str) -> bytes:
    """What a font without the letters draws."""
    shapes = (f"{x + 5 * at} {y} 4 {size * 0.7} re S " for at, letter in enumerate(words) if letter != " ")
    return b"q 0.5 w " + "".join(shapes).encode("ascii") + b"Q\n"


def scrambled(size: float, x: float, y: float, words: str) -> bytes:
    return text(size, x, y, words.translate(LETTERS))


CONTENTS: Mapping[str, dict[str, bytes] | bytes] = {
    "a blank page": b"",
    "the coloured bar is lost": without("bar"),
    "the title is lost": without("title"),
    "the logo is lost": without("logo"),
    "the address is lost": without("address"),
    "the tint is lost": without("tint"),
    "the paragraph is lost": without(*(f"line {at}" for at in range(6))),
    "one line is lost": without("line 3"),
    "one word is lost": replaced(b"statutory ", b"                "),
    "the table's rows are lost": without("rows"),
    "the table's rules are lost": without("rules"),
    "the total is lost": without("total"),
    "the chart is lost": without("chart"),
    "the gradient is lost": without("gradient"),
    "the gradient is one colour": with_piece("gradient", b"q 1 0.9 0 rg 60 190 180 30 re f Q\n"),
    "the photograph is lost": without("photo"),
    "the photograph is a grey box": with_piece("photo", b"q 0.5 g 320 200 240 160 re f Q\n"),
    "the photograph is a black box": with_piece("photo", b"q 0 g 320 200 240 160 re f Q\n"),
    "the photograph is upside down": with_piece("photo", b"q 240 0 0 -160 320 360 cm /Photo Do Q\n"),
    "the veil is lost": without("veil"),
    "the veil hides what is under it": replaced(b"/Half gs", b""),
    "the footer is lost": without("footer"),
    "the lower half is cut off": clipped(b"0 396 612 396"),
    "the right fifth is cut off": clipped(b"0 0 490 792"),
    "the head is cut off": clipped(b"0 0 612 730"),
    "the foot is cut off": clipped(b"0 70 612 722"),
    "everything is moved": moved(b"1 0 0 1 8 -6"),
    "everything is smaller": moved(b"0.92 0 0 0.92 0 0"),
    "everything is mirrored": moved(b"-1 0 0 1 612 0"),
    "everything is upside down": moved(b"-1 0 0 -1 612 792"),
    "everything is wider": moved(b"1.05 0 0 1 0 0"),
    "text is white": words_as(lambda *where: b"q 1 g " + text(*where) + b"Q\n"),
    "text is invisible": words_as(lambda *where: b"q 3 Tr " + text(*where) + b"Q\n"),
    "letters are boxes": words_as(boxes),
    "letters are other letters": words_as(scrambled),
    "text is set twice": b"".join(pieces().values()) + moved(b"1 0 0 1 40 3"),
    "colours are swapped": replaced(b"0.1 0.2 0.5 rg", b"0.5 0.2 0.1 rg"),
    "the red is black": replaced(b"0.7 0 0 rg", b"0 0 0 rg"),
    "colours are greys": replaced(b"0 0.5 0.3 rg", b"0.33 0.33 0.33 rg"),
    "a black box covers the total": everything() + b"0 g 390 380 150 30 re f",
    "a white box covers the total": everything() + b"1 g 390 380 150 30 re f",
    "a hidden line is shown": everything() + text(10, 60, 400, "special price for friends only"),
    "a watermark is shown": everything() + b"q 0.6 g 0.7 0.7 -0.7 0.7 200 300 cm " + text(70, 0, 0, "COPY") + b"Q",
    "lines are ten times as thick": replaced(b"0.7 w", b"7 w"),
    "the page is dark": b"0.15 g 0 0 612 792 re f\n" + everything(),
    "the page is another one": b"".join(text(12, 60, 700 - 20 * at, line) for at, line in enumerate(LINES)),
}


@pytest.mark.parametrize("fault", sorted(CONTENTS))
def test_a_page_that_shows_something_else_is_noticed(fault: str) -> None:
    assert _codes(build(CONTENTS[fault])) == {"copy.unfaithful"}


PHOTOGRAPHS: Mapping[str, Callable[[Image.Image], Image.Image]] = {
    "inverted": ImageOps.invert,
    "mirrored": ImageOps.mirror,
    "without colour": lambda image: image.convert("L").convert("RGB"),
    "with two channels swapped": lambda image: Image.merge("RGB", image.split()[::-1]),
}


@pytest.mark.parametrize("fault", sorted(PHOTOGRAPHS))
def test_a_photograph_that_is_not_the_same_is_noticed(fault: str) -> None:
    assert _codes(build(photo=PHOTOGRAPHS[fault](picture()))) == {"copy.unfaithful"}


def _swap(pdf: pikepdf.Pdf) -> None:
    first = pdf.pages[0]
    del pdf.pages[0]
    pdf.pages.append(first)


DOCUMENTS: Mapping[str, Callable[[pikepdf.Pdf], object]] = {
    "a page is missing": lambda pdf: pdf.pages.__delitem__(1),
    "a page is added": lambda pdf: pdf.add_blank_page(page_size=(612, 792)),
    "pages are in another order": _swap,
    "a page stands in for another": lambda pdf: pdf.pages.__setitem__(1, pdf.pages[0]),
    "the last page is blank": lambda pdf: pdf.pages[2].obj.__setitem__("/Contents", pdf.make_stream(b"")),
    "a page is larger": lambda pdf: pdf.pages[0].obj.__setitem__("/MediaBox", Array([0, 0, 612, 800])),
    "a page is turned": lambda pdf: pdf.pages[0].obj.__setitem__("/Rotate", 90),
    "a page is cropped": lambda pdf: pdf.pages[0].obj.__setitem__("/CropBox", Array([20, 20, 592, 772])),
    "the stamp is lost": lambda pdf: pdf.pages[0].obj.__delitem__("/Annots"),
    "a note is shown that does not print": lambda pdf: annotate(
        pdf, Subtype=Name.Square, C=Array([1, 0, 0]), IC=Array([1, 1, 0]), Rect=Array([60, 400, 200, 415])
    ),
}


@pytest.mark.parametrize("fault", sorted(DOCUMENTS))
def test_a_document_whose_pages_are_not_the_same_is_noticed(fault: str) -> None:
    assert _codes(build(alter=DOCUMENTS[fault])) == {"copy.unfaithful"}


def form(value: str, tick: str) -> bytes:
    """A page with a field and a box to tick, both with an appearance."""

    def alter(pdf: pikepdf.Pdf) -> None:
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        shown = pdf.make_stream(b"/Tx BMC q BT /F 12 Tf 2 6 Td (%b) Tj ET Q EMC" % value.encode("ascii"))
        ticked = pdf.make_stream(b"q 1.5 w 2 6 m 5 2 l 10 10 l S Q")
        for drawn, corners in ((shown, [0, 0, 200, 20]), (ticked, [0, 0, 12, 12])):
            drawn["/Type"], drawn["/Subtype"], drawn["/BBox"] = Name.XObject, Name.Form, Array(corners)
            drawn["/Resources"] = Dictionary(Font=Dictionary(F=font))
        empty = pdf.make_stream(b"")
        empty["/Type"], empty["/Subtype"], empty["/BBox"] = Name.XObject, Name.Form, Array([0, 0, 12, 12])
        field, box = Array([60, 130, 260, 150]), Array([300, 130, 312, 142])
        states = Dictionary(Yes=ticked, Off=empty)
        annotate(pdf, Subtype=Name.Widget, FT=Name.Tx, T="name", V=value, Rect=field, AP=Dictionary(N=shown))
        annotate(pdf, Subtype=Name.Widget, FT=Name.Btn, T="agreed", Rect=box, AP=Dictionary(N=states), AS=Name(tick))
        pdf.Root["/AcroForm"] = Dictionary(Fields=Array(list(pdf.pages[0].obj["/Annots"])[1:]))

    return build(alter=alter)


def test_what_was_filled_in_must_be_there() -> None:
    filled = form("Maria Jansen", "/Yes")
    assert _codes(filled, filled) == set()
    assert _codes(form("", "/Yes"), filled) == {"copy.unfaithful"}
    assert _codes(form("Maria Jansen", "/Off"), filled) == {"copy.unfaithful"}


def test_the_document_itself_is_faithful() -> None:
    assert _codes(ORIGINAL) == set()


def test_there_are_enough_faults() -> None:
    assert len(CONTENTS) + len(PHOTOGRAPHS) + len(DOCUMENTS) >= 40


def _codes(variant: bytes, original: bytes = ORIGINAL) -> set[str]:
    """What the gate says of the copy of a variant, beside the original."""
    return {finding.code for finding in against(original, copy_of(variant), Limits())}
