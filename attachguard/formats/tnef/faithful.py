"""Comparing the mail made of a winmail.dat with the stream; the mail is read by the standard library's parser."""

from collections.abc import Iterator

from attachguard.formats.mail.kept_fields import letters
from attachguard.formats.mail.recount import recount, words
from attachguard.formats.structures import tnef as attributes
from attachguard.formats.tnef import properties
from attachguard.formats.tnef.content import Mail, read
from attachguard.formats.tnef.rebuild import plain_text
from attachguard.model import Finding, Limits


def differences(original: bytes, copy: bytes, limits: Limits) -> Iterator[Finding]:
    """Tell how a mail differs from its stream: subject, words, and files that are neither there nor named."""
    stream, after = attributes.read(original), recount(copy)
    mail = read(stream) if stream else Mail()
    if stream is None or mail.broken or not after.sound:
        yield Finding("copy.unfaithful", detail="one of the two can't be read")
        return
    if letters(mail.texts.get(properties.SUBJECT, "")) != letters(str(after.fields.get("subject", ""))):
        yield Finding("copy.unfaithful", "subject", "another value")
    if words(plain_text(mail)) != " ".join(after.texts):
        yield Finding("copy.unfaithful", "text", "other words")
    carried = len(mail.files) + bool(mail.html) + bool(mail.rtf)
    if len(mail.files) > limits.parts or after.files + after.pages + after.removed < carried:
        detail = f"{after.files + after.pages} of {carried}, {after.removed} named as removed"
        yield Finding("copy.unfaithful", "files", detail)
