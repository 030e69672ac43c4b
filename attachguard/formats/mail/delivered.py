"""Parts of a new mail made of judged files: only what may be delivered, under the name and type of what it is."""

import re

from attachguard.formats.mail.compose import Entity, file_entity, page_entity
from attachguard.kinds import named
from attachguard.model import JudgedPart

UNKNOWN_TYPE = "application/octet-stream"

_BOM = b"\xef\xbb\xbf"
_CONTENT_ID = re.compile(r"<[!#-;=?-~]{1,200}>")  # RFC 2045 section 7: an address in angle brackets
_CHARSET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,40}")


def delivered_file(
    judged: JudgedPart, data: bytes, *, disposition: str = "attachment", content_id: str = "", charset: str = ""
) -> Entity:
    """Make the part of a file that may be delivered; its type is what was found in it, not what was declared.

    `charset` is what was declared, and is passed on for text that is not UTF-8.
    """
    kind = named(judged.safe_name)
    media_type = kind.media_type if kind else UNKNOWN_TYPE
    if media_type.startswith("text/"):
        said = charset_of(data, charset)
        media_type += f'; charset="{said}"' if said else ""
    shown = "inline" if disposition == "inline" else "attachment"
    kept_id = content_id.strip() if _CONTENT_ID.fullmatch(content_id.strip()) else ""
    return file_entity(data, media_type, judged.safe_name, shown, kept_id)


def delivered_page(page: bytes, declared_charset: str) -> Entity:
    """Make an HTML body; in UTF-8 where it is that, else under the charset it was declared in."""
    plain = page.removeprefix(_BOM)
    charset = charset_of(plain, declared_charset)
    return page_entity(plain if charset == "utf-8" else page, charset)


def charset_of(data: bytes, declared: str) -> str:
    """Name the charset of a text: UTF-8 where it is that, else what was declared, if that can be a name at all."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return declared if _CHARSET.fullmatch(declared) else ""
    return "utf-8"
