"""Judging again what is stored: begin a batch, see how far it is, pause, resume, cancel it, read what came of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from attachguard.access import Admitted, Scope
from attachguard.batches import Batch, Mode, OnInfected, Selection, Window, usual_end, usual_mode
from attachguard.batches import Request as Wanted
from attachguard.errors import NotFound, UsageError
from attachguard.http import shapes
from attachguard.http.answers import write_json
from attachguard.http.auth import authenticated
from attachguard.http.bodies import read_json
from attachguard.http.doors import Doors, doors
from attachguard.http.find import is_name
from attachguard.logs import log
from attachguard.model import Outcome
from attachguard.rescan_documents import BatchDocument, ReportDocument, batch_document, report_document

router = APIRouter(tags=["rescans"])

Admin = Annotated[Admitted, Depends(authenticated(Scope.ADMIN))]

_MOVED = shapes.document(BatchDocument, "How it is now.", 404, 409)


class RescanWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be judged again; `everything` where nothing else is said. `source`: an `s3://` URL to be adopted."""

    older_than_signatures: bool = False
    policy_changed: bool = False
    build_changed: bool = False
    older_than_days: float | None = None
    prefix: str = ""
    kinds: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    verdicts: tuple[Outcome, ...] = ()
    ids: tuple[str, ...] = ()
    everything: bool = False
    source: str | None = None
    mode: Mode | None = None
    on_infected: OnInfected | None = None
    rate: float | None = None
    window: str | None = None


@router.post("/v1/rescans", **shapes.begin(RescanWish, BatchDocument))
async def begin(request: Request, caller: Admin) -> Response:
    """Begin a batch; workers judge it. A key of a tenant reaches that tenant's files and no foreign place."""
    parts = doors(request)
    wanted = _wanted(await read_json(request, RescanWish), caller)
    batch = await run_in_threadpool(parts.service.rescan.begin, wanted)
    log().info("rescan.created", batch=batch.id, by=caller.key_id)
    return write_json(request, batch_document(batch), 202, {"Location": f"/v1/rescans/{batch.id}"})


@router.get("/v1/rescans/{batch}", **shapes.document(BatchDocument, "How far it is.", 404))
def read(request: Request, batch: str, caller: Admin) -> Response:
    """Tell how far a batch is."""
    return write_json(request, batch_document(_batch(doors(request), caller, batch)))


@router.get("/v1/rescans/{batch}/report", **shapes.document(ReportDocument, "What came of it.", 404))
def report(request: Request, batch: str, caller: Admin) -> Response:
    """Tell what came of a batch so far: counts, and what changed or failed."""
    parts = doors(request)
    found = _batch(parts, caller, batch)
    return write_json(request, report_document(parts.service.rescan.summary(found.id)))


@router.post("/v1/rescans/{batch}/pause", **_MOVED)
def pause(request: Request, batch: str, caller: Admin) -> Response:
    """Pause a batch; what was judged stays judged."""
    return _move(request, batch, caller, doors(request).service.rescan.pause)


@router.post("/v1/rescans/{batch}/resume", **_MOVED)
def resume(request: Request, batch: str, caller: Admin) -> Response:
    """Go on with a paused batch."""
    return _move(request, batch, caller, doors(request).service.rescan.resume)


@router.post("/v1/rescans/{batch}/cancel", **_MOVED)
def cancel(request: Request, batch: str, caller: Admin) -> Response:
    """End a batch; what was judged stays judged."""
    return _move(request, batch, caller, doors(request).service.rescan.cancel)


def _move(request: Request, batch: str, caller: Admitted, move: Callable[[str, str], Batch]) -> Response:
    found = _batch(doors(request), caller, batch)
    log().info("rescan.moved", batch=found.id, to=move.__name__, by=caller.key_id)
    return write_json(request, batch_document(move(found.id, caller.key_id or "local")))


def _wanted(wish: RescanWish, caller: Admitted) -> Wanted:
    if wish.source is not None and (caller.tenant or not wish.source.startswith("s3://")):
        raise UsageError("a foreign place is an s3:// URL, and adopted by the operator only")
    selection = Selection(
        older_than_signatures=wish.older_than_signatures,
        policy_changed=wish.policy_changed,
        build_changed=wish.build_changed,
        older_than=_age(wish.older_than_days),
        prefix=wish.prefix,
        kinds=wish.kinds,
        tenants=(caller.tenant,) if caller.tenant else wish.tenants,
        verdicts=wish.verdicts,
        names=wish.ids,
    )
    if not wish.everything and wish.source is None and selection in {Selection(), Selection(tenants=(caller.tenant,))}:
        raise UsageError("say what is to be judged again, or `everything`")
    return Wanted(
        selection=selection,
        source=wish.source,
        mode=wish.mode or usual_mode(wish.source),
        on_infected=wish.on_infected or usual_end(wish.source),
        rate=wish.rate,
        window=Window.parse(wish.window) if wish.window else None,
        actor=caller.key_id or "local",
    )


def _age(days: float | None) -> timedelta | None:
    if days is None:
        return None
    if not 0 < days < 36_500:
        raise UsageError("an age is a number of days, above zero")
    return timedelta(days=days)


def _batch(parts: Doors, caller: Admitted, batch: str) -> Batch:
    found = parts.service.ledger.batch(batch) if is_name(batch) else None
    if found is None or (caller.tenant and found.request.selection.tenants != (caller.tenant,)):
        raise NotFound("there is no such batch")
    return found
