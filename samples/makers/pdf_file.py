"""A PDF written object by object, so that a sample holds exactly the bytes it wants to show (ISO 32000-1, 7.5)."""

import hashlib
from collections.abc import Mapping, Sequence

HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


def escaped(text: str) -> bytes:
    """Write a literal string in the encoding of our fonts (7.3.4.2)."""
    raw = text.encode("cp1252")
    return b"(" + raw.replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)") + b")"


def stream(data: bytes, entries: bytes = b"") -> bytes:
    """Write a stream object's body (7.3.8)."""
    return b"<< %b /Length %d >>\nstream\n%b\nendstream" % (entries, len(data), data)


def write(objects: Mapping[int, bytes], trailer: bytes) -> bytes:
    """Write a whole file: header, numbered objects, cross-reference table, trailer.

    The file identifier comes from the content, as 14.4 recommends, and not from a clock.
    """
    out = bytearray(HEADER)
    offsets = {}
    for number, body in sorted(objects.items()):
        offsets[number] = len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    identifier = hashlib.sha256(out).hexdigest()[:32].encode()
    return bytes(out) + _tail(offsets, len(out), b"%b /ID [<%b> <%b>]" % (trailer, identifier, identifier))


def update(original: bytes, objects: Mapping[int, bytes], trailer: bytes) -> bytes:
    """Append a revision: new versions of some objects behind a file that stays as it is (7.5.6)."""
    previous = int(original.rsplit(b"startxref", 1)[1].split()[0])
    size = int(original.rsplit(b"/Size", 1)[1].split()[0])
    out = bytearray(original)
    offsets = {}
    for number, body in sorted(objects.items()):
        offsets[number] = len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    return bytes(out) + _tail(offsets, len(out), b"%b /Prev %d" % (trailer, previous), size)


def _tail(offsets: Mapping[int, int], start: int, trailer: bytes, size: int = 0) -> bytes:
    """Write the cross-reference table in runs of consecutive numbers, and the trailer (7.5.4, 7.5.5)."""
    rows = {0: b"0000000000 65535 f \n"} | {n: b"%010d 00000 n \n" % at for n, at in offsets.items()}
    runs: list[list[int]] = []
    for number in sorted(rows):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    table = b"".join(b"%d %d\n" % (run[0], len(run)) + b"".join(rows[n] for n in run) for run in runs)
    head = b"/Size %d" % max(max(rows) + 1, size)
    return b"xref\n%btrailer\n<< %b %b >>\nstartxref\n%d\n%%%%EOF\n" % (table, head, trailer, start)


def lines(texts: Sequence[tuple[int, int, str, int, str]]) -> bytes:
    """Write text at places on a page: x, y, font (`R` regular or `B` bold), size, text (9.4)."""
    return b"".join(
        b"BT /%b %d Tf %d %d Td %b Tj ET\n" % (font.encode(), size, x, y, escaped(text))
        for x, y, font, size, text in texts
    )
