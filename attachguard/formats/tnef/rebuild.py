"""A mail made of a winmail.dat: hardly any program but Outlook opens one, and every mail program opens a mail."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, formataddr

from attachguard.formats.characters import without_hidden
from attachguard.formats.contract import Order
from attachguard.formats.mail.compose import Entity, multipart, text_entity, write
from attachguard.formats.mail.delivered import delivered_file, delivered_page
from attachguard.formats.mail.kept_fields import group, harmless, shown
from attachguard.formats.mail.notice import notice, removed
from attachguard.formats.structures import tnef as attributes
from attachguard.formats.text import Decoded
from attachguard.formats.tnef import properties
from attachguard.formats.tnef.content import Mail, read
from attachguard.formats.tnef.inspection import HTML_WHERE, RTF_WHERE, file_where
from attachguard.model import Finding, JudgedPart, Outcome, Rebuilt

FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
"""Times count tenths of a microsecond from here ([MS-DTYP] section 2.3.3)."""

MOST_NAMES = 200
"""Receivers that are named."""


def rebuild(order: Order) -> Rebuilt:
    """Make the mail; of what is no TNEF stream, or can't be read to its end, there is none."""
    stream = attributes.read(order.original)
    if stream is None:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail="no TNEF stream"),))
    mail = read(stream)
    if mail.broken:
        where, why = mail.broken[0]
        return Rebuilt(data=None, findings=(Finding("copy.failed", where, why),))
    new = _Rebuild(mail=mail, judged={part.where: part for part in order.parts})
    return Rebuilt(data=write([*_fields(mail), ("MIME-Version", "1.0")], new.entity()))


def plain_text(mail: Mail) -> str:
    """Return the plain body without what acts on a terminal."""
    return without_hidden(Decoded(text=mail.plain.replace("\0", ""), encoding="utf-8", had_bom=False))


def sent_at(mail: Mail) -> str:
    """Write the time of sending as mail does; empty when it is missing or no time."""
    if len(mail.sent) != 8:
        return ""
    (ticks,) = struct.unpack("<Q", mail.sent)
    try:
        return format_datetime(FILETIME_EPOCH + timedelta(microseconds=ticks // 10))
    except OverflowError:
        return ""


def _fields(mail: Mail) -> Iterator[tuple[str, str]]:
    texts = mail.texts
    sender, address = (shown(texts.get(key, "")) for key in (properties.SENDER_NAME, properties.SENDER_ADDRESS))
    if "@" in address and address.isascii() and " " not in address:
        yield "From", formataddr((sender, address), "utf-8")
    elif sender:
        yield "From", group(sender)
    for name, key in (("To", properties.DISPLAY_TO), ("Cc", properties.DISPLAY_CC)):
        names = [shown(one) for one in texts.get(key, "").split(";")[:MOST_NAMES]]
        if any(names):
            yield name, ", ".join(group(one) for one in names if one)
    subject = shown(texts.get(properties.SUBJECT, ""))
    if subject:
        yield "Subject", harmless("subject", subject)
    when = sent_at(mail)
    if when:
        yield "Date", when


@dataclass(slots=True, kw_only=True)
class _Rebuild:
    """One rebuild under way."""

    mail: Mail
    judged: Mapping[str, JudgedPart]
    lines: list[str] = field(default_factory=list)
    """What the notice will say was removed."""

    def entity(self) -> Entity:
        """Make the mail's content: the text and the page as alternatives, then the files, then the notice."""
        page = self._page() if self.mail.html else None
        body = text_entity(plain_text(self.mail))
        if page is not None:
            body = multipart("alternative", [body, page]) if self.mail.plain.strip() else page
        files = [self._file(RTF_WHERE)] if self.mail.rtf else []
        files += [self._file(file_where(number), file.content_id) for number, file in enumerate(self.mail.files, 1)]
        kept = [file for file in files if file is not None]
        told = [notice(self.lines)] if self.lines else []
        return multipart("mixed", [body, *kept, *told]) if kept or told else body

    def _page(self) -> Entity | None:
        judged = self.judged.get(HTML_WHERE)
        if judged is None or judged.data is None:
            self.lines.append(removed("the formatted text", judged.outcome if judged else Outcome.REJECTED))
            return None
        return delivered_page(judged.data, "")

    def _file(self, where: str, content_id: str = "") -> Entity | None:
        judged = self.judged.get(where)
        if judged is None or judged.data is None:
            name = judged.safe_name if judged else where
            self.lines.append(removed(name, judged.outcome if judged else Outcome.REJECTED))
            return None
        return delivered_file(judged, judged.data, content_id=f"<{content_id}>" if content_id else "")
