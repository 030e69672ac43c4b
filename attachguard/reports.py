"""How reports grow and what they amount to: pure functions between nouns, used by the pipeline alone."""

import dataclasses
from collections.abc import Mapping

from attachguard.findings import LOSSES, MALWARE
from attachguard.model import Action, Attachment, Finding, JudgedPart, Mismatch, Observed, Outcome, Report, Verdict
from attachguard.names import retitle
from attachguard.policy import Policy


def blank(attachment: Attachment) -> Report:
    """Begin a report: nothing is observed yet."""
    return Report(attachment=attachment, findings=(), action=Action.KEEP, deciding=())


def add(
    report: Report,
    observed: Observed,
    more: tuple[Finding, ...],
    children: tuple[Verdict, ...],
    policy: Policy,
) -> Report:
    """Add what a stage observed, and have the policy rule on everything that is known by now."""
    before = report.attachment
    attachment = dataclasses.replace(
        before,
        kind=observed.kind or before.kind,
        pages=observed.pages or before.pages,
        misprints=observed.misprints or before.misprints,
    )
    findings = (*report.findings, *observed.findings, *more)
    if observed.mismatch is not None:
        attachment, finding = _settle_name(attachment, observed.mismatch, policy)
        findings = (*findings, finding)
    judgement = policy.judge(attachment.kind, findings)
    return dataclasses.replace(
        report,
        attachment=attachment,
        findings=findings,
        action=judgement.action,
        deciding=judgement.deciding,
        children=(*report.children, *children),
        scan=observed.scan or report.scan,
        peak_rss=max(report.peak_rss, observed.peak_rss, *(child.original.peak_rss for child in children), 0),
    )


def _settle_name(attachment: Attachment, mismatch: Mismatch, policy: Policy) -> tuple[Attachment, Finding]:
    """Name and treat a file as the policy's table of names says, and give the finding that tells so."""
    code = policy.names.code(mismatch)
    finding = Finding(code, detail=f"named {attachment.safe_name[-40:]}, is {mismatch.described}")
    if code == "type.inert":
        return dataclasses.replace(attachment, kind=mismatch.named), finding
    if code == "type.renamed":
        name = retitle(attachment.safe_name, mismatch.found, policy.limits.name_length)
        return dataclasses.replace(attachment, safe_name=name), finding
    return attachment, finding


_SAID_BY: Mapping[Outcome, str] = {
    Outcome.INFECTED: "malware.part",
    Outcome.REJECTED: "part.rejected",
    Outcome.NORMALIZED: "part.normalized",
}


def said_by(children: tuple[Verdict, ...]) -> tuple[Finding, ...]:
    """Turn the verdicts on the files inside into findings about the file around them."""
    return tuple(
        Finding(_SAID_BY[child.outcome], where=child.attachment.where, detail=child.attachment.safe_name)
        for child in children
        if child.outcome is not Outcome.ACCEPTED
    )


_ONLY_LOCKED = frozenset({"file.encrypted"})


def is_locked(report: Report) -> bool:
    """Tell whether nothing but a password is in the way, and a way is known to use it."""
    kind = report.attachment.kind
    codes = {finding.code for finding in report.deciding}
    return kind is not None and bool(kind.unlocked_by) and report.action is Action.REJECT and codes == _ONLY_LOCKED


def about(attachment: Attachment, report: Report) -> Report:
    """Give a report on what a password opened as one on the file that came: its bytes are the sender's."""
    said = report.attachment
    return dataclasses.replace(
        report, attachment=dataclasses.replace(attachment, kind=said.kind, safe_name=said.safe_name)
    )


def no_copy(original: Report, why: tuple[Finding, ...]) -> Report:
    """Report on the copy that never came to be."""
    return Report(attachment=original.attachment, findings=why, action=Action.REJECT, deciding=why)


def judged(child: Verdict) -> JudgedPart:
    """Send a file from inside back with its verdict, and with its bytes if they may be delivered."""
    deliverable = child.deliverable
    return JudgedPart(
        where=child.attachment.where,
        outcome=child.outcome,
        safe_name=deliverable.safe_name if deliverable else child.attachment.safe_name,
        data=deliverable.path.read_bytes() if deliverable else None,
    )


def conclude(original: Report, rendered: Report | None, stages: tuple[str, ...]) -> tuple[Outcome, tuple[Finding, ...]]:
    """Say the word. `accepted` and `normalized` need every stage to have run and every ruling to be KEEP."""
    if original.action is Action.KEEP and _complete(original, stages):
        return Outcome.ACCEPTED, ()
    if original.action is Action.NORMALIZE and rendered is not None:
        if rendered.action is Action.KEEP and _complete(rendered, stages):
            losses = tuple(finding for finding in rendered.findings if finding.code in LOSSES)
            return Outcome.NORMALIZED, (*original.deciding, *losses)
        reasons = (*original.deciding, *rendered.deciding)
    else:
        reasons = original.deciding
    reasons = reasons or (Finding("type.unknown"),)
    infected = any(finding.code in MALWARE for finding in reasons)
    return (Outcome.INFECTED if infected else Outcome.REJECTED), reasons


def _complete(report: Report, stages: tuple[str, ...]) -> bool:
    """Tell whether a file was recognised and seen by every stage: without that nothing is delivered."""
    return report.attachment.kind is not None and all(stage in report.stages for stage in stages)
