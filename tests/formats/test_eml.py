"""Mail: what is recognised, what is reported, and what is handed out to be judged by itself."""

import base64
import binascii
from email.message import EmailMessage

import pytest

from attachguard.formats import eml
from attachguard.formats.contract import Sample
from attachguard.model import Inspection, Limits
from tests.formats.pictures_made import LIMITS, colours, saved

HEAD = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: hello\r\n"


def mail(text: str = "Good day\n") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.com", "b@example.com", "hello"
    message.set_content(text)
    return message


def claimed(data: bytes) -> str | None:
    claim = eml.sniff(Sample(data=data, extension="eml"))
    return None if claim is None else claim.kind


def codes(inspection: Inspection) -> list[str]:
    return [finding.code for finding in inspection.findings]


def places(inspection: Inspection) -> dict[str, tuple[str, bytes]]:
    return {part.where: (part.untrusted_name, part.data) for part in inspection.parts}


def part(fields: bytes, body: bytes) -> bytes:
    """A mail with one part."""
    opening = HEAD + b'Content-Type: multipart/mixed; boundary="edge"\r\n\r\n--edge\r\n'
    return opening + fields + b"\r\n" + body + b"\r\n--edge--\r\n"


@pytest.mark.parametrize(
    "before",
    [
        b"",
        b"\xef\xbb\xbf",
        b"\r\n  \r\n\n",
        b"From a@example.com Mon Jan  1 00:00:00 2024\n",
        b"X-Unsent: 1\r\n",
        b"DKIM-Signature: v=1; a=rsa-sha256;\r\n\tb=abc\r\n",
        b"Received: from x\r\n by y; Mon, 1 Jan 2024 00:00:00 +0000\r\n",
    ],
)
def test_a_mail_is_known_by_its_header_block_whatever_stands_first(before: bytes) -> None:
    assert claimed(before + HEAD + b"\r\nGood day\r\n") == "eml"


def test_a_mail_is_known_in_lower_case_and_with_bytes_above_ascii() -> None:
    assert claimed(HEAD.lower() + b"\r\n") == "eml"
    assert claimed(b"Subject: gr\xfc\xdfe\r\nFrom: J\xc3\xb6hn <a@example.com>\r\n\r\n\xff\xfe\r\n") == "eml"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Subject: the only field\r\n\r\ntext",
        b"Dear all,\nFrom: here\nTo: there\n",
        b"Name: x\nVersion: 1\n\n",
        b"From: a\0b\r\nTo: c\r\nSubject: d\r\n\r\n",
        b"\n" * 5000 + HEAD,
    ],
)
def test_what_has_no_header_block_of_a_mail_is_none(data: bytes) -> None:
    assert claimed(data) is None


@pytest.mark.parametrize("first", [b"From: <Saved by Blink>\r\n", b""])
def test_a_saved_web_page_is_recognised_and_not_accepted(first: bytes) -> None:
    data = first + (
        b"Subject: page\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/related; boundary="edge"\r\n\r\n--edge\r\n'
        b"Content-Type: text/html\r\nContent-Location: http://example.com/\r\n\r\n<p>hello\r\n--edge--\r\n"
    )
    claim = eml.sniff(Sample(data=data, extension="eml"))
    assert claim is not None
    assert (claim.kind, claim.described) == (None, "saved web page (MHT)")


def test_a_mailbox_of_two_mails_is_recognised_and_not_accepted() -> None:
    one = b"From a@example.com Mon Jan  1 00:00:00 2024\n" + HEAD.replace(b"\r\n", b"\n") + b"\nGood day\n\n"
    assert claimed(one) == "eml"
    assert claimed(one + one) is None


def test_a_plain_mail_says_nothing_and_hands_out_nothing() -> None:
    assert eml.inspect(mail().as_bytes(), LIMITS) == Inspection()


def test_attachments_are_reported_and_handed_out_decoded() -> None:
    picture = saved(colours(), "png")
    message = mail()
    message.add_attachment(picture, maintype="image", subtype="png", filename="schön.png")
    message.add_attachment("a;b\n", subtype="csv", filename="table.csv")
    seen = eml.inspect(message.as_bytes(), LIMITS)
    assert codes(seen) == ["mail.attachment", "mail.attachment"]
    assert places(seen) == {"part 2": ("schön.png", picture), "part 3": ("table.csv", b"a;b\n")}
    assert [part.declared_type for part in seen.parts] == ["image/png", "text/csv"]


def test_an_html_body_is_reported_and_handed_out_as_a_page() -> None:
    message = mail()
    message.add_alternative("<p>Good day", subtype="html")
    seen = eml.inspect(message.as_bytes(), LIMITS)
    assert codes(seen) == ["mail.html"]
    assert places(seen) == {"part 2": ("part 2.html", b"<p>Good day\n")}


def test_a_mail_in_a_mail_is_handed_out_whole_and_not_looked_into() -> None:
    inner = mail("inside\n")
    inner.add_attachment(b"data", maintype="application", subtype="octet-stream", filename="inner.bin")
    message = mail()
    message.add_attachment(inner)
    seen = eml.inspect(message.as_bytes(), LIMITS)
    assert [(part.where, part.untrusted_name) for part in seen.parts] == [("part 2", "part 2.eml")]
    assert b"inner.bin" in seen.parts[0].data


def test_a_named_text_part_is_a_file_and_an_unnamed_one_is_the_mail_itself() -> None:
    assert places(eml.inspect(part(b"Content-Type: text/plain; name=a.txt\r\n", b"hello"), LIMITS)) == {
        "part 1": ("a.txt", b"hello")
    }
    assert eml.inspect(part(b"Content-Type: text/plain\r\n", b"hello"), LIMITS).parts == ()


def test_a_part_without_a_name_gets_one_by_its_type() -> None:
    for declared, name in (("application/pdf", "part 1.pdf"), ("image/pjpeg", "part 1.jpg"), ("x/y", "part 1.bin")):
        seen = eml.inspect(part(f"Content-Type: {declared}\r\n".encode(), b"data"), LIMITS)
        assert [found.untrusted_name for found in seen.parts] == [name]


def test_nested_multiparts_are_numbered_as_imap_does() -> None:
    inner = b'Content-Type: multipart/mixed; boundary="in"\r\n'
    body = b"--in\r\n\r\ntext\r\n--in\r\nContent-Type: image/gif\r\n\r\nGIF\r\n--in--"
    assert places(eml.inspect(part(inner, body), LIMITS)) == {"part 1.2": ("part 1.2.gif", b"GIF")}


def test_uuencoded_files_in_a_text_are_handed_out() -> None:
    lines = b"".join(binascii.b2a_uu(b"some data in a file")[:-1] + b"\r\n" for _ in range(2))
    seen = eml.inspect(HEAD + b"\r\nSee below.\r\nbegin 644 old.doc\r\n" + lines + b"`\r\nend\r\n", LIMITS)
    assert places(seen) == {"part 0 file 1": ("old.doc", b"some data in a file" * 2)}
    assert codes(seen) == ["mail.attachment"]


@pytest.mark.parametrize("declared", ["message/external-body; access-type=URL", "message/partial; id=x; number=1"])
def test_what_lies_elsewhere_is_reported(declared: str) -> None:
    seen = eml.inspect(part(f"Content-Type: {declared}\r\n".encode(), b"Content-Type: image/png\r\n"), LIMITS)
    assert codes(seen) == ["mail.external"]
    assert seen.parts == ()


def signed(signature: bytes, declared: bytes = b"application/pgp-signature") -> bytes:
    return (
        HEAD + b'Content-Type: multipart/signed; boundary="edge"\r\n\r\n--edge\r\n\r\nhello\r\n--edge\r\n'
        b"Content-Type: " + declared + b"\r\n\r\n" + signature + b"\r\n--edge--\r\n"
    )


def test_a_signed_mail_is_reported_and_its_signature_is_no_file() -> None:
    seen = eml.inspect(signed(b"-----BEGIN PGP SIGNATURE-----\r\n\r\nabc"), LIMITS)
    assert codes(seen) == ["mail.signed"]
    assert seen.parts == ()


def test_what_only_says_it_is_a_signature_is_a_file() -> None:
    assert codes(eml.inspect(signed(b"MZ and so on"), LIMITS)) == ["mail.signed", "mail.attachment"]


def test_encrypted_mail_is_reported() -> None:
    pgp = HEAD + b'Content-Type: multipart/encrypted; boundary="edge"\r\n\r\n--edge\r\n\r\nx\r\n--edge--\r\n'
    assert codes(eml.inspect(pgp, LIMITS)) == ["file.encrypted"]
    smime = HEAD + b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n\r\nx"
    assert "file.encrypted" in codes(eml.inspect(smime, LIMITS))


def test_a_missing_closing_delimiter_is_truncated_and_hides_nothing() -> None:
    data = part(b"Content-Type: image/png\r\n", b"data").removesuffix(b"\r\n--edge--\r\n")
    seen = eml.inspect(data, LIMITS)
    assert codes(seen) == ["type.truncated", "mail.attachment"]
    assert places(seen) == {"part 1": ("part 1.png", b"data")}


def test_base64_that_goes_on_behind_its_end_is_reported() -> None:
    fields = b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n"
    seen = eml.inspect(part(fields, base64.b64encode(b"data") + b"\r\n" + base64.b64encode(b"more")), LIMITS)
    assert codes(seen) == ["type.trailing_data", "mail.attachment"]
    assert places(seen) == {"part 1": ("part 1.png", b"data")}


def test_fields_that_contradict_each_other_are_malformed() -> None:
    twice = b"Content-Type: text/plain\r\nContent-Type: text/html\r\n"
    assert "file.malformed" in codes(eml.inspect(part(twice, b"<p>"), LIMITS))
    same = b"Content-Type: text/plain\r\nContent-Type: text/plain; charset=utf-8\r\n"
    assert codes(eml.inspect(part(same, b"hello"), LIMITS)) == []


def test_an_unknown_transfer_encoding_is_malformed() -> None:
    fields = b"Content-Type: image/png\r\nContent-Transfer-Encoding: x-own\r\n"
    assert "file.malformed" in codes(eml.inspect(part(fields, b"data"), LIMITS))


def test_quoted_printable_bare_cr_and_encoded_names_are_read() -> None:
    fields = (
        b"Content-Type: application/pdf\rContent-Transfer-Encoding: quoted-printable\r"
        b'Content-Disposition: attachment; filename="=?utf-8?q?gr=C3=BCn.pdf?="\r'
    )
    seen = eml.inspect(part(fields, b"a=3Db").replace(b"\r\n", b"\r"), LIMITS)
    assert places(seen) == {"part 1": ("grün.pdf", b"a=b")}


def test_files_are_counted_and_weighed() -> None:
    message = mail()
    for number in range(3):
        message.add_attachment(b"12345", maintype="a", subtype="b", filename=f"{number}.bin")
    many = eml.inspect(message.as_bytes(), Limits(parts=2))
    assert (len(many.parts), codes(many)[-1]) == (2, "limit.parts")
    heavy = eml.inspect(message.as_bytes(), Limits(parts_size=11))
    assert (len(heavy.parts), codes(heavy)[-1]) == (2, "limit.parts_size")


def test_multiparts_nested_without_end_are_not_followed() -> None:
    data = HEAD
    for number in range(3000):
        data += b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number)
    assert "limit.parts" in codes(eml.inspect(data, LIMITS))


def test_a_multipart_without_parts_is_shown_as_text() -> None:
    assert codes(eml.inspect(HEAD + b"Content-Type: multipart/mixed; boundary=x\r\n\r\nhello\r\n", LIMITS)) == []
