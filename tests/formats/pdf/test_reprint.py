"""A second print, of the document written anew, where the first lost what is blended."""

import io

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from attachguard.formats.contract import Order
from attachguard.formats.pdf import inspect, normalize
from attachguard.formats.pdf.blending import Blending
from attachguard.model import Limits, Rebuilt
from tests.formats.pdf.made import HELLO, against, annotate, copy_of, drawn, hello, new, printed, saved, script, text_of

MARKS = (b"1 1 0 rg 60 690 300 30 re f", b"0 1 1 rg 60 650 300 30 re f", b"1 0.6 0.8 rg 60 560 300 30 re f")
LINES = HELLO + b" BT /F 24 Tf 72 570 Td (Thank you very much) Tj ET"
MULTIPLY = Dictionary(M=Dictionary(BM=Name.Multiply))


def form(pdf: pikepdf.Pdf, content: bytes) -> pikepdf.Object:
    resources = Dictionary(ExtGState=MULTIPLY)
    made = Dictionary(Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 612, 792]), Resources=resources)
    return pdf.make_indirect(pikepdf.Stream(pdf, content, made))


CLIPPED = b"/M gs\n" + b"".join(
    b"q 50 %d 290 50 re W n %b Q\n" % (at, mark) for at, mark in zip((680, 640, 550), MARKS, strict=True)
)


def highlighted() -> bytes:
    """One highlight over three lines, each clipped, as writers do; and something that acts."""
    pdf = new(LINES)
    pdf.Root["/OpenAction"] = script(pdf)
    keys = {"Rect": Array([0, 0, 612, 792]), "QuadPoints": Array([60, 720, 360, 720, 60, 560, 360, 560])}
    annotate(pdf, Subtype=Name.Highlight, AP=Dictionary(N=form(pdf, CLIPPED)), C=Array([1, 1, 0]), **keys)
    return saved(pdf)


def highlights(count: int) -> bytes:
    """So many highlights on a page, and another page."""
    pdf = new(LINES)
    pdf.add_blank_page()
    for number in range(count):
        annotate(pdf, Subtype=Name.Highlight, AP=Dictionary(N=form(pdf, b"/M gs " + MARKS[number % len(MARKS)])))
    return saved(pdf)


def prepare(data: bytes) -> Rebuilt:
    return normalize(Order(original=data, method="prepare", printed=None, parts=(), limits=Limits()))


def reprinted(data: bytes) -> bytes:
    written = prepare(data)
    assert written.data is not None
    order = Order(original=data, method="reprint", printed=printed(written.data), parts=(), limits=Limits())
    copy = normalize(order).data
    assert copy is not None
    return copy


def test_text_under_several_highlights_is_hidden_in_print_and_shows_in_the_second() -> None:
    original = highlighted()
    assert {finding.code for finding in against(original, copy_of(original))} == {"copy.unfaithful"}
    again = reprinted(original)
    assert against(original, again) == []
    assert "Thank you very much" in text_of(again)


def test_of_several_blended_annotations_on_a_page_it_is_foreseen() -> None:
    for marks, foreseen in ((0, False), (1, False), (2, True), (8, True)):
        assert inspect(highlights(marks), Limits()).misprints is foreseen


def test_forms_that_hold_one_another_a_thousand_times_are_looked_at_once() -> None:
    pdf = new(LINES)
    inner = form(pdf, b"")
    del inner["/Resources"]
    for _ in range(4):
        held = Dictionary({f"/X{number}": inner for number in range(50)})
        inner = form(pdf, b"")
        inner["/Resources"] = Dictionary(XObject=held)
    inner["/Resources"]["/XObject"]["/X0"] = inner
    annotations = Array([pdf.make_indirect(Dictionary(AP=Dictionary(N=inner))) for _ in range(5000)])
    for _ in range(500):
        pdf.add_blank_page().obj["/Annots"] = annotations
    blending = Blending()
    asked = [blending.on(page.obj) for page in pdf.pages]
    assert not any(asked)
    assert len(blending._known) < 1000


def test_what_a_page_blends_itself_shows_in_the_second_print() -> None:
    pdf = new(LINES + b" /X Do")
    pdf.pages[0].obj["/Resources"]["/XObject"] = Dictionary(X=form(pdf, CLIPPED))
    assert against(saved(pdf), copy_of(saved(pdf))) != []
    assert against(saved(pdf), reprinted(saved(pdf))) == []


def test_a_form_on_many_pages_is_written_once() -> None:
    pdf = new(LINES + b" /X Do")
    pdf.pages[0].obj["/Resources"]["/XObject"] = Dictionary(X=form(pdf, b"/M gs " + MARKS[0]))
    pdf.pages.append(pdf.pages[0])
    written = prepare(saved(pdf)).data
    assert written is not None
    with pikepdf.open(io.BytesIO(written)) as made:
        assert made.pages[0].obj.Resources.XObject.X.read_bytes().count(b"/AttachguardPlain") == 1


def test_specks_can_not_be_seen() -> None:
    written = prepare(highlighted()).data
    assert written is not None
    assert drawn(written, 100).tobytes() == drawn(highlighted(), 100).tobytes()


def test_where_nothing_is_blended_there_is_no_second_print() -> None:
    made = prepare(hello())
    assert made.data is None
    assert [finding.code for finding in made.findings] == ["copy.failed"]


@pytest.mark.parametrize("content", [b"q q q ( /M gs", b"/M gs 1 2 re m m m f", b"BI ID", b"\xff\x00" * 50])
def test_content_that_is_no_content_ends_in_a_finding_or_in_another_print(content: bytes) -> None:
    pdf = new(LINES + b" /X Do")
    pdf.pages[0].obj["/Resources"]["/XObject"] = Dictionary(X=form(pdf, content))
    made = prepare(saved(pdf))
    assert made.data is not None or {finding.code for finding in made.findings} == {"copy.failed"}


def test_forms_that_hold_themselves_are_written_once() -> None:
    pdf = new(LINES + b" /X Do")
    circle = form(pdf, b"/M gs /X Do")
    circle["/Resources"]["/XObject"] = Dictionary(X=circle)
    pdf.pages[0].obj["/Resources"]["/XObject"] = Dictionary(X=circle)
    assert prepare(saved(pdf)).data is not None


def test_content_beyond_all_measure_is_left_as_it_is() -> None:
    pdf = new(LINES + b" /X Do")
    pdf.pages[0].obj["/Resources"]["/XObject"] = Dictionary(X=form(pdf, b"/M gs " + MARKS[0] + b"\n0 g" * 700_000))
    made = prepare(saved(pdf)).data
    assert made is not None
    assert b"AttachguardPlain" not in _content(made)


def _content(data: bytes) -> bytes:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        return bytes(pdf.pages[0].obj.Resources.XObject.X.read_bytes())
