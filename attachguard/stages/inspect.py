"""The inspect stage: what in the file could act, hide, leak or exhaust; its parts come out to be judged."""

from attachguard.model import Attachment, Finding, Limits, Observed
from attachguard.ports import Kit


def inspect(attachment: Attachment, limits: Limits, kit: Kit) -> Observed:
    """Have the room look into a file whose kind is known; one of no known kind can't be. Raises SandboxUnavailable."""
    if attachment.kind is None:
        return Observed(findings=(Finding("type.unknown"),))
    inspection = kit.sandbox.inspect(attachment, limits)
    return Observed(
        findings=inspection.findings,
        parts=inspection.parts,
        pages=inspection.pages,
        misprints=inspection.misprints,
        peak_rss=inspection.peak_rss,
    )
