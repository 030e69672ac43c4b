"""What a safe copy has to be, whatever it was made from: settled, with nothing left to find."""

from collections.abc import Iterator

from attachguard.formats.contract import Order
from attachguard.formats.identify import identify
from attachguard.formats.registry import BY_KIND
from attachguard.model import Finding, Limits
from attachguard.policy import load_policy

KINDS = frozenset(
    kind
    for line in (
        "bmp csv gif html jpeg png tiff txt xhtml xml",
        "doc docx eml odt ods rtf xls xlsx",  # without the files inside: none of them is allowed in
    )
    for kind in line.split()
)
"""Kinds whose copies are made by our own code in one step, with no program."""

POLICY = load_policy()


def wrong_copies(kind: str, data: bytes, seen: tuple[Finding, ...], limits: Limits) -> Iterator[str]:
    """Say what is wrong with the copies that the pipeline would make of a file in which this was `seen`.

    A file that is rejected gets no copy, and a copy that verify does not believe, or that is of another kind, is not
    delivered: that is no failure.
    """
    if kind not in KINDS or POLICY.judge(None, seen).action.name == "REJECT":
        return
    reader = BY_KIND[kind]
    for method in reader.KIND.methods:
        copy = _made(kind, method, data, limits)
        if copy is None or len(copy) > limits.file_size or reader.verify(data, copy, limits):
            continue
        found = identify(copy, reader.KIND.extension, limits)
        left = (*found.findings, *reader.inspect(copy, limits).findings)
        if found.kind != kind:
            continue  # without its control characters a text may begin like a mail: the copy is not delivered
        if POLICY.for_normalized().judge(None, left).action.name == "REJECT":
            yield f"{method}: left in the copy: {', '.join(sorted({finding.code for finding in left}))}"
        elif _made(kind, method, copy, limits) != copy:
            yield f"{method}: a copy's copy is another"


def _made(kind: str, method: str, data: bytes, limits: Limits) -> bytes | None:
    order = Order(original=data, method=method, printed=None, parts=(), limits=limits)
    return BY_KIND[kind].normalize(order).data
