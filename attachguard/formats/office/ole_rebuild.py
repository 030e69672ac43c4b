"""A new doc or xls of the old one's main streams, by a list of what may stay; everything else is left behind.

Gone: VBA projects, objects, packages and controls, document properties, unknown streams, free space and tails. What
acts inside of the main stream (Excel 4 sheets, DDE, fields that read, formulas that call) can't be cut out without
moving what other records point at: then there is no copy.
"""

from collections.abc import Callable, Iterator

from attachguard.formats.contract import Order
from attachguard.formats.office.compound import write_compound
from attachguard.formats.ole import CLASSES, Compound, Entry, read_compound
from attachguard.formats.refusal import Refused
from attachguard.model import Finding, Inspection, Limits, Rebuilt

Rewrite = Callable[[dict[tuple[str, ...], bytes]], dict[tuple[str, ...], bytes]]
"""Changes the streams that stay: what in them points to streams that do not. Raises Refused."""

_WITHOUT_COPY = ("ole.", "file.")
"""Beginnings of findings that, where they are still true of the copy, mean that there is none."""

Inspect = Callable[[bytes, Limits], Inspection]


def rebuild(
    order: Order, *, kept: frozenset[str], storages: frozenset[str], rewrite: Rewrite, inspect: Inspect
) -> Rebuilt:
    """Make the copy of the root streams in `kept` and of the streams in `storages`, named in lower case."""
    found = read_compound(order.original)
    if found is None or found.reader is None:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail="no OLE file"),))
    try:
        streams = {entry.path: found.read(entry) for entry in _kept(found, kept, storages)}
        class_id = found.class_id if found.class_id in CLASSES else ""
        copy = write_compound(rewrite(streams), class_id)
    except Refused as refused:
        return Rebuilt(data=None, findings=(refused.finding,))
    left = [finding for finding in inspect(copy, order.limits).findings if finding.code.startswith(_WITHOUT_COPY)]
    if left:
        detail = f"{left[0].code} is part of the main stream"
        return Rebuilt(data=None, findings=(Finding("copy.unsupported", detail=detail),))
    return Rebuilt(data=copy, findings=tuple(_lost(found)))


def _kept(found: Compound, kept: frozenset[str], storages: frozenset[str]) -> Iterator[Entry]:
    for entry in found.entries:
        top = entry.path[0].lower()
        if entry.is_stream and ((len(entry.path) == 1 and top in kept) or (len(entry.path) == 2 and top in storages)):
            yield entry


def _lost(found: Compound) -> Iterator[Finding]:
    if found.root & {"_signatures", "_xmlsignatures"}:
        yield Finding("lost.signature")
    objects = sum(1 for entry in found.entries if len(entry.path) == 2 and entry.path[0].lower() == "objectpool") + sum(
        1 for entry in found.entries if len(entry.path) == 1 and entry.name.startswith("mbd")
    )
    if objects:
        yield Finding("lost.attachments", detail=f"{objects} embedded")
