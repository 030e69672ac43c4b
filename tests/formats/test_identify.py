"""Identification: all formats are asked, libmagic is asked, and doubt is told."""

import random

import pytest

from attachguard.formats.identify import COMPATIBLE, YIELDS, identify
from attachguard.formats.registry import BY_KIND, FORMATS
from attachguard.formats.sniffing import SNIFFERS
from attachguard.kinds import BY_EXTENSION, KINDS
from attachguard.model import Identification, Limits
from tests.formats.every_kind import GOOD, STRANGERS
from tests.formats.office_made import LIMITS, docx, docx_members, odf_members, packed
from tests.formats.ole_made import ole
from tests.formats.pictures_made import colours, saved, small_zip


def identified(data: bytes, extension: str = "") -> Identification:
    return identify(data, extension, LIMITS)


def codes(data: bytes, extension: str = "") -> set[str]:
    return {finding.code for finding in identified(data, extension).findings}


def test_every_kind_has_its_format_and_its_libmagic_answers() -> None:
    assert sorted(BY_KIND) == sorted(KINDS) == sorted(COMPATIBLE)
    assert len(FORMATS) == len(BY_KIND)


def test_every_format_is_asked_once_what_a_file_is() -> None:
    asked = [sniff for sniff in SNIFFERS if sniff in [format_.sniff for format_ in FORMATS]]
    assert len(asked) == len(set(asked)) == len(SNIFFERS) == len(FORMATS)


@pytest.mark.parametrize("kind", sorted(GOOD))
def test_a_good_file_is_what_it_is_under_each_of_its_names_and_says_nothing(kind: str) -> None:
    for extension in KINDS[kind].extensions:
        found = identified(GOOD[kind], extension)
        assert (found.kind, found.findings) == (kind, ())
        assert found.described
        assert "/" in found.magic


@pytest.mark.parametrize("kind", sorted(set(GOOD) - {"csv", "txt", "xhtml"}))
def test_the_name_changes_nothing_about_what_a_file_is(kind: str) -> None:
    for other in KINDS.values():
        assert identified(GOOD[kind], other.extension).kind == kind


@pytest.mark.parametrize("kind", sorted(STRANGERS))
def test_a_stranger_has_no_kind_under_any_name(kind: str) -> None:
    for extension in BY_EXTENSION:
        found = identified(STRANGERS[kind], extension)
        assert found.kind is None, extension
        assert found.findings


def test_a_stranger_is_named_in_the_finding() -> None:
    found = identified(STRANGERS["docm"], "docx")
    assert found.described == "Word document with macros"
    assert [(finding.code, finding.detail) for finding in found.findings] == [
        ("type.not_accepted", "Word document with macros")
    ]


def test_content_that_nobody_knows_is_unknown() -> None:
    data = random.Random(1).randbytes(2000)
    assert codes(data, "pdf") == {"type.unknown"}
    assert identified(data).kind is None


def test_an_office_file_with_a_password_says_that_and_nothing_else() -> None:
    data = ole({"EncryptedPackage": b"x" * 100, "EncryptionInfo": b"x"})
    assert identified(data, "docx").kind is None
    assert codes(data, "docx") == {"file.encrypted"}


@pytest.mark.parametrize("kind", ["bmp", "gif", "jpeg", "pdf", "png", "tiff"])
def test_a_file_with_a_zip_behind_it_is_a_polyglot(kind: str) -> None:
    found = identified(GOOD[kind] + small_zip(), kind)
    assert "type.polyglot" in {finding.code for finding in found.findings}


def test_a_program_before_a_document_is_a_polyglot_or_no_document() -> None:
    program = STRANGERS["Windows program"]
    assert identified(program + docx(), "docx").kind is None
    assert "type.polyglot" in codes(program[:200] + GOOD["pdf"], "pdf")


def test_one_package_that_is_two_documents_is_a_polyglot() -> None:
    both = packed({**odf_members(), **docx_members()})
    found = identified(both, "docx")
    assert found.kind is None
    assert "type.polyglot" in {finding.code for finding in found.findings}


def test_a_document_that_is_a_java_archive_too_is_a_polyglot() -> None:
    assert "type.polyglot" in codes(docx(more={"META-INF/MANIFEST.MF": "Main-Class: A"}), "docx")


def test_markup_hidden_in_a_picture_is_a_polyglot() -> None:
    assert "type.polyglot" in codes(saved(colours(), "gif", comment=b"<script>alert(1)</script>"), "gif")


def test_the_general_kind_gives_way_to_the_special_one_and_never_in_a_circle() -> None:
    assert all((special, general) not in YIELDS for general, special in YIELDS)
    assert identified(GOOD["eml"], "txt").kind == "eml"
    assert identified(GOOD["rtf"], "txt").kind == "rtf"


def test_text_that_libmagic_takes_for_a_program_is_a_disagreement() -> None:
    data = b"BZh9 is how this letter begins, and it goes on for a while.\n"
    found = identified(data, "txt")
    assert found.kind == "txt"
    assert [finding.code for finding in found.findings] == ["type.disagreement"]


def test_a_letter_that_begins_like_a_jump_is_no_program() -> None:
    greek = "Ένας διαδικτυακός μας φίλος, τον οποίο γνωρίσαμε πέρυσι.\n".encode("iso-8859-7")
    found = identified(greek, "txt")
    assert (found.kind, found.findings) == ("txt", ())  # libmagic 5.44 says application/x-dosexec


def test_a_package_with_more_members_than_are_looked_at_says_so() -> None:
    found = identify(docx(), "docx", Limits(members=2))
    assert found.kind is None
    assert "limit.members" in {finding.code for finding in found.findings}


def test_the_same_bytes_always_get_the_same_answer() -> None:
    for data in (*GOOD.values(), *STRANGERS.values()):
        assert identified(data) == identified(data)


@pytest.mark.parametrize("kind", sorted(GOOD))
def test_cut_and_flipped_files_never_raise(kind: str) -> None:
    dice = random.Random(kind)
    whole = GOOD[kind]
    for _ in range(40):
        size = dice.randrange(len(whole))
        identified(whole[:size], kind)
        broken = bytearray(whole)
        for _ in range(dice.randrange(1, 4)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        identified(bytes(broken), kind)


@pytest.mark.parametrize("encoding", ["utg-8", "utf-7", "shift_jis", "idna", "base64", "undefined"])
def test_a_package_described_in_an_encoding_that_is_not_read_is_no_document_and_raises_nothing(encoding: str) -> None:
    members = dict(docx_members())
    members["[Content_Types].xml"] = f'<?xml version="1.0" encoding="{encoding}"?>' + str(
        members["[Content_Types].xml"]
    )
    found = identified(packed(members), "docx")
    assert found.kind is None
    assert found.findings
