"""Say on which page an object is, for people who look for it."""

import dataclasses
import re
from collections.abc import Iterator, Sequence

import pikepdf

from attachguard.formats.pdf.document import dictionary_at
from attachguard.model import Finding, Limits

_OBJECT = re.compile(r"object (\d+)(?=$|,)")

_PER_PAGE = 1000
"""Annotations of one page that are looked up."""


def placed(findings: Sequence[Finding], pdf: pikepdf.Pdf, limits: Limits) -> tuple[Finding, ...]:
    """Put the page before the object where a page, its annotations or their actions hold it."""
    if not any(_OBJECT.match(finding.where) for finding in findings):
        return tuple(findings)
    pages: dict[int, int] = {}
    for number, page in enumerate(pdf.pages[: limits.pages], start=1):
        for holder in _held_by(page.obj):
            pages.setdefault(holder, number)
    return tuple(_with_page(finding, pages) for finding in findings)


def _with_page(finding: Finding, pages: dict[int, int]) -> Finding:
    found = _OBJECT.match(finding.where)
    number = pages.get(int(found.group(1))) if found else None
    return finding if number is None else dataclasses.replace(finding, where=f"page {number}, {finding.where}")


def _held_by(page: pikepdf.Object) -> Iterator[int]:
    """Give the numbers of the objects that a page leads to within three steps: annotation, action, what it runs."""
    yield page.objgen[0]
    annotations = page.get("/Annots")
    held = list(annotations)[:_PER_PAGE] if isinstance(annotations, pikepdf.Array) else []
    for holder in (page, *held):
        if isinstance(holder, pikepdf.Dictionary):
            yield holder.objgen[0]
            for key in ("/A", "/AA", "/FS", "/Sound", "/Movie"):
                yield from _numbers(dictionary_at(holder, key))


def _numbers(held: pikepdf.Object | None) -> Iterator[int]:
    if held is None:
        return
    yield held.objgen[0]
    if isinstance(held, pikepdf.Dictionary):
        for inner in held.values():
            if isinstance(inner, (pikepdf.Dictionary, pikepdf.Stream)):
                yield inner.objgen[0]
