"""Word 97-2003 documents ([MS-DOC]) and their Word 6 and 95 predecessors."""

import re
import struct
from collections.abc import Iterator, Sequence

from attachguard.formats import ole
from attachguard.formats.contract import Order
from attachguard.formats.harvest import Harvest
from attachguard.formats.links import is_elsewhere, scheme_of
from attachguard.formats.office import ole_rebuild, word97
from attachguard.formats.office.ole_faithful import differences
from attachguard.formats.ole_inspect import inspect_compound
from attachguard.formats.refusal import Refused
from attachguard.formats.sniffing import doc as sniff
from attachguard.formats.wordfields import Fields
from attachguard.kinds import KINDS
from attachguard.model import Finding, Inspection, Limits, Rebuilt

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["doc"]

WORD_97 = 0x00C1
"""nFib from which on the FIB has the layout of section 2.5.1."""

_ENCRYPTED, _COMPLEX, _TABLE_1 = 0x0100, 0x0004, 0x0200
"""Bits of the FIB's flags (section 2.5.2): fEncrypted, fComplex, fWhichTblStm."""

_CLX = 0x01A2
"""fcClx and lcbClx in the FIB (section 2.5.6, entry 33)."""
_ASSOC = 0x019A
"""fcSttbfAssoc and lcbSttbfAssoc (entry 32)."""
_TEMPLATE = 1
"""Index of the attached template's path in SttbfAssoc (section 2.9.274)."""

CLICKED = frozenset({"file", "ftp", "news", "nntp", "callto", "sip", "skype", "onenote", "notes", "outlook"})
"""Schemes, beside the web's, of links that old documents of honest offices have. A link can't be cut out of the main
stream; only one that starts a program by its address is worth refusing the document."""

_MARKS = re.compile("[\x13\x14\x15]")
_MARK_KINDS = {"\x13": "begin", "\x14": "separate", "\x15": "end"}
"""Field characters (section 2.8.25)."""


def inspect(data: bytes, limits: Limits) -> Inspection:
    """Report macros, fields that act, objects, a remote template and encryption; hand out the files inside."""
    harvest = Harvest(limits)
    found = inspect_compound(data, harvest)
    if found is not None:
        try:
            _document(found, harvest)
        except Refused as refused:
            harvest.take((refused.finding,))
    return harvest.inspection()


def normalize(order: Order) -> Rebuilt:
    """Write a new compound file of the main streams; what acts inside of those leaves no copy."""
    return ole_rebuild.rebuild(order, kept=word97.KEPT, storages=frozenset(), rewrite=word97.rewrite, inspect=inspect)


def verify(original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
    """Compare the main streams byte by byte but for what was emptied, and see that no other stream is there."""
    del limits  # both were read under the file's own length
    return tuple(differences(original, copy, word97.KEPT, frozenset()))


def _document(found: ole.Compound, harvest: Harvest) -> None:
    entry = found.find("WordDocument")
    stream = found.read(entry) if entry is not None else b""
    if len(stream) < 32:
        raise Refused("file.malformed", "WordDocument", "too short for a Word document")
    version, flags = struct.unpack_from("<H", stream, 2)[0], struct.unpack_from("<H", stream, 10)[0]
    if flags & _ENCRYPTED:
        harvest.note("file.encrypted", "WordDocument")
        return
    if version < WORD_97:
        _fields(_old_text(stream, flags), harvest)
        return
    name = "1Table" if flags & _TABLE_1 else "0Table"
    entry = found.find(name)
    if entry is None or len(stream) < _CLX + 8:
        raise Refused("file.malformed", name, "the document's tables are missing")
    table = found.read(entry)
    _fields("".join(_pieces(stream, table)), harvest)
    _template(stream, table, harvest)


def _old_text(stream: bytes, flags: int) -> str:
    """Give the text of a Word 6 or 95 document; where it is cut in pieces, everything that may be text."""
    first, last = struct.unpack_from("<LL", stream, 0x18)
    whole = flags & _COMPLEX or not first <= last <= len(stream)
    return (stream if whole else stream[first:last]).decode("cp1252", errors="replace")


def _pieces(stream: bytes, table: bytes) -> Iterator[str]:
    """Put the text together from the piece table (sections 2.8.35, 2.9.38 and 2.9.177). Raises Refused."""
    start, size = struct.unpack_from("<LL", stream, _CLX)
    clx = table[start : start + size]
    at = 0
    while at + 3 <= len(clx) and clx[at] == 0x01:  # Prc: property changes before the pieces
        at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
    if at + 5 > len(clx) or clx[at] != 0x02:
        raise Refused("file.malformed", "piece table", "is missing")
    plc = clx[at + 5 : at + 5 + struct.unpack_from("<L", clx, at + 1)[0]]
    count = (len(plc) - 4) // 12
    left = len(stream)
    for index in range(count):
        first, last = struct.unpack_from("<LL", plc, 4 * index)
        place = struct.unpack_from("<L", plc, 4 * (count + 1) + 8 * index + 2)[0]
        compressed = bool(place & 0x40000000)
        place &= 0x3FFFFFFF
        place = place // 2 if compressed else place
        length = (last - first) * (1 if compressed else 2)
        left -= length
        if last < first or left < 0 or place + length > len(stream):
            raise Refused("file.malformed", "piece table", f"piece {index} lies outside of the text")
        raw = stream[place : place + length]
        yield raw.decode("cp1252" if compressed else "utf-16-le", errors="replace")


def _fields(text: str, harvest: Harvest) -> None:
    def report(code: str, keyword: str) -> None:
        scheme = scheme_of(keyword)
        if code != "link" or (len(scheme) > 1 and scheme not in CLICKED):
            harvest.note("ole.dde" if code == "dde" else "ole.field", "WordDocument", keyword)

    fields = Fields(report)
    position = 0
    for found in _MARKS.finditer(text):
        if fields.in_instruction:
            fields.text(text[position : found.start()])
        fields.mark(_MARK_KINDS[found.group()])
        position = found.end()
    fields.close()


def _template(stream: bytes, table: bytes, harvest: Harvest) -> None:
    """Look whether the attached template lies on another computer (section 2.9.274, an extended STTB)."""
    start, size = struct.unpack_from("<LL", stream, _ASSOC)
    sttb = table[start : start + size]
    if len(sttb) < 6 or sttb[:2] != b"\xff\xff":
        return
    at = 6
    for index in range(_TEMPLATE + 1):
        if at + 2 > len(sttb):
            return
        length = struct.unpack_from("<H", sttb, at)[0] * 2
        path = sttb[at + 2 : at + 2 + length].decode("utf-16-le", errors="replace")
        at += 2 + length
        if index == _TEMPLATE and is_elsewhere(path):
            harvest.note("ole.external", "template", path)
