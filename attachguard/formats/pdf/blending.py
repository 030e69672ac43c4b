"""Find what is blended with what lies under it (ISO 32000-2, 11.3.5): what the printing program often loses.

Forms may hold one another a thousand times over: each is looked at once.
"""

import itertools
from collections.abc import Iterator

import pikepdf

from attachguard.formats.pdf.document import dictionary_at, name_at
from attachguard.model import Limits

FORMS = 4
"""Forms in forms that are looked at: the appearance of a highlight has two."""

_ANNOTATIONS = 5000
"""Annotations that are looked at, of all pages together."""

_SIBLINGS = 50
"""Forms beside each other that are looked at."""


class Blending:
    """Tells what is blended in one document."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], bool] = {}
        self._left = _ANNOTATIONS

    def on(self, page: pikepdf.Object) -> bool:
        """Whether something on a page, or in an annotation on it, is blended, so that its print may have lost it."""
        return self.within(page) or next(self.annotations(page), None) is not None

    def annotations(self, page: pikepdf.Object) -> Iterator[pikepdf.Stream]:
        """Give the normal appearances (12.5.5) of a page's annotations that are blended."""
        held = page.get("/Annots")
        for annotation in list(held)[: self._left] if isinstance(held, pikepdf.Array) else ():
            self._left -= 1
            appearances = dictionary_at(annotation, "/AP") if isinstance(annotation, pikepdf.Dictionary) else None
            normal = None if appearances is None else dictionary_at(appearances, "/N")
            if isinstance(normal, pikepdf.Stream) and self.within(normal):
                yield normal

    def within(self, holder: pikepdf.Object, depth: int = FORMS) -> bool:
        """Whether a page or form, or a form in it, has a blend mode among its resources, or a form with a group."""
        if not holder.is_indirect:
            return self._look(holder, depth)
        if holder.objgen not in self._known:
            self._known[holder.objgen] = False  # while it is looked at, so that one that holds itself ends
            self._known[holder.objgen] = self._look(holder, depth)
        return self._known[holder.objgen]

    def _look(self, holder: pikepdf.Object, depth: int) -> bool:
        resources = dictionary_at(holder, "/Resources")
        states = None if resources is None else dictionary_at(resources, "/ExtGState")
        known = () if states is None else states.values()
        if any(isinstance(state, pikepdf.Dictionary) and "/BM" in state for state in known):
            return True
        return depth > 0 and any("/Group" in inner or self.within(inner, depth - 1) for inner in forms_in(holder))


def misprints(pdf: pikepdf.Pdf, limits: Limits) -> bool:
    """Whether several blended annotations are on one page, as highlights are: the print has but one of them."""
    blending = Blending()
    pages = (page.obj for page in pdf.pages[: limits.pages])
    return any(len(list(itertools.islice(blending.annotations(page), 2))) > 1 for page in pages)


def forms_in(holder: pikepdf.Object) -> Iterator[pikepdf.Stream]:
    """Give the forms (8.10) among the resources of a page or form."""
    resources = dictionary_at(holder, "/Resources")
    held = None if resources is None else dictionary_at(resources, "/XObject")
    for inner in () if held is None else list(held.values())[:_SIBLINGS]:
        if isinstance(inner, pikepdf.Stream) and name_at(inner, "/Subtype") == "/Form":
            yield inner
