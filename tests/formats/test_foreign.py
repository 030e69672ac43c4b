"""Types that are not accepted: each is recognised and named, and nothing good is taken for one."""

import pytest

from attachguard.formats import foreign
from attachguard.formats.contract import Claim, Sample
from tests.formats.every_kind import GOOD, STRANGERS
from tests.formats.office_made import Members, packed
from tests.formats.ole_made import ole


def claim(data: bytes) -> Claim | None:
    return foreign.sniff(Sample(data=data, extension=""))


@pytest.mark.parametrize("kind", sorted(GOOD))
def test_no_good_file_is_taken_for_a_stranger(kind: str) -> None:
    assert claim(GOOD[kind]) is None


PACKAGES = frozenset(
    {"docm", "dotm", "dotx", "xlsm", "xlsb", "xlam", "xltm", "pptx", "vsdx", "ott", "odp", "epub", "star office"}
)
"""What the modules of the accepted packages name as a relative of theirs."""


@pytest.mark.parametrize("kind", sorted(set(STRANGERS) - PACKAGES))
def test_a_stranger_is_recognised_and_has_no_kind(kind: str) -> None:
    found = claim(STRANGERS[kind])
    assert found is not None
    assert found.kind is None
    assert found.described


@pytest.mark.parametrize(
    "text",
    [
        b"MZ is a pair of letters",
        b"BZh, said the bee",
        b"FORM A: please fill in",
        b"ID3 tags are used in music",
        b"Rar! A cry",
    ],
)
def test_text_that_begins_like_a_signature_is_text(text: bytes) -> None:
    assert claim(text) is None


def test_a_zip_behind_other_content_is_recognised() -> None:
    found = claim(b"\x00\x01 any binary content \xff\xfe\x80" + packed({"a": "b"}))
    assert found is not None
    assert found.described == "zip archive behind other content"
    assert {finding.code for finding in found.findings} == {"zip.inconsistent"}


def test_a_zip_without_a_table_of_contents_is_recognised() -> None:
    found = claim(packed({"a": "b" * 100})[:60])
    assert found is not None
    assert found.described == "broken zip archive"


def test_an_office_file_with_a_password_is_named_as_that() -> None:
    found = claim(ole({"EncryptedPackage": b"x" * 100, "EncryptionInfo": b"x"}))
    assert found is not None
    assert {finding.code for finding in found.findings} == {"file.encrypted"}


def test_a_package_that_belongs_to_nobody_is_named_as_far_as_it_goes() -> None:
    described: dict[str, Members] = {
        "Java archive": {"META-INF/MANIFEST.MF": "x"},
        "Android program": {"AndroidManifest.xml": b"\x03\x00\x08\x00"},
        "iWork document": {"Index/Document.iwa": b"x"},
        "zip archive": {"a": "b"},
    }
    for words, members in described.items():
        found = claim(packed(members))
        assert found is not None
        assert found.described == words


def test_cut_and_empty_files_never_raise() -> None:
    for data in (*STRANGERS.values(), *GOOD.values()):
        for size in range(min(len(data), 200)):
            claim(data[:size])
