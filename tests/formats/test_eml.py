"""Mail: what is recognised, what is reported, and what is handed out to be judged by itself."""

import base64
import binascii
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attachguard.formats import eml, html
from attachguard.formats.contract import Order, Sample
from attachguard.model import Inspection, Limits
from tests.formats.finding_codes import rebuilt
from tests.formats.judged_parts import accepted, copy_of
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


@pytest.mark.parametrize(
    "kind",
    [
        b"multipart/mixed; boundary=a; boundary=b",
        b"multipart/mixed; boundary=\"a\"; boundary*=us-ascii''b",
        b"multipart/mixed; boundary=b (as some readers take it)",
        b"multipart/mixed; boundary=a",
        b"multipart/mixed",
    ],
)
def test_parts_that_only_some_readers_see_are_malformed(kind: bytes) -> None:
    fields = b"From: a@example.com\r\nTo: b@example.com\r\nContent-Type: " + kind
    hidden = b"\r\n\r\n--b\r\nContent-Type: application/octet-stream; name=x.exe\r\n\r\nMZ\r\n--b--\r\n"
    assert "file.malformed" in codes(eml.inspect(fields + hidden, LIMITS))


def test_a_multipart_whose_parts_never_came_is_not_malformed() -> None:
    fields = b"From: a@example.com\r\nTo: b@example.com\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"
    assert "file.malformed" not in codes(eml.inspect(fields + b"cut off\r\n-- \r\nJan\r\n", LIMITS))


def test_a_page_in_an_encoding_that_hides_markup_says_so_itself() -> None:
    fields = b"From: a@example.com\r\nTo: b@example.com\r\nContent-Type: text/html; charset=utf-7\r\n\r\n"
    seen = eml.inspect(fields + b"+ADw-script+AD4-", LIMITS)
    assert [codes(html.inspect(part.data, LIMITS)) for part in seen.parts] == [["file.malformed"]]


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


# -- the copy


def parsed(data: bytes) -> EmailMessage:
    message = message_from_bytes(data, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def said(part: object) -> str:
    """The text of a part, with the line endings of this machine."""
    assert isinstance(part, EmailMessage)
    content = part.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


def idempotent(copy: bytes) -> bool:
    return copy_of(eml, copy) == copy


def rich_mail() -> bytes:
    message = mail("Goedemorgen, één schoen paßt nicht\n")
    message["Message-ID"] = "<1@example.com>"
    message["Received"] = "from [192.0.2.1] by mail.example.com; Mon, 1 Jan 2024 00:00:00 +0000"
    message["X-Originating-IP"] = "192.0.2.1"
    message.replace_header("Subject", "Größe 42")
    page = EmailMessage()
    page.set_content('<p>Goedemorgen <img src="cid:logo@x">', subtype="html")
    page.add_related(saved(colours(), "png"), "image", "png", cid="<logo@x>", filename="logo.png")
    message.make_alternative()
    message.attach(page)
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="rücksendung.pdf")
    return message.as_bytes()


def test_a_copy_has_the_same_words_files_and_readers() -> None:
    copy = copy_of(eml, rich_mail())
    after = parsed(copy)
    assert (after["subject"], after["from"], after["to"]) == ("Größe 42", "a@example.com", "b@example.com")
    body, page = after.get_body(("plain",)), after.get_body(("html",))
    assert body is not None
    assert page is not None
    assert said(body) == "Goedemorgen, één schoen paßt nicht\n"
    assert said(page).strip() == '<p>Goedemorgen <img src="cid:logo@x">'
    assert [(file.get_filename(), file.get_content_type()) for file in after.iter_attachments()] == [
        ("rücksendung.pdf", "application/pdf")
    ]
    assert b"Content-ID: <logo@x>" in copy
    assert copy.isascii()
    assert idempotent(copy)


def test_a_copy_does_not_tell_the_way_the_mail_took() -> None:
    copy = copy_of(eml, rich_mail())
    assert b"192.0.2.1" not in copy
    assert b"Received" not in copy


def test_a_refused_file_leaves_a_notice_and_the_rest_stays() -> None:
    after = parsed(copy_of(eml, rich_mail(), {"part 2": None}))
    body, notice = after.iter_parts()
    assert body.get_content_type() == "multipart/alternative"
    assert "rücksendung.pdf (not accepted)" in said(notice)
    assert after.get_body(("html",)) is not None


def test_a_refused_page_leaves_the_plain_text() -> None:
    after = parsed(copy_of(eml, rich_mail(), {"part 1.2.1": None}))
    body = after.get_body(("plain",))
    assert body is not None
    assert "één schoen" in said(body)
    assert after.get_body(("html",)) is None


def test_a_mail_of_nothing_but_refused_content_becomes_a_notice() -> None:
    data = HEAD + b"Content-Type: text/html\r\n\r\n<script>x</script>"
    after = parsed(copy_of(eml, data, {"part 0": None}))
    assert said(after).startswith("The following was removed from this mail")


def test_a_replaced_page_and_a_replaced_file_are_delivered_instead() -> None:
    after = parsed(copy_of(eml, rich_mail(), {"part 1.2.1": "<p>schön".encode(), "part 2": b"%PDF safe"}))
    page = after.get_body(("html",))
    assert page is not None
    assert said(page) == "<p>schön"
    assert [file.get_payload(decode=True) for file in after.iter_attachments()] == [b"%PDF safe"]


def test_a_page_keeps_its_letters_whatever_its_charset() -> None:
    fields = b"Content-Type: text/html; charset=windows-1251\r\n"
    data = part(fields, "<p>Привет".encode("cp1251"))
    assert places(eml.inspect(data, LIMITS))["part 1"][1] == b"\xef\xbb\xbf" + "<p>Привет".encode()
    page = parsed(copy_of(eml, data)).get_body(("html",))
    assert page is not None
    assert said(page) == "<p>Привет"


def test_a_page_without_a_tag_stays_and_is_judged_by_nobody() -> None:
    data = part(b"Content-Type: text/html\r\n", b"hello")
    assert codes(eml.inspect(data, LIMITS)) == ["mail.html"]
    assert eml.inspect(data, LIMITS).parts == ()
    page = parsed(copy_of(eml, data)).get_body(("html",))
    assert page is not None
    assert said(page) == "hello"


def test_a_mail_in_a_mail_stays_a_mail_in_a_mail() -> None:
    inner = mail("inside\n")
    message = mail()
    message.add_attachment(inner)
    copy = copy_of(eml, message.as_bytes())
    nested = [found for found in parsed(copy).walk() if found.get_content_type() == "message/rfc822"]
    assert len(nested) == 1
    assert b"inside" in nested[0].as_bytes()
    assert idempotent(copy)


def test_format_flowed_and_trailing_spaces_survive() -> None:
    fields = b"Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\r\n"
    body = parsed(copy_of(eml, part(fields, b"one \r\ntwo  \r\n"))).get_body(("plain",))
    assert body is not None
    assert body.get_param("format") == "flowed"
    assert said(body).splitlines()[:2] == ["one ", "two  "]


def test_eight_bit_texts_are_read_as_declared_then_as_utf_8_then_as_windows_1252() -> None:
    for declared, raw in ((b"iso-8859-2", b"\xb3"), (b"x-unknown", "ł".encode()), (b"us-ascii", b"\x80")):
        fields = b"Content-Type: text/plain; charset=" + declared + b"\r\n"
        body = parsed(copy_of(eml, part(fields, raw))).get_body(("plain",))
        assert body is not None
        assert said(body).strip() in {"ł", "€"}


def test_what_is_not_shown_is_taken_out_of_fields_and_texts() -> None:
    data = b"From: a@example.com\r\nSubject: =?utf-8?q?invoice=E2=80=AEfdp=2Eexe?=\r\n\r\n\x1b[31mred\x1b[0m\r\n"
    after = parsed(copy_of(eml, data))
    assert after["subject"] == "invoicefdp.exe"
    assert said(after) == "red\n"


def test_a_field_can_not_smuggle_in_another_one() -> None:
    data = b"From: a@example.com\r\nSubject: =?utf-8?q?hello=0D=0ABcc=3A_c=40example=2Ecom?=\r\n\r\nbody\r\n"
    after = parsed(copy_of(eml, data))
    assert after["bcc"] is None
    assert after["subject"] == "hello Bcc: c@example.com"


def test_fields_in_raw_utf_8_are_encoded() -> None:
    data = "From: Jöhn Doe <j@example.com>\r\nTo: Ännchen <ä@example.com>\r\nSubject: Größe\r\n\r\nbody\r\n".encode()
    copy = copy_of(eml, data)
    assert copy.isascii()
    assert parsed(copy)["subject"] == "Größe"
    assert parsed(copy)["from"] == "Jöhn Doe <j@example.com>"


def test_a_copy_is_not_signed_and_says_so() -> None:
    data = signed(b"-----BEGIN PGP SIGNATURE-----\r\n\r\nabc")
    rebuilt = eml.normalize(Order(original=data, method="rebuild", printed=None, parts=(), limits=LIMITS))
    assert rebuilt.data is not None
    assert [(found.code, found.detail) for found in rebuilt.findings] == [("mail.signed", "the copy is not signed")]
    assert said(parsed(rebuilt.data)) == "hello"
    assert b"PGP" not in rebuilt.data


def test_uuencoded_files_leave_the_text_and_become_attachments() -> None:
    data = HEAD + b"\r\nSee below.\r\nbegin 644 old.txt\r\n" + binascii.b2a_uu(b"some data") + b"`\r\nend\r\nBye\r\n"
    after = parsed(copy_of(eml, data))
    body = after.get_body(("plain",))
    assert body is not None
    assert said(body) == "See below.\nBye\n"
    assert [file.get_payload(decode=True) for file in after.iter_attachments()] == [b"some data"]


def test_a_sender_of_whom_only_the_name_is_known_is_written_the_same_way_every_time() -> None:
    once = rebuilt(eml, b"From: \xadexample.org\r\nTo: b@example.org\r\nSubject: hello\r\n\r\nHello\r\n")
    assert once is not None
    assert rebuilt(eml, once) == once


def test_what_lies_elsewhere_is_left_out_and_named() -> None:
    copy = copy_of(eml, part(b"Content-Type: message/external-body; access-type=URL\r\n", b"\r\nx"))
    assert b"message/external-body (not accepted)" in copy
    assert b"access-type" not in copy


def test_there_is_no_copy_of_a_mail_that_was_not_cut_whole() -> None:
    data = HEAD
    for number in range(20):
        data += b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number)
    rebuilt = eml.normalize(Order(original=data, method="rebuild", printed=None, parts=(), limits=LIMITS))
    assert rebuilt.data is None
    assert [found.code for found in rebuilt.findings] == ["copy.failed"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"b@example.com", b"c@example.com"),
        (b"=C3=A9=C3=A9n schoen", b"geen schoen"),
        (b"Content-Type: application/pdf\r\nContent-Disposition: attachment", b"Content-Type: text/x\r\nX: y"),
    ],
)
def test_a_copy_with_another_reader_other_words_or_a_lost_file_is_unfaithful(old: bytes, new: bytes) -> None:
    copy = copy_of(eml, rich_mail())
    assert old in copy
    assert {found.code for found in eml.verify(rich_mail(), copy.replace(old, new), LIMITS)} == {"copy.unfaithful"}


@given(st.binary(max_size=300), st.sampled_from(["", "text/html", "multipart/mixed; boundary=b", "image/png"]))
def test_any_mail_at_all_becomes_a_mail_that_stays_itself(body: bytes, declared: str) -> None:
    data = HEAD + (f"Content-Type: {declared}\r\n".encode() if declared else b"") + b"\r\n" + body
    parts = accepted(eml.inspect(data, LIMITS).parts)
    rebuilt = eml.normalize(Order(original=data, method="rebuild", printed=None, parts=parts, limits=LIMITS))
    assert rebuilt.data is not None
    assert claimed(rebuilt.data) == "eml"
    assert idempotent(rebuilt.data)
