"""Mail messages (RFC 5322, MIME) as customers and shops forward them; boundaries and identifiers are fixed."""

from email.message import EmailMessage
from email.policy import SMTP

from samples.makers import text
from samples.makers.goods import LETTERS, MOMENT


def plain(language: str = "en") -> bytes:
    """Make a mail of text alone."""
    return _bytes(_message(language))


def with_page(language: str = "fr", head: str = "", more: str = "") -> bytes:
    """Make a mail with its text twice: plain, and as an HTML page."""
    message = _message(language)
    message.add_alternative(text.page(head=head, more=more).decode(), subtype="html", cte="quoted-printable")
    return _bytes(message)


def with_file(attached: bytes, name: str, media_type: str, language: str = "nl") -> bytes:
    """Make a mail that carries a file."""
    main, _, sub = media_type.partition("/")
    message = _message(language)
    message.add_attachment(attached, maintype=main, subtype=sub, filename=name)
    return _bytes(message)


def with_two_files(first: bytes, first_name: str, second: bytes, second_name: str, language: str = "nl") -> bytes:
    """Make a mail that carries two files, of which it only says that they are bytes."""
    message = _message(language)
    for attached, name in ((first, first_name), (second, second_name)):
        message.add_attachment(attached, maintype="application", subtype="octet-stream", filename=name)
    return _bytes(message)


def forwarded(levels: int = 1, language: str = "de") -> bytes:
    """Make a mail that forwards a mail that forwards a mail, as often as asked."""
    message = _message(language)
    for level in range(levels):
        outer = _message(language, prefix="Fwd: " * (level + 1))
        outer.add_attachment(message)
        message = outer
    return _bytes(message)


def _message(language: str, prefix: str = "") -> EmailMessage:
    subject, *body = LETTERS[language]
    message = EmailMessage(policy=SMTP)
    message["From"] = "Service <service@shop.example>"
    message["To"] = "customer@mail.example"
    message["Subject"] = prefix + subject
    message["Date"] = MOMENT
    message["Message-ID"] = f"<20260316.{language}.{len(prefix)}@shop.example>"
    message.set_content("\n\n".join(body) + "\n", cte="quoted-printable")
    return message


def _bytes(message: EmailMessage) -> bytes:
    """Write a mail with CRLF at line ends; boundaries are counted, not drawn by lot."""
    for number, part in enumerate(message.walk()):
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            part.set_boundary(f"=_shop_{number:04d}_0417")
    return message.as_bytes()
