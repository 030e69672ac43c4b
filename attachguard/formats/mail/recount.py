"""Reading a written mail again with the standard library's parser: the words in it, and how many files it has."""

from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32

from attachguard.formats.mail.notice import lines_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Recount:
    """What an independent reader sees in a mail."""

    fields: Message
    sound: bool
    """Whether the reader has nothing to complain of."""
    texts: tuple[str, ...]
    """The words of the plain texts that are no notices, none of them empty."""
    removed: int
    """Lines in notices."""
    files: int
    """Mails inside count as files, and are not looked into."""
    pages: int
    """HTML bodies."""


def recount(mail: bytes) -> Recount:
    """Read a mail of our own making."""
    parsed = message_from_bytes(mail, policy=compat32)
    texts = list[str]()
    removed = files = pages = 0
    sound, waiting = True, [parsed]
    while waiting:
        part = waiting.pop(0)
        sound = sound and not part.defects
        if part.get_content_type() == "message/rfc822" or part.get_filename():
            files += 1
        elif part.is_multipart():
            waiting = [child for child in part.get_payload() if isinstance(child, Message)] + waiting
        elif part.get_content_type() == "text/html":
            pages += 1
        else:
            text = _text(part)
            lines = lines_of(text)
            removed += len(lines or ())
            if lines is None and words(text):
                texts.append(words(text))
    return Recount(fields=parsed, sound=sound, texts=tuple(texts), removed=removed, files=files, pages=pages)


def words(text: str) -> str:
    """Reduce a text to its words, one space apart."""
    return " ".join(text.split())


def _text(part: Message) -> str:
    data = part.get_payload(decode=True)
    return data.decode("utf-8", "replace") if isinstance(data, bytes) else ""
