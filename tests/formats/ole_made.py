"""OLE files ([MS-CFB] version 3), Word 97 documents and Excel workbooks, written from their specifications."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

Tree = Mapping[str, "bytes | Tree"]
NOTHING: Tree = MappingProxyType({})

SECTOR = 512
MINI = 64
CUTOFF = 4096
END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
NONE = 0xFFFFFFFF
STORAGE, STREAM, ROOT = 1, 2, 5


@dataclass
class Node:
    name: str
    kind: int
    data: bytes = b""
    left: int = NONE
    right: int = NONE
    child: int = NONE
    start: int = END


def ole(tree: Tree, class_id: str = "") -> bytes:
    """An OLE file of streams (bytes) and storages (mappings)."""
    nodes = [Node("Root Entry", ROOT)]
    nodes[0].child = _add(tree, nodes)
    minis = b""
    mini_fat: list[int] = []
    sectors: list[bytes] = []
    fat: list[int] = []
    for node in nodes:
        if node.kind == STREAM and 0 < len(node.data) < CUTOFF:
            node.start = len(mini_fat)
            count = -(-len(node.data) // MINI)
            mini_fat += [*range(node.start + 1, node.start + count), END]
            minis += node.data.ljust(count * MINI, b"\0")
        elif node.kind == STREAM and node.data:
            node.start = _chain(node.data, sectors, fat)
    if minis:
        nodes[0].data, nodes[0].start = minis, _chain(minis, sectors, fat)
    mini_start = _chain(struct.pack(f"<{len(mini_fat)}L", *mini_fat), sectors, fat, fill=b"\xff") if minis else END
    mini_count = -(-len(mini_fat) * 4 // SECTOR)
    entries = b"".join(_entry(node, class_id if node.kind == ROOT else "") for node in nodes)
    directory = _chain(entries, sectors, fat)
    return _file(sectors, fat, directory, mini_start, mini_count)


def _add(tree: Tree, nodes: list[Node]) -> int:
    """Add a storage's children as a balanced tree; give its root."""
    names = sorted(tree, key=lambda name: (len(name), name.upper()))
    numbers: dict[str, int] = {}
    for name in names:
        content = tree[name]
        numbers[name] = len(nodes)
        if isinstance(content, bytes):
            nodes.append(Node(name, STREAM, content))
        else:
            node = Node(name, STORAGE, start=0)
            nodes.append(node)
            node.child = _add(content, nodes)
    return _balance([numbers[name] for name in names], nodes)


def _balance(numbers: Sequence[int], nodes: list[Node]) -> int:
    if not numbers:
        return NONE
    middle = len(numbers) // 2
    node = nodes[numbers[middle]]
    node.left = _balance(numbers[:middle], nodes)
    node.right = _balance(numbers[middle + 1 :], nodes)
    return numbers[middle]


def _chain(data: bytes, sectors: list[bytes], fat: list[int], fill: bytes = b"\0") -> int:
    start = len(sectors)
    pieces = [data[at : at + SECTOR].ljust(SECTOR, fill) for at in range(0, len(data), SECTOR)]
    sectors += pieces
    fat += [*range(start + 1, start + len(pieces)), END]
    return start


def _entry(node: Node, class_id: str) -> bytes:
    name = node.name.encode("utf-16-le") + b"\0\0"
    identifier = _guid(class_id) if class_id else bytes(16)
    return struct.pack(
        "<64sHBBLLL16sL16sLQ",
        name,
        len(name),
        node.kind,
        1,
        node.left,
        node.right,
        node.child,
        identifier,
        0,
        bytes(16),
        node.start,
        len(node.data),
    )


def _guid(text: str) -> bytes:
    a, b, c, d, e = text.split("-")
    return struct.pack("<LHH", int(a, 16), int(b, 16), int(c, 16)) + bytes.fromhex(d + e)


def _file(sectors: list[bytes], fat: list[int], directory: int, mini_start: int, mini_count: int) -> bytes:
    fat_count = 1
    while (len(fat) + fat_count) * 4 > fat_count * SECTOR:
        fat_count += 1
    places = range(len(sectors), len(sectors) + fat_count)
    table = [*fat, *([FAT] * fat_count)]
    table += [FREE] * (fat_count * SECTOR // 4 - len(table))
    header = struct.pack(
        "<8s16sHHHHH6sLLLLLLLLL",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        bytes(16),
        0x3E,
        3,
        0xFFFE,
        9,
        6,
        bytes(6),
        0,
        fat_count,
        directory,
        0,
        CUTOFF,
        mini_start,
        mini_count,
        END,
        0,
    )
    difat = [*places, *([FREE] * (109 - fat_count))]
    return b"".join((header, struct.pack("<109L", *difat), *sectors, struct.pack(f"<{len(table)}L", *table)))


# -- Word ------------------------------------------------------------------------------------------------------------


def word_streams(text: str = "Hello\r", *, flags: int = 0, template: str = "") -> dict[str, bytes]:
    """The streams of a Word 97 document in one piece of UTF-16 ([MS-DOC] sections 2.5.1 and 2.8.35)."""
    body = text.encode("utf-16-le")
    piece = struct.pack("<HLH", 0, 0x600, 0)
    plc = struct.pack("<LL", 0, len(text)) + piece
    clx = b"\x02" + struct.pack("<L", len(plc)) + plc
    assoc = b"\xff\xff" + struct.pack("<HH", 2, 0)
    for item in ("", template):
        assoc += struct.pack("<H", len(item)) + item.encode("utf-16-le")
    fib = bytearray(0x600)
    struct.pack_into("<HHHHHH", fib, 0, 0xA5EC, 0x00C1, 0, 0x0413, 0, flags | 0x0200)
    struct.pack_into("<LL", fib, 0x01A2, 0, len(clx))
    struct.pack_into("<LL", fib, 0x019A, len(clx), len(assoc))
    return {"WordDocument": bytes(fib) + body.ljust(4096, b"\0"), "1Table": clx + assoc}


def doc(text: str = "Hello\r", *, flags: int = 0, template: str = "", more: "Tree" = NOTHING) -> bytes:
    """A Word 97 document; `more` adds root streams and storages."""
    return ole({**word_streams(text, flags=flags, template=template), **more}, "00020906-0000-0000-C000-000000000046")


def field(instruction: str, result: str = "shown") -> str:
    """A field between its three marks (section 2.8.25)."""
    return f"\x13{instruction}\x14{result}\x15"


# -- Excel -----------------------------------------------------------------------------------------------------------


def record(number: int, body: bytes = b"") -> bytes:
    """One record ([MS-XLS] section 2.1.4)."""
    return struct.pack("<HH", number, len(body)) + body


def beginning(substream: int = 0x0005) -> bytes:
    """A BOF record of BIFF8: 5 the workbook's globals, 0x10 a sheet, 0x40 a macro sheet."""
    return record(0x0809, struct.pack("<HHHHLL", 0x0600, substream, 0, 0, 0, 6))


def sheet_entry(name: str = "Sheet1", kind: int = 0, shown: int = 0) -> bytes:
    """A BoundSheet8 record."""
    return record(0x0085, struct.pack("<LBBBB", 0, shown, kind, len(name), 0) + name.encode("latin-1"))


def defined_name(text: str = "", built_in: int | None = None) -> bytes:
    """A Lbl record: a name, or one of the built-in ones."""
    flags, name = (0x0020, bytes([built_in])) if built_in is not None else (0, text.encode("latin-1"))
    return record(0x0018, struct.pack("<HBBHHHL", flags, 0, len(name), 0, 0, 0, 0) + b"\0" + name)


def supporting_link(path: str) -> bytes:
    """A SupBook record with a virtual path."""
    return record(0x01AE, struct.pack("<HH", 0, len(path)) + b"\0" + path.encode("latin-1"))


def workbook(*records: bytes) -> bytes:
    """A workbook stream: globals with the records, and one empty sheet."""
    records = records or (sheet_entry(),)
    return beginning() + b"".join(records) + record(0x000A) + beginning(0x0010) + record(0x000A)


def xls(*records: bytes, more: "Tree" = NOTHING) -> bytes:
    """An Excel workbook; `more` adds root streams and storages."""
    return ole({"Workbook": workbook(*records), **more}, "00020820-0000-0000-C000-000000000046")


def packaged(name: str, data: bytes) -> bytes:
    """An Ole10Native stream ([MS-OLEDS] section 2.3.6) as Windows' Packager writes it."""
    path = name.encode("latin-1") + b"\0"
    body = b"\x02\x00" + path + path + b"\0\0\x03\0" + struct.pack("<L", len(path)) + path
    body += struct.pack("<L", len(data)) + data
    return struct.pack("<L", len(body)) + body
