"""Write a document so that the printing program draws blended things as all other readers do.

cairo 1.16 writes a blend mode (ISO 32000-2, 11.3.5) where it changes, and forgets that the end of a clip takes it back:
of several highlights in a row only the first lets its text through. Where a speck that is not blended is drawn before
each path, the mode changes for each.

This is for a second try, after the gate refused the print of the document as it came, and for the first where that is
foreseen. The result is only ever printed, and that print is held against the original like any other: a change that
made things worse would deliver nothing.
"""

import io
import warnings
from collections.abc import Iterator, Sequence
from decimal import Decimal

import pikepdf
from pikepdf import Dictionary, Name, Operator

from attachguard.formats.pdf.blending import FORMS, Blending, forms_in
from attachguard.formats.pdf.document import decoded, dictionary_at, is_true, name_at, open_pdf
from attachguard.model import Limits

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
        reminder, blending = _Reminder(), Blending()
        for page in pdf.pages[: limits.pages]:
            if blending.within(page.obj):
                page.contents_coalesce()
                reminder.remind(page.obj, page.obj.get("/Contents"), FORMS)
            for appearance in blending.annotations(page.obj):
                reminder.remind(appearance, appearance, FORMS)
        if not reminder.written:
            return None
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


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
        for inner in forms_in(holder) if depth > 0 else ():
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
