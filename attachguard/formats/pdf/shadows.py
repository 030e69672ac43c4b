"""Objects that no cross-reference table of the document names, and older versions of those it does.

Readers disagree about them: one that repairs a file finds objects another never sees, and an incremental update
(ISO 32000-2, 7.5.6) leaves what it replaces in the file. So every `obj` in the bytes that the tables do not lead
to is put into a file of its own and looked at in the same way.
"""

import io
import itertools
import re
from collections.abc import Iterator

import pikepdf

from attachguard.formats.pdf.document import decoded, name_at, number_of, open_pdf
from attachguard.model import Limits

_OBJECT = re.compile(rb"obj(?=[\x00\t\n\x0c\r ()<>\[\]{}/%+\-.\d])")
"""The keyword that starts an object (7.3.10), whatever stands before it but `end`: that is asked afterwards, because a
pattern that begins with a word is searched forty times as fast as one that begins with a condition (measured)."""

_HEADER = re.compile(rb"[\x00\t\n\x0c\r ]*\d{1,10}[\x00\t\n\x0c\r ]+\d{1,5}[\x00\t\n\x0c\r ]+obj")
"""An object's first words at the offset a table gives, so that the keyword's own place is known."""

_DATA = re.compile(rb"stream[\r\n]")
"""Where a dictionary ends and the data of a stream begin (7.3.8.1)."""

_REFERENCE = re.compile(rb"(?<![\d.])\d{1,10}[\x00\t\n\x0c\r ]{1,9}\d{1,5}[\x00\t\n\x0c\r ]{1,9}R(?![^\s()<>\[\]{}/%])")

_PAIRS = 100_000
"""Members of one object stream that are looked at; more is an attack on the reader."""

_PIECES = 10_000
"""Objects outside the tables that are looked at; more is an attack on the reader: qpdf takes quadratic time."""

_TRIVIAL = re.compile(rb"[\x00\t\n\x0c\r ]*(?:null|endobj)?[\x00\t\n\x0c\r ]*", re.DOTALL)


class TooManyError(ValueError):
    """There are more objects outside the tables than are looked at."""


def shadow_objects(data: bytes, pdf: pikepdf.Pdf | None, limits: Limits) -> Iterator[pikepdf.Pdf]:
    """Give documents made of the objects that `pdf`'s tables do not lead to; all objects when there is no `pdf`.

    Their references lead nowhere useful: use walk.detached_entries. Raises pikepdf.PikepdfError for an object stream
    that can't be read, TooManyError for more than are looked at.
    """
    hidden = _unnamed_members(pdf) if pdf is not None else iter(())
    pieces = list(itertools.islice(itertools.chain(_unnamed(data, pdf), hidden), _PIECES + 1))
    if len(pieces) > _PIECES:
        raise TooManyError(f"more than {_PIECES} objects outside the tables")
    if not pieces:
        return
    shadow = open_pdf(_file_of(pieces), limits)
    yield shadow
    members = [piece for stream in _object_streams(shadow) for _, piece in _members(stream)]
    if members:
        yield open_pdf(_file_of(members), limits)


def _unnamed(data: bytes, pdf: pikepdf.Pdf | None) -> Iterator[bytes]:
    """Cut out the objects at places where no table puts one."""
    named = set() if pdf is None else set(_named_places(data, pdf))
    keywords = (match.span() for match in _OBJECT.finditer(data))
    places = [end for start, end in keywords if not data.endswith(b"end", 0, start)]
    for place, following in itertools.pairwise([*places, len(data)]):
        if place not in named:
            end = data.find(b"endobj", place, following)
            piece = data[place : end if end >= 0 else following]
            if not _TRIVIAL.fullmatch(piece):
                yield piece


def _named_places(data: bytes, pdf: pikepdf.Pdf) -> Iterator[int]:
    """Give the places behind the keyword `obj` that the tables lead to; offsets count from the header (7.5.2).

    Not those of objects that qpdf gave up on and takes for null: another reader may make something of them.
    """
    start = max(data.find(b"%PDF-", 0, 1024 + 5), 0)
    for key, entry in pdf.get_xref_table().items():
        if entry.type == 1 and entry.offset is not None and pdf.get_object(key) is not None:
            header = _HEADER.match(data, start + entry.offset)
            if header:
                yield header.end()


def _unnamed_members(pdf: pikepdf.Pdf) -> Iterator[bytes]:
    """Cut out the members of object streams (7.5.7) that no table leads to."""
    named = {
        (entry.obj_stream_number, entry.obj_stream_index) for entry in pdf.get_xref_table().values() if entry.type == 2
    }
    counted: dict[int | None, int] = {}
    for number, _ in named:
        counted[number] = counted.get(number, 0) + 1
    for stream in _object_streams(pdf):
        number = stream.objgen[0]
        if number_of(stream.get("/N")) != counted.get(number, 0):
            yield from (piece for index, piece in _members(stream) if (number, index) not in named)


def _object_streams(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Stream]:
    for item in pdf.objects:
        if isinstance(item, pikepdf.Stream) and name_at(item, "/Type") == "/ObjStm":
            yield item


def _members(stream: pikepdf.Stream) -> Iterator[tuple[int, bytes]]:
    """Cut an object stream into its members, by the offsets in its head."""
    content = decoded(stream)
    first = int(number_of(stream.get("/First")) or 0)
    count = min(int(number_of(stream.get("/N")) or 0), _PAIRS)
    if content.strip() and (first < 1 or count < 1):
        raise pikepdf.PdfError("an object stream that does not say what it holds")
    head = [int(word) for word in content[:first].split()[: 2 * count] if word.isdigit() and len(word) < 11]
    offsets = [first + offset for offset in head[1::2]]
    bounds = sorted({*offsets, len(content)})
    following = dict(itertools.pairwise(bounds))
    for index, offset in enumerate(offsets):
        if offset in following:
            yield index, content[offset : following[offset]]


def _alone(piece: bytes) -> bytes:
    """Give a piece a plain 0 for each reference, and an end to what it leaves open.

    Where a reference leads nowhere, its key would be as if it were not there (7.3.9). Where something is left open, a
    reader goes through all that follows for each, and says nothing of any.
    """
    data = _DATA.search(piece)
    start = data.start() if data else len(piece)
    return _closed(_REFERENCE.sub(b"0", piece[:start]) + piece[start:])


def _closed(piece: bytes) -> bytes:
    """End what a piece leaves open, or a reader goes through all that follow for each, and says nothing of any."""
    strings, arrays, dictionaries = (
        max(0, piece.count(opening) - piece.count(closing))
        for opening, closing in ((b"(", b")"), (b"[", b"]"), (b"<<", b">>"))
    )
    ends = b")" * strings + b"]" * arrays + b">>" * dictionaries
    stream = b"\nendstream" if b"stream" in piece else b""
    # Brackets in strings may have misled the count; no string goes further than so many brackets.
    return piece + b"\n" + ends + stream + b"\nendobj\n" + b")" * piece.count(b"(")


def _file_of(pieces: list[bytes]) -> bytes:
    """Write a file whose table leads to every piece."""
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n")
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>", *map(_alone, pieces)]
    offsets = []
    for number, piece in enumerate(objects, start=1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%b\nendobj\n" % (number, piece))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % offset for offset in offsets))
    out.write(b"trailer\n<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n" % (len(offsets) + 1, table))
    return out.getvalue()
