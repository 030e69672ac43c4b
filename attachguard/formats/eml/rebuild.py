"""A new mail of the old one: the same tree with the parts that may be delivered, and a notice for the others."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from attachguard.formats.characters import without_hidden
from attachguard.formats.charset import CODECS
from attachguard.formats.contract import Order
from attachguard.formats.eml.inspection import ELSEWHERE, is_body_text, is_html_body, is_signature, page_of
from attachguard.formats.eml.message import Content, Part, content, read, uuencoded
from attachguard.formats.mail.compose import Entity, multipart, text_entity, write
from attachguard.formats.mail.delivered import delivered_file, delivered_page
from attachguard.formats.mail.headers import parameter
from attachguard.formats.mail.kept_fields import kept_fields
from attachguard.formats.mail.notice import notice, removed
from attachguard.formats.text import Decoded
from attachguard.model import Finding, JudgedPart, Outcome, Rebuilt

STRUCTURES = frozenset({"mixed", "alternative", "related", "digest", "parallel"})
"""Multiparts that keep their meaning (RFC 2046 section 5.1, RFC 2387); any other one becomes mixed."""

FLOWED = "; format=flowed"
"""The parameter that says where lines may be joined (RFC 3676); its companion is `delsp`."""


def rebuild(order: Order) -> Rebuilt:
    """Make the copy. A mail nested too deeply or cut off can't be rebuilt whole: there is no copy."""
    mail = read(order.original)
    if any(part.cut_off for part in mail.walk()):
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail="not all parts were cut out"),))
    new = _Rebuild(mail=mail, judged={part.where: part for part in order.parts})
    entity = new.entity(mail)
    if new.lines:
        told = notice(new.lines)
        entity = multipart("mixed", [entity, told]) if entity is not None else told
    fields = [*kept_fields(mail.fields), ("MIME-Version", "1.0")]
    return Rebuilt(data=write(fields, entity or text_entity("")), findings=tuple(new.findings))


def body_text(data: bytes, charset: str) -> str:
    """Decode a plain body: as declared, else as UTF-8, else as windows-1252; without what acts on a terminal."""
    for codec in (CODECS.get(charset.lower()), "utf-8"):
        if codec is not None:
            try:
                text = data.decode(codec)
            except UnicodeError:
                continue
            break
    else:
        text = data.decode("cp1252", "replace")
    return without_hidden(Decoded(text=text.replace("\0", ""), encoding="utf-8", had_bom=False))


def without_files(data: bytes) -> bytes:
    """Cut uuencoded files out of a plain body."""
    pieces, at = list[bytes](), 0
    for found in uuencoded(data):
        pieces.append(data[at : found.start])
        at = found.stop
    return b"".join((*pieces, data[at:]))


@dataclass(slots=True, kw_only=True)
class _Rebuild:
    """One rebuild under way."""

    mail: Part
    judged: Mapping[str, JudgedPart]
    lines: list[str] = field(default_factory=list)
    """What a notice has to say yet: what was removed."""
    findings: list[Finding] = field(default_factory=list)

    def entity(self, part: Part) -> Entity | None:
        """Make the new form of a part; None when nothing is left of it."""
        if part.children:
            return self._multipart(part)
        decoded = content(part)
        if is_signature(part, decoded, self.mail):
            self.findings.append(Finding("mail.signed", part.where, "the copy is not signed"))
            return None
        if part.type in ELSEWHERE:
            self.lines.append(removed(part.name or part.type, Outcome.REJECTED))
            return None
        if is_html_body(part):
            return self._page(part, decoded)
        return self._text(part, decoded) if is_body_text(part) else self._file(part.where, part)

    def _multipart(self, part: Part) -> Entity | None:
        made = [entity for child in part.children if (entity := self.entity(child)) is not None]
        subtype = part.type.removeprefix("multipart/")
        if len(made) == 1 and subtype not in {"mixed", "digest"}:
            return made[0]
        subtype = subtype if subtype in STRUCTURES else "mixed"
        if part is self.mail and subtype == "mixed" and self.lines:
            made.append(notice(self.lines))
            self.lines = []
        return multipart(subtype, made) if made else None

    def _text(self, part: Part, decoded: Content) -> Entity:
        flowed = parameter(part.fields, "format").lower() == "flowed"
        delsp = parameter(part.fields, "delsp").lower() == "yes"
        parameters = (FLOWED if flowed else "") + ("; delsp=yes" if flowed and delsp else "")
        text = body_text(without_files(decoded.data), parameter(part.fields, "charset"))
        body = text_entity(text, parameters=parameters)
        numbers = range(1, 1 + sum(1 for _ in uuencoded(decoded.data)))
        files = [self._file(f"{part.where} file {number}", part) for number in numbers]
        kept = [file for file in files if file is not None]
        return multipart("mixed", [body, *kept]) if kept else body

    def _page(self, part: Part, decoded: Content) -> Entity | None:
        page = page_of(part, decoded)
        charset = parameter(part.fields, "charset")
        if b"<" not in page:
            return delivered_page(page, charset)
        judged = self.judged.get(part.where)
        if judged is None or judged.data is None:
            self.lines.append(removed("the formatted text", judged.outcome if judged else Outcome.REJECTED))
            return None
        return delivered_page(judged.data, charset)

    def _file(self, where: str, part: Part) -> Entity | None:
        judged = self.judged.get(where)
        if judged is None or judged.data is None:
            name = judged.safe_name if judged else where
            self.lines.append(removed(name, judged.outcome if judged else Outcome.REJECTED))
            return None
        if where != part.where:
            return delivered_file(judged, judged.data)
        return delivered_file(
            judged,
            judged.data,
            disposition=part.disposition,
            content_id=str(part.fields.get("content-id", "")),
            charset=parameter(part.fields, "charset"),
        )
