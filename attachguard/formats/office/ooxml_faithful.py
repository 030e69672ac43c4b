"""Comparing a copy of a docx or xlsx with its original, by other readers than wrote it: zipfile and lxml.

The copy must be whole in itself (every target there, every member described, every user's relationship there), must
lead nowhere but to plain links, and must hold the same words and cell values in the same order.
"""

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from itertools import zip_longest
from urllib.parse import unquote

from lxml import etree

from attachguard.formats.links import is_plain_link
from attachguard.model import Finding, Limits

BROKEN = (zipfile.BadZipFile, etree.XMLSyntaxError, KeyError, ValueError, RuntimeError, NotImplementedError, EOFError)
"""What the two readers raise for what they can't read."""

_RELATIONSHIP = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"
_USERS = (
    "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}",
    "{http://purl.oclc.org/ooxml/officeDocument/relationships}",
)
_TEXTS = ("document", "header", "footer", "footnotes", "endnotes", "comments", "sharedstrings", "worksheet", "table")
"""Ends of content types, before `+xml`, of parts in which people read; `document.main` counts as document."""

Members = dict[str, bytes]


def differences(original: bytes, copy: bytes, limits: Limits) -> Iterator[Finding]:
    """Tell how a copy differs, or what in it is not whole."""
    try:
        before, after = _members(original, limits), _members(copy, limits)
        kinds_before, kinds_after = _types(before), _types(after)
        yield from _whole(after, kinds_after)
        for name, kind in kinds_before.items():
            if not _is_text(kind):
                continue
            if name not in after:
                if any(_words(before[name])) and _is_led_to(before, name):
                    yield Finding("copy.unfaithful", name, "is missing")
            elif not _same_words(before[name], after[name]):
                yield Finding("copy.unfaithful", name, "other words")
    except BROKEN as error:
        yield Finding("copy.unfaithful", detail=f"can't be compared: {type(error).__name__}")


def _members(data: bytes, limits: Limits) -> Members:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        sizes = [entry.file_size for entry in package.infolist()]
        if sum(sizes) > limits.inflated_size or len(sizes) > limits.members:
            raise ValueError("larger than is read")
        return {entry.filename.lower(): package.read(entry) for entry in package.infolist()}


def _events(content: bytes) -> Iterator[etree._Element]:
    """Read a document element by element, forgetting each top-level child once it is read."""
    reader = etree.iterparse(
        io.BytesIO(content), events=("start",), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
    )
    for _, element in reader:
        yield element


def _types(members: Members) -> dict[str, str]:
    defaults: dict[str, str] = {}
    overrides: dict[str, str] = {}
    for element in etree.fromstring(members["[content_types].xml"], parser()):
        said = element.get("ContentType", "").partition(";")[0].strip().lower()
        if element.tag == f"{_TYPES}Default":
            defaults[element.get("Extension", "").lower()] = said
        elif element.tag == f"{_TYPES}Override":
            overrides[unquote(element.get("PartName", "")).lstrip("/").lower()] = said
    return {
        name: overrides.get(name, defaults.get(name.rpartition(".")[2], ""))
        for name in members
        if name != "[content_types].xml" and not name.endswith("/")
    }


def parser() -> etree.XMLParser:
    """Make a parser that loads nothing and expands nothing."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_comments=True
    )


def _whole(members: Members, types: dict[str, str]) -> Iterator[Finding]:
    reached = {"[content_types].xml"}
    for name, content in members.items():
        if name == "[content_types].xml":
            continue
        if not types[name]:
            yield Finding("copy.unsafe", name, "has no content type")
        if name.endswith(".rels"):
            reached.add(name)
            yield from _targets(name, content, members, reached)
        elif types[name].endswith(("+xml", "/xml", "vmldrawing")):
            yield from _users(name, content, members)
    for name in members.keys() - reached:
        yield Finding("copy.unsafe", name, "nothing leads there")


def _targets(name: str, content: bytes, members: Members, reached: set[str]) -> Iterator[Finding]:
    folder = posixpath.dirname(posixpath.dirname(name))
    for element in etree.fromstring(content, parser()):
        if element.tag != _RELATIONSHIP:
            yield Finding("copy.unsafe", name, "holds what is no relationship")
            continue
        target = element.get("Target", "")
        if element.get("TargetMode") == "External":
            if not element.get("Type", "").endswith("/hyperlink") or not is_plain_link(target):
                yield Finding("copy.unsafe", name, target)
            continue
        part = posixpath.normpath(posixpath.join(f"/{folder}", unquote(target))).lstrip("/").lower()
        reached.add(part)
        if part not in members:
            yield Finding("copy.unsafe", name, f"leads to {target}, which is missing")


def _users(name: str, content: bytes, members: Members) -> Iterator[Finding]:
    folder, base = posixpath.split(name)
    described = members.get(f"{folder}/_rels/{base}.rels".lstrip("/"))
    ids = {element.get("Id") for element in etree.fromstring(described, parser())} if described else set()
    used = _named_ids(content)
    if used is not None and used <= ids:
        return
    for _, element in etree.iterparse(io.BytesIO(content), events=("end",), resolve_entities=False, huge_tree=True):
        for key, value in element.attrib.items():
            if key.startswith(_USERS) and value not in ids:
                yield Finding("copy.unsafe", name, f"{etree.QName(element).localname} uses {value}, which is missing")
        element.clear(keep_tail=True)


_DECLARED = re.compile(
    rb"xmlns:([\w.-]{1,20})[ \t\r\n]{0,9}=[ \t\r\n]{0,9}[\"'](?:"
    + b"|".join(re.escape(prefix[1:-1].encode()) for prefix in _USERS)
    + rb")[\"']"
)


def _named_ids(content: bytes) -> set[str | None] | None:
    """Give every id that an attribute may name, by the prefixes declared; None where that takes a parser."""
    prefixes = set(_DECLARED.findall(content))
    if sum(content.count(prefix[1:-1].encode()) for prefix in _USERS) != len(_DECLARED.findall(content)):
        return None
    if not prefixes:
        return set()
    names = b"|".join(re.escape(prefix) for prefix in prefixes)
    attribute = re.compile(rb"[ \t\r\n](?:" + names + rb"):[\w.-]{1,40}[ \t\r\n]{0,9}=[ \t\r\n]{0,9}[\"']([^\"'<]*)")
    return {found.decode("utf-8", "replace") for found in attribute.findall(content)}


def _is_text(kind: str) -> bool:
    return "macro" not in kind and kind.removesuffix("+xml").removesuffix(".main").rpartition(".")[2] in _TEXTS


def _is_led_to(members: Members, part: str) -> bool:
    """Say whether anything leads to a part; members that nobody refers to are nobody's text."""
    base = posixpath.basename(part)
    return any(
        posixpath.basename(unquote(element.get("Target", ""))).lower() == base
        for name, content in members.items()
        if name.endswith(".rels")
        for element in etree.fromstring(content, parser())
        if "altchunk" not in element.get("Type", "").lower() and "macrosheet" not in element.get("Type", "").lower()
    )


_SHOWN = re.compile(
    rb"<(?:[\w.-]{1,20}:)?(?:t|v|delText)(?:[ \t\r\n][^<>]{0,400})?>([^<]*)|<(?:[\w.-]{1,20}:)?(fldChar[^<>]{1,400})>"
)
"""Text as it stands in the bytes: written alike in both, it is the same text."""
_PROLOG = re.compile(rb"\s{0,100}<\?xml[^<>]{0,400}\?>\s{0,100}")


def _same_words(before: bytes, after: bytes) -> bool:
    """Compare the text of two parts: by their bytes where those are written alike, else as XML."""
    before, after = (_PROLOG.sub(b"", content.removeprefix(b"\xef\xbb\xbf"), count=1) for content in (before, after))
    if before == after:
        return True
    if b"<![CDATA[" not in before and b"<!--" not in before:
        pairs = zip_longest(_SHOWN.finditer(before), _SHOWN.finditer(after))
        if all(one is not None and two is not None and one.groups() == two.groups() for one, two in pairs):
            return True
    return all(one == two for one, two in zip_longest(_words(before), _words(after)))


_LOCAL = frozenset({"t", "delText", "v", "fldChar"})


def _words(content: bytes) -> Iterator[str]:
    """Give the text that is shown: runs outside of instructions, cell values and shared strings."""
    stack: list[bool] = []
    wanted = tuple(f"{{*}}{local}" for local in _LOCAL)
    for _, element in etree.iterparse(
        io.BytesIO(content), events=("end",), tag=wanted, resolve_entities=False, no_network=True, huge_tree=True
    ):
        local = etree.QName(element).localname
        if local == "fldChar":
            kind = next((value for key, value in element.attrib.items() if key.endswith("fldCharType")), "")
            if kind == "begin":
                stack.append(True)
            elif kind == "separate" and stack:
                stack[-1] = False
            elif kind == "end" and stack:
                stack.pop()
        elif element.text and not any(stack):
            yield element.text
        element.clear(keep_tail=False)
