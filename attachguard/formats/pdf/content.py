"""What plays, loads from elsewhere, is attacked through its decoder, or says something about the document."""

import re
from collections.abc import Iterator

import pikepdf

from attachguard.formats.pdf.document import decoded, dictionary_at, filters_of, name_at, number_of
from attachguard.formats.pdf.tables import ATTACKED_CODECS, CALCULATOR_OPERATORS, MEDIA_ANNOTATIONS
from attachguard.formats.pdf.walk import Entry
from attachguard.model import Finding

_FONT_MATRIX = re.compile(rb"/FontMatrix\s{0,20}\[([^\]]{0,300})(\]?)")
_NUMBER = re.compile(rb"[+-]?(?:\d{1,20}\.?\d{0,20}|\.\d{1,20})(?:[eE][+-]?\d{1,3})?")
_COMMENT = re.compile(rb"%[^\r\n]*")


def rich_media(entry: Entry) -> Iterator[Finding]:
    """Tell of annotations that play sound, video, Flash or 3D (12.5.6, 13)."""
    kind = name_at(entry.keys, "/Subtype")
    if kind in MEDIA_ANNOTATIONS:
        yield Finding("pdf.rich_media", entry.where, kind.removeprefix("/"))


def portfolio(entry: Entry) -> Iterator[Finding]:
    """Tell of a catalog that presents its embedded files instead of its pages (12.3.5)."""
    if dictionary_at(entry.keys, "/Collection") is not None:
        yield Finding("pdf.portfolio", entry.where)


def signature(entry: Entry) -> Iterator[Finding]:
    """Tell of a signature dictionary (12.8.1)."""
    if "/ByteRange" in entry.keys and "/Contents" in entry.keys:
        yield Finding("pdf.signed", entry.where)


def external_stream(entry: Entry) -> Iterator[Finding]:
    """Tell of content from elsewhere: 7.3.8.2 (/F of a stream), 8.10.4 (/Ref), 14.11.7 (/OPI), 12.5.6.15 (/FS)."""
    if entry.stream is not None and "/F" in entry.keys:
        yield Finding("pdf.external_stream", entry.where, "a stream whose data are in another file")
    if dictionary_at(entry.keys, "/Ref") is not None and name_at(entry.keys, "/Subtype") in {"/Form", ""}:
        yield Finding("pdf.external_stream", entry.where, "a page of another document")
    if dictionary_at(entry.keys, "/OPI") is not None:
        yield Finding("pdf.external_stream", entry.where, "a picture of a prepress server")
    if name_at(entry.keys, "/Subtype") == "/FileAttachment" and isinstance(entry.keys.get("/FS"), pikepdf.String):
        yield Finding("pdf.external_stream", entry.where, "an attachment that is only a path")


def codec(entry: Entry) -> Iterator[Finding]:
    """Tell of pictures in a coding whose decoders are often attacked."""
    if entry.stream is not None:
        for used in sorted(ATTACKED_CODECS.intersection(filters_of(entry.keys))):
            yield Finding("pdf.codec", entry.where, used.removeprefix("/"))


def font_matrix(entry: Entry) -> Iterator[Finding]:
    """Tell of a font matrix that is not six numbers (9.6.4): some readers compile it (CVE-2024-4367)."""
    matrix = entry.keys.get("/FontMatrix")
    if matrix is None:
        return
    numbers = [number_of(item) for item in matrix] if isinstance(matrix, pikepdf.Array) else []
    if len(numbers) != 6 or None in numbers:
        yield Finding("pdf.font_program", entry.where, "a font matrix that is not six numbers")


def type1_matrix(entry: Entry) -> Iterator[Finding]:
    """Tell of the same in the readable part of an embedded Type 1 font (9.9)."""
    program = entry.keys.get("/FontFile")
    if not isinstance(program, pikepdf.Stream):
        return
    readable = decoded(program).partition(b"eexec")[0]
    for matrix in _FONT_MATRIX.finditer(readable):
        words = matrix.group(1).split()
        if not matrix.group(2) or len(words) != 6 or not all(_NUMBER.fullmatch(word) for word in words):
            yield Finding("pdf.font_program", entry.where, "a font matrix that is not six numbers")


def calculator(entry: Entry) -> Iterator[Finding]:
    """Tell of a calculator function with words the calculator does not have (7.10.5; CVE-2018-5158)."""
    if entry.stream is None or number_of(entry.keys.get("/FunctionType")) != 4:
        return
    program = _COMMENT.sub(b" ", decoded(entry.stream)).replace(b"{", b" { ").replace(b"}", b" } ")
    for word in program.split():
        if word not in CALCULATOR_OPERATORS and not _NUMBER.fullmatch(word):
            yield Finding("pdf.font_program", entry.where, "a function with words that functions do not have")
            return


CARRIED = (
    rich_media,
    portfolio,
    signature,
    external_stream,
    codec,
    font_matrix,
    type1_matrix,
    calculator,
)
"""One function per construct, all asked about every dictionary."""
