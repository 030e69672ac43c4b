"""Plain text."""

from collections.abc import Sequence

from attachguard.formats.characters import note_hidden, without_hidden
from attachguard.formats.contract import Order
from attachguard.formats.harvest import Harvest
from attachguard.formats.sametext import acting, is_faithful, readable
from attachguard.formats.sniffing import txt as sniff
from attachguard.formats.text import EIGHT_BIT, Decoded, decode, encode_8bit, is_windows_1252
from attachguard.kinds import KINDS
from attachguard.model import Finding, Inspection, Limits, Rebuilt

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["txt"]


def inspect(data: bytes, limits: Limits) -> Inspection:
    """Report what acts on a terminal or on the reader's eye instead of being read."""
    harvest = Harvest(limits)
    decoded = read(data)
    if decoded is None:
        harvest.note("file.malformed", detail="not text")
    else:
        note_hidden(decoded, harvest)
    return harvest.inspection()


def read(data: bytes) -> Decoded | None:
    """Read bytes as text; mail programs' Japanese (ISO-2022-JP), whose escapes only change the alphabet, as that."""
    decoded = decode(data)
    if decoded is None or decoded.had_bom or b"\x1b$" not in data:
        return decoded
    try:
        return Decoded(text=data.decode("iso2022_jp"), encoding="iso2022_jp", had_bom=False)
    except UnicodeDecodeError:
        return decoded


def normalize(order: Order) -> Rebuilt:
    """Write the text in UTF-8 without what acts; line ends and everything else stay.

    8-bit text that can't be windows-1252 keeps its bytes: the wrong letters would be worse than another encoding.
    """
    decoded = read(order.original)
    if decoded is None:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail="not text"),))
    text = without_hidden(decoded).lstrip("\ufeff")
    if not text:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail="nothing to read is left"),))
    keeps = decoded.encoding == EIGHT_BIT and not is_windows_1252(text)
    return Rebuilt(data=encode_8bit(text) if keeps else text.encode("utf-8"))


def verify(original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
    """Compare by characters' properties: nothing that acts is in the copy, and nothing else is missing."""
    del limits
    read_before, read_after = read(original), decode(copy)
    if read_before is None or read_after is None:
        return (Finding("copy.unfaithful", detail="not text"),)
    before, after = readable(read_before), readable(read_after)
    found = []
    if acting(after):
        found.append(Finding("copy.unsafe", detail=f"holds {acting(after)}"))
    if not is_faithful(before, after):
        found.append(Finding("copy.unfaithful", detail="other text"))
    return found
