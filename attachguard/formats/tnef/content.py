"""What a winmail.dat holds: the mail's own fields, its bodies, and its files ([MS-OXTNEF])."""

import codecs
import struct
from dataclasses import dataclass, field

from attachguard.formats.structures import tnef as attributes
from attachguard.formats.structures.tnef import Attribute, Stream
from attachguard.formats.tnef import properties
from attachguard.formats.tnef.properties import BrokenPropertiesError, Property

DEFAULT_CODEPAGE = "cp1252"

CODEPAGES = {20127: "ascii", 20866: "koi8-r", 21866: "koi8-u", 65000: "utf-7", 65001: "utf-8"} | {
    28590 + part: f"iso8859-{part}" for part in (*range(1, 12), *range(13, 17))
}
"""Windows code page identifiers that Python knows by another name; the rest is `cp<number>`."""

MOST_PROPERTIES = 50_000
"""Properties that are read of one stream (measured: some hundred per mail, some dozen per file)."""

EMBEDDED_MESSAGE = bytes.fromhex("0703020000000000c000000000000046")
"""IID_IMessage: the data of an attachment is a mail of its own, as a TNEF stream (2.1.3.4.2)."""

INTERFACE_BYTES = 16
"""An object's data begins with the identifier of its interface."""


@dataclass(slots=True, kw_only=True)
class File:
    """One attachment as the stream describes it."""

    title: str = ""
    long_name: str = ""
    declared_type: str = ""
    content_id: str = ""
    data: bytes = b""
    is_message: bool = False

    @property
    def name(self) -> str:
        """The name it claims; empty for none."""
        return self.long_name or self.title


@dataclass(slots=True, kw_only=True)
class Mail:
    """Everything in the stream that becomes part of a mail."""

    texts: dict[int, str] = field(default_factory=dict)
    """Subject, sender and receivers by property."""
    sent: bytes = b""
    """The time of sending as it stands there (FILETIME), or nothing."""
    plain: str = ""
    html: bytes = b""
    html_codepage: str = ""
    rtf: bytes = b""
    """Still compressed."""
    files: list[File] = field(default_factory=list)
    properties: int = 0
    """How many were read so far."""
    broken: list[tuple[str, str]] = field(default_factory=list)
    """Place and reason of what could not be read."""


def read(stream: Stream) -> Mail:
    """Read the attributes into a mail; what is broken is noted, never raised."""
    codepage = _codepage(stream)
    mail = Mail()
    for attribute in stream.attributes:
        if not attribute.sound:
            mail.broken.append((f"offset {attribute.at}", "wrong checksum"))
        if attribute.level == attributes.ATTACHMENT:
            _attachment(attribute, mail, codepage)
        else:
            _message(attribute, mail, codepage)
    return mail


def page(mail: Mail) -> bytes:
    """Return the HTML body as a page that stands by itself: in UTF-8, where the stream names a code page."""
    if not mail.html_codepage or mail.html.isascii():
        return mail.html
    return b"\xef\xbb\xbf" + mail.html.decode(mail.html_codepage, "replace").encode("utf-8")


def codec(number: int) -> str:
    """Name the Python codec of a Windows code page; the default where there is none."""
    name = CODEPAGES.get(number, f"cp{number}")
    try:
        return codecs.lookup(name).name
    except LookupError:
        return DEFAULT_CODEPAGE


def _codepage(stream: Stream) -> str:
    for attribute in stream.attributes:
        if attribute.id == attributes.ATT_OEM_CODEPAGE and len(attribute.data) >= 4:
            return codec(struct.unpack_from("<I", attribute.data)[0])
    return DEFAULT_CODEPAGE


def _message(attribute: Attribute, mail: Mail, codepage: str) -> None:
    text = attribute.data.decode(codepage, "replace").rstrip("\x00")
    if attribute.id == attributes.ATT_SUBJECT:
        mail.texts.setdefault(properties.SUBJECT, text)
    elif attribute.id == attributes.ATT_BODY:
        mail.plain = mail.plain or text
    elif attribute.id == attributes.ATT_MESSAGE_PROPS:
        for found in _properties(attribute, mail):
            _message_property(found, mail, codepage)


_TEXTS = frozenset(
    {
        properties.SUBJECT,
        properties.SENDER_NAME,
        properties.SENDER_ADDRESS,
        properties.DISPLAY_TO,
        properties.DISPLAY_CC,
    }
)


def _message_property(found: Property, mail: Mail, codepage: str) -> None:
    if found.id in _TEXTS:
        mail.texts[found.id] = found.text(codepage)
    elif found.id == properties.SENT_TIME:
        mail.sent = found.value
    elif found.id == properties.INTERNET_CODEPAGE and len(found.value) == 4:
        mail.html_codepage = codec(struct.unpack("<I", found.value)[0])
    elif found.id == properties.HTML_BODY:
        is_unicode = found.type == properties.UNICODE
        mail.html = b"\xef\xbb\xbf" + found.text(codepage).encode("utf-8") if is_unicode else found.value
    elif found.id == properties.RTF_BODY:
        mail.rtf = found.value
    elif found.id == properties.BODY and found.type in (properties.UNICODE, properties.STRING8):
        mail.plain = found.text(codepage)


def _attachment(attribute: Attribute, mail: Mail, codepage: str) -> None:
    """Add to the file that the last attAttachRendData began (2.1.1.2); a stream without one has one file."""
    if attribute.id == attributes.ATT_ATTACH_REND or not mail.files:
        mail.files.append(File())
    file = mail.files[-1]
    if attribute.id == attributes.ATT_ATTACH_TITLE:
        file.title = file.title or attribute.data.decode(codepage, "replace").rstrip("\x00")
    elif attribute.id == attributes.ATT_ATTACH_DATA:
        file.data = attribute.data
    elif attribute.id == attributes.ATT_ATTACHMENT:
        for found in _properties(attribute, mail):
            _file_property(found, file, codepage)


def _file_property(found: Property, file: File, codepage: str) -> None:
    if found.id == properties.ATTACH_LONG_NAME:
        file.long_name = found.text(codepage)
    elif found.id in (properties.ATTACH_NAME, properties.DISPLAY_NAME):
        file.title = file.title or found.text(codepage)
    elif found.id == properties.ATTACH_TYPE:
        file.declared_type = found.text(codepage)
    elif found.id == properties.CONTENT_ID:
        file.content_id = found.text(codepage)
    elif found.id == properties.ATTACH_DATA:
        if found.type == properties.OBJECT:
            file.is_message = found.value.startswith(EMBEDDED_MESSAGE)
            file.data = found.value[INTERFACE_BYTES:]
        else:
            file.data = found.value


def _properties(attribute: Attribute, mail: Mail) -> list[Property]:
    found: list[Property] = []
    try:
        found.extend(properties.read(attribute.data, MOST_PROPERTIES - mail.properties))
    except BrokenPropertiesError as broken:
        mail.broken.append((f"offset {attribute.at}", str(broken)))
    mail.properties += len(found)
    return found
