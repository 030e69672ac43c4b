"""Single values of a copy: what fits, and what a stranger's name or text becomes."""

import re
import unicodedata

RESOURCE_NAME = re.compile(r"/[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
FONT_NAME = re.compile(r"/[A-Za-z0-9][A-Za-z0-9+,_-]{0,62}")
LABEL = re.compile(r"[A-Za-z0-9_-]{1,32}")
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}")
"""RFC 5646 section 2.1, without private use."""

TITLE_LENGTH = 200
"""Characters of a document's title that are kept."""

_FOREIGN = re.compile(r"[^A-Za-z0-9+,_-]+")


def font_name(untrusted_name: str) -> str:
    """Make a font's name plain; the same name becomes the same plain name wherever it stands."""
    plain = _FOREIGN.sub("-", untrusted_name.removeprefix("/")).lstrip("+,_-")[:63]
    return f"/{plain or 'Font'}"


def title(untrusted_title: str) -> str:
    """Make a title one plain line: no controls, no marks that reverse reading, no more than TITLE_LENGTH."""
    shown = (" " if char.isspace() else char for char in untrusted_title[: 4 * TITLE_LENGTH])
    plain = "".join(char for char in shown if unicodedata.category(char)[0] != "C" and char not in "\u2028\u2029")
    return " ".join(plain.split())[:TITLE_LENGTH].strip()


def language(untrusted_language: str) -> str:
    """Keep a language tag that is one, else nothing."""
    return untrusted_language if LANGUAGE.fullmatch(untrusted_language) else ""
