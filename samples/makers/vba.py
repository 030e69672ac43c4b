"""A VBA project (MS-OVBA) with one module that greets: what makes a document one with macros."""

import struct

from samples.makers import compound

SOURCE = 'Attribute VB_Name = "Groet"\r\nSub AutoOpen()\r\n    MsgBox "Goedemorgen"\r\nEnd Sub\r\n'
MODULE = "Groet"
PROJECT = f'ID="{{5F1B7A52-0000-4000-8000-000000000417}}"\r\nModule={MODULE}\r\nName="Project"\r\n'


def project() -> bytes:
    """Make a vbaProject.bin, as it lies in a .docm or .xlsm."""
    return compound.write(streams())


def streams(folder: str = "") -> dict[str, bytes]:
    """Make the streams of the project, below a storage (`Macros/` in a .doc)."""
    return {
        f"{folder}VBA/dir": compressed(_directory()),
        f"{folder}VBA/_VBA_PROJECT": b"\xcc\x61\xff\xff\x00\x00\x00",
        f"{folder}VBA/{MODULE}": compressed(SOURCE.encode("cp1252")),
        f"{folder}PROJECT": PROJECT.encode(),
    }


def compressed(data: bytes) -> bytes:
    """Write the compressed container of 2.4.1 with a single chunk of nothing but literal bytes."""
    groups = b"".join(b"\x00" + data[n : n + 8] for n in range(0, len(data), 8))
    if len(groups) > 4096:
        raise ValueError("one chunk holds no more than 4096 bytes")
    return b"\x01" + struct.pack("<H", len(groups) + 2 - 3 | 0b011 << 12 | 1 << 15) + groups


def _directory() -> bytes:
    """Write the dir stream (2.3.4.2): the project's information, no references, one module."""
    name, wide = MODULE.encode("cp1252"), MODULE.encode("utf-16-le")
    return b"".join(
        (
            _record(0x01, struct.pack("<I", 1)),  # PROJECTSYSKIND: 32-bit Windows
            _record(0x02, struct.pack("<I", 0x409)),  # PROJECTLCID
            _record(0x14, struct.pack("<I", 0x409)),  # PROJECTLCIDINVOKE
            _record(0x03, struct.pack("<H", 1252)),  # PROJECTCODEPAGE
            _record(0x04, b"Project"),
            _record(0x05, b"") + _record(0x40, b""),  # PROJECTDOCSTRING
            _record(0x06, b"") + _record(0x3D, b""),  # PROJECTHELPFILEPATH
            _record(0x07, bytes(4)),  # PROJECTHELPCONTEXT
            _record(0x08, bytes(4)),  # PROJECTLIBFLAGS
            struct.pack("<HIIH", 0x09, 4, 1, 1),  # PROJECTVERSION: its size leaves out the minor number
            _record(0x0C, b"") + _record(0x3C, b""),  # PROJECTCONSTANTS
            _record(0x0F, struct.pack("<H", 1)),  # PROJECTMODULES
            _record(0x13, b"\xff\xff"),  # PROJECTCOOKIE
            _record(0x19, name) + _record(0x47, wide),  # MODULENAME
            _record(0x1A, name) + _record(0x32, wide),  # MODULESTREAMNAME
            _record(0x1C, b"") + _record(0x48, b""),  # MODULEDOCSTRING
            _record(0x31, bytes(4)),  # MODULEOFFSET: the source begins at once
            _record(0x1E, bytes(4)),  # MODULEHELPCONTEXT
            _record(0x2C, b"\xff\xff"),  # MODULECOOKIE
            _record(0x21, b""),  # MODULETYPE: procedural
            _record(0x2B, b""),  # end of the module
            _record(0x10, b""),  # end of the stream
        )
    )


def _record(number: int, data: bytes) -> bytes:
    return struct.pack("<HI", number, len(data)) + data
