"""The nouns, frozen: what is said about a file between the moment it arrives and the verdict.

Everything here is a value. Nothing opens a file, asks a service or decides; `policy` decides.
"""

import enum
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

from attachguard.findings import FINDINGS
from attachguard.kinds import Kind

WHERE_LENGTH = 200
"""A `where` is at most this many characters: a place, not a story."""

DETAIL_LENGTH = 300
"""A `detail` is at most this many characters, so that no file can flood a log or a screen."""


class Action(enum.IntEnum):
    """What a policy wants done about a finding; the strictest one wins."""

    KEEP = 0
    NORMALIZE = 1
    REJECT = 2


class Outcome(enum.StrEnum):
    """The five words a Verdict can say, mildest first (`undetermined` is our failing, not the file's)."""

    ACCEPTED = "accepted"
    NORMALIZED = "normalized"
    REJECTED = "rejected"
    INFECTED = "infected"
    UNDETERMINED = "undetermined"

    @property
    def severity(self) -> int:
        """How bad it is, to find the worst of several: infected above undetermined above rejected."""
        return _SEVERITY[self]


_SEVERITY: Mapping[Outcome, int] = {
    Outcome.ACCEPTED: 0,
    Outcome.NORMALIZED: 1,
    Outcome.REJECTED: 2,
    Outcome.UNDETERMINED: 3,
    Outcome.INFECTED: 4,
}


def printable(text: str, length: int) -> str:
    """Make any text safe to show in one line: at most `length` characters, nothing that moves a cursor.

    Control, format, surrogate, private and unassigned characters and line separators (Unicode categories C*,
    Zl, Zp) are shown as their escapes, so that a name from a hostile file can neither colour a terminal nor reorder
    what a reader sees (UTR #36).
    """
    if text.isascii() and text.isprintable():
        return text if len(text) <= length else text[: length - 1] + "…"
    shown = "".join(
        f"\\u{ord(char):04x}" if unicodedata.category(char)[0] == "C" or char in "\u2028\u2029" else char
        for char in text[: length * 2]
    )
    return shown if len(shown) <= length else shown[: length - 1] + "…"


@dataclass(frozen=True, slots=True)
class Finding:
    """One observed fact about a file. Never an opinion: a policy says what it means.

    Raises ValueError for a code that the catalogue (findings.py) does not have: an unknown code is a bug or a
    lie, and must not travel.
    """

    code: str
    """A dotted, stable code of the catalogue: `pdf.javascript`."""
    where: str = ""
    """The place in the file: `page 3`, `object 12`, `xl/macrosheets/sheet1.xml`. Bounded and printable."""
    detail: str = ""
    """The fact in figures or names: `10.0 MiB, limit 10 MiB`. Bounded and printable."""

    def __post_init__(self) -> None:
        if self.code not in FINDINGS:
            raise ValueError(f"{printable(self.code, 60)!r} is not in the catalogue of findings")
        object.__setattr__(self, "where", printable(self.where, WHERE_LENGTH))
        object.__setattr__(self, "detail", printable(self.detail, DETAIL_LENGTH))


class Links(enum.StrEnum):
    """What becomes of a document's links in its copy."""

    DROP = "drop"
    KEEP_WEB = "keep_web"
    """Rectangles that lead to verified http, https and mailto addresses are in the copy, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flatten:
    """How a document's pages become a copy."""

    links: Links = Links.DROP
    dpi: int = 150
    """Points per inch of pages drawn as pictures, from 100 to 300; coarser steps follow where the copy is too large."""
    method: str = "print"
    """`print`: print pages, and draw them as pictures where that fails. `raster`: draw them at once, so that nothing of
    the sender's fonts or outlines passes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of anything a file may have. Passed as an argument everywhere, never a module global.

    Sources of the defaults: the marketplace's rules (file, submission), facts measured against clamd (archive
    figures stay strictly below clamd's own limits, so that its "OK" means it looked), and Pillow's and pdfium's
    memory use (pixels, pages).
    """

    file_size: int = 10 * 1024 * 1024
    """Bytes of one file."""
    file_count: int = 5
    """Files in one submission."""
    total_size: int = 20 * 1024 * 1024
    """Bytes of all files of one submission together."""
    name_length: int = 180
    """Bytes of a delivered name in UTF-8."""
    depth: int = 3
    """How deep files may be nested in files (mail in mail, a document in a PDF)."""
    parts: int = 100
    """Files inside one received file, all depths together."""
    parts_size: int = 50 * 1024 * 1024
    """Bytes of all files inside one received file together."""
    members: int = 1000
    """Members of one zip package."""
    member_size: int = 50 * 1024 * 1024
    """Inflated bytes of one package member or compressed stream, counted while inflating."""
    inflated_size: int = 200 * 1024 * 1024
    """Inflated bytes of a whole package."""
    ratio: int = 100
    """Inflated to stored size, for members above 1 MiB."""
    pixels: int = 50_000_000
    """Width times height of one picture or frame."""
    frames: int = 100
    """Frames or pages of one picture file."""
    pages: int = 500
    """Pages of one PDF."""
    page_points: int = 14_400
    """Longest side of a PDF page in points (ISO 32000-1 Annex C.2: 200 inches)."""
    xml_depth: int = 256
    """Nesting of XML elements."""
    flatten: Flatten = Flatten()
    """Not how much a file may have, but what its copy is like: the policy's [flatten]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRules:
    """How old the official signatures may be, and how long an answer they gave may be used again.

    Official signatures appear every day. A set of one's own has no build time and so no age.
    """

    warn_after_days: int = 3
    """Days after which doctor and `signatures status` warn."""
    refuse_after_days: int = 7
    """Days after which nothing is scanned: every verdict is `undetermined` until there are new ones."""
    reuse_hours: int = 24
    """Hours for which "nothing found" about the same bytes is used again, scanner and signatures unchanged; 0: not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One file as a caller hands it over: a name to distrust and a way to read the bytes once."""

    untrusted_name: str
    open: Callable[[], IO[bytes]]
    """Opens the bytes for one sequential read; raises OSError when it can't."""
    declared_type: str | None = None
    """The Content-Type the sender claimed. It never decides."""
    source: str = ""
    """Where the caller says it comes from (the path as given), only to be echoed."""
    password: str | None = field(default=None, repr=False)
    """Opens the file, where one is needed: used in the room and forgotten. Never stored, shown or logged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What one caller sends at once: the files that share a count and a total size."""

    id: str
    uploads: tuple[Upload, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One file in the pipeline: bytes in a private workroom, and what is known of them from outside."""

    path: Path
    """The bytes, in the workroom. Read by stages through ports only."""
    size: int
    """Bytes received, counted while copying; at most one more than the limit that stopped the copy."""
    sha256: str
    """Lower-case hex digest of the bytes received."""
    untrusted_name: str
    """The sender's name, as it came. Never a path, never printed raw."""
    safe_name: str
    """The name made harmless (names.py); what a delivered file is called, unless its kind changes."""
    name_findings: tuple[Finding, ...] = ()
    """What was wrong with the sender's name."""
    declared_type: str | None = None
    source: str = ""
    kind: Kind | None = None
    """The type found in the bytes; None until `identify` has spoken."""
    pages: int = 0
    """Pages that `inspect` counted: a long document may take longer. 0: not counted."""
    misprints: bool = False
    """Whether `inspect` saw what the printing program is known to lose: then `reprint` is the first way to a copy."""
    depth: int = 0
    """0 for a received file, 1 for a file inside it, and so on."""
    where: str = ""
    """For a part: its place in the parent."""
    origin: "Attachment | None" = None
    """For a normalized copy: the attachment it was made from."""
    method: str = ""
    """For a normalized copy: how it was made (kinds.Kind.methods)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """What the room says a file is."""

    kind: str | None
    """A name of kinds.KINDS, or None when it is nothing we accept."""
    described: str
    """What was found, in a few words, also for kinds that are not accepted: `Word document with macros`."""
    magic: str
    """libmagic's media type for the whole buffer: the second, independent voice."""
    findings: tuple[Finding, ...] = ()
    peak_rss: int = 0
    """Largest resident size of the process that looked, in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file found inside a file, handed out of the room to be judged as an attachment of its own."""

    where: str
    """Its place in the parent, unique there: `/EmbeddedFiles/invoice.xml`, `part 2`. Parent and part are
    joined by it again when the parent is rebuilt."""
    untrusted_name: str
    declared_type: str | None
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What the room saw in a file whose kind is known."""

    findings: tuple[Finding, ...] = ()
    parts: tuple[Part, ...] = ()
    pages: int = 0
    """Pages of a document, where it has such."""
    misprints: bool = False
    """Whether the printing program is known to lose some of it unless it is written anew for it."""
    peak_rss: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPart:
    """A part after its own verdict, on its way back into the room for the parent's rebuild."""

    where: str
    outcome: Outcome
    safe_name: str
    data: bytes | None
    """The bytes that may be delivered; None when the part must not be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What became of an attempt to make a safe copy: the copy, or findings that say why there is none."""

    data: bytes | None
    findings: tuple[Finding, ...] = ()
    """What was lost on the way (kept as facts beside the copy), or why there is no copy."""
    peak_rss: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What an independent look at a copy beside its original says; no finding means: faithful."""

    findings: tuple[Finding, ...] = ()
    peak_rss: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanIdentity:
    """Which scanner, with which signatures, looked at a file, and when."""

    engine: str
    """As clamd names itself: `ClamAV 1.4.6`."""
    signatures: str
    """The signature database: daily version and build time, or `custom` with the fingerprint."""
    at: datetime
    """UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    """A believed answer of the scanner. Disbelief is ScannerUnavailable, never a value."""

    hit: str | None
    """The signature's name, or None: nothing was found."""
    identity: ScanIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """A name that says one kind, and bytes that are another. A policy says what becomes of it (policy.Names)."""

    named: Kind
    found: Kind
    described: str
    """What was found, in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What one stage adds to a report."""

    findings: tuple[Finding, ...] = ()
    kind: Kind | None = None
    mismatch: Mismatch | None = None
    """Set when the name says another kind than the one found."""
    parts: tuple[Part, ...] = ()
    pages: int = 0
    misprints: bool = False
    scan: ScanIdentity | None = None
    peak_rss: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything observed about one attachment, and what the policy rules."""

    attachment: Attachment
    findings: tuple[Finding, ...]
    action: Action
    deciding: tuple[Finding, ...]
    """The findings whose ruling is the action (empty when the action is KEEP)."""
    children: "tuple[Verdict, ...]" = ()
    scan: ScanIdentity | None = None
    stages: Mapping[str, float] = field(default_factory=dict)
    """Wall seconds per stage, in the order they ran; a stage that is missing did not run."""
    peak_rss: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why there is no verdict yet: one of our parts could not do its work."""

    code: str
    """A code of findings.TROUBLES."""
    detail: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "detail", printable(self.detail, DETAIL_LENGTH))


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What the recipient gets."""

    name: str
    media_type: str
    size: int
    sha256: str
    location: str
    """Where the store put it: an absolute path or a URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """Bytes that passed. The only type a clean store takes; made in pipeline.py alone, after the verdict."""

    path: Path
    name: str
    media_type: str
    size: int
    sha256: str
    outcome: Outcome = Outcome.ACCEPTED
    """`accepted` or `normalized`; with the next two, what a store that can writes beside the bytes."""
    policy: str = ""
    scan: ScanIdentity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The last word on one attachment."""

    outcome: Outcome
    original: Report
    rendered: Report | None
    """The report on our own copy, when one was made."""
    policy: str
    """Name and version of the policy that ruled: `marketplace@1`."""
    reasons: tuple[Finding, ...] = ()
    """The findings that decided, of the original or of the copy, and for `normalized` what the copy lost; empty
    for `accepted`."""
    trouble: Trouble | None = None
    """Set exactly when the outcome is `undetermined`."""
    delivered: Delivered | None = None
    """Set exactly when the file was stored; parts of a file are never stored by themselves."""
    seconds: float = 0.0

    @property
    def attachment(self) -> Attachment:
        """The attachment that was received."""
        return self.original.attachment

    @property
    def deliverable(self) -> Attachment | None:
        """What may be handed on: the original, the copy, or nothing."""
        if self.outcome is Outcome.ACCEPTED:
            return self.original.attachment
        if self.outcome is Outcome.NORMALIZED and self.rendered is not None:
            return self.rendered.attachment
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionVerdict:
    """The verdicts on all files of one submission."""

    submission: str
    policy: str
    verdicts: tuple[Verdict, ...]
    reasons: tuple[Finding, ...] = ()
    """Findings about the submission as a whole: too many files, too many bytes in all."""

    @property
    def outcome(self) -> Outcome:
        """The worst of its files'."""
        return max((v.outcome for v in self.verdicts), key=lambda o: o.severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of a part's probe, for `doctor` and health."""

    name: str
    ok: bool
    detail: str
    required: bool = True
    """False: a warning, not a reason to refuse work."""
    reading: str | float | None = None
    """What was read, for programs, where the line is about one thing: a level by its name, an age in seconds."""
