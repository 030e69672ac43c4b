r"""RTF documents (Rich Text Format 1.9.1)."""

import re
from collections.abc import Sequence
from itertools import zip_longest

from attachguard.formats.addresses import shown
from attachguard.formats.contract import Order
from attachguard.formats.harvest import Harvest
from attachguard.formats.links import is_plain_link, leads_outside
from attachguard.formats.oleobject import read_object
from attachguard.formats.rtfclean import BrokenGroupsError, clean_rtf
from attachguard.formats.rtftext import TooMuchTextError, shown_text
from attachguard.formats.rtfwalk import DEPTH, EVENTS, Destination, End, Skipped, Walk, Word
from attachguard.formats.sniffing import rtf as sniff
from attachguard.formats.wordfields import Fields
from attachguard.kinds import KINDS
from attachguard.model import Finding, Inspection, Limits, Rebuilt

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["rtf"]

OBJECTS = re.compile(
    r"(?!obj(?:attph|w|h|scalex|scaley|crop[tblr]|align|transy|lock|setsize|sect|alias|time|name|class)$)obj[a-z]*+"
    r"|linkself|ocx[a-z]*+|oleclsid|dde[a-z]*+"
)
r"""Control words that make an object, known or not: all of \obj... but sizes, names and the placeholder that Outlook
writes for an attachment (\objattph)."""

MAIL_MERGE = re.compile(r"mm(?:connect|datasource|headersource|query|odso)[a-z]*+")
MACROS = frozenset({"ffentrymcr", "ffexitmcr"})

LINKED_SHAPE = frozenset({"pibName", "pibFillName", "pibLineName", "fillBlipName", "lineFillBlipName"})
"""Shape properties that name a picture's file ([MS-ODRAW] section 2.3)."""

_HIDDEN = re.compile(rb"\\(?:objdata|object|objocx|fldinst|template|field)(?![a-z])", re.IGNORECASE)
_SHAPE_VALUE = re.compile(rb"\\sn [A-Za-z]{1,40}\}\s{0,8}\{\\sv ?([^{}]{0,4096})\}")
_PADDING = b" \t\r\n\0\x1a"


def inspect(data: bytes, limits: Limits) -> Inspection:
    """Report objects, templates, fields that act, links out of the file, and what stands behind its end."""
    look = _Look(data, Harvest(limits))
    for event in Walk(data).events():
        look.see(event)
    return look.harvest.inspection()


def normalize(order: Order) -> Rebuilt:
    """Write the file anew: formatting, text and pictures stay; objects, templates and acting fields go."""
    try:
        return Rebuilt(data=clean_rtf(order.original))
    except BrokenGroupsError as error:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail=str(error)),))


def verify(original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
    """Look for what a copy must not have, and compare the words of both by a reader that only knows text."""
    found = [Finding("copy.unsafe", left.where, left.code) for left in inspect(copy, limits).findings]
    try:
        before, after = shown_text(original).split(), shown_text(copy).split()
    except TooMuchTextError as error:
        return (*found, Finding("copy.unfaithful", detail=str(error)))
    if before != after:
        first = next((a for a, b in zip_longest(before, after) if a != b), "")
        found.append(Finding("copy.unfaithful", detail=f"other words from: {first}"))
    return found


class _Look:
    """Turns the walk's events into findings."""

    def __init__(self, data: bytes, harvest: Harvest) -> None:
        self.harvest = harvest
        self._data = data
        self._fields = Fields(self._field)
        self._offset = 0
        self._objects = 0

    def see(self, event: Word | Destination | Skipped | End) -> None:
        """Take one event."""
        match event:
            case Word():
                self._offset = event.offset
                self._word(event)
            case Destination():
                self._offset = event.offset
                self._destination(event)
            case Skipped():
                self._skipped(event)
            case End():
                self._end(event)

    def _note(self, code: str, detail: str) -> None:
        self.harvest.note(code, f"byte {self._offset}", detail)

    def _word(self, word: Word) -> None:
        if word.name == "fldinst":
            self._fields.mark("begin")
        elif OBJECTS.fullmatch(word.name):
            self._note("rtf.object", f"\\{word.name}")
        elif MAIL_MERGE.fullmatch(word.name):
            self._note("rtf.external", f"\\{word.name}")
        elif word.name in MACROS:
            self._note("rtf.field", f"\\{word.name}")
        elif word.name in ("nextfile", "subdocument"):
            self._note("rtf.external", f"\\{word.name}")

    def _destination(self, destination: Destination) -> None:
        text = destination.text.strip()
        match destination.name:
            case "fldinst":
                self._instruction(destination)
                if destination.escaped:
                    self._note("rtf.field", "letters hidden in escapes or alternatives")
            case "template":
                self._note("rtf.template", shown(text))
            case "objdata":
                self._object(destination.binary)
            case "sn" if text in LINKED_SHAPE:
                self._linked_shape(text)
            case "hlsrc" if not is_plain_link(text) and leads_outside(text):
                self._note("rtf.field", f"link of a shape {shown(text)}")
            case "file" if text:
                self._note("rtf.external", f"\\file {shown(text)}")

    def _instruction(self, destination: Destination) -> None:
        self._fields.text(destination.text)
        self._fields.mark("end")
        if destination.outside != destination.text:
            self._fields.whole(destination.outside)

    def _linked_shape(self, name: str) -> None:
        """Report a picture file that a shape names; a value that is not written plainly is reported as it is."""
        value = _SHAPE_VALUE.match(self._data, self._offset)
        address = value[1].decode("cp1252", "replace").strip() if value else "unreadable"
        if not value or leads_outside(address):
            self._note("rtf.external", f"{name} {shown(address)}")

    def _field(self, what: str, detail: str) -> None:
        self._note("rtf.field", f"HYPERLINK {shown(detail)}" if what == "link" else detail)

    def _object(self, data: bytes) -> None:
        self._objects += 1
        where = f"object {self._objects}"
        found = read_object(data)
        if found is None:
            if data:
                self.harvest.hand_out(where, "object.bin", data)
            return
        self._note("rtf.object", f"{'linked' if found.linked else 'embedded'} {found.class_name}")
        self.harvest.hand_out(where, found.untrusted_name, found.data)

    def _skipped(self, skipped: Skipped) -> None:
        hidden = _HIDDEN.search(skipped.data)
        if hidden:
            self._offset = skipped.offset + hidden.start()
            self._note("file.malformed", f"\\bin data holds {hidden[0].decode('ascii')}")

    def _end(self, end: End) -> None:
        self._fields.close()
        self._offset = end.at
        if end.depth >= DEPTH:
            self._note("rtf.nesting", f"more than {DEPTH} groups")
        elif not end.complete:
            self._note("file.malformed", f"more than {EVENTS} fields and objects")
        elif end.depth:
            self._note("type.truncated", f"{end.depth} groups are not closed")
        trailing = self._data[end.at :].strip(_PADDING) if not end.depth else b""
        if trailing:
            self._note("type.trailing_data", f"{len(trailing)} bytes")
