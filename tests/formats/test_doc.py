"""Word 97-2003 documents: told by their root streams, and everything in them that acts."""

import struct

import pytest

from attachguard.formats import doc as format_
from attachguard.formats import xls as xls_format
from attachguard.model import Limits
from tests.formats.office_made import claimed, docx, inspected, packed, seen, sniffed
from tests.formats.ole_made import doc, field, ole, packaged, word_streams, workbook


def test_an_ordinary_document_is_claimed_and_says_nothing() -> None:
    assert claimed(format_, doc()) == "doc"
    assert sniffed(format_, doc()) == set()
    assert inspected(format_, doc("A letter." + field("PAGE") + field('HYPERLINK "http://x"'))).findings == ()


def test_a_link_that_starts_a_program_by_its_address_is_told_and_one_to_a_file_is_not() -> None:
    for address in ("file:///c:/letters/x.doc", "\\\\\\\\server\\\\x.doc", "ftp://a.example/", "c:\\\\x.doc"):
        assert seen(format_, doc(field(f'HYPERLINK "{address}"'))) == set()
    for address in ("search-ms:query=x", "javascript:x", "ms-msdt:x"):
        assert seen(format_, doc(field(f'HYPERLINK \\o "tip" "{address}"'))) == {"ole.field"}


def test_the_letter_case_of_stream_names_means_nothing() -> None:
    streams = {name.upper(): content for name, content in word_streams().items()}
    assert claimed(format_, ole(streams)) == "doc"
    assert inspected(format_, ole(streams)).findings == ()


def test_other_ole_files_are_not_claimed() -> None:
    for stream in ("PowerPoint Document", "__properties_version1.0", "EncryptedPackage", "Anything"):
        assert claimed(format_, ole({stream: b"x"})) is None
    assert claimed(format_, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") is None
    assert claimed(format_, b"WordDocument") is None


def test_where_both_streams_stand_the_class_decides() -> None:
    both = {**word_streams(), "Workbook": workbook()}
    assert claimed(format_, ole(both, "00020906-0000-0000-C000-000000000046")) == "doc"
    assert claimed(xls_format, ole(both, "00020820-0000-0000-C000-000000000046")) == "xls"
    assert claimed(format_, ole(both)) is None
    assert claimed(xls_format, ole(both)) is None


def test_a_template_is_not_claimed() -> None:
    assert claimed(format_, doc(flags=0x0001)) is None


def test_a_zip_behind_the_document_makes_a_polyglot_and_the_theme_inside_does_not() -> None:
    assert sniffed(format_, doc() + packed({"a": "b"})) == {"type.polyglot"}
    assert sniffed(format_, doc(more={"Theme": docx().ljust(4096, b"\0")})) == set()


def test_bytes_behind_the_document_are_trailing_data_and_a_free_sector_is_not() -> None:
    assert sniffed(format_, doc() + b"x" * 512) == set()
    assert sniffed(format_, doc() + bytes(5000)) == set()
    assert sniffed(format_, doc() + b"x" * 1024) == {"type.trailing_data"}
    assert sniffed(format_, doc() + b"x" * 1024 + b"%PDF-1.4") == {"type.trailing_data", "type.polyglot"}


@pytest.mark.parametrize("name", ["Macros", "MACROS", "_VBA_PROJECT_CUR", "VBA"])
def test_a_macro_project_is_told(name: str) -> None:
    assert seen(format_, doc(more={name: {"dir": b"x"}})) == {"ole.macros"}
    assert seen(format_, doc(more={"ObjectPool": {"_1": {name: {"dir": b"x"}}}})) == {"ole.macros", "ole.embedded"}


def test_an_object_is_told_and_an_empty_pool_is_not() -> None:
    assert seen(format_, doc(more={"ObjectPool": {"_1": {"CONTENTS": b"x"}}})) == {"ole.embedded"}
    assert seen(format_, doc(more={"ObjectPool": {}})) == set()
    assert seen(format_, doc(more={"Equation Native": b"x"})) == {"ole.embedded"}


def test_the_files_inside_are_handed_out() -> None:
    pool = {
        "_1": {"\x01Ole10Native": packaged("a.exe", b"MZ..")},
        "_2": {"Package": docx()},
        "_3": {"CONTENTS": b"%PDF-1.4"},
    }
    found = inspected(format_, doc(more={"ObjectPool": pool}))
    assert [(part.untrusted_name, part.data) for part in found.parts] == [
        ("a.exe", b"MZ.."),
        ("package.docx", docx()),
        ("contents.pdf", b"%PDF-1.4"),
    ]
    assert len({part.where for part in found.parts}) == 3


def test_a_packaged_file_with_a_header_that_lies_is_handed_out_as_it_is() -> None:
    whole = packaged("a.exe", b"MZ..")
    for size in range(len(whole)):
        inspected(format_, doc(more={"ObjectPool": {"_1": {"\x01Ole10Native": whole[:size]}}}))
    broken = whole[:6] + b"no end of the name"
    found = inspected(format_, doc(more={"ObjectPool": {"_1": {"\x01Ole10Native": broken}}}))
    assert [part.data for part in found.parts] == [broken[4:]]


@pytest.mark.parametrize(
    ("instruction", "code"),
    [
        (" DDEAUTO c:\\\\x", "ole.dde"),
        ("dde x", "ole.dde"),
        ("INCLUDEPICTURE http://x", "ole.field"),
        ("LINK x", "ole.field"),
    ],
)
def test_a_field_that_acts_is_told(instruction: str, code: str) -> None:
    assert seen(format_, doc("Hello" + field(instruction))) == {code}


def test_a_field_cut_into_two_pieces_of_different_codings_is_told() -> None:
    streams = dict(word_streams())
    text = field("DDEAUTO x")
    head, tail = text[:4].encode("utf-16-le"), text[4:].encode("latin-1")
    plc = struct.pack("<LLL", 0, 4, len(text))
    plc += struct.pack("<HLH", 0, 0x600, 0) + struct.pack("<HLH", 0, (0x700 * 2) | 0x40000000, 0)
    fib = bytearray(streams["WordDocument"])
    fib[0x600 : 0x600 + len(head)] = head
    fib[0x700 : 0x700 + len(tail)] = tail
    clx = b"\x01\x03\x00abc" + b"\x02" + struct.pack("<L", len(plc)) + plc
    struct.pack_into("<LL", fib, 0x01A2, 0, len(clx))
    struct.pack_into("<LL", fib, 0x019A, 0, 0)
    assert seen(format_, ole({"WordDocument": bytes(fib), "1Table": clx})) == {"ole.dde"}


def test_fields_of_word_6_are_read_without_a_piece_table() -> None:
    stream = bytearray(0x300) + field("DDEAUTO x").encode("latin-1")
    struct.pack_into("<HH", stream, 0, 0xA5DC, 0x0065)
    struct.pack_into("<LL", stream, 0x18, 0x300, len(stream))
    assert seen(format_, ole({"WordDocument": bytes(stream)})) == {"ole.dde"}
    struct.pack_into("<LL", stream, 0x18, 0x400, 0x200)
    assert seen(format_, ole({"WordDocument": bytes(stream)})) == {"ole.dde"}


@pytest.mark.parametrize("template", ["\\\\server\\share\\t.dot", "http://example.org/t.dotm", "//server/t.dot"])
def test_a_template_on_another_computer_is_told(template: str) -> None:
    assert seen(format_, doc(template=template)) == {"ole.external"}


@pytest.mark.parametrize("template", ["", "Normal.dot", "C:\\Templates\\letter.dot"])
def test_a_template_of_this_computer_says_nothing(template: str) -> None:
    assert seen(format_, doc(template=template)) == set()


def test_an_encrypted_document_is_told() -> None:
    assert seen(format_, doc(flags=0x0100)) == {"file.encrypted"}


def test_a_broken_piece_table_is_malformed() -> None:
    streams = dict(word_streams())
    assert seen(format_, ole({**streams, "1Table": b"\x03" * 100})) == {"file.malformed"}
    assert seen(format_, ole({"WordDocument": streams["WordDocument"]})) == {"file.malformed"}
    assert seen(format_, ole({"WordDocument": b"short"})) == {"file.malformed"}
    far = struct.pack("<LL", 0, 10) + struct.pack("<HLH", 0, 0x3FFFFFF0, 0)
    clx = b"\x02" + struct.pack("<L", len(far)) + far
    assert seen(format_, ole({**streams, "1Table": clx.ljust(100, b"\0")})) == {"file.malformed"}


def test_a_directory_that_can_not_be_read_is_malformed() -> None:
    assert seen(format_, doc()[:600]) == {"file.malformed"}
    assert seen(format_, b"no document") == {"file.malformed"}


def test_a_header_that_makes_readers_allocate_endlessly_is_malformed() -> None:
    for place, value in ((44, 0x7FFFFFFF), (64, 0x7FFFFFFF), (72, 0x7FFFFFFF), (30, 0x001E)):
        header = bytearray(doc())
        struct.pack_into("<H" if place == 30 else "<L", header, place, value)
        assert seen(format_, bytes(header)) == {"file.malformed"}


def test_a_stream_that_claims_to_be_larger_than_the_file_is_not_read() -> None:
    data = bytearray(doc())
    entry = data.index("WordDocument".encode("utf-16-le"))
    struct.pack_into("<L", data, entry + 120, 0x7FFFFFFF)
    assert seen(format_, bytes(data)) == {"file.malformed"}


def test_files_inside_past_the_limit_are_told() -> None:
    pool = {f"_{number}": {"\x01Ole10Native": packaged("a", b"x")} for number in range(4)}
    assert "limit.parts" in seen(format_, doc(more={"ObjectPool": pool}), Limits(parts=3))


def test_cut_and_flipped_documents_never_raise() -> None:
    whole = doc("Hello" + field("DDE x"), more={"ObjectPool": {"_1": {"\x01Ole10Native": packaged("a", b"x")}}})
    for size in range(0, len(whole), 61):
        claimed(format_, whole[:size])
        claimed(format_, whole[:size] + b"\xff" + whole[size + 1 :])
        inspected(format_, whole[:size] + b"\xff" + whole[size + 1 :])
