"""How a mail is recognised (RFC 5322): by its block of header fields."""

import re

from attachguard.formats.contract import Claim, Sample
from attachguard.formats.mail.headers import Block, find_block, parse
from attachguard.kinds import KINDS

KIND = KINDS["eml"]

CORE_FIELDS = frozenset(
    {
        "from", "sender", "reply-to", "to", "cc", "bcc", "message-id", "in-reply-to", "references",
        "subject", "date", "return-path", "received", "resent-from", "resent-to", "resent-date",  # RFC 5322 3.6
        "mime-version", "content-type", "content-transfer-encoding",  # RFC 2045
        "delivered-to", "dkim-signature", "arc-seal", "authentication-results",  # RFC 9228, 6376, 8617, 8601
        "x-mailer", "x-unsent", "thread-topic", "thread-index",
    }
)  # fmt: skip
"""Fields by which a header block is known as a mail's."""

ENOUGH_FIELDS = 2
"""Different core fields that make a mail (measured: no text file of the development set has two)."""

ARCHIVE_REACH = 65_536
"""How far into a message the parts' Content-Location is looked for, to tell a saved web page."""

ADDRESSED = frozenset({"to", "cc", "received", "return-path", "delivered-to", "message-id"})
"""Fields that a mail that was sent has, and a saved web page has not."""

_POSTMARK = re.compile(rb"\s{0,100}From ")
_NEXT_MAIL = re.compile(rb"(?:\n\n|\r\n\r\n)From [^\r\n]{3,200}\r?\n[!-9;-~]{1,80}:")  # RFC 4155 appendix A


def sniff(sample: Sample) -> Claim | None:
    """Claim a block of header fields with at least two core names; a saved web page (MHT) is not accepted."""
    block = find_block(sample.data, preamble=True)
    if len(CORE_FIELDS.intersection(block.names)) < ENOUGH_FIELDS:
        return None
    if b"\x00" in sample.data[: block.stop]:
        return None
    if _POSTMARK.match(sample.data, 0, block.start) and _NEXT_MAIL.search(sample.data, block.body):
        return Claim(kind=None, described="mailbox of several mails")
    if _is_web_archive(sample.data, block):
        return Claim(kind=None, described="saved web page (MHT)")
    return Claim(kind=KIND.name, described=KIND.title)


def _is_web_archive(data: bytes, block: Block) -> bool:
    """Tell a saved web page from a mail with pictures: it locates its parts, and was sent to nobody (RFC 2557)."""
    fields = parse(data, block)
    if fields.get_content_type() != "multipart/related":
        return False
    if "saved by" in str(fields.get("from", "")).lower() or "snapshot-content-location" in block.names:
        return True
    located = b"content-location:" in data[block.start : block.start + ARCHIVE_REACH].lower()
    return located and not ADDRESSED.intersection(block.names)
