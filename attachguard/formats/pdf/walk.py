"""Visit every dictionary of a document, whether anything leads to it or not; quickly, where nothing is in it.

qpdf lists all objects of all cross-reference sections and object streams and writes each back with its names in
their plain form, so one search over that text tells whether an object is worth a closer look.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pikepdf

from attachguard.formats.pdf.document import CONTAINERS

SUSPICIOUS = re.compile(
    rb"/(?:"
    # keys whose presence is the danger, or whose value has to be looked at
    rb"JS|AA|OpenAction|EF|RF|XFA|NeedsRendering|Collection|ByteRange|OPI|Ref|FontMatrix|Next|A|Base"
    # names that are the danger
    rb"|JavaScript|Launch|GoToR|GoToE|SubmitForm|ImportData|Rendition|Movie|Sound|GoTo3DView|RichMedia\w*|Screen|3D"
    rb"|EmbeddedFile|FileAttachment|JBIG2Decode|JPXDecode|Named|Thread|URI|URL|Action|FontFile"
    rb")(?![^\s()<>\[\]{}/%])"
    # names that stand somewhere else in the file
    rb"|/(?:S|Subtype|Type|FS|Filter|FunctionType) \d"
)
"""What makes an object worth a closer look, in qpdf's way of writing."""

_STREAM_KEYS = re.compile(rb"/F[ (<]")
"""In the dictionary of a stream only: content outside the file (ISO 32000-2, 7.3.8.2, table 5)."""

_REFERENCE = re.compile(rb"\b\d{1,10} \d{1,5} R\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One dictionary of the document."""

    keys: pikepdf.Object
    """A dictionary or the stream itself; its values are resolved where the document can be trusted to."""
    stream: pikepdf.Stream | None
    where: str


def entries(pdf: pikepdf.Pdf) -> Iterator[Entry]:
    """Visit the dictionaries of all objects that are worth a closer look, and the trailer; linear."""
    yield from _inside(pdf.trailer, "trailer")
    for item in pdf.objects:
        if isinstance(item, CONTAINERS) and is_suspicious(item):
            yield from _inside(item, f"object {item.objgen[0]}")


def detached_entries(pdf: pikepdf.Pdf) -> Iterator[Entry]:
    """Visit like `entries`, but take every reference for a plain 0: their numbers mean other objects here.

    A key that leads to another object is there all the same; with null it would be as if it were not (7.3.9).
    """
    for item in pdf.objects:
        if isinstance(item, CONTAINERS) and is_suspicious(item):
            stream = item if isinstance(item, pikepdf.Stream) else None
            alone = pikepdf.Object.parse(_REFERENCE.sub(b"0", written(item)))
            for entry in _inside(alone, "object outside the tables"):
                yield Entry(keys=entry.keys, stream=stream if entry.keys is alone else None, where=entry.where)


def is_suspicious(item: pikepdf.Object) -> bool:
    """Whether an object holds anything that is looked for."""
    text = written(item)
    if SUSPICIOUS.search(text):
        return True
    return isinstance(item, pikepdf.Stream) and _STREAM_KEYS.search(text) is not None


def written(item: pikepdf.Object) -> bytes:
    """Write an object (of a stream: its dictionary) as qpdf does, names unescaped, one level of references deep."""
    return (item.stream_dict if isinstance(item, pikepdf.Stream) else item).unparse(resolved=True)


def _inside(item: pikepdf.Object, where: str) -> Iterator[Entry]:
    """Visit the dictionaries written inside one object, itself included; references are objects of their own."""
    waiting = [item]
    while waiting:
        current = waiting.pop()
        if isinstance(current, pikepdf.Stream):
            yield Entry(keys=current, stream=current, where=where)
        elif isinstance(current, pikepdf.Dictionary):
            yield Entry(keys=current, stream=None, where=where)
        children = current if isinstance(current, pikepdf.Array) else current.values()  # keys may be no UTF-8
        waiting.extend(child for child in children if isinstance(child, CONTAINERS) and not child.is_indirect)
