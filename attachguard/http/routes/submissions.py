"""Sending files and asking what became of them."""

import contextlib
import dataclasses
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from attachguard.access import Admitted, Scope
from attachguard.documents import ReasonDocument
from attachguard.errors import NotPossible
from attachguard.http import shapes
from attachguard.http.answers import PENDING_SECONDS, applied, waiting_seconds, write_json, write_tagged
from attachguard.http.auth import authenticated_or_linked
from attachguard.http.doors import Doors, doors
from attachguard.http.find import find_submission, policy_for, retry_terms
from attachguard.http.languages import language_of
from attachguard.http.problems import AGAIN_SECONDS, Problem
from attachguard.http.resources import SubmissionResource, submission_resource
from attachguard.http.uploads import Form, read_form
from attachguard.jobs import Receipt, Sending, Status
from attachguard.logs import log
from attachguard.states import FINAL, SubmissionState
from attachguard.workroom import Workroom, workroom

router = APIRouter(tags=["submissions"])

Submitter = Annotated[Admitted, Depends(authenticated_or_linked(Scope.SUBMIT))]
Reader = Annotated[Admitted, Depends(authenticated_or_linked(Scope.READ))]
Policy = Annotated[str | None, Query(max_length=100, description="The policy that judges; unset: the service's own.")]

KEY_LENGTH = 255


@router.post("/v1/submissions", **shapes.submit())
async def submit(request: Request, caller: Submitter, policy: Policy = None) -> Response:
    """Send one to five files. 201: all are judged; 202: being judged; 422: none was accepted."""
    parts = doors(request)
    wanted = policy_for(parts, caller, policy)
    key = idempotency_key(request)
    async with receive_once(parts, caller, key), opened_room() as room:
        terms = sending(request, caller, wanted, key)
        limits = parts.service.policy(wanted).limits
        receipt = await read_form(request, limits, room, lambda form: take(parts, caller, form, terms))
    return await answer(request, caller, receipt)


@router.get("/v1/submissions/{submission}", **shapes.submission())
async def read(request: Request, submission: str, caller: Reader) -> Response:
    """Tell where a submission is; with `Prefer: wait=N`, when it is final or N seconds are over."""
    parts = doors(request)
    status = await run_in_threadpool(find_submission, parts, caller, submission)
    seconds = waiting_seconds(request)
    if seconds and status.state not in FINAL:
        await parts.watcher.wait(submission, seconds)
        status = await run_in_threadpool(find_submission, parts, caller, submission)
    document = _resource(request, status)
    return write_tagged(request, document, headers={**applied(seconds), **_again(status)})


async def answer(request: Request, caller: Admitted, receipt: Receipt) -> Response:
    """Answer for a submission that was taken: wait as long as preferred, then say how far it is.

    Raises Problem: 503 when no verdict could be given, 413, 415 or 422 when no file was accepted.
    """
    parts, seconds = doors(request), waiting_seconds(request)
    if receipt.state not in FINAL:
        await parts.watcher.wait(receipt.submission, seconds)
    status = await run_in_threadpool(find_submission, parts, caller, receipt.submission)
    document = _resource(request, status)
    headers = {"Location": f"/v1/submissions/{status.submission}", **applied(seconds)}
    if receipt.repeated:
        headers["Idempotency-Replayed"] = "true"
    if status.state is SubmissionState.FAILED:
        headers["Retry-After"] = str(AGAIN_SECONDS)
        raise Problem(503, "unavailable", reasons=_all_reasons(document), files=document.attachments, headers=headers)
    if status.state not in FINAL:
        return write_json(request, document, 202, {**headers, **_again(status)})
    if all(one.verdict in {"rejected", "infected"} for one in document.attachments):
        raise _refusal(document, headers)
    return write_json(request, document, 201, headers)


def sending(
    request: Request, caller: Admitted, policy: str, key: str | None, *, retry_of: str | None = None, method: str = ""
) -> Sending:
    """Say who sends, and on what terms."""
    return Sending(
        tenant=caller.tenant,
        actor=caller.key_id,
        policy=policy,
        idempotency_key=key,
        conversation=caller.link.conversation if caller.link else None,
        retry_of=retry_of,
        method=method,
        trace=request.state.trace,
    )


def idempotency_key(request: Request) -> str | None:
    """Read the Idempotency-Key (draft-ietf-httpapi-idempotency-key-header). Raises Problem 400."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    length, key = len(key), key.strip().removeprefix('"').removesuffix('"')
    if not key or length > KEY_LENGTH or not key.isascii() or not key.isprintable():
        raise Problem(400, "bad-request", f"an Idempotency-Key has 1 to {KEY_LENGTH} printable ASCII characters")
    return key


async def temporary_room() -> AsyncIterator[Workroom]:
    """Give a workroom for one request; as a dependency it is removed, in a thread, when the answer is out.

    Raises StoreUnavailable.
    """
    room = workroom()
    try:
        yield room
    finally:
        if room.is_there:
            await run_in_threadpool(room.clear)


opened_room = contextlib.asynccontextmanager(temporary_room)
"""The same for what lies elsewhere before the answer: not to be held while a client waits for a verdict."""


@contextlib.asynccontextmanager
async def receive_once(parts: Doors, caller: Admitted, key: str | None) -> AsyncIterator[None]:
    """Let one request with a key in at a time. Raises Problem 409."""
    if key is None:
        yield
        return
    mark = (caller.tenant, key)
    if mark in parts.receiving:
        raise Problem(409, "still-receiving", headers={"Retry-After": str(PENDING_SECONDS)})
    parts.receiving.add(mark)
    try:
        yield
    finally:
        parts.receiving.discard(mark)


def take(parts: Doors, caller: Admitted, form: Form, terms: Sending) -> Receipt:
    """Count, take and note what came in. Raises NotAllowed, TooMany, and what Service.take raises."""
    size = sum(one.size for one in form.attachments)
    if caller.link:
        parts.gate.use(caller.link)
    parts.gate.spend(caller, 1, size)
    receipt = wake(parts, caller, parts.service.take(form.attachments, terms))
    log().info(
        "submission.received",
        submission=receipt.submission,
        files=len(form.attachments),
        bytes=size,
        repeated=receipt.repeated,
        tenant=caller.tenant,
    )
    return receipt


def wake(parts: Doors, caller: Admitted, receipt: Receipt) -> Receipt:
    """Have a repeated submission judged again on which no verdict could be given: what failed once is not stuck."""
    if not receipt.repeated or receipt.state is not SubmissionState.FAILED:
        return receipt
    with contextlib.suppress(NotPossible):  # somebody else did, or a file is gone: it is answered as it is
        parts.service.retry(receipt.submission, caller.key_id)
        return dataclasses.replace(receipt, state=SubmissionState.QUEUED)
    return receipt


def _resource(request: Request, status: Status) -> SubmissionResource:
    return submission_resource(status, language_of(request), retry_terms(doors(request), status.policy))


def _again(status: Status) -> dict[str, str]:
    return {} if status.state in FINAL else {"Retry-After": str(PENDING_SECONDS)}


_TOO_MUCH = frozenset({"limit.file_count", "limit.file_size", "limit.total_size"})
_WRONG_TYPE = frozenset({"type.not_accepted", "type.unknown", "name.extension", "name.missing"})


def _refusal(document: SubmissionResource, headers: dict[str, str]) -> Problem:
    """Name why no file was accepted: 413 for too much, 415 for types, 422 for what is in them."""
    reasons = _all_reasons(document)
    codes = {reason.code for reason in reasons}
    if codes and codes <= _TOO_MUCH:
        status, name = 413, "too-large"
    elif codes and codes <= _WRONG_TYPE:
        status, name = 415, "type-not-accepted"
    else:
        status, name = 422, "not-accepted"
    return Problem(status, name, reasons=reasons, files=document.attachments, headers=headers)


def _all_reasons(document: SubmissionResource) -> tuple[ReasonDocument, ...]:
    every = [*document.reasons, *(reason for one in document.attachments for reason in one.reasons)]
    return tuple({reason.code: reason for reason in every}.values())
