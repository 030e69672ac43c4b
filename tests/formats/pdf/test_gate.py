import io

import pikepdf
from pikepdf import Array, Dictionary, Name

from attachguard.model import Limits
from tests.formats.pdf.made import HELLO, add_page, against, copy_of, hello, new, saved, script


def found(original: bytes, copy: bytes) -> set[str]:
    return {finding.code for finding in against(original, copy, Limits())}


def test_a_copy_of_a_document_is_faithful() -> None:
    assert found(hello(), copy_of(hello())) == set()


def changed(copy: bytes, change: str) -> bytes:
    """Plant one thing in a copy that copies do not have."""
    with pikepdf.open(io.BytesIO(copy)) as pdf:
        page = pdf.pages[0].obj
        plants = {
            "script": lambda: pdf.Root.__setitem__("/OpenAction", script(pdf)),
            "trigger": lambda: page.__setitem__("/AA", Dictionary(O=script(pdf))),
            "annotation": lambda: page.__setitem__("/Annots", Array([Dictionary(Subtype=Name.Link)])),
            "metadata": lambda: pdf.Root.__setitem__("/Metadata", pdf.make_stream(b"<x/>")),
            "author": lambda: pdf.docinfo.__setitem__("/Author", "x"),
            "properties": lambda: page["/Resources"].__setitem__("/Properties", Dictionary()),
            "thumbnail": lambda: page.__setitem__("/Thumb", pdf.make_stream(b"x")),
            "codec": lambda: _picture(pdf, Name.JBIG2Decode),
            "external": lambda: page["/Contents"].__setitem__("/F", pikepdf.String("/etc/passwd")),
            "language": lambda: pdf.Root.__setitem__("/Lang", pikepdf.String("<script>")),
            "title": lambda: pdf.docinfo.__setitem__("/Title", "a\u202eb"),
        }
        plants[change]()
        return saved(pdf)


def _picture(pdf: pikepdf.Pdf, coding: pikepdf.Object) -> None:
    made = pdf.make_stream(b"x", Subtype=Name.Image, Width=1, Height=1, ColorSpace=Name.DeviceGray)
    made["/Filter"] = coding
    pdf.pages[0].obj["/Resources"]["/XObject"] = Dictionary(X=made)


def test_anything_that_copies_do_not_have_is_unsafe() -> None:
    copy = copy_of(hello())
    for change in (
        *("script", "trigger", "annotation", "metadata", "author", "properties", "thumbnail"),
        *("codec", "external", "language", "title"),
    ):
        assert found(hello(), changed(copy, change)) == {"copy.unsafe"}, change


def test_an_object_that_no_page_uses_is_unsafe() -> None:
    copy = copy_of(hello())
    stray = b"99 0 obj\n<</S/Launch>>\nendobj\n"
    with pikepdf.open(io.BytesIO(copy)) as pdf:
        plain = saved(pdf)
    table = int(plain.rsplit(b"startxref\n", 1)[1].split()[0])
    grown = plain + stray + b"xref\n99 1\n%010d 00000 n \n" % len(plain)
    grown += b"trailer\n<</Root 1 0 R/Size 100/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (table, len(plain) + len(stray))
    assert found(hello(), grown) == {"copy.unsafe"}


def test_what_is_no_pdf_is_unsafe() -> None:
    assert found(hello(), b"nothing") == {"copy.unsafe"}


def test_a_missing_or_extra_page_is_unfaithful() -> None:
    two = new()
    add_page(two)
    assert found(saved(two), copy_of(hello())) == {"copy.unfaithful"}
    assert found(hello(), copy_of(saved(two))) == {"copy.unfaithful"}


def test_a_page_of_another_size_is_unfaithful() -> None:
    assert found(hello(), copy_of(saved(new(size=(612, 700))))) == {"copy.unfaithful"}


def test_a_blank_page_is_unfaithful_where_the_original_was_not() -> None:
    assert found(hello(), copy_of(hello(content=b""))) == {"copy.unfaithful"}
    assert found(hello(content=b""), copy_of(hello(content=b""))) == set()


def test_a_page_in_larger_units_is_compared_in_points() -> None:
    pdf = new(HELLO)
    pdf.pages[0].obj["/UserUnit"] = 2
    assert found(saved(pdf), copy_of(saved(pdf))) == set()


def test_a_page_that_had_to_be_made_smaller_is_faithful() -> None:
    pdf = new(b"1000 1000 9000 5000 re f", size=(20_000, 10_000))
    assert found(saved(pdf), copy_of(saved(pdf))) == set()


def test_an_original_that_can_not_be_drawn_can_not_be_compared() -> None:
    assert found(b"%PDF-1.7\n", copy_of(hello())) == {"copy.unfaithful"}
