"""The Content-Disposition header under which a file is delivered (RFC 6266, with the encoding of RFC 8187)."""

from urllib.parse import quote

ATTR_CHAR = "!#$&+-.^_`|~"
"""RFC 8187 section 3.2.1: what stands for itself in an extended value, beside letters and digits."""

PLAIN = frozenset("!#$&+-.^_`|~ ()[]{}@,'=")
"""What may stand in the quoted name that old programs read, beside ASCII letters and digits. Not `"` and `\\`, which
would need an escape that programs treat differently, and not `%`, which some decode (RFC 6266 appendix D)."""


def content_disposition(name: str) -> str:
    """Write the header's value for a file that is to be saved, never shown: `attachment`, with its name.

    A name of plain ASCII is written once; any other twice, as old programs can show it (`_` for what they can't) and
    whole. One line of ASCII whatever the name is, so that no name can add a header of its own. Lone surrogates, which
    UTF-8 can't say, become `?`.
    """
    plain = "".join(char if _is_plain(char) else "_" for char in name)
    if plain == name:
        return f'attachment; filename="{name}"'
    whole = quote(name.encode("utf-8", "replace"), safe=ATTR_CHAR)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}"


def _is_plain(char: str) -> bool:
    return char in PLAIN or (char.isascii() and char.isalnum())
