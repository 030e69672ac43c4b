"""What a mail carries and what in it acts: findings, and every file in it as a part to be judged by itself."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from attachguard.formats.charset import CODECS, HIDING
from attachguard.formats.eml.message import Content, Part, content, read, uuencoded
from attachguard.formats.mail.headers import parameter
from attachguard.kinds import KINDS
from attachguard.model import Finding, Inspection, Limits
from attachguard.model import Part as Handed

BODY_TEXTS = frozenset(
    {
        "text/plain",
        "message/delivery-status",
        "message/global-delivery-status",
        "message/disposition-notification",
        "message/feedback-report",
        "text/rfc822-headers",
    }
)
"""Types that are shown as plain text where they carry no name: RFC 2046 4.1, RFC 3464, 3798, 5965, 6522."""

ELSEWHERE = {
    "message/external-body": "a part lies at another place",  # RFC 2046 section 5.2.3
    "message/partial": "the mail is one fragment of several",  # RFC 2046 section 5.2.2
}

SIGNATURES = {
    "application/pgp-signature": (b"-----BEGIN PGP SIGNATURE-----",),
    "application/pkcs7-signature": (b"\x30\x80", b"\x30\x81", b"\x30\x82", b"\x30\x83"),
    "application/x-pkcs7-signature": (b"\x30\x80", b"\x30\x81", b"\x30\x82", b"\x30\x83"),
}
"""The second part of multipart/signed (RFC 1847 2.1) and how it begins: PGP armour or a DER sequence."""

SIGNATURE_BYTES = 64 * 1024
"""A signature is at most so large (measured: 1-8 KiB with its certificates); more is a file."""

SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})

TYPE_EXTENSIONS = {kind.media_type: kind.extension for kind in KINDS.values()} | {
    "application/ms-tnef": "tnef",
    "application/x-rtf": "rtf",
    "image/jpg": "jpg",
    "image/pjpeg": "jpg",
    "image/x-ms-bmp": "bmp",
    "image/x-png": "png",
    "message/global": "eml",
    "message/news": "eml",
    "text/rtf": "rtf",
    "text/xml": "xml",
}
"""The extension of a part that has no name, by the type it declares."""

UNNAMED_EXTENSION = "bin"


@dataclass(slots=True, kw_only=True)
class _Handout:
    """The parts handed out so far, under the caps."""

    limits: Limits
    bodies: set[str] = field(default_factory=set)
    """Places of the parts that are HTML bodies, not files."""
    parts: list[Handed] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    size: int = 0

    def add(self, part: Handed) -> None:
        self.size += len(part.data)
        if len(self.parts) >= self.limits.parts:
            self._stop("limit.parts", f"more than {self.limits.parts} files")
        elif self.size > self.limits.parts_size:
            self._stop("limit.parts_size", f"more than {self.limits.parts_size} bytes in files")
        else:
            self.parts.append(part)

    def _stop(self, code: str, detail: str) -> None:
        if not any(finding.code == code for finding in self.findings):
            self.findings.append(Finding(code, detail=detail))


def inspect(data: bytes, limits: Limits) -> Inspection:
    """Report what acts, hides or lies elsewhere in a mail, and hand out its files, nested mails and HTML bodies.

    Handed out under `where` (`part 1.2`, stable): every part that is not plain text of the mail itself, and
    uuencoded files inside plain text (`part 1 file 1`). Nested mails are handed out whole, not looked into.
    """
    mail = read(data)
    handout = _Handout(limits=limits)
    findings: list[Finding] = []
    for part in mail.walk():
        findings.extend(_structure(part))
        if not part.children and not part.cut_off:
            decoded = content(part)
            findings.extend(_leaf(part, decoded))
            _hand_out(part, decoded, mail, handout)
    return Inspection(findings=(*findings, *_carried(handout), *handout.findings), parts=tuple(handout.parts))


def _structure(part: Part) -> Iterator[Finding]:
    """Tell what the fields of a part and its place in the mail say."""
    for doubt in part.doubts:
        yield Finding("file.malformed", part.where, doubt)
    if part.type == "multipart/signed":
        yield Finding("mail.signed", part.where)
    if part.type == "multipart/encrypted":
        yield Finding("file.encrypted", part.where)
    if part.cut_off:
        yield Finding("limit.parts", part.where, "more parts, or nested more deeply, than are cut out of a mail")
    if part.children and not part.closed and not part.cut_off:
        yield Finding("type.truncated", part.where, "the closing delimiter is missing")


def _leaf(part: Part, decoded: Content) -> Iterator[Finding]:
    """Tell what a part without parts of its own says."""
    if part.type in ELSEWHERE:
        yield Finding("mail.external", part.where, ELSEWHERE[part.type])
    if is_html_body(part):
        yield Finding("mail.html", part.where)
    if part.type in SMIME:
        kind = str(part.fields.get_param("smime-type", "enveloped-data")).lower()
        yield Finding("mail.signed" if kind == "signed-data" else "file.encrypted", part.where, kind)
    if not decoded.known:
        yield Finding("file.malformed", part.where, f"transfer encoding {part.encoding} is not known")
    if decoded.excess:
        yield Finding("type.trailing_data", part.where, f"{decoded.excess} encoded bytes behind the end")


def _hand_out(part: Part, decoded: Content, mail: Part, handout: _Handout) -> None:
    if part.type in ELSEWHERE or is_signature(part, decoded, mail):
        return
    if is_html_body(part):
        handout.bodies.add(part.where)
        page = page_of(part, decoded)
        if b"<" in page:  # without a tag it is as harmless as plain text
            name = f"{part.where}.html"
            handout.add(Handed(where=part.where, untrusted_name=name, declared_type=part.type, data=page))
        return
    if not is_body_text(part):
        name = part.name or f"{part.where}.{TYPE_EXTENSIONS.get(part.type, UNNAMED_EXTENSION)}"
        handout.add(
            Handed(
                where=part.where,
                untrusted_name=name,
                declared_type=part.fields.get("content-type") and part.type,
                data=decoded.data,
            )
        )
        return
    for number, found in enumerate(uuencoded(decoded.data), 1):
        where = f"{part.where} file {number}"
        handout.add(Handed(where=where, untrusted_name=found.name, declared_type=None, data=found.data))


def is_body_text(part: Part) -> bool:
    """Whether a part is plain text of the mail itself, shown and not offered as a file.

    A multipart that could not be cut is shown as text, too (RFC 2046 section 5.1 leaves it open; measured).
    """
    shown = part.type in BODY_TEXTS or part.type.startswith("multipart/")
    return shown and not part.name and part.disposition != "attachment"


def is_html_body(part: Part) -> bool:
    """Whether a part is HTML of the mail itself, shown and not offered as a file."""
    return part.type == "text/html" and not part.name and part.disposition != "attachment"


def page_of(part: Part, decoded: Content) -> bytes:
    """Return an HTML body as a page that stands by itself: in UTF-8, where the mail names another charset."""
    label = parameter(part.fields, "charset").lower()
    if label in HIDING:
        return f'<meta charset="{label}">'.encode() + decoded.data  # for the page's own inspection to say what that is
    codec = CODECS.get(label)
    if codec is None or (decoded.data.isascii() and codec != "iso2022_jp"):
        return decoded.data
    text = decoded.data.decode(codec, "replace")
    return b"\xef\xbb\xbf" + text.removeprefix("\ufeff").encode("utf-8")


def is_signature(part: Part, decoded: Content, mail: Part) -> bool:
    """Whether a part is what multipart/signed says it is: a small signature in second place, and nothing else."""
    starts = SIGNATURES.get(part.type)
    return (
        starts is not None
        and len(decoded.data) <= SIGNATURE_BYTES
        and decoded.data.lstrip().startswith(starts)
        and any(
            parent.type == "multipart/signed" and len(parent.children) == 2 and parent.children[1] is part
            for parent in mail.walk()
        )
    )


def _carried(handout: _Handout) -> Iterator[Finding]:
    for part in handout.parts:
        if part.where not in handout.bodies:
            yield Finding("mail.attachment", part.where, part.untrusted_name)
