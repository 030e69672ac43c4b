"""What an inspection found, short enough to read in an assertion."""

from attachguard.formats.contract import Format, Order
from attachguard.model import Limits

LIMITS = Limits()


def codes(module: Format, data: bytes | str, limits: Limits = LIMITS) -> list[str]:
    """List the codes found, each once, sorted."""
    return sorted({code for code, _, _ in findings(module, data, limits)})


def findings(module: Format, data: bytes | str, limits: Limits = LIMITS) -> list[tuple[str, str, str]]:
    """List (code, where, detail)."""
    raw = data.encode() if isinstance(data, str) else data
    return [(finding.code, finding.where, finding.detail) for finding in module.inspect(raw, limits).findings]


def rebuilt(module: Format, data: bytes | str, limits: Limits = LIMITS) -> bytes | None:
    """Make a copy, or None when there is none, which must then be explained."""
    raw = data.encode() if isinstance(data, str) else data
    made = module.normalize(Order(original=raw, method="rebuild", printed=None, parts=(), limits=limits))
    assert made.data is not None or made.findings
    return made.data


def copied(module: Format, data: bytes | str) -> str:
    """Make a copy that holds: nothing is found in it or against it, it stays as it is when it is rebuilt. Its text."""
    copy = rebuilt(module, data)
    assert copy is not None
    assert codes(module, copy) == []
    assert doubts(module, data, copy) == []
    assert rebuilt(module, copy) == copy
    return copy.decode("utf-8")


def doubts(module: Format, original: bytes | str, copy: bytes | str) -> list[str]:
    """List the codes that verification has against a copy."""
    raw = original.encode() if isinstance(original, str) else original
    made = copy.encode() if isinstance(copy, str) else copy
    return sorted({finding.code for finding in module.verify(raw, made, LIMITS)})
