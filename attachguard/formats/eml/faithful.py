"""Comparing a copy of a mail with its original; the copy is read by the standard library's parser."""

from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from email.policy import compat32

from attachguard.formats.eml.headers import parameter
from attachguard.formats.eml.inspection import inspect, is_body_text, is_html_body
from attachguard.formats.eml.message import content, read
from attachguard.formats.eml.rebuild import body_text, without_files
from attachguard.formats.mail.kept_fields import shown
from attachguard.formats.mail.notice import lines_of
from attachguard.model import Finding, Limits

COMPARED = ("from", "to", "cc", "subject", "date", "message-id")
"""Fields that a reader goes by."""


def differences(original: bytes, copy: bytes, limits: Limits) -> Iterator[Finding]:
    """Tell how a copy differs: fields, texts, and files that are neither there nor named as removed."""
    before = read(original)
    after = message_from_bytes(copy, policy=compat32)
    if any(part.defects for part in after.walk()):
        yield Finding("copy.unfaithful", detail="the copy has defects")
        return
    for name in COMPARED:
        if _plain(str(before.fields.get(name, ""))) != _plain(str(after.get(name, ""))):
            yield Finding("copy.unfaithful", name, "another value")
    texts, notices, files, pages = _content(after)
    wanted = [
        _words(body_text(without_files(content(part).data), parameter(part.fields, "charset")))
        for part in before.walk()
        if not part.children and is_body_text(part)
    ]
    if [text for text in wanted if text] != [text for text in texts if text]:
        yield Finding("copy.unfaithful", "text", "other words")
    carried = len(inspect(original, limits).parts)
    carried += sum(1 for part in before.walk() if is_html_body(part) and b"<" not in content(part).data)
    if files + pages + notices < carried:
        yield Finding("copy.unfaithful", "files", f"{files + pages} of {carried}, {notices} named as removed")


def _content(mail: Message) -> tuple[list[str], int, int, int]:
    """Read texts, and count lines of notices, files and HTML bodies of a mail; mails inside count as files."""
    texts, notices, files, pages = list[str](), 0, 0, 0
    waiting = [mail]
    while waiting:
        part = waiting.pop(0)
        if part.get_content_type() == "message/rfc822" or part.get_filename():
            files += 1
        elif part.is_multipart():
            waiting = [child for child in part.get_payload() if isinstance(child, Message)] + waiting
        elif part.get_content_type() == "text/html":
            pages += 1
        else:
            data = part.get_payload(decode=True)
            text = data.decode("utf-8", "replace") if isinstance(data, bytes) else ""
            lines = lines_of(text)
            notices += len(lines or ())
            if lines is None:
                texts.append(_words(text))
    return texts, notices, files, pages


def _words(text: str) -> str:
    return " ".join(text.split())


def _plain(value: str) -> str:
    """Reduce a field to its letters and figures: how it is quoted and folded does not matter."""
    return "".join(char for char in shown(value) if char.isalnum())
