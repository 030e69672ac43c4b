"""What a copy does not have of its original is said, and nothing that it never had."""

from collections.abc import Callable

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from attachguard.formats.pdf.losses import losses
from attachguard.model import Limits
from tests.formats.pdf.made import annotate, attach, hello, new, rebuilt, saved


def lost(data: bytes) -> set[str]:
    return {finding.code for finding in losses(data, Limits())}


def test_a_plain_document_loses_nothing() -> None:
    assert lost(hello()) == set()
    assert rebuilt(hello()).findings == ()


def test_what_does_not_open_loses_nothing_that_is_known() -> None:
    assert lost(b"%PDF-1.7\n") == set()


def _form(pdf: pikepdf.Pdf, **keys: object) -> None:
    annotate(pdf, Subtype=Name.Widget, T="a", **keys)
    pdf.Root["/AcroForm"] = Dictionary(Fields=pdf.pages[0].obj["/Annots"])


def _signed(pdf: pikepdf.Pdf) -> None:
    _form(pdf, FT=Name.Sig, V=Dictionary(Type=Name.Sig))


LOSSES: dict[str, Callable[[pikepdf.Pdf], object]] = {
    "lost.signature": _signed,
    "lost.fields": lambda pdf: _form(pdf, FT=Name.Tx, V="Jansen"),
    "lost.attachments": lambda pdf: attach(pdf, "a.txt", b"x"),
    "lost.layers": lambda pdf: pdf.Root.__setitem__("/OCProperties", Dictionary(OCGs=Array([]))),
    "lost.tags": lambda pdf: pdf.Root.__setitem__("/StructTreeRoot", Dictionary(Type=Name.StructTreeRoot)),
    "lost.bookmarks": lambda pdf: pdf.Root.__setitem__("/Outlines", Dictionary(Count=0)),
    "lost.links": lambda pdf: annotate(pdf, Subtype=Name.Link, A=Dictionary(S=Name.URI, URI="https://a.example")),
    "lost.media": lambda pdf: annotate(pdf, Subtype=Name.Screen),
}


@pytest.mark.parametrize("code", sorted(LOSSES))
def test_what_is_lost_is_said(code: str) -> None:
    pdf = new()
    LOSSES[code](pdf)
    assert lost(saved(pdf)) == {code}


def test_a_file_on_an_annotation_counts_as_an_attachment() -> None:
    pdf = new()
    annotate(pdf, Subtype=Name.FileAttachment)
    assert lost(saved(pdf)) == {"lost.attachments"}


def test_an_empty_field_for_a_signature_is_no_loss() -> None:
    pdf = new()
    _form(pdf, FT=Name.Sig)
    assert lost(saved(pdf)) == set()


def test_a_field_takes_its_kind_from_the_field_around_it() -> None:
    pdf = new()
    child = pdf.make_indirect(Dictionary(T="b", V=Dictionary(Type=Name.Sig)))
    parent = pdf.make_indirect(Dictionary(T="a", FT=Name.Sig, Kids=Array([child])))
    child["/Parent"] = parent
    pdf.Root["/AcroForm"] = Dictionary(Fields=Array([parent]))
    assert lost(saved(pdf)) == {"lost.signature"}


def test_a_field_that_is_its_own_parent_ends() -> None:
    pdf = new()
    field = pdf.make_indirect(Dictionary(T="a"))
    field["/Parent"] = field
    field["/Kids"] = Array([field])
    pdf.Root["/AcroForm"] = Dictionary(Fields=Array([field]))
    assert lost(saved(pdf)) <= {"lost.fields"}


def test_a_note_is_printed_and_not_lost() -> None:
    pdf = new()
    annotate(pdf, Subtype=Name.Text)
    assert lost(saved(pdf)) == set()
