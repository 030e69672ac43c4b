"""What an inspection found, short enough to read in an assertion."""

from attachguard.formats.contract import Format
from attachguard.model import Limits

LIMITS = Limits()


def codes(module: Format, data: bytes | str, limits: Limits = LIMITS) -> list[str]:
    """List the codes found, each once, sorted."""
    return sorted({code for code, _, _ in findings(module, data, limits)})


def findings(module: Format, data: bytes | str, limits: Limits = LIMITS) -> list[tuple[str, str, str]]:
    """List (code, where, detail)."""
    raw = data.encode() if isinstance(data, str) else data
    return [(finding.code, finding.where, finding.detail) for finding in module.inspect(raw, limits).findings]
