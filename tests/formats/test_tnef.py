"""winmail.dat: what is recognised, what is reported, and what is handed out to be judged by itself."""

import struct
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from tnefparse import TNEF

from attachguard.formats import eml, tnef
from attachguard.formats.contract import Order, Sample
from attachguard.formats.tnef.compressed_rtf import BrokenRtfError, TooLargeError, decompress
from attachguard.model import Inspection, Limits
from tests.formats.judged_parts import copy_of
from tests.formats.pictures_made import LIMITS, small_zip
from tests.formats.tnef_made import EXAMPLE_RTF, file, message, number, prop, properties, rtf_stored, stream

UNICODE, BINARY, OBJECT, STRING8 = 0x001F, 0x0102, 0x000D, 0x001E


def codes(inspection: Inspection) -> list[str]:
    return [finding.code for finding in inspection.findings]


def places(inspection: Inspection) -> dict[str, tuple[str, bytes]]:
    return {part.where: (part.untrusted_name, part.data) for part in inspection.parts}


def test_a_stream_is_known_by_signature_and_first_attribute() -> None:
    claim = tnef.sniff(Sample(data=stream(), extension="dat"))
    assert claim is not None
    assert (claim.kind, claim.findings) == ("tnef", ())


@pytest.mark.parametrize("data", [b"", b"\x78\x9f\x3e\x22", b"\x78\x9f\x3e\x22 is a signature, no more"])
def test_a_signature_alone_is_no_stream(data: bytes) -> None:
    assert tnef.sniff(Sample(data=data, extension="dat")) is None


def sniffed(data: bytes) -> set[str]:
    claim = tnef.sniff(Sample(data=data, extension="dat"))
    assert claim is not None
    return {finding.code for finding in claim.findings}


def test_truncated_streams_trailing_data_and_polyglots_are_told() -> None:
    whole = stream(*file("a.txt", b"hello"))
    assert sniffed(whole[:-20]) == {"type.truncated"}
    assert sniffed(whole + b"more of it") == {"type.trailing_data"}
    assert sniffed(whole + small_zip()) == {"type.trailing_data", "type.polyglot"}


def test_files_are_reported_and_handed_out_under_their_long_names() -> None:
    long_name = prop(0x3707, UNICODE, "Überweisung Januar.pdf".encode("utf-16-le") + b"\0\0")
    data = stream(*file("UEBERW~1.PDF", b"%PDF data", long_name), *file("b.txt", b"hello\0\0"))
    seen = tnef.inspect(data, LIMITS)
    assert codes(seen) == ["tnef.attachment", "tnef.attachment"]
    assert places(seen) == {"file 1": ("Überweisung Januar.pdf", b"%PDF data"), "file 2": ("b.txt", b"hello\0\0")}


def test_the_library_at_hand_reads_the_same_names_and_bytes() -> None:
    data = stream(*file("a.txt", b"hello"), *file("b.txt", b"world"))
    other = TNEF(data)
    assert [(one.name, one.data) for one in other.attachments] == list(places(tnef.inspect(data, LIMITS)).values())


def test_formatted_bodies_are_reported_and_handed_out() -> None:
    data = stream(message(number(0x3FDE, 65001), prop(0x1013, BINARY, b"<p>hello"), prop(0x1009, BINARY, EXAMPLE_RTF)))
    seen = tnef.inspect(data, LIMITS)
    assert codes(seen) == ["tnef.body", "tnef.body"]
    assert places(seen) == {
        "HTML body": ("body.html", b"<p>hello"),
        "RTF body": ("body.rtf", rb"{\rtf1\ansi\ansicpg1252\pard hello world}" + b"\r\n"),
    }


def test_a_mail_inside_is_handed_out_as_a_stream_of_its_own() -> None:
    inner = stream(*file("a.txt", b"hello"))
    embedded = prop(0x3701, OBJECT, bytes.fromhex("0703020000000000c000000000000046") + inner)
    seen = tnef.inspect(stream(*file("forwarded", b"", embedded)), LIMITS)
    assert places(seen) == {"file 1": ("forwarded.tnef", inner)}


def test_a_wrong_checksum_is_malformed() -> None:
    data = bytearray(stream(*file("a.txt", b"hello")))
    data[data.index(b"hello")] ^= 1
    assert "file.malformed" in codes(tnef.inspect(bytes(data), LIMITS))


@pytest.mark.parametrize(
    "broken",
    [
        struct.pack("<I", 0xFFFFFFFF),
        struct.pack("<IHH", 1, 0x1234, 0x3001),
        struct.pack("<IHHII", 1, BINARY, 0x1013, 1, 0xFFFFFFF0) + b"data",
        struct.pack("<IHHI", 1, BINARY, 0x1013, 0xFFFFFFFF) + b"\0" * 40,
        struct.pack("<IHH", 1, 0x0003, 0x8001) + b"\0" * 16 + struct.pack("<II", 1, 0xFFFFFF00),
    ],
)
def test_properties_that_run_out_of_their_attribute_are_malformed(broken: bytes) -> None:
    seen = tnef.inspect(stream((1, 0x9003, 0x0006, broken)), LIMITS)
    assert codes(seen) == ["file.malformed"]


def test_named_and_multiple_properties_are_stepped_over() -> None:
    named = struct.pack("<HH", UNICODE, 0x8005) + b"\0" * 16 + struct.pack("<II", 1, 6) + b"a\0b\0\0\0\0\0"
    named += struct.pack("<II", 1, 4) + b"x\0\0\0"
    shorts = struct.pack("<HHI", 0x1002, 0x3010, 3) + b"\1\0\2\0\3\0\0\0"
    texts = (
        struct.pack("<HHI", 0x101F, 0x3011, 2) + struct.pack("<I", 4) + b"a\0\0\0" + struct.pack("<I", 4) + b"b\0\0\0"
    )
    data = stream(message(named, shorts, texts, prop(0x1013, BINARY, b"<p>")))
    assert places(tnef.inspect(data, LIMITS)) == {"HTML body": ("body.html", b"<p>")}


def test_files_are_counted_and_weighed() -> None:
    data = stream(*file("a", b"12345"), *file("b", b"12345"), *file("c", b"12345"))
    assert codes(tnef.inspect(data, Limits(parts=2)))[-1] == "limit.parts"
    assert codes(tnef.inspect(data, Limits(parts_size=11)))[-1] == "limit.parts_size"


def test_a_file_without_a_name_gets_one() -> None:
    assert [part.untrusted_name for part in tnef.inspect(stream(*file("", b"x")), LIMITS).parts] == ["file 1.bin"]


def test_rtf_is_decompressed_under_a_cap() -> None:
    assert decompress(rtf_stored(rb"{\rtf1}"), 100) == rb"{\rtf1}"
    again_and_again = struct.pack("<II4sI", 0, 0, b"LZFu", 0) + b"\xff" + b"\x00\x0f" * 8
    with pytest.raises(TooLargeError):
        decompress(again_and_again * 1 + (b"\xff" + b"\x00\x0f" * 8) * 50, 1000)
    with pytest.raises(BrokenRtfError):
        decompress(struct.pack("<II4sI", 0, 0, b"what", 0), 100)
    seen = tnef.inspect(
        stream(message(prop(0x1009, BINARY, again_and_again * 1 + b"\xff" + b"\x00\x0f" * 80))), Limits(member_size=99)
    )
    assert codes(seen) == ["limit.inflated_size"]


def test_broken_rtf_is_malformed() -> None:
    assert codes(tnef.inspect(stream(message(prop(0x1009, BINARY, b"nothing that is RTF"))), LIMITS)) == [
        "file.malformed"
    ]


def test_the_properties_of_a_file_name_its_type() -> None:
    typed = prop(0x370E, STRING8, b"image/png\0")
    assert [part.declared_type for part in tnef.inspect(stream(*file("a.png", b"x", typed)), LIMITS).parts] == [
        "image/png"
    ]
    assert properties() == b"\0\0\0\0"


# -- the mail that is made of it


def whole() -> bytes:
    since = datetime(2024, 1, 1, 12, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)
    filetime = struct.pack("<Q", int(since.total_seconds()) * 10_000_000)
    return stream(
        message(
            prop(0x0037, UNICODE, "Größe 42".encode("utf-16-le")),
            prop(0x0C1A, UNICODE, "Jan Jansen".encode("utf-16-le")),
            prop(0x0C1F, STRING8, b"jan@example.com"),
            prop(0x0E04, UNICODE, "Ännchen; Bob".encode("utf-16-le")),
            struct.pack("<HH", 0x0040, 0x0039) + filetime,
            prop(0x1000, UNICODE, "één schoen\r\n".encode("utf-16-le")),
            number(0x3FDE, 1251),
            prop(0x1013, BINARY, "<p>Привет".encode("cp1251")),
        ),
        *file("a.pdf", b"%PDF-1.4", prop(0x3712, STRING8, b"pic@x")),
        *file("b.txt", b"hello"),
    )


def test_the_mail_has_the_streams_fields_bodies_and_files() -> None:
    copy = copy_of(tnef, whole())
    after = message_from_bytes(copy, policy=default)
    assert isinstance(after, EmailMessage)
    assert (after["subject"], after["from"]) == ("Größe 42", "Jan Jansen <jan@example.com>")
    assert after["date"].datetime == datetime(2024, 1, 1, 12, tzinfo=UTC)
    plain, page = after.get_body(("plain",)), after.get_body(("html",))
    assert plain is not None
    assert page is not None
    assert (plain.get_content(), page.get_content()) == ("één schoen\r\n", "<p>Привет")
    assert [(one.get_filename(), one.get_payload(decode=True)) for one in after.iter_attachments()] == [
        ("a.pdf", b"%PDF-1.4"),
        ("b.txt", b"hello"),
    ]


def test_the_mail_is_a_mail_and_stays_itself() -> None:
    copy = copy_of(tnef, whole())
    claim = eml.sniff(Sample(data=copy, extension="eml"))
    assert claim is not None
    assert claim.kind == "eml"
    assert copy_of(eml, copy) == copy


def test_refused_files_and_pages_leave_a_notice() -> None:
    copy = copy_of(tnef, whole(), {"file 1": None, "HTML body": None})
    assert b"a.pdf (not accepted)" in copy
    assert b"the formatted text (not accepted)" in copy
    assert b"text/html" not in copy


def test_an_rtf_body_becomes_a_file() -> None:
    copy = copy_of(tnef, stream(message(prop(0x1009, BINARY, EXAMPLE_RTF))))
    assert b'filename="body.rtf"' in copy


def test_an_address_that_is_none_is_not_made_up() -> None:
    data = stream(message(prop(0x0C1A, STRING8, b"Jan"), prop(0x0C1F, STRING8, b"/O=ORG/CN=JAN")))
    assert b"From: Jan:;" in copy_of(tnef, data)


def test_there_is_no_mail_of_a_broken_stream() -> None:
    for data in (b"", stream((1, 0x9003, 0x0006, b"\xff\xff\xff\xff"))):
        rebuilt = tnef.normalize(Order(original=data, method="rebuild", printed=None, parts=(), limits=LIMITS))
        assert rebuilt.data is None
        assert [found.code for found in rebuilt.findings] == ["copy.failed"]


LOST = (b"Subject: =?", b"=C3=A9=C3=A9n schoen", b'Content-Disposition: attachment; filename="b.txt"')


@pytest.mark.parametrize("old", LOST)
def test_a_mail_that_lost_something_is_unfaithful(old: bytes) -> None:
    copy = copy_of(tnef, whole())
    assert old in copy
    lost = copy.replace(old, b"X: y")
    assert {found.code for found in tnef.verify(whole(), lost, LIMITS)} == {"copy.unfaithful"}
