"""The files inside a PDF (ISO 32000-2, 7.11.4): found wherever they hang, handed out one by one, counted."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import pikepdf
from lxml import etree

from attachguard.formats.pdf.document import TooLargeError, decoded, dictionary_at, name_at, text_at
from attachguard.formats.pdf.tables import EINVOICE_NAMES, EINVOICE_ROOTS, FILE_SPECIFICATIONS
from attachguard.formats.pdf.walk import Entry
from attachguard.model import Finding, Limits, Part, printable

_WHERE_NAME = 100
"""Characters of an embedded file's own name in its place; the object's number before it makes it unique."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """One embedded file, not yet decoded."""

    stream: pikepdf.Stream
    untrusted_name: str
    where: str


@dataclass(slots=True, kw_only=True)
class Extraction:
    """The files found so far; a stream that is named several times counts once."""

    limits: Limits
    packets: frozenset[tuple[int, int]] = frozenset()
    """Streams of a form, which are no files whatever they are called."""
    found: dict[str, Embedded] = field(default_factory=dict)
    owners: list[pikepdf.Pdf] = field(default_factory=list)
    """Documents made on the way, which must live as long as their streams are read."""

    def look(self, entry: Entry, *, outside: bool = False) -> None:
        """Take what a dictionary holds: the streams of its /EF, or itself when it is an embedded file stream."""
        held = dictionary_at(entry.keys, "/EF")
        if held is not None:
            name = _name_of(entry.keys)
            for stream in _streams_in(held):
                self._take(stream, name, outside=outside)
            for its_name, stream in _related(entry.keys):
                self._take(stream, its_name, outside=outside)
        if entry.stream is None or name_at(entry.keys, "/Type") != "/EmbeddedFile":
            return
        if outside or entry.stream.objgen not in self.packets:
            self._take(entry.stream, "", outside=outside)

    def _take(self, stream: pikepdf.Stream, name: str, *, outside: bool) -> None:
        number = stream.objgen[0]
        key = f"{'shadow' if outside else 'object'} {number}"
        known = self.found.get(key)
        if known is None or not known.untrusted_name:
            where = f"{key}, {printable(name, _WHERE_NAME)}" if name else key
            self.found[key] = Embedded(stream=stream, untrusted_name=name, where=where)

    def parts(self) -> tuple[tuple[Part, ...], tuple[Finding, ...]]:
        """Decode the files, up to the limits, and say of each what it is: an invoice for machines or any file."""
        parts: list[Part] = []
        findings: list[Finding] = []
        room = self.limits.parts_size
        for file in self.found.values():
            if len(parts) >= self.limits.parts:
                findings.append(Finding("limit.parts", detail=f"{len(self.found)}, limit {self.limits.parts}"))
                break
            try:
                data = decoded(file.stream)
            except (TooLargeError, pikepdf.PikepdfError) as error:
                code = "limit.inflated_size" if isinstance(error, TooLargeError) else "pdf.malformed"
                findings.append(Finding(code, file.where, "an embedded file can't be taken out"))
                findings.append(Finding("pdf.embedded_file", file.where))
                continue
            room -= len(data)
            if room < 0:
                findings.append(Finding("limit.parts_size", detail=f"limit {self.limits.parts_size} bytes"))
                break
            parts.append(Part(where=file.where, untrusted_name=file.untrusted_name, declared_type=None, data=data))
            code = "pdf.einvoice" if is_einvoice(file.untrusted_name, data) else "pdf.embedded_file"
            findings.append(Finding(code, file.where, f"{len(data)} bytes"))
        return tuple(parts), tuple(findings)


def is_einvoice(untrusted_name: str, data: bytes) -> bool:
    """Whether a file is an EN 16931 invoice: by name and by the root of a well-formed document without DOCTYPE."""
    if untrusted_name.lower() not in EINVOICE_NAMES:
        return False
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    with contextlib.suppress(etree.XMLSyntaxError, ValueError):
        root = etree.fromstring(data, parser)
        return root.tag in EINVOICE_ROOTS and root.getroottree().docinfo.internalDTD is None
    return False


def _streams_in(held: pikepdf.Object) -> list[pikepdf.Stream]:
    """Give the streams of a dictionary, those first that readers look for; others may look for more."""
    known = [held.get(key) for key in FILE_SPECIFICATIONS]
    return [value for value in (*known, *held.values()) if isinstance(value, pikepdf.Stream)]  # keys may be no UTF-8


def _related(specification: pikepdf.Object) -> Iterator[tuple[str, pikepdf.Stream]]:
    """Give the files that belong to a file, with their names (7.11.4.3, /RF): arrays of names and streams in turn."""
    related = dictionary_at(specification, "/RF")
    for array in () if related is None else related.values():
        name = ""
        for item in array if isinstance(array, pikepdf.Array) else ():
            if isinstance(item, pikepdf.Stream):
                yield name, item
            name = str(item) if isinstance(item, pikepdf.String) else ""


def _name_of(specification: pikepdf.Object) -> str:
    return next((name for key in FILE_SPECIFICATIONS if (name := text_at(specification, key))), "")
