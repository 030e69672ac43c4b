"""Batches and their objects as rows and back."""

import hashlib
from datetime import datetime

import msgspec
from sqlalchemy import RowMapping

from attachguard.adapters.sql.rows import decode_findings, encode_findings
from attachguard.batches import (
    Batch,
    BatchState,
    Decided,
    Item,
    Mode,
    ObjectState,
    OnInfected,
    Provenance,
    Rejudged,
    Request,
    Result,
    Tally,
    Yardstick,
)
from attachguard.model import Outcome, ScanIdentity, Trouble

Value = str | int | datetime | None


def encode(value: object) -> str:
    """Write a noun as JSON."""
    return msgspec.json.encode(value).decode()


def read_batch(row: RowMapping) -> Batch:
    """Read a row of `batches`; a column `waiting` is taken where there is one."""
    return Batch(
        id=row["id"],
        request=msgspec.json.decode(row["request"], type=Request),
        yardstick=msgspec.json.decode(row["yardstick"], type=Yardstick),
        state=BatchState(row["state"]),
        listed=bool(row["listed"]),
        cursor=row["cursor"],
        tally=Tally(**{name: row[name] for name in Tally.__dataclass_fields__}),
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        turn_at=row["next_at"],
        waiting=row["found"] - row["unchanged"] - row["changed"] - row["failed"],
    )


def object_row(batch: str, mode: Mode, item: Item, at: datetime) -> dict[str, Value]:
    """Describe an object that is to be judged."""
    before = item.before
    return {
        "batch_id": batch,
        "key": item.key,
        "location": item.location,
        "name": item.name,
        "size": item.size,
        "sha256": item.sha256,
        "twin": twin(mode, item),
        "kind": item.kind,
        "policy": item.policy,
        "parts": int(item.parts),
        "attachment_id": item.attachment,
        "submission_id": item.submission,
        "before_outcome": before.outcome.value if before else None,
        "before_engine": before.engine if before else None,
        "before_signatures": before.signatures if before else None,
        "before_at": before.at if before else None,
        "before_policy": before.policy if before else None,
        "before_build": before.build if before else None,
        "state": ObjectState.QUEUED.value,
        "run_after": at,
        "attempts": 0,
    }


def twin(mode: Mode, item: Item) -> str | None:
    """Digest of all that a new verdict depends on beside scanner and policy files; None when the bytes are not known.

    A scanner's answer depends on the bytes alone; what the stages say depends on the name too.
    """
    if item.sha256 is None:
        return None
    name = item.name if item.parts or mode is not Mode.SCAN else ""
    was = item.before.outcome.value if item.before else ""
    parts = "\0".join((item.sha256, item.policy, was, str(item.parts), name))
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()


def read_item(row: RowMapping) -> Item:
    """Read a row of `batch_objects`."""
    return Item(
        key=row["key"],
        location=row["location"],
        size=row["size"],
        name=row["name"],
        policy=row["policy"],
        sha256=row["sha256"],
        kind=row["kind"],
        attachment=row["attachment_id"],
        submission=row["submission_id"],
        parts=bool(row["parts"]),
        before=read_before(row),
        attempts=row["attempts"],
        tried_at=row["tried_at"],
    )


def read_before(row: RowMapping) -> Provenance | None:
    """Read by whom an object was judged before; None: never, as far as is known."""
    if row["before_outcome"] is None:
        return None
    return Provenance(
        outcome=Outcome(row["before_outcome"]),
        signatures=row["before_signatures"],
        engine=row["before_engine"],
        at=row["before_at"],
        policy=row["before_policy"] or "",
        build=row["before_build"] or "",
    )


def decided_row(decided: Decided, state: ObjectState) -> dict[str, Value]:
    """Describe what came of an object."""
    judged = decided.judged
    scan = judged.scan
    return {
        "state": state.value,
        "result": decided.result.value,
        "outcome": judged.outcome.value,
        "reasons": encode_findings(judged.reasons),
        "kind": judged.kind or decided.item.kind,
        "engine": scan.engine if scan else None,
        "signatures": scan.signatures if scan else None,
        "judged_at": scan.at if scan else None,
        "ruled_by": judged.policy,
        "trouble": judged.trouble.code if judged.trouble else None,
        "detail": judged.trouble.detail if judged.trouble else None,
        "held_key": decided.held_key,
    }


def read_judged(row: RowMapping) -> Rejudged:
    """Read what came of an object."""
    scan = None
    if row["engine"] is not None and row["judged_at"] is not None:
        scan = ScanIdentity(engine=row["engine"], signatures=row["signatures"] or "", at=row["judged_at"])
    return Rejudged(
        outcome=Outcome(row["outcome"]),
        reasons=decode_findings(row["reasons"]),
        kind=row["kind"],
        scan=scan,
        policy=row["ruled_by"] or "",
        sha256=row["sha256"],
        trouble=Trouble(code=row["trouble"], detail=row["detail"] or "") if row["trouble"] else None,
    )


def read_decided(row: RowMapping, on_infected: OnInfected) -> Decided:
    """Read an object whose verdict is recorded."""
    return Decided(
        item=read_item(row),
        judged=read_judged(row),
        result=Result(row["result"]),
        on_infected=on_infected,
        held_key=row["held_key"],
    )
