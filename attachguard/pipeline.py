"""The heart: what happens to a submission, in order. How each step is done is said elsewhere.

receive -> examine (limit, identify, scan, inspect, verify) -> judge -> keep | normalize and examine the copy |
reject -> verdict -> store what is cleared -> record
"""

import contextlib
import dataclasses
import time
import uuid
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import wait

from attachguard.beside import threads
from attachguard.errors import Unavailable, UsageError
from attachguard.model import (
    Action,
    Attachment,
    Cleared,
    Finding,
    Limits,
    Observed,
    Outcome,
    Report,
    Submission,
    SubmissionVerdict,
    Trouble,
    Upload,
    Verdict,
)
from attachguard.policy import Policy
from attachguard.ports import Kit
from attachguard.reports import about, add, blank, conclude, is_locked, judged, no_copy, said_by
from attachguard.stages.identify import identify
from attachguard.stages.inspect import inspect
from attachguard.stages.limit import limit, limit_submission
from attachguard.stages.scan import scan
from attachguard.stages.verify import verify
from attachguard.workroom import Workroom, workroom

Stage = Callable[[Attachment, Limits, Kit], Observed]

STEPS: tuple[tuple[Stage, ...], ...] = ((limit,), (identify, scan), (inspect,), (verify,))
"""Cheapest and safest first. The stages of a step run side by side, since the scanner and the room are processes of
their own; they are heard in their order. verify speaks for our own copies only."""

STAGES = tuple(stage for step in STEPS for stage in step)

_NAMES = tuple(stage.__name__ for stage in STAGES)


def guard(upload: Upload, policy: Policy, kit: Kit) -> Verdict:
    """Judge one file as a submission of its own. Raises like `guard_all`."""
    return guard_all(Submission(id=uuid.uuid4().hex, uploads=(upload,)), policy, kit).verdicts[0]


def guard_all(submission: Submission, policy: Policy, kit: Kit) -> SubmissionVerdict:
    """Judge the files of a submission, store what is cleared, record the verdict: recorded means given.

    A scanner, sandbox or store that can't do its work makes a file's verdict `undetermined`. Raises
    UploadUnreadable when a file can't be read, LedgerUnavailable when the verdict could not be recorded (it was
    then not given), UsageError for a submission without files.
    """
    with workroom() as room:
        attachments = receive(submission.uploads, policy.limits, room)
        passwords = (upload.password for upload in submission.uploads)
        return guard_received(submission.id, tuple(zip(attachments, passwords, strict=True)), policy, kit, room)


def guard_received(
    submission: str, received: Sequence[tuple[Attachment, str | None]], policy: Policy, kit: Kit, room: Workroom
) -> SubmissionVerdict:
    """Judge files that lie in a workroom already, each with its password; else like `guard_all`."""
    shared = limit_submission([attachment for attachment, _ in received], policy.limits)
    judged = (
        _refuse(attachment, shared, policy) if shared else settle(attachment, password, policy, kit, room.fresh())
        for attachment, password in received
    )
    verdict = SubmissionVerdict(submission=submission, policy=policy.label, verdicts=tuple(judged), reasons=shared)
    kit.ledger.record(verdict)
    return verdict


def decide(attachment: Attachment, policy: Policy, kit: Kit, room: Workroom, password: str | None = None) -> Verdict:
    """Give the verdict on one attachment, received or found inside another; nothing is stored.

    Where only the password is in the way, it is tried: what it opens is judged as a stranger's file, and a copy of
    that is delivered. The file as it came never is.
    """
    began = time.perf_counter()
    original = examine(attachment, policy, kit, room)
    if password and is_locked(original):
        original = _unlock(original, password, policy, kit, room)
    rendered = None
    if original.action is Action.NORMALIZE:
        rendered = _make_copy(original, policy, kit, room)
    outcome, reasons = conclude(original, rendered, _NAMES)
    return Verdict(
        outcome=outcome,
        original=about(attachment, original),
        rendered=rendered,
        policy=policy.label,
        reasons=reasons,
        seconds=time.perf_counter() - began,
    )


def examine(attachment: Attachment, policy: Policy, kit: Kit, room: Workroom) -> Report:
    """Walk an attachment through the stages up to the first that gets it rejected; files inside walk first."""
    report = blank(attachment)
    for step in STEPS:
        with contextlib.closing(_side_by_side(step, report.attachment, policy.limits, kit)) as seen:
            for stage, observed, seconds in seen:
                parts, excess = room.take_parts(observed.parts, report.attachment, policy.limits)
                children = tuple(decide(part, policy, kit, room) for part in parts)
                report = add(report, observed, (*excess, *said_by(children)), children, policy)
                report = dataclasses.replace(report, stages={**report.stages, stage: seconds})
                if report.action is Action.REJECT:
                    return report
    return report


def _side_by_side(
    step: Sequence[Stage], attachment: Attachment, limits: Limits, kit: Kit
) -> Generator[tuple[str, Observed, float]]:
    """Run the stages of a step, and hand over in their order what they observed, by name, with the seconds it took.

    Whoever needs no more closes this; all have come to their end by then.
    """

    def observe(stage: Stage) -> tuple[str, Observed, float]:
        began = time.perf_counter()
        observed = stage(attachment, limits, kit)
        return stage.__name__, observed, time.perf_counter() - began

    *others, last = step
    if not others:
        yield observe(last)
        return
    beside = [threads().submit(observe, stage) for stage in others]
    try:
        mine = observe(last)
    finally:
        wait(beside)  # nobody reads a file any more whose room may go
        # What the others saw is heard first, also where this one failed: it may already be enough.
        yield from (future.result() for future in beside)
    yield mine


def _unlock(locked: Report, password: str, policy: Policy, kit: Kit, room: Workroom) -> Report:
    """Open a file with its password and examine what it is then; where that fails, say so beside what was found."""
    began = time.perf_counter()
    opened = kit.sandbox.unlock(locked.attachment, password, policy.limits)
    spent = time.perf_counter() - began
    if opened.data is None:
        return add(locked, Observed(peak_rss=opened.peak_rss), opened.findings, (), policy)
    report = examine(room.opened(opened.data, locked.attachment), policy, kit, room)
    report = add(report, Observed(peak_rss=opened.peak_rss), (Finding("file.unlocked"),), (), policy)
    return dataclasses.replace(
        report, stages={"unlock": spent, **report.stages}, action=max(report.action, Action.NORMALIZE)
    )


def receive(uploads: Sequence[Upload], limits: Limits, room: Workroom) -> tuple[Attachment, ...]:
    """Copy all uploads in; together they may take one byte more than the submission's limit, no more."""
    if not uploads:
        raise UsageError("a submission needs at least one file")
    attachments: list[Attachment] = []
    for upload in uploads:
        taken = sum(attachment.size for attachment in attachments)
        attachments.append(room.receive(upload, limits, max(0, limits.total_size - taken)))
    return tuple(attachments)


def settle(attachment: Attachment, password: str | None, policy: Policy, kit: Kit, room: Workroom) -> Verdict:
    """Decide on a received file and store what is cleared; what breaks on our side makes it undetermined."""
    began = time.perf_counter()
    try:
        verdict = decide(attachment, policy, kit, room, password)
        cleared = _clear(verdict)
        return dataclasses.replace(verdict, delivered=kit.store.put(cleared)) if cleared else verdict
    except Unavailable as error:
        return Verdict(
            outcome=Outcome.UNDETERMINED,
            original=Report(attachment=attachment, findings=(), action=Action.REJECT, deciding=()),
            rendered=None,
            policy=policy.label,
            trouble=Trouble(code=error.code, detail=str(error)),
            seconds=time.perf_counter() - began,
        )


def _make_copy(original: Report, policy: Policy, kit: Kit, room: Workroom) -> Report:
    """Make a safe copy by the first of the methods whose result passes as if a stranger had sent it."""
    attachment = original.attachment
    report = no_copy(original, (Finding("copy.unsupported"),))
    parts = tuple(judged(child) for child in original.children)
    for method in _ways(attachment, policy):
        began = time.perf_counter()
        rebuilt = kit.sandbox.normalize(attachment, method, parts, policy.limits)
        spent = {"normalize": time.perf_counter() - began}
        if rebuilt.data is None:
            report = no_copy(original, rebuilt.findings or (Finding("copy.failed", detail=method),))
            continue
        copy = room.copy(rebuilt.data, attachment, method, policy.limits)
        report = examine(copy, policy.for_normalized(), kit, room.fresh())
        report = add(report, Observed(peak_rss=rebuilt.peak_rss), rebuilt.findings, (), policy.for_normalized())
        report = dataclasses.replace(report, stages={**spent, **report.stages})
        if report.action is Action.KEEP:
            break
    return report


def _ways(attachment: Attachment, policy: Policy) -> tuple[str, ...]:
    """Name the ways to a copy in their order; what is known to misprint is written anew for the printer first."""
    methods = policy.methods(attachment.kind) if attachment.kind else ()
    if attachment.misprints:
        return tuple(sorted(methods, key=lambda method: method != "reprint"))
    return methods


def _refuse(attachment: Attachment, shared: tuple[Finding, ...], policy: Policy) -> Verdict:
    """Refuse a file unread, for what is wrong with the submission it came in."""
    report = Report(attachment=attachment, findings=shared, action=Action.REJECT, deciding=shared)
    return Verdict(outcome=Outcome.REJECTED, original=report, rendered=None, policy=policy.label, reasons=shared)


def _clear(verdict: Verdict) -> Cleared | None:
    """Give the permission to store: the only place that makes a Cleared, and only after the verdict."""
    attachment = verdict.deliverable
    if attachment is None or attachment.kind is None:
        return None
    return Cleared(
        path=attachment.path,
        name=attachment.safe_name,
        media_type=attachment.kind.media_type,
        size=attachment.size,
        sha256=attachment.sha256,
        outcome=verdict.outcome,
        policy=verdict.policy,
        scan=(verdict.rendered or verdict.original).scan,
    )
