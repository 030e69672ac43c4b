"""Zip packages: one table of contents, every contradiction told, inflating counted."""

import io
import struct
import zipfile
import zlib

import pytest

from attachguard.formats.refusal import Refused
from attachguard.formats.zip import Package, holds_package, read_package, unpack
from attachguard.model import Limits
from tests.formats.office_made import LIMITS, Members, packed

TWO: Members = {"a.txt": "first" * 10, "folder/b.txt": b"second"}


def read(data: bytes, limits: Limits = LIMITS) -> Package:
    package = read_package(data, limits)
    assert package is not None
    return package


def said(data: bytes) -> set[str]:
    return {finding.code for finding in read(data).findings}


@pytest.mark.parametrize("lead", [b"\r\n", b"\n"])
def test_a_line_break_before_the_package_is_taken_off_and_told(lead: bytes) -> None:
    package = read(lead + packed(TWO))
    assert {finding.code for finding in package.findings} == {"type.leading_data"}
    assert (package.first, [member.name for member in package.members]) == (0, list(TWO))


@pytest.mark.parametrize("lead", [b"\r\n\r\n", b"\r", b" ", b"MZ", b"\n\n"])
def test_anything_else_before_the_package_contradicts_it(lead: bytes) -> None:
    assert "zip.inconsistent" in said(lead + packed(TWO))


def refused(data: bytes, limits: Limits = LIMITS) -> str:
    with pytest.raises(Refused) as refusal:
        list(unpack(read(data, limits), limits))
    return refusal.value.finding.code


def entry(name: bytes, data: bytes, **other: int) -> tuple[bytes, bytes]:
    """A local header with its data and, to be completed with its place, its directory entry."""
    method, flags = other.get("method", 0), other.get("flags", 0)
    crc, size = other.get("crc", zlib.crc32(data)), other.get("size", len(data))
    shared = struct.pack("<HHHHLLL", flags, method, 0, 0x21, crc, len(data), size)
    local = b"PK\x03\x04\x14\x00" + shared + struct.pack("<HH", len(name), 0) + name + data
    made_by, attributes = other.get("made_by", 20), other.get("attributes", 0)
    central = b"PK\x01\x02" + struct.pack("<HH", made_by, 20) + shared
    central += struct.pack("<HHHHHL", len(name), 0, 0, 0, 0, attributes)
    return local, central


def joined(*entries: tuple[bytes, bytes, bytes], count: int | None = None, gap: bytes = b"") -> bytes:
    """A zip of (local header and data, directory entry without place, directory name)."""
    body, directory = b"", b""
    for local, central, name in entries:
        directory += central + struct.pack("<L", len(body)) + name
        body += local
    body += gap
    total = len(entries) if count is None else count
    end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, total, total, len(directory), len(body), 0)
    return body + directory + end


def single(name: bytes, data: bytes = b"x", **other: int) -> bytes:
    local, central = entry(name, data, **other)
    return joined((local, central, name))


def test_an_ordinary_package_says_nothing_and_gives_its_members() -> None:
    package = read(packed(TWO))
    assert package.findings == ()
    assert [(member.name, content) for member, content in unpack(package, LIMITS)] == [
        ("a.txt", b"first" * 10),
        ("folder/b.txt", b"second"),
    ]


def test_members_are_found_in_any_letter_case() -> None:
    package = read(packed(TWO))
    member = package.find("Folder/B.TXT")
    assert member is not None
    assert package.read(member, 100) == b"second"
    assert package.find("c.txt") is None


def test_a_package_written_to_a_pipe_with_sizes_behind_the_data_says_nothing() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in TWO.items():
            package.writestr(name, content)
    assert said(pipe.getvalue()) == set()


def test_zip64_entries_and_end_records_say_nothing() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package, package.open("a.txt", "w", force_zip64=True) as member:
        member.write(b"first")
    assert said(buffer.getvalue()) == set()
    local, central = entry(b"a.txt", b"first")
    plain = joined((local, central, b"a.txt"))
    end = plain.rindex(b"PK\x05\x06")
    size, offset = struct.unpack_from("<LL", plain, end + 12)
    wide = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, size, offset)
    wide += struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    last = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    assert said(plain[:end] + wide + last) == set()


def test_no_end_record_is_no_package() -> None:
    assert read_package(b"", LIMITS) is None
    assert read_package(packed(TWO)[:-30], LIMITS) is None
    assert read_package(b"PK\x05\x06 is how a zip ends", LIMITS) is None


def test_a_picture_with_a_zip_behind_it_holds_a_package_and_text_about_zips_does_not() -> None:
    assert holds_package(b"picture" * 100 + packed(TWO))
    assert holds_package(b"picture" * 100 + packed(TWO) + b"a little more")
    assert not holds_package(b"picture PK\x05\x06 picture" + bytes(100))
    assert not holds_package(struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 0, 0, 0, 0, 0))


def test_bytes_before_the_package_are_inconsistent_also_when_every_place_counts_them() -> None:
    assert said(b"MZ stub" + packed(TWO)) == {"zip.inconsistent"}
    buffer = io.BytesIO(b"MZ stub")
    buffer.seek(0, io.SEEK_END)
    with zipfile.ZipFile(buffer, "a") as package:
        package.writestr("a.txt", "first")
    assert said(buffer.getvalue()) == {"zip.inconsistent"}


def test_bytes_after_the_package_are_trailing_data_and_line_ends_are_nothing() -> None:
    assert said(packed(TWO) + b"\r\n\0") == set()
    assert said(packed(TWO) + b"more") == {"type.trailing_data"}


def test_another_type_after_the_package_makes_a_polyglot() -> None:
    assert said(packed(TWO) + b"%PDF-1.7 and so on") == {"type.trailing_data", "type.polyglot"}


def test_two_tables_of_contents_are_inconsistent() -> None:
    assert "zip.inconsistent" in said(packed({"a": "1"}) + packed({"b": "2"}))


def test_a_stored_package_inside_a_package_is_that_members_business() -> None:
    assert said(packed({"inner.zip": packed(TWO)}, stored=frozenset({"inner.zip"}))) == set()


def test_two_members_of_one_name_in_any_letter_case_are_duplicates() -> None:
    assert said(packed({"word/a.xml": "1", "Word/A.xml": "2"})) == {"zip.duplicate"}


@pytest.mark.parametrize(
    "name",
    [b"../a", b"/a", b"a/../b", b"a\\b", b"C:a", b"a//b", b"./a", b"", b"a\0b", b"a\x1bb", b"n" * 256],
)
def test_a_name_that_leads_elsewhere_or_hides_is_told(name: bytes) -> None:
    assert said(single(name)) == {"zip.name"}


def test_a_name_that_is_not_the_utf_8_it_says_it_is_is_told() -> None:
    assert said(single(b"\xff\xfe", flags=1 << 11)) == {"zip.name"}


def test_a_symbolic_link_is_told() -> None:
    assert said(single(b"a", made_by=3 << 8 | 20, attributes=0o120777 << 16)) == {"zip.name"}


def test_a_method_that_office_formats_do_not_use_is_told_and_not_inflated() -> None:
    data = single(b"a", method=14)
    assert said(data) == {"zip.method"}
    assert refused(data) == "zip.method"


@pytest.mark.parametrize("bit", [0, 6, 13])
def test_an_encrypted_member_is_told_and_not_inflated(bit: int) -> None:
    data = single(b"a", flags=1 << bit)
    assert said(data) == {"file.encrypted"}
    assert refused(data) == "file.encrypted"


def test_another_name_at_the_place_than_in_the_table_is_inconsistent() -> None:
    local, central = entry(b"hidden", b"x")
    assert said(joined((local, central, b"shown!"))) == {"zip.inconsistent"}


def test_a_member_that_is_not_where_the_table_says_is_inconsistent() -> None:
    _, central = entry(b"a", b"x")
    assert "zip.inconsistent" in said(joined((b"nothing here", central, b"a")))


def test_a_member_that_the_table_leaves_out_is_inconsistent() -> None:
    (one, first), (two, _) = entry(b"a", b"1"), entry(b"b", b"2")
    assert said(joined((one, first, b"a"), gap=two)) == {"zip.inconsistent"}


def test_members_that_share_bytes_are_inconsistent() -> None:
    local, central = entry(b"a", b"x" * 100)
    data = joined((local, central, b"a"), (b"", central, b"a"))
    shared = data.replace(struct.pack("<L", len(local)) + b"a", struct.pack("<L", 0) + b"b")
    assert "zip.inconsistent" in said(shared)


def test_a_table_with_more_or_fewer_entries_than_it_says_is_inconsistent() -> None:
    local, central = entry(b"a", b"x")
    two = (local, central, b"a"), (local, central, b"b")
    assert "zip.inconsistent" in said(joined(*two, count=1))
    assert "zip.inconsistent" in said(joined(*two, count=3))


def test_a_local_header_with_another_size_is_inconsistent() -> None:
    local, central = entry(b"a", b"x")
    other, _ = entry(b"a", b"x", size=2)
    assert said(joined((other, central, b"a"))) == {"zip.inconsistent"}
    assert said(joined((local, central, b"a"))) == set()


def test_a_second_name_in_an_extra_field_is_inconsistent() -> None:
    extra = struct.pack("<HHBL", 0x7075, 10, 1, 0) + b"other"
    local, central = entry(b"a", b"x")
    central = central[:30] + struct.pack("<H", len(extra)) + central[32:]
    assert said(joined((local, central, b"a" + extra))) == {"zip.inconsistent"}


def test_more_members_than_are_looked_at_are_not_even_listed() -> None:
    package = read(packed({f"{number}": "" for number in range(11)}), Limits(members=10))
    assert {finding.code for finding in package.findings} == {"limit.members"}
    assert package.members == ()


def test_a_member_that_inflates_past_the_limit_is_stopped_whatever_its_header_says() -> None:
    bomb = packed({"a": bytes(100_000)})
    assert refused(bomb, Limits(member_size=99_999)) == "limit.inflated_size"
    lying = bomb.replace(struct.pack("<L", 100_000), struct.pack("<L", 10))
    assert refused(lying, Limits(member_size=99_999)) == "limit.inflated_size"


def test_the_members_together_are_counted() -> None:
    data = packed({"a": bytes(600), "b": bytes(600)})
    assert refused(data, Limits(inflated_size=1000)) == "limit.inflated_size"


def test_a_ratio_counts_above_one_mebibyte_only() -> None:
    assert len(list(unpack(read(packed({"a": bytes(1024 * 1024)})), LIMITS))) == 1
    assert refused(packed({"a": bytes(3 * 1024 * 1024)})) == "limit.ratio"


def test_content_that_is_not_what_the_table_says_is_inconsistent() -> None:
    assert refused(single(b"a", b"x", crc=1)) == "zip.inconsistent"
    assert refused(single(b"a", b"x", size=2)) == "zip.inconsistent"
    assert refused(single(b"a", b"\xff\xff", method=8)) == "zip.inconsistent"


def test_bytes_hidden_behind_a_members_compressed_data_are_inconsistent() -> None:
    deflater = zlib.compressobj(wbits=-15)
    data = deflater.compress(b"x") + deflater.flush()
    assert refused(single(b"a", data + b"hidden", method=8, size=1, crc=zlib.crc32(b"x"))) == "zip.inconsistent"
    assert refused(single(b"a", data[:-1], method=8, size=1, crc=zlib.crc32(b"x"))) == "zip.inconsistent"
