"""Word 97-2003 documents (MS-DOC), the least that is valid: a FIB, text in one piece, paragraphs, a style, a font."""

import struct
from collections.abc import Sequence

from samples.makers import compound, vba
from samples.makers.goods import LETTERS

TEXT_AT = 1024
"""Where the text begins in the WordDocument stream; the FIB ends at 900 (2.5.1)."""
PAIRS = 93
"""Pairs of offset and length in the FIB of Word 97 (cbRgFcLcb 0x5D, 2.5.5)."""
WORD_DOCUMENT = bytes.fromhex("0609020000000000c000000000000046")
"""The class of the root storage: Microsoft Word 97-2003 document."""

STYLES, SECTIONS, CHARACTERS, PARAGRAPHS, FONTS, SETTINGS, NAMES, PIECES = 1, 6, 12, 13, 15, 31, 32, 33
"""Places of the pairs that point into the table stream (2.5.6)."""


def letter(language: str = "pl") -> bytes:
    """Make a letter."""
    return compound.write(_streams(language), WORD_DOCUMENT)


def letter_with_macros(language: str = "nl") -> bytes:
    """Make a letter with a macro that runs when it is opened."""
    return compound.write(_streams(language) | vba.streams("Macros/"), WORD_DOCUMENT)


def letter_with_dde(language: str = "fr") -> bytes:
    """Make a letter with a field that starts a program (DDEAUTO)."""
    return compound.write(
        _streams(language, _field('DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe "/k calc"')), WORD_DOCUMENT
    )


def letter_with_field(language: str = "de") -> bytes:
    """Make a letter with a field that reads another file."""
    return compound.write(_streams(language, _field("INCLUDETEXT C:\\\\Users\\\\Public\\\\list.txt")), WORD_DOCUMENT)


def letter_with_object(embedded: bytes, name: str, language: str = "nl") -> bytes:
    """Make a letter that carries another file as a package to be double-clicked (MS-DOC 2.1.10, MS-OLEDS 2.3.6)."""
    path = name.encode("cp1252") + b"\0"
    native = b"\2\0" + path + path + b"\0\0\3\0" + struct.pack("<I", len(path)) + path
    native += struct.pack("<I", len(embedded)) + embedded
    pool = {"ObjectPool/_1/\x01Ole10Native": struct.pack("<I", len(native)) + native}
    return compound.write(_streams(language) | pool, WORD_DOCUMENT)


def letter_with_template(language: str = "en") -> bytes:
    """Make a letter that loads its template from another computer."""
    return compound.write(_streams(language, template="https://templates.example/letter.dot"), WORD_DOCUMENT)


def _field(instruction: str) -> str:
    """Write a field between its three marks (2.8.25)."""
    return f"\x13 {instruction} \x14Total\x15"


def letter_with_password(language: str = "en") -> bytes:
    """Make a letter whose FIB says that the rest is enciphered (fEncrypted, 2.5.2), and whose rest is noise."""
    streams = _streams(language)
    document = bytearray(streams["WordDocument"])
    flags = int.from_bytes(document[10:12], "little") | 0x0100
    document[10:12] = flags.to_bytes(2, "little")
    document[14:18] = (52).to_bytes(4, "little")  # lKey: size of the encryption header in the table stream
    document[68:] = _noise(len(document) - 68)
    header = struct.pack("<HH", 1, 1) + _noise(48)
    streams |= {"WordDocument": bytes(document), "1Table": header + _noise(len(streams["1Table"]))}
    return compound.write(streams, WORD_DOCUMENT)


def _noise(size: int) -> bytes:
    return bytes((n * 167 + n // 13 * 41 + 7) % 256 for n in range(size))


def _streams(language: str, more: str = "", template: str = "") -> dict[str, bytes]:
    paragraphs = [line + "\r" for line in (*LETTERS[language], *([more] if more else ()))]
    raw = "".join(paragraphs).encode("utf-16-le")
    ends = _ends([len(p.encode("utf-16-le")) for p in paragraphs])
    pages_at = TEXT_AT + len(raw) + -(TEXT_AT + len(raw)) % 512
    characters = len(raw) // 2
    table, pairs = _table_stream(characters, ends, pages_at // 512, template)
    body = raw.ljust(pages_at - TEXT_AT, b"\0") + _character_page(ends) + _paragraph_page(ends)
    size = max(4096, TEXT_AT + len(body))
    fib = _fib(characters, ends[-1], size, pairs)
    return {
        "WordDocument": (fib.ljust(TEXT_AT, b"\0") + body).ljust(size, b"\0"),
        "1Table": table,
        "\x05SummaryInformation": compound.summary(LETTERS[language][0], "Microsoft Word 8.0"),
    }


def _ends(lengths: Sequence[int]) -> list[int]:
    """Give the offsets in the stream where the text begins and where each paragraph ends."""
    places = [TEXT_AT]
    for length in lengths:
        places.append(places[-1] + length)
    return places


def _fib(characters: int, text_end: int, size: int, pairs: dict[int, tuple[int, int]]) -> bytes:
    """Write the File Information Block (2.5.1) of Word 97: nFib 0xC1, the table stream is 1Table, text is Unicode."""
    base = struct.pack("<HHHHHHHIBBHHII", 0xA5EC, 0xC1, 0, 0x409, 0, 0x1200, 0xBF, 0, 0, 0, 0, 0, TEXT_AT, text_end)
    shorts = struct.pack("<H28x", 14)
    longs = struct.pack("<HI8xI72x", 22, size, characters)
    places = b"".join(struct.pack("<II", *pairs.get(n, (0, 0))) for n in range(PAIRS))
    return base + shorts + longs + struct.pack("<H", PAIRS) + places + struct.pack("<H", 0)


def _table_stream(
    characters: int, ends: Sequence[int], page: int, template: str
) -> tuple[bytes, dict[int, tuple[int, int]]]:
    """Write the table stream and the pairs that say where in it each table is."""
    piece = struct.pack("<HIH", 0, TEXT_AT, 0)
    piece_table = struct.pack("<II", 0, characters) + piece
    tables = {
        STYLES: _styles(),
        SECTIONS: struct.pack("<IIHIHI", 0, characters, 0, 0xFFFFFFFF, 0, 0),
        CHARACTERS: struct.pack("<III", ends[0], ends[-1], page),
        PARAGRAPHS: struct.pack("<III", ends[0], ends[-1], page + 1),
        FONTS: _fonts("Arial"),
        NAMES: _names(template),
        SETTINGS: struct.pack("<10xH488x", 720),
        PIECES: b"\x02" + struct.pack("<I", len(piece_table)) + piece_table,
    }
    out, pairs = b"", {}
    for place, data in tables.items():
        pairs[place] = (len(out), len(data))
        out += data + b"\0" * (len(data) % 2)
    return out, pairs


def _character_page(ends: Sequence[int]) -> bytes:
    """Write a ChpxFkp (2.9.33): one run over the whole text, as the style has it."""
    return struct.pack("<IIB", ends[0], ends[-1], 0).ljust(511, b"\0") + b"\x01"


def _paragraph_page(ends: Sequence[int]) -> bytes:
    """Write a PapxFkp (2.9.175): every paragraph in style 0; all share one PapxInFkp near the end of the page."""
    count = len(ends) - 1
    shared = 496
    offsets = b"".join(struct.pack("<I", end) for end in ends)
    rows = struct.pack("<B12x", shared // 2) * count
    if len(offsets + rows) > shared:
        raise ValueError("a page holds no more than 28 paragraphs")
    return ((offsets + rows).ljust(shared, b"\0") + b"\x00\x01\x00\x00").ljust(511, b"\0") + bytes([count])


def _styles() -> bytes:
    """Write the style sheet (2.9.271): `Normal`, and the fourteen other fixed places left empty."""
    name = "Normal"
    text = struct.pack("<H", len(name)) + name.encode("utf-16-le") + b"\0\0"
    formats = struct.pack("<HHH", 2, 0, 0)  # paragraph: style 0, nothing more; characters: nothing
    size = 10 + len(text) + len(formats)
    normal = struct.pack("<HHHHH", 0, 0xFFF1, 2, size, 0) + text + formats
    information = struct.pack("<HHHHHHHHH", 15, 10, 1, 0x5B, 15, 0, 0, 0, 0)
    return struct.pack("<H", 18) + information + struct.pack("<H", size) + normal + bytes(2 * 14)


def _names(template: str) -> bytes:
    """Write the associated strings (SttbfAssoc, 2.9.274): all empty but the template's path."""
    texts = ["", template, *[""] * 16]
    rows = b"".join(struct.pack("<H", len(text)) + text.encode("utf-16-le") for text in texts)
    return struct.pack("<HHH", 0xFFFF, len(texts), 0) + rows


def _fonts(name: str) -> bytes:
    """Write the font table (SttbfFfn, 2.9.286): one TrueType font."""
    font = struct.pack("<BHBB10x24x", 0x26, 400, 0, 0) + name.encode("utf-16-le") + b"\0\0"
    return struct.pack("<HHB", 1, 0, len(font)) + font
