"""Reviewing what was not delivered: list it, look at one, have it judged again, delete it."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from attachguard.access import Admitted, Scope
from attachguard.errors import NotFound
from attachguard.http import shapes
from attachguard.http.answers import write_json
from attachguard.http.auth import authenticated
from attachguard.http.bodies import read_json
from attachguard.http.doors import Doors, doors
from attachguard.http.find import is_name, policy_for
from attachguard.http.routes.submissions import answer
from attachguard.jobs import Held
from attachguard.logs import log
from attachguard.quarantine_documents import HeldDocument, held_document

router = APIRouter(tags=["quarantine"])

Reviewer = Annotated[Admitted, Depends(authenticated(Scope.QUARANTINE))]


class QuarantineDocument(msgspec.Struct, frozen=True):
    """What was not delivered and is still there, newest first."""

    attachments: tuple[HeldDocument, ...]


class Review(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why something is done with a held file."""

    note: str
    policy: str | None = None


@router.get("/v1/quarantine", **shapes.document(QuarantineDocument, "What is held."))
def listing(request: Request, caller: Reviewer, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> Response:
    """List what was not delivered and is still there, newest first."""
    held = doors(request).service.held(limit, caller.tenant)
    return write_json(request, QuarantineDocument(tuple(held_document(one) for one in held)))


@router.get("/v1/quarantine/{attachment}", **shapes.document(HeldDocument, "One held file.", 404))
def read(request: Request, attachment: str, caller: Reviewer) -> Response:
    """Tell about one file, with everything that happened to its submission."""
    parts = doors(request)
    held = _held(parts, caller, attachment)
    return write_json(request, held_document(held, parts.service.ledger.events(held.submission)))


@router.post("/v1/quarantine/{attachment}/release", **shapes.release(Review))
async def release(request: Request, attachment: str, caller: Reviewer) -> Response:
    """Have a held file judged again, as a submission of its own; nothing is let through unjudged."""
    parts = doors(request)
    review = await read_json(request, Review)
    held = await run_in_threadpool(_held, parts, caller, attachment)
    policy = policy_for(parts, caller, review.policy) if review.policy else None
    receipt = await run_in_threadpool(
        parts.service.release, held.attachment, caller.key_id or "local", review.note, policy
    )
    log().info("quarantine.released", attachment=held.attachment, submission=receipt.submission, by=caller.key_id)
    return await answer(request, caller, receipt)


@router.delete("/v1/quarantine/{attachment}", status_code=204, **shapes.discard())
def delete(
    request: Request, attachment: str, caller: Reviewer, note: Annotated[str, Query(min_length=1, max_length=500)]
) -> Response:
    """Delete a file from quarantine; its verdict and the audit stay."""
    parts = doors(request)
    held = _held(parts, caller, attachment)
    parts.service.delete(held.attachment, caller.key_id or "local", note)
    log().info("quarantine.deleted", attachment=held.attachment, submission=held.submission, by=caller.key_id)
    return Response(status_code=204)


def _held(parts: Doors, caller: Admitted, attachment: str) -> Held:
    held = parts.service.ledger.held_file(attachment) if is_name(attachment) else None
    if held is None or held.tenant != caller.tenant:
        raise NotFound("there is no such attachment")
    return held
