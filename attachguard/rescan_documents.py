"""The JSON of a batch and of its report, the same for every door. The fields are stable: see docs/schema/."""

from datetime import datetime

import msgspec

from attachguard.batches import Batch, Estimate, Group, Line, Provenance, Schedule, Summary


class CountsDocument(msgspec.Struct, frozen=True):
    """How far a batch is, and what it cost."""

    found: int
    unchanged: int
    changed: int
    failed: int
    scans: int
    bytes: int
    requests: int
    requests_per_object: float


class BatchDocument(msgspec.Struct, frozen=True):
    """One batch; `found` grows until `listed`. `rate` is in objects a second, `window` in UTC."""

    id: str
    state: str
    trigger: str
    actor: str
    source: str | None
    mode: str
    on_infected: str
    rate: float | None
    window: str | None
    listed: bool
    counts: CountsDocument
    created_at: datetime
    finished_at: datetime | None


class GroupDocument(msgspec.Struct, frozen=True):
    """How many objects of one sort ended how."""

    name: str
    unchanged: int
    changed: int
    failed: int


class ProvenanceDocument(msgspec.Struct, frozen=True):
    """By whom and what a verdict was given."""

    verdict: str
    engine: str | None
    signatures: str | None
    at: datetime | None
    policy: str
    build: str


class LineDocument(msgspec.Struct, frozen=True):
    """One object that changed or failed. `verdict` is the new one; `undetermined` where it could not be judged."""

    key: str
    location: str
    name: str
    kind: str | None
    size: int
    result: str
    before: ProvenanceDocument | None
    verdict: str | None
    reasons: tuple[str, ...]
    trouble: str | None
    detail: str


class ReportDocument(msgspec.Struct, frozen=True):
    """What a batch amounts to; `more`: lines that are left out here."""

    batch: BatchDocument
    signatures: str
    """Today's, when the batch was made."""
    kinds: tuple[GroupDocument, ...]
    ages: tuple[GroupDocument, ...]
    signatures_before: tuple[GroupDocument, ...]
    lines: tuple[LineDocument, ...]
    more: int


class EstimateDocument(msgspec.Struct, frozen=True):
    """What a batch would do."""

    objects: int
    contents: int
    bytes: int
    kinds: dict[str, int]
    seconds: float
    requests: int


class ScheduleDocument(msgspec.Struct, frozen=True):
    """What starts batches by itself; times in UTC."""

    after_signatures: bool
    settle_minutes: float
    nightly: str | None
    nightly_older_than_days: float | None
    rate: float | None
    window: str | None
    on_infected: str


def batch_document(batch: Batch) -> BatchDocument:
    """Describe a batch."""
    request, tally = batch.request, batch.tally
    return BatchDocument(
        id=batch.id,
        state=batch.state.value,
        trigger=request.trigger.value,
        actor=request.actor,
        source=request.source,
        mode=request.mode.value,
        on_infected=request.on_infected.value,
        rate=request.rate,
        window=str(request.window) if request.window else None,
        listed=batch.listed,
        counts=CountsDocument(
            found=tally.found,
            unchanged=tally.unchanged,
            changed=tally.changed,
            failed=tally.failed,
            scans=tally.scans,
            bytes=tally.bytes,
            requests=tally.requests,
            requests_per_object=round(tally.requests / tally.done, 3) if tally.done else 0.0,
        ),
        created_at=batch.created_at,
        finished_at=batch.finished_at,
    )


def report_document(summary: Summary) -> ReportDocument:
    """Describe what a batch amounts to."""
    return ReportDocument(
        batch=batch_document(summary.batch),
        signatures=summary.batch.yardstick.signatures,
        kinds=tuple(map(_group, summary.kinds)),
        ages=tuple(map(_group, summary.ages)),
        signatures_before=tuple(map(_group, summary.signatures)),
        lines=tuple(map(line_document, summary.lines)),
        more=summary.more,
    )


def line_document(line: Line) -> LineDocument:
    """Describe an object that changed or failed."""
    return LineDocument(
        key=_encodable(line.key),
        location=_encodable(line.location),
        name=_encodable(line.name),
        kind=line.kind,
        size=line.size,
        result=line.result.value,
        before=_provenance(line.before) if line.before else None,
        verdict=line.outcome.value if line.outcome else None,
        reasons=line.reasons,
        trouble=line.trouble,
        detail=line.detail,
    )


def estimate_document(estimate: Estimate) -> EstimateDocument:
    """Describe what a batch would do."""
    return EstimateDocument(
        objects=estimate.objects,
        contents=estimate.contents,
        bytes=estimate.bytes,
        kinds=dict(estimate.kinds),
        seconds=round(estimate.seconds, 1),
        requests=estimate.requests,
    )


def schedule_document(schedule: Schedule) -> ScheduleDocument:
    """Describe the schedule."""
    older = schedule.nightly_older_than
    return ScheduleDocument(
        after_signatures=schedule.after_signatures,
        settle_minutes=schedule.settle.total_seconds() / 60,
        nightly=f"{schedule.nightly:%H:%M}" if schedule.nightly else None,
        nightly_older_than_days=older.total_seconds() / 86400 if older else None,
        rate=schedule.rate,
        window=str(schedule.window) if schedule.window else None,
        on_infected=schedule.on_infected.value,
    )


def _group(group: Group) -> GroupDocument:
    return GroupDocument(group.name, group.unchanged, group.changed, group.failed)


def _provenance(before: Provenance) -> ProvenanceDocument:
    return ProvenanceDocument(
        verdict=before.outcome.value,
        engine=before.engine,
        signatures=before.signatures,
        at=before.at,
        policy=before.policy,
        build=before.build,
    )


def _encodable(text: str) -> str:
    """Make a name JSON can carry: bytes that are no UTF-8 are shown as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()
