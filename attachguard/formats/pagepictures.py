"""Pictures that a page holds itself (`data:`, RFC 2397): looked at and made anew as each would be by itself."""

import base64
import binascii
from collections.abc import Iterator, Sequence
from urllib.parse import unquote_to_bytes

from attachguard.formats import bmp, css, gif, jpeg, png
from attachguard.formats.addresses import canonical
from attachguard.formats.contract import Format, Order, Sample
from attachguard.formats.markup import Tag, words
from attachguard.formats.pictures.structure import Structure
from attachguard.formats.structures.bmp import walk as walk_bmp
from attachguard.formats.structures.gif import walk as walk_gif
from attachguard.formats.structures.jpeg import walk as walk_jpeg
from attachguard.formats.structures.png import walk as walk_png
from attachguard.model import Finding, Limits

TOGETHER = 2
"""All pictures of a page may have so many times Limits.pixels: they are decoded in some seconds (measured)."""

MOST = 2000
"""Different pictures of one page that are looked at."""

HOLDING = words("src background poster dynsrc lowsrc data href icon")
"""Attributes that may hold a picture."""

HOLDING_SETS = words("srcset imagesrcset")

_READERS = (
    (b"\x89PNG\r\n\x1a\n", "png", png, walk_png),
    (b"GIF8", "gif", gif, walk_gif),
    (b"\xff\xd8\xff", "jpeg", jpeg, walk_jpeg),
    (b"BM", "bmp", bmp, walk_bmp),
)
"""First bytes, name in `image/`, format, and the walk over its structure."""

_TRIMMED = "".join(map(chr, range(0x21)))
_DROPPED = str.maketrans("", "", "\t\n\r")
_BLANKS = b" \t\n\r\f"

Fact = tuple[str, str]
"""A finding's code and detail."""


class Album:
    """The pictures of one page. What was seen once is not looked at again; together they are bounded."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._pixels = TOGETHER * limits.pixels
        self._facts: dict[str, tuple[Fact, ...]] = {}
        self._fresh: dict[str, str | None] = {}
        self.lost = 0
        """Different pictures that could not be made anew."""

    def facts(self, tag: Tag) -> Iterator[Fact]:
        """Yield what the pictures of a start tag tell, hide or lack."""
        for address in _addresses(tag):
            known = self._facts.get(address)
            if known is None:
                known = self._facts[address] = tuple(dict.fromkeys(self._about(address)))
            yield from known

    def fresh(self, address: str) -> str | None:
        """Give the address of the same picture made anew; None when that can't be done."""
        if address not in self._fresh:
            made = self._made_anew(address)
            self.lost += made is None
            self._fresh[address] = made
            if made is not None:
                self._fresh[made] = made
        return self._fresh[address]

    def _about(self, address: str) -> Iterator[Fact]:
        picture = content(address)
        if picture is None:
            yield "html.picture", "a picture that can't be read"
        elif len(self._facts) > MOST:
            yield "html.picture", f"more than {MOST} pictures"
        else:
            yield from self._look(picture)

    def _look(self, picture: bytes) -> Iterator[Fact]:
        reader = _reader(picture)
        structure = reader[2] if reader else None
        if reader is None or structure is None:
            yield "html.picture", "a picture of a kind that is not known"
            return
        _, kind, _ = reader
        self._pixels -= _pixels(structure)
        if self._pixels < 0:
            yield "limit.pixels", f"more than {TOGETHER * self._limits.pixels} in all pictures of the page"
            return
        claim = kind.sniff(Sample(data=picture, extension="", limits=self._limits))
        for finding in (*(claim.findings if claim else ()), *kind.inspect(picture, self._limits).findings):
            kept = finding.code == "image.metadata" or finding.code.startswith("limit.")
            yield (finding.code, finding.detail) if kept else ("html.picture", f"{finding.code}: {finding.detail}")

    def _made_anew(self, address: str) -> str | None:
        picture = content(address)
        reader = _reader(picture) if picture is not None else None
        if picture is None or reader is None or len(self._fresh) > MOST:
            return None
        name, kind, _ = reader
        order = Order(original=picture, method="rebuild", printed=None, parts=(), limits=self._limits)
        made = kind.normalize(order).data
        if made is None or any(True for _ in self._look(made)):
            return None
        return f"data:image/{name};base64,{base64.b64encode(made).decode('ascii')}"


def content(address: str) -> bytes | None:
    """Read what a `data:` address holds, as browsers do (WHATWG Fetch, section 6); None where that is nothing."""
    head, comma, body = address.strip(_TRIMMED).translate(_DROPPED).partition(",")
    if not comma:
        return None
    plain = unquote_to_bytes(body.partition("#")[0])
    if not head.rstrip(" ").lower().endswith(";base64"):
        return plain
    packed = plain.translate(None, _BLANKS).rstrip(b"=")
    try:
        return base64.b64decode(packed + b"=" * (-len(packed) % 4), validate=True)
    except binascii.Error:
        return None


def differences(before: Sequence[str], after: Sequence[str], limits: Limits) -> Iterator[Finding]:
    """Compare pictures: each of the copy shows what one of the original's does, in the same order.

    The pixels are decoded by Pillow, as everywhere; what the copy lacks is not told here.
    """
    waiting, pairs = iter(before), _Pairs(limits)
    for number, new in enumerate(after, start=1):
        if not any(pairs.same(old, new) for old in waiting):
            yield Finding("copy.unfaithful", f"picture {number}", "is none of the original's, or none that is compared")
            return


class _Pairs:
    """Compares pictures, each two once, and together no more pixels than are looked at."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._pixels = 2 * TOGETHER * limits.pixels
        self._known: dict[tuple[str, str], bool] = {}

    def same(self, old: str, new: str) -> bool:
        if (old, new) not in self._known:
            self._known[old, new] = self._compare(content(old), content(new))
        return self._known[old, new]

    def _compare(self, old: bytes | None, new: bytes | None) -> bool:
        if old is None or new is None:
            return False
        before, after = _reader(old), _reader(new)
        if before is None or after is None or before[0] != after[0] or before[2] is None or after[2] is None:
            return False
        if before[2].sizes.frames != after[2].sizes.frames:
            return False
        self._pixels -= _pixels(before[2]) + _pixels(after[2])
        return self._pixels >= 0 and not after[1].verify(old, new, self._limits)


def _pixels(structure: Structure) -> int:
    """Count the pixels that a decoder goes over."""
    return structure.sizes.passes * sum(width * height for width, height in structure.sizes.frames)


def _reader(picture: bytes) -> tuple[str, Format, Structure | None] | None:
    for signature, name, kind, walk in _READERS:
        if picture.startswith(signature):
            return name, kind, walk(picture)
    return None


def _addresses(tag: Tag) -> Iterator[str]:
    for attribute, value in tag.attributes:
        local = attribute.rpartition(":")[2]
        if local in HOLDING:
            if canonical(value).startswith("data:image/"):
                yield value
        elif local in HOLDING_SETS:
            yield from (word.rstrip(",") for word in value.split() if word.lower().startswith("data:image/"))
        elif local == "style":
            yield from css.pictures(value)
    if tag.name == "style":
        yield from css.pictures(tag.raw)
