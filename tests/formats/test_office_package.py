"""What is written as a zip package is read alike by Python's zipfile and by our own strict reader."""

import io
import zipfile

from hypothesis import given
from hypothesis import strategies as st

from attachguard.formats.office.package import write_package
from attachguard.formats.zip import read_package, unpack
from tests.formats.office_made import LIMITS

NAMES = st.lists(
    st.sampled_from(["[Content_Types].xml", "word/document.xml", "a/b/c.bin", "Übersicht.xml", "x", "mimetype"]),
    unique=True,
    max_size=6,
)


@given(st.data(), NAMES)
def test_every_reader_finds_what_was_written(data: st.DataObject, names: list[str]) -> None:
    members = [(name, data.draw(st.binary(max_size=3000))) for name in names]
    stored = frozenset(data.draw(st.sets(st.sampled_from(names)))) if names else frozenset()
    written = write_package(members, stored=stored)
    with zipfile.ZipFile(io.BytesIO(written)) as package:
        assert package.testzip() is None
        assert [(entry.filename, package.read(entry)) for entry in package.infolist()] == members
        assert {entry.filename for entry in package.infolist() if entry.compress_type == zipfile.ZIP_STORED} == stored
        assert {entry.date_time for entry in package.infolist()} <= {(1980, 1, 1, 0, 0, 0)}
    if members:
        whole = read_package(written, LIMITS)
        assert whole is not None
        assert whole.findings == ()
        assert [(member.name, content) for member, content in unpack(whole, LIMITS)] == members


def test_the_same_members_are_always_the_same_bytes() -> None:
    members = [("a", b"word " * 1000), ("b", bytes(range(256)) * 9)]
    assert write_package(members) == write_package(members)
    assert len(write_package(members)) < 3000


def test_the_first_member_lies_where_programs_look_for_the_type() -> None:
    written = write_package([("mimetype", b"application/x"), ("a", b"")], stored=frozenset({"mimetype"}))
    assert written[30:51] == b"mimetypeapplication/x"  # ODF 1.3 part 2 section 3.3
