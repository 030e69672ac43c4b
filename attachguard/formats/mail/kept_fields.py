"""The fields of a mail that a copy keeps, made harmless: who, to whom, when, about what, in reply to what."""

from collections.abc import Iterator
from email.header import Header
from email.message import Message
from email.utils import formataddr, getaddresses

from attachguard.formats.characters import without_hidden
from attachguard.formats.mail.headers import decoded
from attachguard.formats.text import Decoded

ADDRESSES = frozenset({"from", "sender", "reply-to", "to", "cc", "resent-from", "resent-to", "resent-cc"})
"""Fields that hold addresses (RFC 5322 sections 3.6.2, 3.6.3, 3.6.6)."""

KEPT = ADDRESSES | {
    "date", "subject", "message-id", "in-reply-to", "references", "comments", "keywords",  # RFC 5322 3.6
    "resent-date", "resent-message-id",
    "importance", "priority", "sensitivity", "x-priority", "thread-topic", "thread-index",  # RFC 2156 and Outlook
    "list-id", "precedence", "auto-submitted", "content-language", "organization",  # RFC 2919, 3834, 3282, 5536
}  # fmt: skip
"""Everything else tells of the way a mail took, or means something to programs only."""

ENCODED_WORD = 75
"""An encoded word is at most so long (RFC 2047 section 2)."""

VALUE_LENGTH = 64 * 1024
"""Characters of a value that are kept; more than a thousand receivers."""


def kept_fields(fields: Message) -> Iterator[tuple[str, str]]:
    """Yield name and value, in ASCII, of the first field of each kept name, in the order of the mail."""
    seen: set[str] = set()
    for name, value in fields.items():
        key = name.lower()
        if key in KEPT and key not in seen:
            seen.add(key)
            written = harmless(key, str(value))
            if written:
                yield "-".join(word.capitalize() for word in key.split("-")), written


def shown(value: str) -> str:
    """Decode a value to what a reader sees, on one line, without characters that are not shown."""
    text = decoded(one_line(value))
    plain = without_hidden(Decoded(text=text, encoding="utf-8", had_bom=False))
    return " ".join(plain.split())


def letters(value: str) -> str:
    """Reduce a value to its letters and figures: how it is quoted, folded and encoded does not matter."""
    return "".join(char for char in shown(value) if char.isalnum())


def one_line(value: str) -> str:
    """Unfold a value (RFC 5322 section 2.2.3)."""
    return value[:VALUE_LENGTH].replace("\r", "").replace("\n", "").replace("\t", " ").strip()


def harmless(key: str, value: str) -> str:
    """Write a value in ASCII: as it is where it is plain, else decoded, cleaned and encoded again."""
    line = one_line(value)
    if line.isascii() and line.isprintable() and decoded(line).isprintable():
        return line
    text = shown(line)
    if key in ADDRESSES:
        written = ", ".join(_address(name, address) for name, address in getaddresses([text]) if name or address)
        return written if letters(written) == letters(text) else group(text)
    return _encoded(text)


def _address(name: str, address: str) -> str:
    try:
        return formataddr((name, address), "utf-8")
    except UnicodeEncodeError:  # an address beyond ASCII (RFC 6532), which the copy shows and does not use
        return group(f"{name} {address}".strip())


def group(name: str) -> str:
    """Write somebody of whom only the name is known: a group without members (RFC 6854, RFC 5322 section 3.4)."""
    name = name.removesuffix(";").rstrip().removesuffix(":").rstrip()  # it may have been written as a group already
    plain = name if name.isascii() and name.replace(" ", "").isalnum() else _encoded(name)
    return f"{plain}:;"


def _encoded(text: str) -> str:
    return Header(text, "utf-8", maxlinelen=ENCODED_WORD).encode().replace("\n", "")
