"""Write a document so that the printing program draws blended things as all other readers do.

cairo 1.16 writes a blend mode (ISO 32000-2, 11.3.5) where it changes, and forgets that the end of a clip takes it back:
of several highlights in a row only the first lets its text through. Where a speck that is not blended is drawn before
each path, the mode changes for each.

This is for a second try, after the gate refused the print of the document as it came. The result is only ever printed,
and that print is held against the original like any other: a change that made things worse would deliver nothing.
"""

import io
import warnings
from collections.abc import Iterator, Sequence
from decimal import Decimal

import pikepdf
from pikepdf import Dictionary, Name, Operator

from attachguard.formats.pdf.document import decoded, dictionary_at, is_true, name_at, open_pdf
from attachguard.model import Limits

_ANNOTATIONS = 5000
"""Annotations that are looked at, of all pages together."""

_FORMS = 4
"""Forms in forms that are looked at: the appearance of a highlight has two."""

_SIBLINGS = 50
"""Forms beside each other that are looked at."""

_MOST = 2_000_000
"""Bytes of content that are written anew, of all pages together."""

_SPECK = Decimal("0.02")
"""Points of a speck's sides: nobody can see it."""

_PLAIN = "/AttachguardPlain"
"""The graphics state of specks, among a page's or form's own."""

_BEGINS = frozenset({"m", "re"})
"""8.5.2: how paths begin."""

_ENDS = frozenset({"f", "F", "f*", "S", "s", "B", "B*", "b", "b*", "n"})
"""8.5.3: how paths end."""

_Instruction = pikepdf.ContentStreamInstruction | pikepdf.ContentStreamInlineImage


def prepared(original: bytes, limits: Limits) -> bytes | None:
    """Write a document anew for the printing program; None where nothing in it is blended.

    Raises pikepdf.PikepdfError, TooLargeError.
    """
    with open_pdf(original, limits) as pdf:
        reminder = _Reminder()
        for page in pdf.pages[: limits.pages]:
            if _blends(page.obj, _FORMS):
                page.contents_coalesce()
                reminder.remind(page.obj, page.obj.get("/Contents"), _FORMS)
        for annotation in _annotations(pdf, limits):
            appearance = _appearance(annotation)
            if isinstance(appearance, pikepdf.Stream) and _blends(appearance, _FORMS):
                reminder.remind(appearance, appearance, _FORMS)
        if not reminder.written:
            return None
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


def blends_on(page: pikepdf.Object) -> bool:
    """Whether something on a page, or in an annotation on it, is blended, so that its first print may have lost it."""
    if _blends(page, _FORMS):
        return True
    held = page.get("/Annots")
    annotations = list(held)[:_ANNOTATIONS] if isinstance(held, pikepdf.Array) else []
    appearances = (_appearance(one) for one in annotations if isinstance(one, pikepdf.Dictionary))
    return any(isinstance(one, pikepdf.Stream) and _blends(one, _FORMS) for one in appearances)


class _Reminder:
    """Writes contents with specks, each once."""

    def __init__(self) -> None:
        self.written: set[tuple[int, int]] = set()
        self._left = _MOST

    def remind(self, holder: pikepdf.Object, content: object, depth: int) -> None:
        """Write the content of a page or form anew, and those of the forms in it."""
        resources = dictionary_at(holder, "/Resources")
        if resources is None or not isinstance(content, pikepdf.Stream) or content.objgen in self.written:
            return
        self._left -= len(decoded(content))
        if self._left < 0:
            return
        self.written.add(content.objgen)
        _take_plain_group(holder)
        if dictionary_at(resources, "/ExtGState") is None:
            resources["/ExtGState"] = Dictionary()
        resources["/ExtGState"][_PLAIN] = Dictionary(BM=Name.Normal, ca=1)
        with warnings.catch_warnings(action="ignore"):  # of content that breaks off: what there is of it is drawn
            instructions = pikepdf.parse_content_stream(content)
        content.write(pikepdf.unparse_content_stream(list(_specked(instructions))))
        for inner in _forms_in(holder) if depth > 0 else ():
            self.remind(inner, inner, depth - 1)


def _specked(instructions: Sequence[_Instruction]) -> Iterator[_Instruction]:
    """Put a speck before each path, where the path begins: no clip that lets the path through takes it away."""
    in_path = False
    for instruction in instructions:
        operator = str(instruction.operator)
        if operator in _BEGINS and not in_path and len(instruction.operands) > 1:
            in_path = True
            yield from _speck(instruction.operands[0], instruction.operands[1])
        in_path = in_path and operator not in _ENDS
        yield instruction


def _speck(x: pikepdf.Object, y: pikepdf.Object) -> Iterator[_Instruction]:
    make = pikepdf.ContentStreamInstruction
    yield make([], Operator("q"))
    yield make([Name(_PLAIN)], Operator("gs"))
    yield make([1, 1, 1], Operator("rg"))
    yield make([x, y, _SPECK, _SPECK], Operator("re"))
    yield make([], Operator("f"))
    yield make([], Operator("Q"))


def _take_plain_group(form: pikepdf.Object) -> None:
    """Take a group (11.6.6) away that says nothing; one that is isolated or knocks out means it, and stays."""
    group = dictionary_at(form, "/Group")
    if name_at(form, "/Subtype") != "/Form" or group is None:
        return
    if not is_true(group, "/I") and not is_true(group, "/K"):
        del form["/Group"]


def _blends(holder: pikepdf.Object, depth: int) -> bool:
    """Whether a page or form, or a form in it, has a blend mode among its resources, or a group."""
    resources = dictionary_at(holder, "/Resources")
    states = None if resources is None else dictionary_at(resources, "/ExtGState")
    known = () if states is None else states.values()
    if any(isinstance(state, pikepdf.Dictionary) and "/BM" in state for state in known):
        return True
    return depth > 0 and any("/Group" in inner or _blends(inner, depth - 1) for inner in _forms_in(holder))


def _forms_in(holder: pikepdf.Object) -> Iterator[pikepdf.Object]:
    resources = dictionary_at(holder, "/Resources")
    held = None if resources is None else dictionary_at(resources, "/XObject")
    for inner in () if held is None else list(held.values())[:_SIBLINGS]:
        if isinstance(inner, pikepdf.Stream) and name_at(inner, "/Subtype") == "/Form":
            yield inner


def _annotations(pdf: pikepdf.Pdf, limits: Limits) -> Iterator[pikepdf.Object]:
    left = _ANNOTATIONS
    for page in pdf.pages[: limits.pages]:
        held = page.obj.get("/Annots")
        if not isinstance(held, pikepdf.Array):
            continue
        yield from (one for one in list(held)[:left] if isinstance(one, pikepdf.Dictionary))
        left = max(0, left - len(held))


def _appearance(annotation: pikepdf.Object) -> pikepdf.Object | None:
    """Give the normal appearance (12.5.5)."""
    appearances = dictionary_at(annotation, "/AP")
    return None if appearances is None else dictionary_at(appearances, "/N")
