"""Excel 97-2003 workbooks (MS-XLS, BIFF8), the least that is valid: globals, styles, shared strings, a sheet."""

import struct
from collections.abc import Sequence

from samples.makers import compound
from samples.makers.goods import PRICE_LIST, Article

WORKBOOK = bytes.fromhex("2008020000000000c000000000000046")
"""The class of the root storage: Microsoft Excel 97-2003 worksheet."""
WORKBOOK_5 = bytes.fromhex("1008020000000000c000000000000046")
"""And of Microsoft Excel 5.0."""
GLOBALS, SHEET, MACRO_SHEET = 0x0005, 0x0010, 0x0040
"""Kinds of substreams, as BOF names them (2.4.21)."""


def price_list() -> bytes:
    """Make a price list."""
    return _workbook(("Preise",), (_price_sheet(PRICE_LIST),))


def price_list_with_macro_sheet() -> bytes:
    """Make a price list with a hidden sheet of Excel 4 macros, which no search for VBA finds."""
    halt = b"\x42\x00\x36\x00"  # PtgFuncVar HALT() without arguments (2.5.198.63)
    cell = struct.pack("<HHH8xHIH", 0, 0, 15, 0, 0, len(halt)) + halt
    macro = _begin(MACRO_SHEET) + _record(0x0006, cell) + _record(0x023E, _window()) + _record(0x000A, b"")
    return _workbook(("Preise", "Makro1"), (_price_sheet(PRICE_LIST), macro), kinds=(0, 1))


def price_list_with_call() -> bytes:
    """Make a price list with a cell that calls a function of a library of Windows (CALL)."""
    texts = b"".join(b"\x17" + bytes([len(text), 0]) + text for text in (b"kernel32", b"Beep", b"JJJ"))
    tokens = texts + b"\x42\x03\x96\x00"  # PtgFuncVar CALL with three arguments (2.5.198.63)
    cell = _record(0x0006, struct.pack("<HHH8xHIH", 20, 0, 15, 0, 0, len(tokens)) + tokens)
    return _workbook(("Preise",), (_price_sheet(PRICE_LIST, cell),))


def price_list_with_link() -> bytes:
    """Make a price list whose cells are of another workbook, on a share (SupBook, 2.4.271)."""
    path = "\x01\x01@files.example\x03prices\x03[list.xls]Preise"
    link = _record(0x01AE, struct.pack("<HH", 1, len(path)) + b"\0" + path.encode("latin-1"))
    return _file(_stream(("Preise",), (_price_sheet(PRICE_LIST),), (0,), link))


def price_list_with_dde() -> bytes:
    """Make a price list that asks a program for its data (DDE, 2.5.277)."""
    path = "cmd\x03/c calc"
    link = _record(0x01AE, struct.pack("<HH", 1, len(path)) + b"\0" + path.encode("latin-1"))
    return _file(_stream(("Preise",), (_price_sheet(PRICE_LIST),), (0,), link))


def price_list_of_excel_5() -> bytes:
    """Make a price list as Excel 5 and 95 saved it: BIFF5 in a stream called Book, eight bits a character."""
    head = _record(0x0809, struct.pack("<HHHH", 0x0500, GLOBALS, 0x096C, 0x07C9)) + _record(0x0042, b"\xe4\x04")
    head += _record(0x003D, struct.pack("<HHHHHHHHH", 0, 0, 14000, 9000, 0x38, 0, 0, 1, 600))
    head += _record(0x0031, struct.pack("<HHHHHBBBB", 200, 0, 0x7FFF, 400, 0, 0, 0, 0, 0) + b"\x05Arial") * 4
    head += _record(0x00E0, struct.pack("<HHHHHHHH", 0, 0, 0xFFF5, 0x20, 0x20C0, 0, 0, 0)) * 15
    head += _record(0x00E0, struct.pack("<HHHHHHHH", 0, 0, 1, 0x20, 0x20C0, 0, 0, 0))
    name = b"Preise"
    place = len(head) + 4 + 7 + len(name) + 4
    head += _record(0x0085, struct.pack("<IHB", place, 0, len(name)) + name) + _record(0x000A, b"")
    cells = b""
    for row, article in enumerate(PRICE_LIST):
        text = article.name.encode("cp1252", "replace")
        cells += _record(0x0204, struct.pack("<HHHH", row, 0, 15, len(text)) + text)
        cells += _record(0x0203, struct.pack("<HHHd", row, 1, 15, float(article.price)))
    sheet = _record(0x0809, struct.pack("<HHHH", 0x0500, SHEET, 0x096C, 0x07C9))
    sheet += _record(0x0200, struct.pack("<HHHHH", 0, len(PRICE_LIST), 0, 2, 0)) + cells
    sheet += _record(0x023E, struct.pack("<HHHI", 0x06B6, 0, 0, 0)) + _record(0x000A, b"")
    return compound.write({"Book": (head + sheet).ljust(4096, b"\0")}, WORKBOOK_5)


def price_list_with_password() -> bytes:
    """Make a price list with a FILEPASS record (2.4.117, RC4), behind which every record's content is noise."""
    plain = _stream(("Preise",), (_price_sheet(PRICE_LIST),), kinds=(0,))
    key = struct.pack("<HHH", 1, 1, 1) + bytes((n * 73 + 5) % 256 for n in range(48))
    out, at = bytearray(), 0
    while at < len(plain):
        number, size = struct.unpack_from("<HH", plain, at)
        body = plain[at + 4 : at + 4 + size]
        hidden = body if number in {0x0809, 0x0085} else bytes((b * 7 + n * 31 + 11) % 256 for n, b in enumerate(body))
        out += _record(number, hidden)
        if at == 0:
            out += _record(0x002F, key)
        at += 4 + size
    return _file(bytes(out))


def _workbook(names: Sequence[str], sheets: Sequence[bytes], kinds: Sequence[int] = (0,)) -> bytes:
    return _file(_stream(names, sheets, kinds))


def _file(workbook: bytes) -> bytes:
    streams = {
        "Workbook": workbook.ljust(4096, b"\0"),
        "\x05SummaryInformation": compound.summary("Preisliste", "Microsoft Excel"),
    }
    return compound.write(streams, WORKBOOK)


def _stream(names: Sequence[str], sheets: Sequence[bytes], kinds: Sequence[int], more: bytes = b"") -> bytes:
    """Write the Workbook stream: the globals, which say where each sheet begins, and the sheets behind them."""
    head = _begin(GLOBALS) + _record(0x0042, struct.pack("<H", 1200))
    head += _record(0x003D, struct.pack("<HHHHHHHHH", 0, 0, 14000, 9000, 0x38, 0, 0, 1, 600))
    head += _record(0x0022, struct.pack("<H", 0))
    head += _record(0x0031, _font()) * 4
    head += _record(0x00E0, _format(0xFFF5)) * 15 + _record(0x00E0, _format(0x0001))
    head += _record(0x0293, struct.pack("<HBB", 0x8000, 0, 0xFF))
    tail = _record(0x00FC, _shared_strings([article.name for article in PRICE_LIST])) + more + _record(0x000A, b"")
    place = len(head) + sum(4 + 8 + len(name) for name in names) + len(tail)
    rows = b""
    for name, sheet, kind in zip(names, sheets, kinds, strict=True):
        short = bytes([len(name), 0]) + name.encode("latin-1")
        rows += _record(0x0085, struct.pack("<IBB", place, 1 if kind else 0, kind) + short)
        place += len(sheet)
    return head + rows + tail + b"".join(sheets)


def _price_sheet(articles: Sequence[Article], more: bytes = b"") -> bytes:
    cells = b""
    for row, article in enumerate(articles):
        cells += _record(0x00FD, struct.pack("<HHHI", row, 0, 15, row))
        cells += _record(0x0203, struct.pack("<HHHd", row, 1, 15, float(article.quantity)))
        cells += _record(0x0203, struct.pack("<HHHd", row, 2, 15, float(article.price)))
    size = _record(0x0200, struct.pack("<IIHHH", 0, len(articles), 0, 3, 0))
    return _begin(SHEET) + size + cells + more + _record(0x023E, _window()) + _record(0x000A, b"")


def _begin(kind: int) -> bytes:
    return _record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0xC1, 6))


def _record(number: int, data: bytes) -> bytes:
    return struct.pack("<HH", number, len(data)) + data


def _window() -> bytes:
    return struct.pack("<HHHHHHHI", 0x06B6, 0, 0, 64, 0, 0, 0, 0)


def _font() -> bytes:
    return struct.pack("<HHHHHBBBB", 200, 0, 0x7FFF, 400, 0, 0, 0, 0, 0) + b"\x05\x00Arial"


def _format(kind: int) -> bytes:
    return struct.pack("<HHHBBBBIIH", 0, 0, kind, 0x20, 0, 0, 0, 0, 0, 0x20C0)


def _shared_strings(texts: Sequence[str]) -> bytes:
    """Write the shared string table (2.4.265); sixteen bits a character, so any language fits."""
    rows = b"".join(struct.pack("<HB", len(text), 1) + text.encode("utf-16-le") for text in texts)
    return struct.pack("<II", len(texts), len(texts)) + rows
