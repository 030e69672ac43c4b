"""What the newest revision's tables do not lead to still counts."""

import zlib

from attachguard.formats.pdf import inspect
from attachguard.model import Limits
from tests.formats.pdf.made import CATALOG, codes, hello, stream, updated

ACTING = b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(1)>>>>"


def test_an_object_that_a_later_revision_replaced_still_counts() -> None:
    assert codes(updated(hello(catalog=ACTING), {1: CATALOG})) >= {"pdf.javascript", "pdf.open_action"}


def test_an_object_that_a_later_revision_brought_counts() -> None:
    assert codes(updated(hello(), {1: ACTING})) == {"pdf.javascript", "pdf.open_action"}


def test_a_dynamic_form_of_an_older_revision_is_told() -> None:
    form = CATALOG[:-2] + b"/AcroForm<</Fields[]/XFA[(template)9 0 R]>>>>"
    assert "pdf.xfa" in codes(updated(hello(catalog=form, more={9: stream(b"<template/>")}), {1: CATALOG}))


def test_a_harmless_update_is_harmless() -> None:
    assert codes(updated(hello(), {4: stream(b"BT ET")})) == set()


def test_an_object_that_no_table_names_counts() -> None:
    data = hello().replace(b"xref\n0 1", b"77 0 obj\n<</S/Launch/F(cmd)>>\nendobj\nxref\n0 1")
    moved = data.replace(b"startxref\n", b"startxref\n0")  # qpdf finds the table again
    assert "pdf.launch" in codes(moved)


def test_an_object_behind_the_end_counts() -> None:
    assert "pdf.launch" in codes(hello() + b"77 0 obj <</S/L#61unch/F(cmd)>> endobj\n")


def test_an_object_whose_header_is_run_together_or_commented_counts() -> None:
    assert "pdf.launch" in codes(hello() + b"77 0 % comment\nobj<</S/Launch/F(cmd)>>endobj\n")
    assert "pdf.launch" in codes(hello() + b"77 0obj<</S/Launch/F(cmd)>>\n")


def test_an_object_stream_that_no_table_names_counts() -> None:
    member = b"<</S/Launch/F(cmd)>>"
    head = b"77 0 "
    packed = stream(zlib.compress(head + member), b"/Type/ObjStm/N 1/First %d/Filter/FlateDecode" % len(head))
    assert "pdf.launch" in codes(hello() + b"78 0 obj\n" + packed + b"\nendobj\n")


def test_members_that_a_named_object_stream_has_too_many_count() -> None:
    head = b"70 0 71 6 "
    content = head + b"<</A 1>> "[:6] + b"<</S/Launch/F(cmd)>>"
    named = stream(content, b"/Type/ObjStm/N 2/First %d" % len(head))
    assert "pdf.launch" in codes(hello(more={9: named}))


def test_an_object_stream_in_the_shadow_that_can_not_be_read_is_malformed() -> None:
    broken = stream(b"garbage", b"/Type/ObjStm/N 1/First 5/Filter/FlateDecode")
    assert "pdf.malformed" in codes(hello() + b"78 0 obj\n" + broken + b"\nendobj\n")


def test_an_embedded_file_of_an_older_revision_is_told() -> None:
    held = {6: stream(b"old", b"/Type/EmbeddedFile")}
    assert "pdf.embedded_file" in codes(updated(hello(more=held), {6: b"null"}))


def test_a_name_that_stands_elsewhere_is_told_in_the_shadow_where_nobody_can_look_it_up() -> None:
    assert codes(hello() + b"77 0 obj <</Type/Action/S 5 0 R>> endobj\n") >= {"pdf.action"}


def test_more_objects_than_are_looked_at_are_told() -> None:
    crowd = b"100 0 obj\n<</A 1>>\nendobj\n" * 10_100
    found = {finding for finding in inspect(hello() + crowd, Limits()).findings if finding.code == "pdf.malformed"}
    assert "more than 10000 objects outside the tables" in {finding.detail for finding in found}


def test_a_file_without_any_object_is_unreadable_and_raises_nothing() -> None:
    assert codes(b"%PDF-1.4\nstartxref\n0\n%%EOF\n") == {"pdf.unreadable"}


def test_where_thousands_of_streams_have_no_end_no_reader_is_asked_and_what_acts_is_told_all_the_same() -> None:
    endless = b"7 0 obj\n<</Length 9>>stream\nabc\n" * 4000
    assert codes(hello() + endless + b"77 0 obj <</S/Launch/F(cmd)>> endobj\n") >= {"pdf.unreadable", "pdf.launch"}


def test_a_stream_or_two_without_an_end_are_repaired() -> None:
    assert "pdf.unreadable" not in codes(hello() + b"7 0 obj\n<</Length 9>>stream\nabc\n" * 2)


def test_a_string_without_an_end_hides_nothing_that_follows() -> None:
    assert "pdf.launch" in codes(hello() + b"7 0 obj <</A(\n" * 100 + b"77 0 obj <</S/Launch/F(cmd)>> endobj\n")


def test_an_object_that_qpdf_finds_and_gives_up_on_counts() -> None:
    long_tail = b"7 0 obj <</A\n" * 100  # so long that the table's place is not found, and qpdf makes its own table
    assert "pdf.launch" in codes(hello() + long_tail + b"77 0 obj <</S/Launch/F(cmd)>> endobj\n")


def test_a_key_that_leads_to_another_object_is_there_in_the_shadow_too() -> None:
    form = CATALOG[:-2] + b"/AcroForm<</Fields[]/XFA 9 0 R>>>>"
    assert "pdf.xfa" in codes(updated(hello(catalog=form, more={9: stream(b"<template/>")}), {1: CATALOG}))
    assert "pdf.javascript" in codes(hello() + b"77 0 obj <</JS 9 0 R>> endobj\n")
    assert "pdf.external_stream" in codes(hello() + b"77 0 obj <</F 9 0 R/Length 0>>stream\n\nendstream endobj\n")


def test_an_object_stream_in_the_shadow_whose_head_stands_elsewhere_is_malformed() -> None:
    head = b"77 0 "
    content = head + b"<</S/Launch/F(cmd)>>"
    for keys in (b"/Type/ObjStm/N 9 0 R/First %d" % len(head), b"/Type/ObjStm/N 1/First 9 0 R"):
        assert "pdf.malformed" in codes(hello() + b"78 0 obj\n" + stream(content, keys) + b"\nendobj\n")


def test_the_bytes_of_a_file_in_the_shadow_are_as_they_were() -> None:
    held = {6: stream(b"MZ 1 0 R (( << [", b"/Type/EmbeddedFile")}
    (part,) = inspect(updated(hello(more=held), {6: b"null"}), Limits()).parts
    assert part.data == b"MZ 1 0 R (( << ["
