"""Which of the textual kinds a text is. One function decides, so that no text can be two of them.

Procedure: other formats that are text inside (PDF, RTF) are left to their own modules; what programs recognise by its
first words is denied; then the XML root decides (read by expat, nothing resolved), then the first HTML tag, then a
mail's header block; the rest is csv or txt, as the name says.
"""

import re
from collections.abc import Iterator

from attachguard.formats.contract import Claim, Sample
from attachguard.formats.denied_text import (
    DENIED_NAMESPACES,
    DENIED_ROOTS,
    SCRIPT_HOSTS,
    SOURCES,
    STARTERS,
)
from attachguard.formats.markup import HTML_ELEMENTS, first_tag, words
from attachguard.formats.xmlroot import Root, root_of
from attachguard.kinds import KINDS
from attachguard.model import Finding

HEAD = 64 * 1024
"""Characters looked at for everything but the XML root: enough for any prologue, and quick whatever they are."""

XHTML = "http://www.w3.org/1999/xhtml"

TABLES = frozenset({"csv", "xls"})
"""Extensions under which plain text is a table: a spreadsheet program opens it either way."""

PAGES = frozenset({"html", "htm", "xhtml"})
"""Extensions under which text with any HTML tag in it is a page: a browser shows it as one."""

MAIL_FIELDS = words(
    """arc-seal authentication-results bcc cc content-transfer-encoding
    content-type date delivered-to dkim-signature from in-reply-to message-id mime-version received
    references reply-to return-path sender subject thread-topic to"""
)
"""Header fields that make a text a mail: RFC 5322 section 3.6, RFC 2045, and what relays put on top."""

TRANSPORT_FIELDS = frozenset({"to", "cc", "received", "message-id", "return-path", "delivered-to"})
"""Fields of mail that travels; a web page saved as MHT has none."""

_RTF = re.compile(r"\s{0,64}\{\\rt")
_PDF = re.compile(rb"%PDF-[0-9]\.[0-9]")
_PDF_OBJECT = re.compile(rb"[0-9] [0-9]{1,5} obj|startxref")
_PDF_HEAD = 1023 + len("%PDF-1.4")
"""The header begins within the first 1024 bytes."""
_FIELD = re.compile(r"([!-9;-~]+)[ \t]*+:")
_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9]{0,15})(?=[\s/>])")
_SYLK_RECORD = re.compile(r"(?:^|[\r\n])(?:[BCEFNOPW][A-Z]?;[A-Z]|E[\r\n])")
_MBOX_NEXT = re.compile(r"\n\r?\nFrom [^\r\n]{0,998}\r?\n[!-9;-~]{1,76}:")


def textual_claim(sample: Sample) -> Claim | None:
    """Say which textual kind a sample is: html, xhtml, xml, eml, csv, txt, or none that is accepted.

    None: the sample is binary, or text of a format with a module of its own (RTF, PDF). Linear and capped; never
    raises. Use it as `sample.shared(textual_claim)`, so that the work is done once for all formats.
    """
    text = sample.text
    if not text or _RTF.match(text):
        return None
    prefix = _pdf_prefix(sample.data)
    if prefix is not None and not prefix.strip():
        return None
    claim = _decide(text, sample.extension)
    if prefix is None:
        return claim
    return Claim(
        kind=claim.kind,
        described=f"{claim.described} with a PDF inside",
        findings=(*claim.findings, Finding("type.polyglot", where=f"byte {len(prefix)}", detail="PDF header in text")),
    )


def claimed(sample: Sample, kind: str) -> Claim | None:
    """Answer for one textual kind's `sniff`: the claim, when it is this kind's."""
    claim = sample.shared(textual_claim)
    return claim if claim is not None and claim.kind == kind else None


def is_mail(text: str) -> bool:
    """Tell whether a text begins with a mail's header block: two or more different fields of MAIL_FIELDS.

    Blank lines and an mbox `From ` line before it are skipped, as mail programs do.
    """
    return len(MAIL_FIELDS.intersection(_mail_fields(text))) > 1


def _decide(text: str, extension: str) -> Claim:
    head = text[:HEAD].lstrip()
    return (
        _denied(text, head)
        or _source(head, extension)
        or _marked_up(text, head, extension)
        or _mail(text, head)
        or _claim("csv" if extension in TABLES else "txt")
    )


def _pdf_prefix(data: bytes) -> bytes | None:
    """Return what stands before a PDF's header, when this is one (ISO 32000-1 annex H.3.4.1: within 1024 bytes).

    Nothing but white space, PostScript's and HTTP's first lines may; those answers are empty.
    """
    header = _PDF.search(data, 0, _PDF_HEAD)
    if header is None or not _PDF_OBJECT.search(data, header.end()):
        return None
    prefix = data[: header.start()].removeprefix(b"\xef\xbb\xbf")
    return b"" if prefix.startswith((b"%!PS-Adobe-", b"HTTP/1.")) else prefix


def _denied(text: str, head: str) -> Claim | None:
    start = head[:128].lower()
    for words_, described in STARTERS:
        if start.startswith(words_):
            return Claim(kind=None, described=described)
    if text.startswith("ID;P") and _SYLK_RECORD.search(text, 4):
        return Claim(kind=None, described="SYLK table")
    return None


def _source(head: str, extension: str) -> Claim | None:
    for start, described in SOURCES:
        if head.startswith(start):
            if extension == "txt":
                return Claim(kind="txt", described=described, findings=(Finding("type.inert", detail=described),))
            return Claim(kind=None, described=described)
    return None


def _marked_up(text: str, head: str, extension: str) -> Claim | None:
    """Decide whether this is XML, XHTML, HTML, or something in their clothes."""
    if not head.startswith("<"):
        return _page_by_name(head, extension)
    root, tag = root_of(text), first_tag(head)
    denied = _denied_root(root, tag, head)
    if denied:
        return Claim(kind=None, described=denied)
    if root is not None:
        return _claim(_kind_of_root(root, extension))
    if tag in HTML_ELEMENTS:
        return _claim("html")
    return _claim("xml") if head[:5].lower() == "<?xml" else _page_by_name(head, extension)


def _denied_root(root: Root | None, tag: str | None, head: str) -> str | None:
    """Name the type when the root is one that programs run; the first tag speaks where XML does not parse."""
    lowered = head.lower()
    if "<hta:application" in lowered:
        return "HTML application"
    if root is None:
        local = (tag or "").rpartition(":")[2]
        key = ("", local)
        answers = [said for (_, name), said in DENIED_ROOTS.items() if name.lower() == local]
    else:
        key = (root.namespace, root.name)
        answers = [DENIED_ROOTS[key]] if key in DENIED_ROOTS else []
        answers += [said for start, said in DENIED_NAMESPACES.items() if root.namespace.startswith(start)]
    if key in SCRIPT_HOSTS and "<script" in lowered:
        return "Windows script"
    return answers[0] if answers else None


def _kind_of_root(root: Root, extension: str) -> str:
    local = root.name.lower()
    if local == "html":
        # Word and Excel write HTML in a namespace of their own; and under .html a browser reads XHTML as HTML.
        return "xhtml" if root.namespace == XHTML and extension not in PAGES - {"xhtml"} else "html"
    if root.namespace or local not in HTML_ELEMENTS:
        return "xml"
    if extension in PAGES:
        return "html"
    # <menu>, <table> or <data> is as good a name in XML without namespace as it is in HTML.
    return "xml" if root.declared or extension == "xml" else "html"


def _page_by_name(head: str, extension: str) -> Claim | None:
    if extension not in PAGES:
        return None
    return _claim("html") if any(m[1].lower() in HTML_ELEMENTS for m in _TAG.finditer(head)) else None


def _mail(text: str, head: str) -> Claim | None:
    fields = list(_mail_fields(head))
    if len(MAIL_FIELDS.intersection(fields)) < 2:
        return None
    lowered = head.lower()
    saved = "saved by " in lowered[:200] or "snapshot-content-location" in fields
    local = "content-location:" in lowered and not TRANSPORT_FIELDS.intersection(fields)
    if "multipart/related" in lowered and (saved or local):
        return Claim(kind=None, described="web page saved as one file (MHT)")
    if head.startswith("From ") and _MBOX_NEXT.search(text):
        return Claim(kind=None, described="mailbox with several mails")
    return _claim("eml")


def _mail_fields(text: str) -> Iterator[str]:
    """Yield the field names (RFC 5322, section 2.2) of the header block at the start of a text, lower case."""
    lines = text[:HEAD].lstrip().splitlines()
    if lines and lines[0].startswith(("From ", ">From ")):
        del lines[0]
    for line in lines:
        if line.startswith((" ", "\t")):
            continue
        field = _FIELD.match(line)
        if field is None:
            return
        yield field[1].lower()


def _claim(kind: str) -> Claim:
    return Claim(kind=kind, described=KINDS[kind].title)
