from attachguard.formats.contract import Claim, Sample
from attachguard.formats.pdf import sniff
from tests.formats.pdf.made import hello


def claim(data: bytes) -> Claim | None:
    return sniff(Sample(data, "pdf"))


def found(data: bytes) -> set[str]:
    claimed = claim(data)
    assert claimed is not None
    assert claimed.kind == "pdf"
    return {finding.code for finding in claimed.findings}


def test_a_plain_document_is_claimed_without_remark() -> None:
    assert found(hello()) == set()


def test_white_space_and_a_byte_order_mark_may_stand_before_the_header() -> None:
    assert found(b"\xef\xbb\xbf\r\n" + hello()) == set()
    assert found(b"\r\n" * 509 + b"\n" + hello()) == set()


def test_a_header_after_the_first_kibibyte_is_none() -> None:
    assert claim(b"\n" * 1024 + hello()) is None
    assert claim(b"\n" * 1023 + hello()) is not None


def test_what_web_servers_and_printers_put_before_a_header_is_no_remark() -> None:
    assert found(b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n" + hello()) == set()
    assert found(b"%!PS-Adobe-3.0 PDF\n" + hello()) == set()


def test_other_bytes_before_the_header_make_a_polyglot() -> None:
    assert found(b"MZ\x90\x00" + b"\x00" * 100 + hello()) == {"type.polyglot"}
    assert found(b"/*" + hello()) == {"type.polyglot"}


def test_a_header_alone_is_no_document() -> None:
    assert claim(b"%PDF-1.7\nsee the attached document") is None
    assert claim(b"%PDF-1+\n1 0 obj\n") is None
    assert claim(b"") is None


def test_text_that_speaks_of_pdf_is_no_document() -> None:
    assert claim(b"A file starts with %PDF-1.7 and then come its objects.") is None


def test_bytes_after_the_end_are_told() -> None:
    assert found(hello() + b"surplus") == {"type.trailing_data"}


def test_white_space_and_the_end_sign_of_dos_after_the_end_are_not() -> None:
    assert found(hello() + b"\r\n\x00\x1a") == set()


def test_a_program_or_page_after_the_end_makes_a_polyglot() -> None:
    assert found(hello() + b"MZ\x90\x00\x03\x00\x00\x00") == {"type.trailing_data", "type.polyglot"}
    assert found(hello() + b"<script>") == {"type.trailing_data", "type.polyglot"}


def test_a_missing_end_is_told() -> None:
    assert found(hello().replace(b"%%EOF", b"")) == {"type.truncated"}


def test_a_zip_directory_at_the_end_makes_a_polyglot() -> None:
    entry = b"PK\x01\x02" + b"\x00" * 42
    directory = entry + b"PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00" + len(entry).to_bytes(4, "little") + b"\x00" * 6
    assert "type.polyglot" in found(hello() + directory)


def test_the_letters_of_a_zip_signature_are_no_zip() -> None:
    assert found(hello(content=b"% PK\x05\x06 is a signature" + b" " * 40)) == set()
