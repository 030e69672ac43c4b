"""Which names a plain XML document uses, found at the speed of bytes instead of tag by tag.

Most parts of an office file hold nothing that any rule is about: styles, themes, fonts, and most letters. Asking expat
for every tag takes ten times as long as finding out which names there are. What is told here holds for well-formed
documents only, so the document must be parsed all the same: by a parser that has nothing to report and, since every
prefix is known to be declared, nothing to do with namespaces. Names that stand in text may be told too; one that a tag
has is never left out.
"""

import re
from dataclasses import dataclass

MOST = 4 * 1024 * 1024
"""Bytes of a document that is looked at like this; the pieces of a larger one would take too much memory."""

SPARSE = 100
"""Bytes to a tag, and more: then asking for each tag is as quick."""

_XML = "http://www.w3.org/XML/1998/namespace"
_RESERVED = frozenset({"", _XML, "http://www.w3.org/2000/xmlns/"})
"""What no prefix may be declared to stand for (Namespaces in XML 1.0, section 3)."""

_PROLOG = re.compile(
    rb"""(?:\xef\xbb\xbf)?
    (?:<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*["']1\.0["']
       (?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*["'](?i:utf-8)["'])?
       (?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*["'](?:yes|no)["'])?[ \t\r\n]*\?>)?
    [ \t\r\n]*(?=<)""",
    re.VERBOSE,
)
"""XML 1.0 section 2.8, with no encoding but this one."""
_ELEMENT = re.compile(rb"<([^\s/<>?][^\s/<>]*)")
_ATTRIBUTE = re.compile(rb"[ \t\r\n]([^\s=<>\"'/]+)[ \t\r\n]*=[ \t\r\n]*[\"']")
_NAMESPACE = re.compile(rb"[ \t\r\n]xmlns(?::([^\s=<>\"'/:]+))?[ \t\r\n]*=[ \t\r\n]*[\"']([^\s\"'&<>]*)[\"']")
_MARKS = (b"<!", b"<?", b"\0")
"""How what is no element begins; and what only other encodings have."""
_NOT_BRACKETS = bytes(set(range(256)) - set(b"<\x01"))
_BLANKS = b" " * 32
"""What calm.py leaves in the place of cells, thousands in a row."""

Prefixes = dict[bytes, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The names in a document, each as expat gives it where prefixes are asked for (cut.name_of takes it apart)."""

    elements: frozenset[str]
    attributes: frozenset[str]
    begin: int
    """Where the root begins."""
    stop: int
    """Where it ends."""


def vocabulary(data: bytes) -> Vocabulary | None:
    """Tell the names; None for a document that is not plain enough to be sure.

    Plain is: UTF-8; no comment, CDATA section, processing instruction or DOCTYPE; namespaces are declared at the root,
    each for one prefix or none. One of few tags is not looked at.
    """
    prolog = _PROLOG.match(data) if len(data) <= MOST and data.count(b"<") * SPARSE > len(data) else None
    if prolog is None:
        return None
    words = b"<" + b"<".join(set(data[prolog.end() :].split(b"<")))  # alike tags are looked at once
    if _BLANKS in words:
        words = b" ".join(words.split())
    prefixes = _prefixes(data[prolog.end() : data.find(b">", prolog.end())], words)
    if prefixes is None or any(mark in words for mark in _MARKS):
        return None
    try:
        elements = frozenset(_key(name, prefixes, prefixes.get(b"", "")) for name in set(_ELEMENT.findall(words)))
        attributes = frozenset(
            _key(name, prefixes, "")
            for name in set(_ATTRIBUTE.findall(words))
            if name != b"xmlns" and not name.startswith(b"xmlns:")
        )
    except (KeyError, UnicodeDecodeError):  # a prefix of nothing: of text, or of a document that is not well-formed
        return None
    return Vocabulary(elements=elements, attributes=attributes, begin=prolog.end(), stop=data.rfind(b">") + 1)


def is_shallow(data: bytes, depth: int) -> bool:
    """Tell whether the elements of a plain, well-formed document nest at most so deep; False: or who knows.

    Brackets alone are kept, and pairs taken out from the inside: as often as that works, so deep is the document.
    """
    tags = data[data.find(b"?>") + 2 :] if b"<?" in data else data
    if tags.count(b"<") != tags.count(b">"):
        return False  # one stands in text or in a value
    left = tags.replace(b"</", b"\x01").replace(b"/>", b"\x01").translate(None, _NOT_BRACKETS)
    for _ in range(depth):
        if not left:
            return True
        left = left.replace(b"<\x01", b"")
    return not left


def _prefixes(root: bytes, words: bytes) -> Prefixes | None:
    """Find what each prefix stands for, `b""` being none, in the whole document; None where it is not that simple."""
    found = _NAMESPACE.findall(words)
    if words.count(b"xmlns") != sum(1 + uri.count(b"xmlns") for _, uri in found):
        return None  # one is written in a way that is not read here
    declared = set(_NAMESPACE.findall(root))
    prefixes = {prefix: uri.decode("latin-1") for prefix, uri in declared}
    namespaces = {*prefixes.values()}
    if declared != set(found) or not len(declared) == len(prefixes) == len(namespaces):
        return None
    if b"xml" in prefixes or b"xmlns" in prefixes or not namespaces.isdisjoint(_RESERVED):
        return None
    return {**prefixes, b"xml": _XML}


def _key(name: bytes, prefixes: Prefixes, default: str) -> str:
    """Write a name as expat does. Raises KeyError for a prefix that is not declared or empty, UnicodeDecodeError."""
    prefix, colon, local = name.rpartition(b":")
    if colon:
        return f"{prefixes[prefix or colon]} {local.decode()} {prefix.decode()}"
    return f"{default} {local.decode()}" if default else local.decode()
