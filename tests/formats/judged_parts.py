"""What becomes of the files in a mail, without a pipeline: delivered as they are, replaced, or refused."""

from collections.abc import Mapping, Sequence

from attachguard.formats.contract import Format, Order
from attachguard.model import JudgedPart, Outcome, Part
from attachguard.names import clean
from tests.formats.pictures_made import LIMITS


def accepted(parts: Sequence[Part]) -> tuple[JudgedPart, ...]:
    """All parts, to be delivered as they are."""
    return tuple(judged(part, Outcome.ACCEPTED, part.data) for part in parts)


def judged(part: Part, outcome: Outcome, data: bytes | None) -> JudgedPart:
    return JudgedPart(where=part.where, outcome=outcome, safe_name=clean(part.untrusted_name, 180).name, data=data)


def copy_of(kind: Format, data: bytes, becomes: Mapping[str, bytes | None] | None = None) -> bytes:
    """The copy of a mail: parts named in `becomes` are replaced by other bytes or refused (None)."""
    becomes = becomes or {}
    parts = tuple(
        judged(part, Outcome.NORMALIZED if becomes[part.where] else Outcome.REJECTED, becomes[part.where])
        if part.where in becomes
        else judged(part, Outcome.ACCEPTED, part.data)
        for part in kind.inspect(data, LIMITS).parts
    )
    rebuilt = kind.normalize(Order(original=data, method="rebuild", printed=None, parts=parts, limits=LIMITS))
    assert rebuilt.data is not None, rebuilt.findings
    assert tuple(kind.verify(data, rebuilt.data, LIMITS)) == ()
    return rebuilt.data
