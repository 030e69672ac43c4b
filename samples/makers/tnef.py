"""winmail.dat (MS-OXTNEF): what Outlook makes of a mail with attachments when it thinks everybody has Outlook."""

import struct

from samples.makers import rtf
from samples.makers.goods import LETTERS, MOMENT

SIGNATURE, KEY = 0x223E9F78, 0x0417
MESSAGE, ATTACHMENT = 1, 2
VERSION, CODE_PAGE, CLASS, SUBJECT, DATE_SENT, BODY = 0x89006, 0x69007, 0x78008, 0x18004, 0x38005, 0x2800C
RENDERING, TITLE, DATA, PROPERTIES = 0x69002, 0x18010, 0x6800F, 0x69005
MESSAGE_PROPERTIES = 0x69003
RTF_COMPRESSED = 0x10090102
"""PidTagRtfCompressed, of type PtypBinary."""
LONG_NAME = 0x3707001E
"""PidTagAttachLongFilename, of type PtypString8."""


def winmail(attached: bytes, name: str, language: str = "fr") -> bytes:
    """Make a winmail.dat with a text and one file."""
    subject, *body = LETTERS[language]
    sent = struct.pack("<7H", *MOMENT.timetuple()[:6], MOMENT.isoweekday() % 7)
    return struct.pack("<IH", SIGNATURE, KEY) + b"".join(
        (
            _attribute(MESSAGE, VERSION, struct.pack("<I", 0x10000)),
            _attribute(MESSAGE, CODE_PAGE, struct.pack("<II", 1252, 0)),
            _attribute(MESSAGE, CLASS, b"IPM.Microsoft Mail.Note\0"),
            _attribute(MESSAGE, SUBJECT, subject.encode("cp1252") + b"\0"),
            _attribute(MESSAGE, DATE_SENT, sent),
            _attribute(MESSAGE, BODY, "\r\n".join(body).encode("cp1252") + b"\0"),
            _attribute(ATTACHMENT, RENDERING, struct.pack("<HIHHI", 1, 0xFFFFFFFF, 32, 32, 0)),
            _attribute(ATTACHMENT, TITLE, name.encode("cp1252") + b"\0"),
            _attribute(ATTACHMENT, DATA, attached),
            _attribute(ATTACHMENT, PROPERTIES, _long_name(name)),
        )
    )


def winmail_with_body(language: str = "de") -> bytes:
    """Make a winmail.dat with a formatted body (PidTagRtfCompressed stored plainly, MS-OXRTFCP 2.1.3.2)."""
    subject, *body = LETTERS[language]
    text = rtf.by_outlook(language)
    packed = struct.pack("<II4sI", len(text) + 12, len(text), b"MELA", 0) + text
    properties = struct.pack("<IIII", 1, RTF_COMPRESSED, 1, len(packed)) + packed + b"\0" * (-len(packed) % 4)
    return struct.pack("<IH", SIGNATURE, KEY) + b"".join(
        (
            _attribute(MESSAGE, VERSION, struct.pack("<I", 0x10000)),
            _attribute(MESSAGE, CODE_PAGE, struct.pack("<II", 1252, 0)),
            _attribute(MESSAGE, CLASS, b"IPM.Microsoft Mail.Note\0"),
            _attribute(MESSAGE, SUBJECT, subject.encode("cp1252") + b"\0"),
            _attribute(MESSAGE, BODY, "\r\n".join(body).encode("cp1252") + b"\0"),
            _attribute(MESSAGE, MESSAGE_PROPERTIES, properties),
        )
    )


def _attribute(level: int, number: int, data: bytes) -> bytes:
    """Write one attribute with the check sum of 2.1.3.2: the sum of its bytes."""
    return struct.pack("<BII", level, number, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def _long_name(name: str) -> bytes:
    """Write a property list (2.1.3.4) with the one property that keeps names longer than 8.3."""
    raw = name.encode("cp1252") + b"\0"
    return struct.pack("<IIII", 1, LONG_NAME, 1, len(raw)) + raw + b"\0" * (-len(raw) % 4)
