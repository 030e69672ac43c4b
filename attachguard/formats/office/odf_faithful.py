"""Comparing a copy of an odt or ods with its original, by other readers than wrote it: zipfile and lxml.

The copy must be whole in itself (mimetype first and stored, the manifest names every member and no other, every address
leads to a member or is a plain link) and must hold the same words in the same order.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from itertools import zip_longest
from urllib.parse import unquote

from lxml import etree

from attachguard.formats.links import is_plain_link
from attachguard.formats.office.ooxml_faithful import BROKEN, parser
from attachguard.model import Finding, Limits

_MANIFEST = "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}"
_HREF = "{http://www.w3.org/1999/xlink}href"

UNSHOWN = frozenset({"scripts", "script", "event-listeners", "object-ole", "applet", "plugin", "forms", "binary-data"})
"""Elements whose text nobody reads, by their local names."""


def differences(original: bytes, copy: bytes, limits: Limits) -> Iterator[Finding]:
    """Tell how a copy differs, or what in it is not whole."""
    try:
        before, after = _members(original, limits), _members(copy, limits)
        yield from _whole(copy, after)
        for name in ("content.xml", "styles.xml"):
            if name in before and not _same_words(before[name], after.get(name, b"<none/>")):
                yield Finding("copy.unfaithful", name, "other words")
    except BROKEN as error:
        yield Finding("copy.unfaithful", detail=f"can't be compared: {type(error).__name__}")


def _members(data: bytes, limits: Limits) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        entries = [entry for entry in package.infolist() if not entry.filename.endswith("/")]
        if sum(entry.file_size for entry in entries) > limits.inflated_size or len(entries) > limits.members:
            raise ValueError("larger than is read")
        return {entry.filename: package.read(entry) for entry in entries}


def _whole(copy: bytes, members: dict[str, bytes]) -> Iterator[Finding]:
    with zipfile.ZipFile(io.BytesIO(copy)) as package:
        first = package.infolist()[0]
    if first.filename != "mimetype" or first.compress_type != zipfile.ZIP_STORED or first.header_offset:
        yield Finding("copy.unsafe", "mimetype", "is not first and stored")
    manifest = etree.fromstring(members["META-INF/manifest.xml"], parser())
    named = {entry.get(f"{_MANIFEST}full-path", "") for entry in manifest.iter(f"{_MANIFEST}file-entry")}
    listed = {name for name in named if not name.endswith("/")}
    for name in listed ^ (members.keys() - {"mimetype", "META-INF/manifest.xml"}):
        yield Finding("copy.unsafe", name, "the manifest and the members differ")
    for name, content in members.items():
        if name.endswith(".xml"):
            yield from _addresses(name, content, members)


def _addresses(name: str, content: bytes, members: dict[str, bytes]) -> Iterator[Finding]:
    if b"href" not in content:
        return
    folder = name.rpartition("/")[0]
    for element in etree.fromstring(content, parser()).iter(etree.Element):
        address = element.get(_HREF)
        if address is None or is_plain_link(address):
            continue
        target = unquote(address.removeprefix("./")).rstrip("/")
        inside = {target, target.removeprefix("../"), f"{folder}/{target}"}
        if not any(path in members or f"{path}/content.xml" in members for path in inside):
            yield Finding("copy.unsafe", name, f"leads to {address}, which is missing")


_TEXT = re.compile(rb">([^<]+)")
"""Text as it stands in the bytes: written alike in both, it is the same text."""


def _same_words(before: bytes, after: bytes) -> bool:
    """Compare the text of two members: by their bytes where those are written alike, else as XML."""
    if b"<![CDATA[" not in before and b"<!--" not in before:
        one, two = ((found[1] for found in _TEXT.finditer(part) if found[1].strip()) for part in (before, after))
        if all(text == other for text, other in zip_longest(one, two)):
            return True
    return list(_words(before)) == list(_words(after))


def _words(content: bytes) -> Iterator[str]:
    """Give the text below the root without its spaces: removed elements leave none behind."""
    root = etree.fromstring(content, parser())
    pieces: list[str] = []
    skipping: etree._Element | None = None
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if not isinstance(element.tag, str):
            if event == "end" and skipping is None:
                pieces.append(element.tail or "")
            continue
        if event == "start":
            if skipping is None and etree.QName(element).localname in UNSHOWN:
                skipping = element
            elif skipping is None:
                pieces.append(element.text or "")
            continue
        if skipping is element:
            skipping = None
        if skipping is None and element is not root:
            pieces.append(element.tail or "")
    yield from "".join(pieces).split()
