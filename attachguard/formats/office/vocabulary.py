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
_RESERVED = "http://www.w3.org/2000/xmlns/"
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
_ROOT = re.compile(
    rb"""<[^\s/<>"'=]+
    ((?:[ \t\r\n]+[^\s/<>"'=]+[ \t\r\n]*=[ \t\r\n]*(?:"[^"<]*"|'[^'<]*'))*)
    [ \t\r\n]*/?>""",
    re.VERBOSE,
)
_DECLARED = re.compile(rb"""([^\s/<>"'=]+)[ \t\r\n]*=[ \t\r\n]*(?:"([^"<]*)"|'([^'<]*)')""")
_DECLARING = re.compile(rb"xmlns(?::[A-Za-z_][-.\w]*)?")
_NAMESPACE = re.compile(rb"[!#-%(-;=?-~]{1,200}")
"""A namespace as they are: no quote, reference, blank or bracket in it; and short, since every name carries its own."""
_ELEMENT = re.compile(rb"<([^\s/<>?][^\s/<>]*)")
_ATTRIBUTE = re.compile(rb"[ \t\r\n]([^\s=<>\"'/]+)[ \t\r\n]*=[ \t\r\n]*[\"']")
_NAME = re.compile(rb"(?:([A-Za-z_][-.\w]*):)?([A-Za-z_][-.\w]*)", re.ASCII)
"""Names in XML may hold many letters more (Namespaces in XML 1.0, section 4); those of office formats don't."""
MOST_NAMES = 2_000
"""Different names in one document. Real ones have some hundred at most."""

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

    Plain is: UTF-8; no comment, CDATA section, processing instruction or DOCTYPE; namespaces are declared at the root
    alone, each for one prefix or none; names are of ASCII letters. One of few tags is not looked at.
    """
    prolog = _PROLOG.match(data) if len(data) <= MOST and data.count(b"<") * SPARSE > len(data) else None
    if prolog is None:
        return None
    words = b"<" + b"<".join(set(data[prolog.end() :].split(b"<")))  # alike tags are looked at once
    if _BLANKS in words:
        words = b" ".join(words.split())
    root = _ROOT.match(data, prolog.end())
    prefixes = _prefixes(root[1], words) if root is not None else None
    if prefixes is None or any(mark in words for mark in _MARKS):
        return None
    tags, attributes = set(_ELEMENT.findall(words)), set(_ATTRIBUTE.findall(words))
    attributes = {name for name in attributes if name != b"xmlns" and not name.startswith(b"xmlns:")}
    if len(tags) + len(attributes) > MOST_NAMES:
        return None
    try:
        return Vocabulary(
            elements=frozenset(_key(name, prefixes, prefixes.get(b"", "")) for name in tags),
            attributes=frozenset(_key(name, prefixes, "") for name in attributes),
            begin=prolog.end(),
            stop=data.rfind(b">") + 1,
        )
    except KeyError:  # of a prefix that is not declared, or not plain: of text, or no well-formed document
        return None


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


def _prefixes(attributes: bytes, words: bytes) -> Prefixes | None:
    """Find what each prefix stands for, `b""` being none, in the whole document; None where it is not that simple."""
    prefixes: Prefixes = {b"xml": _XML}
    said = 0
    for name, double, single in _DECLARED.findall(attributes):
        if not name.startswith(b"xmlns"):
            continue
        prefix, namespace = name[6:], double or single
        if prefix in prefixes or not (_DECLARING.fullmatch(name) and _NAMESPACE.fullmatch(namespace)):
            return None
        prefixes[prefix] = namespace.decode("ascii")
        said += 1 + namespace.count(b"xmlns")
    if words.count(b"xmlns") != said:
        return None  # another element declares one, or a text or value speaks of it
    if len(set(prefixes.values())) < len(prefixes) or _RESERVED in prefixes.values() or b"xmlns" in prefixes:
        return None
    return prefixes


def _key(name: bytes, prefixes: Prefixes, default: str) -> str:
    """Write a name as expat does. Raises KeyError for one that is not plain, or has a prefix that is not declared."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise KeyError(name)
    prefix, local = found[1], found[2].decode("ascii")
    if prefix is not None:
        return f"{prefixes[prefix]} {local} {prefix.decode('ascii')}"
    return f"{default} {local}" if default else local
