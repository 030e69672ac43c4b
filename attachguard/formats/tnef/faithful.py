"""Comparing the mail made of a winmail.dat with the stream, read by a library, and the mail by another one."""

import logging
import warnings
from collections.abc import Iterator

from tnefparse import TNEF

from attachguard.formats.mail.kept_fields import shown
from attachguard.formats.mail.recount import recount, words
from attachguard.formats.tnef import attributes, properties
from attachguard.formats.tnef.content import Mail, read
from attachguard.formats.tnef.rebuild import plain_text
from attachguard.model import Finding, Limits

# What the library has to say about a stream is of no use to anybody, and it writes it to standard error.
logging.getLogger("tnefparse").addHandler(logging.NullHandler())
logging.getLogger("tnefparse").propagate = False


def differences(original: bytes, copy: bytes, limits: Limits) -> Iterator[Finding]:
    """Tell how a mail differs from its stream: subject, words, and files that are neither there nor named."""
    stream, after = attributes.read(original), recount(copy)
    mail = read(stream) if stream else Mail()
    if stream is None or mail.broken or not after.sound:
        yield Finding("copy.unfaithful", detail="one of the two can't be read")
        return
    if _letters(mail.texts.get(properties.SUBJECT, "")) != _letters(str(after.fields.get("subject", ""))):
        yield Finding("copy.unfaithful", "subject", "another value")
    if words(plain_text(mail)) != " ".join(after.texts):
        yield Finding("copy.unfaithful", "text", "other words")
    carried = max(len(mail.files), _counted_by_library(original)) + bool(mail.html) + bool(mail.rtf)
    if len(mail.files) > limits.parts or after.files + after.pages + after.removed < carried:
        detail = f"{after.files + after.pages} of {carried}, {after.removed} named as removed"
        yield Finding("copy.unfaithful", "files", detail)


def _counted_by_library(original: bytes) -> int:
    """Count the files as tnefparse sees them.

    Only ever ask it about a stream that our own reader found sound: it believes every count it reads.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return len(TNEF(original, do_checksum=False).attachments)
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, AssertionError):
            return 0  # it gives up on attributes that say nothing about files


def _letters(text: str) -> str:
    return "".join(char for char in shown(text) if char.isalnum())
