"""XML documents: invoices, bank statements and other data. What is not data is a finding (XML 1.0, fifth edition)."""

from collections.abc import Callable, Mapping, Sequence

from attachguard.formats.charset import decode_xml
from attachguard.formats.contract import Order
from attachguard.formats.harvest import Harvest
from attachguard.formats.sniffing import xml as sniff
from attachguard.formats.xmlactive import ACTING_ATTRIBUTES, ACTIVE_NAMESPACES, OFFICE_PROGRAMS, acting
from attachguard.formats.xmlclean import NoDataError, clean_xml
from attachguard.formats.xmlevents import differences
from attachguard.formats.xmlwalk import Walk, note_encoding
from attachguard.kinds import KINDS
from attachguard.model import Finding, Inspection, Limits, Rebuilt

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["xml"]

_ACTING = tuple(ACTING_ATTRIBUTES)


def inspect(data: bytes, limits: Limits) -> Inspection:
    """Report what is not data: DOCTYPE, instructions, inclusions, active elements; and what no reader can read."""
    harvest = Harvest(limits)
    decoded = decode_xml(data)
    if decoded is None:
        harvest.note("file.malformed", detail="not text")
        return harvest.inspection()
    note_encoding(data, harvest)

    def start(namespace: str, local: str, attributes: Mapping[str, str], line: Callable[[], str]) -> None:
        if namespace in ACTIVE_NAMESPACES:
            harvest.note("xml.active", line(), f"{ACTIVE_NAMESPACES[namespace]} {local}")
        elif (namespace, local) in OFFICE_PROGRAMS:
            harvest.note("xml.active", line(), f"{local}, which an office program runs or loads")
        for name, value in attributes.items():
            if not name.endswith(_ACTING):
                continue
            space, _, attribute = name.rpartition(" ")
            if attribute in ACTING_ATTRIBUTES and (what := acting(space, attribute, value)):
                harvest.note("xml.active", line(), what)

    Walk(harvest, _tells, start, bare_doctype=False).over(decoded.text)
    return harvest.inspection()


def _tells(namespace: str, local: str) -> bool:
    return namespace in ACTIVE_NAMESPACES or (namespace, local) in OFFICE_PROGRAMS


def normalize(order: Order) -> Rebuilt:
    """Write the data anew in UTF-8, without DOCTYPE, instructions, inclusions and active elements."""
    decoded = decode_xml(order.original)
    if decoded is None:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail="not text"),))
    try:
        return Rebuilt(data=clean_xml(decoded.text))
    except NoDataError as error:
        return Rebuilt(data=None, findings=(Finding("copy.failed", detail=str(error)),))


def verify(original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
    """Compare what another parser (expat) reads in both: the same elements, attributes and texts in the same order."""
    del limits
    before, after = decode_xml(original), decode_xml(copy)
    if before is None or after is None:
        return (Finding("copy.unfaithful", detail="not text"),)
    return tuple(differences(before.text, after.text))
