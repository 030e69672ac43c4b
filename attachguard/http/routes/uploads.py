"""Large front ends: announce files, put each into quarantine directly, then say that they are complete."""

import secrets
from datetime import timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from attachguard.access import Admitted, Scope
from attachguard.errors import NotFound
from attachguard.http import shapes
from attachguard.http.answers import write_json
from attachguard.http.auth import authenticated
from attachguard.http.bodies import read_json
from attachguard.http.doors import Doors, doors
from attachguard.http.find import is_name, policy_for
from attachguard.http.problems import Problem
from attachguard.http.routes.submissions import answer, opened_room, sending, take, wake
from attachguard.http.uploads import Form, pieces_of, refuse_declared_size, too_large
from attachguard.jobs import Announced, PendingUpload, Receipt
from attachguard.model import Limits
from attachguard.service import Service

router = APIRouter(tags=["uploads"])

Submitter = Annotated[Admitted, Depends(authenticated(Scope.SUBMIT))]

LIFE = timedelta(hours=1)
"""How long announced files may take to arrive."""


class AnnouncedFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file that will come."""

    name: Annotated[str, msgspec.Meta(max_length=1000)]
    size: Annotated[int, msgspec.Meta(ge=0, le=2**40)]
    declared_type: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class Announcement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What will be sent together."""

    files: Annotated[tuple[AnnouncedFile, ...], msgspec.Meta(min_length=1, max_length=100)]


class Place(msgspec.Struct, frozen=True):
    """Where one file is to be put: exactly its announced size, with these headers."""

    number: int
    method: str
    url: str
    headers: dict[str, str]


class UploadDocument(msgspec.Struct, frozen=True):
    """Where to put the files, and what to call when they are there."""

    upload: str
    expires_at: str
    files: tuple[Place, ...]
    complete: str


@router.post("/v1/uploads", status_code=201, **shapes.announce(Announcement, UploadDocument))
async def announce(
    request: Request, caller: Submitter, policy: Annotated[str | None, Query(max_length=100)] = None
) -> Response:
    """Announce files; the answer says where to PUT each. 413 when they are too many or too large."""
    parts = doors(request)
    wanted = policy_for(parts, caller, policy)
    announced = await read_json(request, Announcement)
    _refuse_too_much(announced, parts.service.policy(wanted).limits)
    document = await run_in_threadpool(_expect, parts, caller, announced, wanted)
    return write_json(request, document, 201)


@router.put("/v1/uploads/{upload}/files/{number}", status_code=204, **shapes.put_file())
async def put(request: Request, upload: str, number: int, caller: Submitter) -> Response:
    """Put the bytes of one announced file; once more replaces them. For stores that hand out no addresses."""
    parts = doors(request)
    pending = await run_in_threadpool(_pending, parts, caller, upload)
    expected = next((one for one in pending.files if one.number == number), None)
    if expected is None:
        raise NotFound("no such file was announced")
    refuse_declared_size(request, Limits(total_size=expected.size))
    async with opened_room() as room:
        incoming = room.incoming(expected.untrusted_name, expected.declared_type, Limits())
        try:
            async for piece in pieces_of(request):
                if incoming.size + len(piece) > expected.size:
                    raise too_large("limit.file_size")
                await run_in_threadpool(incoming.write, piece)
        except ClientDisconnect:
            raise Problem(400, "bad-request", "the body ended too soon") from None
        finally:
            incoming.close()
        if incoming.size != expected.size:
            raise Problem(400, "bad-request", f"{expected.size} bytes were announced, {incoming.size} came")
        await run_in_threadpool(parts.service.put_aside, pending, expected, incoming.finish())
    return Response(status_code=204)


@router.post("/v1/uploads/{upload}/complete", **shapes.complete())
async def complete(request: Request, upload: str, caller: Submitter) -> Response:
    """Submit what was put; answers like a submission, and the same one however often it is asked."""
    parts = doors(request)
    receipt = await run_in_threadpool(_complete, parts, request, caller, upload)
    return await answer(request, caller, receipt)


def _refuse_too_much(announced: Announcement, limits: Limits) -> None:
    if len(announced.files) > limits.file_count:
        raise too_large("limit.file_count")
    if any(one.size > limits.file_size for one in announced.files):
        raise too_large("limit.file_size")
    if sum(one.size for one in announced.files) > limits.total_size:
        raise too_large("limit.total_size")


def _expect(parts: Doors, caller: Admitted, announced: Announcement, policy: str) -> UploadDocument:
    now = parts.service.now()
    pending = PendingUpload(
        id=secrets.token_hex(16),
        tenant=caller.tenant,
        actor=caller.key_id,
        policy=policy,
        files=tuple(
            Announced(number=number, untrusted_name=one.name, declared_type=one.declared_type, size=one.size)
            for number, one in enumerate(announced.files)
        ),
        created_at=now,
        expires_at=now + LIFE,
    )
    parts.service.ledger.expect_upload(pending)
    return UploadDocument(
        upload=pending.id,
        expires_at=pending.expires_at.isoformat(),
        files=tuple(_place(parts.service, pending, one) for one in pending.files),
        complete=f"/v1/uploads/{pending.id}/complete",
    )


def _place(service: Service, pending: PendingUpload, one: Announced) -> Place:
    signed = service.address_for(pending, one, int(LIFE.total_seconds()))
    if signed is not None:
        return Place(one.number, "PUT", signed, {"Content-Length": str(one.size)})
    return Place(one.number, "PUT", f"/v1/uploads/{pending.id}/files/{one.number}", {"Content-Length": str(one.size)})


def _pending(parts: Doors, caller: Admitted, upload: str) -> PendingUpload:
    pending = _announced(parts, caller, upload)
    if pending.expires_at <= parts.service.now():
        raise Problem(410, "gone", "the time of this upload is over")
    return pending


def _announced(parts: Doors, caller: Admitted, upload: str) -> PendingUpload:
    announced = parts.service.ledger.expected_upload(upload) if is_name(upload) else None
    if announced is None or announced.tenant != caller.tenant or announced.actor != caller.key_id:
        raise NotFound("there is no such upload")
    return announced


def _complete(parts: Doors, request: Request, caller: Admitted, upload: str) -> Receipt:
    announced = _announced(parts, caller, upload)
    before = parts.service.ledger.receipt_for(caller.tenant, f"upload:{announced.id}")
    if before is not None:
        return wake(parts, caller, before)
    pending = _pending(parts, caller, upload)
    terms = sending(request, caller, pending.policy, f"upload:{pending.id}")
    with parts.service.put_together(pending) as attachments:
        short = [one for one, announced in zip(attachments, pending.files, strict=True) if one.size != announced.size]
        if short:
            raise Problem(409, "not-possible", "a file that was announced is not there whole")
        receipt = take(parts, caller, Form(attachments=attachments, fields={}), terms)
    parts.service.clear_aside(pending)
    return receipt
