"""Copy a document by an allow-list into a new one: what shapes.py does not name is not there afterwards."""

import functools
import re
from collections.abc import Callable

import pikepdf

from attachguard.formats.pdf import leaves
from attachguard.formats.pdf.document import decoded, is_number, name_at
from attachguard.formats.pdf.images import rewrite_mask, rewrite_picture
from attachguard.formats.pdf.shapes import (
    SHAPES,
    By,
    Content,
    Each,
    Either,
    Keys,
    Later,
    Leaf,
    Mixed,
    Numbers,
    OneOf,
    Several,
    Shape,
    Stream,
)
from attachguard.formats.pdf.streams import Deflater
from attachguard.formats.pdf.truetype import BrokenFontError, without_instructions
from attachguard.model import Limits

DEPTH = 60
"""Shapes in shapes that are followed; deeper nesting is an attack (readers stop at 28 forms or fewer)."""

NUMBERS = re.compile(rb"\[ (?:-?(?:\d+\.?\d*|\.\d+) )*\]")
"""An array of numbers as qpdf writes it: ten times faster to look at than its items one by one."""

_SAID_BESIDE = frozenset({"/SMask", "/Decode", "/Interpolate"})
"""What is said of a picture besides its samples, and holds for them however they are coded (8.9.5, table 87)."""


class RefusedError(ValueError):
    """Something stands where the grammar has no place for it, so there is no copy."""


class Copier:
    """Copies values of one document into another, each shared object once."""

    def __init__(self, target: pikepdf.Pdf, limits: Limits) -> None:
        self._target = target
        self._deflater = Deflater(target)
        self._limits = limits
        self._copied: dict[tuple[tuple[int, int], int], pikepdf.Object] = {}

    def copy(self, value: object, shape: Shape, depth: int = 0) -> object:
        """Copy a value of a shape. Raises RefusedError where it does not have that shape, or is nested too deeply."""
        if depth > DEPTH:
            raise RefusedError("nested too deeply")
        if isinstance(shape, Later):
            return self.copy(value, SHAPES[shape], depth)
        if isinstance(shape, Either):
            return self.copy(value, fitting(value, shape), depth)
        if isinstance(shape, By):
            return self.copy(value, chosen(value, shape), depth)
        if isinstance(shape, Leaf | OneOf):
            return _leaf(value, shape)
        if isinstance(shape, Numbers | Several | Mixed):
            return self._array(value, shape, depth)
        return self._shared(value, shape, depth)

    def _array(self, value: object, shape: Numbers | Several | Mixed, depth: int) -> pikepdf.Array:
        if not isinstance(value, pikepdf.Array) or len(value) > shape.most:
            raise RefusedError("not an array of the length it may have")
        if isinstance(shape, Numbers):
            written = value.unparse(resolved=True)
            if len(value) < shape.least or not NUMBERS.fullmatch(written):
                raise RefusedError("not the numbers there should be")
            return pikepdf.Object.parse(written)  # type: ignore[return-value] # an array, by the pattern
        of = Either(shape.of) if isinstance(shape, Mixed) else shape.of
        return pikepdf.Array([self.copy(item, of, depth + 1) for item in value])

    def _shared(self, value: object, shape: Keys | Each | Stream, depth: int) -> pikepdf.Object:
        """Copy a dictionary or stream, once for all that refer to it; a circle ends at its first member."""
        if not isinstance(value, (pikepdf.Dictionary, pikepdf.Stream)):
            raise RefusedError("no dictionary where one should be")
        key = (value.objgen, id(shape))
        if value.is_indirect and key in self._copied:
            return self._copied[key]
        remember = functools.partial(self._copied.__setitem__, key) if value.is_indirect else _forget
        if isinstance(shape, Stream):
            return self._stream(value, shape, depth, remember)
        made = pikepdf.Dictionary()
        if value.is_indirect:
            made = self._target.make_indirect(made)
            remember(made)
        if isinstance(shape, Each):
            for name in sorted(value.keys()):  # a set: its order is not the same every time
                if not leaves.RESOURCE_NAME.fullmatch(name):
                    raise RefusedError("a resource with an unusual name")
                made[name] = self.copy(value[name], shape.of, depth + 1)
        else:
            self._fill(made, value, shape, depth)
        return made

    def _stream(
        self, value: pikepdf.Object, shape: Stream, depth: int, remember: Callable[[pikepdf.Object], None]
    ) -> pikepdf.Stream:
        if not isinstance(value, pikepdf.Stream):
            raise RefusedError("no stream where one should be")
        made = self._rewritten(value, shape.content)
        remember(made)
        described = value if shape.content in {Content.MARKS, Content.OPAQUE} else made
        for key, of in shape.keys.items():
            held = (value if key in _SAID_BESIDE else described).get(key)
            if held is not None:
                made[key] = self.copy(held, of, depth + 1)
        return made

    def _rewritten(self, value: pikepdf.Stream, content: Content) -> pikepdf.Stream:
        """Decode the data of a stream and write them anew; a picture's new dictionary describes its new data."""
        if content is Content.PICTURE:
            return rewrite_picture(value, self._target, self._limits)
        if content is Content.MASK:
            return rewrite_mask(value, self._target, self._limits)
        if content is Content.TRUETYPE:
            return self._bare_font(value)
        return self._deflater.stream(decoded(value))

    def _bare_font(self, value: pikepdf.Stream) -> pikepdf.Stream:
        """Write a font without its instructions; only the rest of it is a font to us."""
        try:
            program = without_instructions(decoded(value))
        except BrokenFontError as error:
            raise RefusedError(str(error)) from error
        made = self._deflater.stream(program)
        made["/Length1"] = len(program)
        return made

    def _fill(self, made: pikepdf.Object, value: pikepdf.Object, shape: Keys, depth: int) -> None:
        for key, of in shape.keys.items():
            held = value.get(key)
            if held is not None:
                made[key] = self.copy(held, of, depth + 1)


def chosen(value: object, shape: By) -> Shape:
    """Find the shape that a value's own key chooses. Raises RefusedError when it chooses none that may be."""
    if isinstance(value, (pikepdf.Dictionary, pikepdf.Stream)):
        found = shape.shapes.get(name_at(value, shape.key) or str(value.get(shape.key)))
        if found is not None:
            return found
    raise RefusedError(f"a kind of thing that copies do not have, by {shape.key}")


def fitting(value: object, shape: Either) -> Shape:
    """Find the shape whose outline a value has: name, number, text, array or dictionary."""
    for candidate in shape.of:
        if outline(candidate, value):
            return candidate
    raise RefusedError("neither of the things that may stand here")


def outline(shape: Shape, value: object) -> bool:
    """Whether a value is of the sort a shape is of, from outside: name, number, text, array or dictionary."""
    if isinstance(shape, OneOf):
        return isinstance(value, pikepdf.Name) and bytes(value).decode("latin-1") in shape.names
    if isinstance(shape, Leaf):
        return _has_type(value, shape)
    if isinstance(shape, Numbers | Several | Mixed):
        return isinstance(value, pikepdf.Array)
    if isinstance(shape, Either):
        return any(outline(candidate, value) for candidate in shape.of)
    return isinstance(value, (pikepdf.Dictionary, pikepdf.Stream))


def _has_type(value: object, leaf: Leaf) -> bool:
    if leaf is Leaf.NUMBER:
        return is_number(value)
    if leaf is Leaf.BOOLEAN:
        return isinstance(value, bool)
    if leaf in {Leaf.RESOURCE_NAME, Leaf.FONT_NAME}:
        return isinstance(value, pikepdf.Name)
    return isinstance(value, pikepdf.String)  # labels and addresses


def _leaf(value: object, shape: Leaf | OneOf) -> object:
    if not outline(shape, value):
        raise RefusedError("not the kind of value that stands here")
    if shape is Leaf.FONT_NAME:
        assert isinstance(value, pikepdf.Name)
        return pikepdf.Name(leaves.font_name(bytes(value).decode("latin-1")))
    if shape is Leaf.RESOURCE_NAME and not leaves.RESOURCE_NAME.fullmatch(bytes(value).decode("latin-1")):  # type: ignore[call-overload] # a Name, by its outline
        raise RefusedError("an unusual name")
    if shape is Leaf.LABEL and not leaves.LABEL.fullmatch(str(value)):
        raise RefusedError("an unusual label")
    return value


def _forget(_: pikepdf.Object) -> None:
    """Remember nothing: a direct object has one owner."""
