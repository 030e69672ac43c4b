"""Writing a mail from scratch, all ASCII, the same bytes for the same content (RFC 5322, RFC 2045 to 2049, RFC 2231).

Our own writer and not `email.generator`: that one draws boundaries by lot and copies what it is given.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.quoprimime import body_encode
from urllib.parse import quote

LINE = 76
"""Characters of a line where it can be broken (RFC 2045 section 6.8; RFC 5322 section 2.1.1 allows 78)."""

Fields = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A part of a mail, ready to be written: fields about the part, and the encoded body."""

    fields: tuple[tuple[str, str], ...]
    body: bytes


def text_entity(text: str, subtype: str = "plain", parameters: str = "") -> Entity:
    """Make a text part in UTF-8: quoted-printable where it is mostly ASCII, base64 where it is not."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    raw = lines.encode("utf-8", "replace")
    kind = f'text/{subtype}; charset="utf-8"{parameters}'
    if len(raw) - len(lines) <= len(raw) // 6:
        body = body_encode(raw.decode("latin-1"), LINE, "\r\n").encode("ascii")
        return Entity(fields=(("Content-Type", kind), ("Content-Transfer-Encoding", "quoted-printable")), body=body)
    return _base64((("Content-Type", kind),), raw.replace(b"\n", b"\r\n"))


def page_entity(page: bytes, charset: str) -> Entity:
    """Make an HTML body of bytes as they are; a charset that is empty is left unsaid."""
    kind = f'text/html; charset="{charset}"' if charset else "text/html"
    return _base64((("Content-Type", kind),), page)


def file_entity(data: bytes, media_type: str, name: str, disposition: str, content_id: str = "") -> Entity:
    """Make a part that is a file. `name` must be a safe name, `content_id` a checked one or empty."""
    fields = [("Content-Type", media_type), ("Content-Disposition", f"{disposition}; {_file_name(name)}")]
    if content_id:
        fields.append(("Content-ID", content_id))
    if media_type == "message/rfc822":
        # RFC 2046 section 5.2.1: a mail in a mail is not encoded
        encoding = "7bit" if data.isascii() else "8bit"
        return Entity(fields=(*fields, ("Content-Transfer-Encoding", encoding)), body=data)
    return _base64(tuple(fields), data)


def multipart(subtype: str, children: Sequence[Entity], parameters: str = "") -> Entity:
    """Make a multipart; its boundary is a digest of what it holds, so that it can't stand in it."""
    parts = [write((), child) for child in children]
    digest = hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]
    boundary = f"=_{digest}"
    edge = f"--{boundary}".encode("ascii")
    body = b"".join(edge + b"\r\n" + part + b"\r\n" for part in parts) + edge + b"--\r\n"
    return Entity(fields=(("Content-Type", f'multipart/{subtype}; boundary="{boundary}"{parameters}'),), body=body)


def write(fields: Fields, entity: Entity) -> bytes:
    """Write fields, which must be checked and ASCII, and an entity below them."""
    head = "".join(folded(name, value) for name, value in (*fields, *entity.fields))
    return head.encode("ascii") + b"\r\n" + entity.body


def folded(name: str, value: str) -> str:
    """Write one field in lines of 76 characters where it has spaces to break at (RFC 5322 section 2.2.3)."""
    lines, line = [], f"{name}:"
    for word in value.split(" "):
        if len(line) + 1 + len(word) > LINE and line.strip() and not line.endswith(":"):
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\r\n".join((*lines, line)) + "\r\n"


_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,60}")


def _file_name(name: str) -> str:
    """Write a file name as a parameter: plain where it can be, else percent-encoded (RFC 2231 section 4)."""
    return f'filename="{name}"' if _TOKEN.fullmatch(name) else f"filename*=utf-8''{quote(name, safe='')}"


def _base64(fields: tuple[tuple[str, str], ...], data: bytes) -> Entity:
    encoded = base64.b64encode(data)
    lines = b"".join(encoded[at : at + LINE] + b"\r\n" for at in range(0, len(encoded), LINE))
    return Entity(fields=(*fields, ("Content-Transfer-Encoding", "base64")), body=lines)
