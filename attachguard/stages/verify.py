"""The verify stage: our own copies only, each beside the original it was made from."""

from attachguard.kinds import copied
from attachguard.model import Attachment, Finding, Limits, Observed
from attachguard.ports import Kit


def verify(attachment: Attachment, limits: Limits, kit: Kit) -> Observed:
    """Have the room compare a copy with its original, in another process than the one that made it.

    A stranger's file has nothing to be compared with: no finding. Raises SandboxUnavailable.
    """
    if attachment.origin is None:
        return Observed()
    origin = attachment.origin
    if attachment.kind is None or origin.kind is None or attachment.kind != copied(origin.kind):
        found = attachment.kind.title if attachment.kind else "no known kind"
        return Observed(findings=(Finding("copy.unsafe", detail=f"the copy is of another kind: {found}"),))
    verification = kit.sandbox.verify(origin, attachment, limits)
    return Observed(findings=verification.findings, peak_rss=verification.peak_rss)
