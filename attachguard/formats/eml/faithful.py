"""Comparing a copy of a mail with its original; the copy is read by the standard library's parser."""

from collections.abc import Iterator

from attachguard.formats.eml.inspection import inspect, is_body_text, is_html_body
from attachguard.formats.eml.message import Part, content, read
from attachguard.formats.eml.rebuild import body_text, without_files
from attachguard.formats.mail.headers import parameter
from attachguard.formats.mail.kept_fields import letters
from attachguard.formats.mail.notice import lines_of
from attachguard.formats.mail.recount import recount, words
from attachguard.model import Finding, Limits

COMPARED = ("from", "to", "cc", "subject", "date", "message-id")
"""Fields that a reader goes by."""


def differences(original: bytes, copy: bytes, limits: Limits) -> Iterator[Finding]:
    """Tell how a copy differs: fields, texts, and files that are neither there nor named as removed."""
    before, after = read(original), recount(copy)
    if not after.sound:
        yield Finding("copy.unfaithful", detail="the copy has defects")
        return
    for name in COMPARED:
        if letters(str(before.fields.get(name, ""))) != letters(str(after.fields.get(name, ""))):
            yield Finding("copy.unfaithful", name, "another value")
    if _texts(before) != after.texts:
        yield Finding("copy.unfaithful", "text", "other words")
    carried = len(inspect(original, limits).parts)
    carried += sum(1 for part in before.walk() if is_html_body(part) and b"<" not in content(part).data)
    carried += sum(len(lines_of(text) or ()) for text in _plain_bodies(before))
    if after.files + after.pages + after.removed < carried:
        detail = f"{after.files + after.pages} of {carried}, {after.removed} named as removed"
        yield Finding("copy.unfaithful", "files", detail)


def _texts(mail: Part) -> tuple[str, ...]:
    return tuple(words(text) for text in _plain_bodies(mail) if words(text) and lines_of(text) is None)


def _plain_bodies(mail: Part) -> Iterator[str]:
    for part in mail.walk():
        if not part.children and is_body_text(part):
            yield body_text(without_files(content(part).data), parameter(part.fields, "charset"))
