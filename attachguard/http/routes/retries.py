"""Trying again after a refusal: another way to make the copy, the password, or another file."""

import dataclasses
import os
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from attachguard.access import Admitted, Scope
from attachguard.adapters.processes import name_process
from attachguard.http import shapes
from attachguard.http.auth import authenticated_or_linked
from attachguard.http.bodies import read_json
from attachguard.http.doors import Doors, doors
from attachguard.http.find import find_attachment, policy_for, retry_terms
from attachguard.http.problems import Problem
from attachguard.http.resources import METHODS, verdict_on
from attachguard.http.routes.submissions import answer, idempotency_key, opened_room, receive_once, sending, take, wake
from attachguard.http.uploads import read_form
from attachguard.jobs import Receipt, Sending, Status, Whereabouts
from attachguard.logs import log
from attachguard.model import Outcome
from attachguard.states import FINAL, BytesState, SubmissionState

router = APIRouter(tags=["attachments"])

Submitter = Annotated[Admitted, Depends(authenticated_or_linked(Scope.SUBMIT))]


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a refused file is to be tried again."""

    method: Literal["flatten", "raster", "password"]
    password: str | None = None


@router.post("/v1/attachments/{attachment}/retries", **shapes.retry(Wish))
async def retry(request: Request, attachment: str, caller: Submitter) -> Response:
    """Try a refused file again: JSON with a method, or multipart/form-data with a new file.

    Answers like a submission; asking again with the same Idempotency-Key, or for the same method, gives the same one.
    """
    parts = doors(request)
    status, file = await run_in_threadpool(find_attachment, parts, caller, attachment)
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        receipt = await _with_new_file(request, caller, status, file)
    else:
        wish = await _wish(request)
        receipt = await run_in_threadpool(_again, request, caller, status, file, wish)
    return await answer(request, caller, receipt)


async def _with_new_file(request: Request, caller: Admitted, status: Status, file: Whereabouts) -> Receipt:
    """Take another file in; nothing of the first one's state is looked at."""
    parts, key = doors(request), idempotency_key(request)
    wanted = policy_for(parts, caller, None) if caller.link else status.policy
    async with receive_once(parts, caller, key), opened_room() as room:
        terms = sending(request, caller, wanted, key, retry_of=file.file.id)
        limits = parts.service.policy(wanted).limits
        return await read_form(request, limits, room, lambda form: take(parts, caller, form, terms))


async def _wish(request: Request) -> Wish:
    wish = await read_json(request, Wish)
    if (wish.method == "password") != bool(wish.password):
        raise Problem(400, "bad-request", "the method password goes with a password, and the others without")
    return wish


def _again(request: Request, caller: Admitted, status: Status, file: Whereabouts, wish: Wish) -> Receipt:
    """Send the held original through the pipeline again. Raises Problem 410, 422, 423."""
    parts, key = doors(request), idempotency_key(request)
    _refuse_impossible(parts, status, file, wish)
    key = key or (f"retry:{file.file.id}:{wish.method}" if not wish.password else None)
    terms = sending(request, caller, status.policy, key, retry_of=file.file.id, method=METHODS.get(wish.method, ""))
    if caller.link:
        parts.gate.use(caller.link)
    parts.gate.spend(caller, 1, file.file.size)
    receipt = _judge(parts, caller, file, terms, wish)
    log().info("submission.retried", submission=receipt.submission, retry_of=file.file.id, method=wish.method)
    return receipt


def _judge(parts: Doors, caller: Admitted, file: Whereabouts, terms: Sending, wish: Wish) -> Receipt:
    if wish.password is None:
        return wake(parts, caller, parts.service.retry_file(file.file, terms))
    owner = name_process(os.getpid())
    receipt = parts.service.retry_with_password(file.file, terms, wish.password, owner)
    if receipt.repeated and receipt.state is SubmissionState.FAILED:
        # Woken, it would be judged without the password, which is written nowhere: this is another one.
        another = dataclasses.replace(terms, idempotency_key=None)
        receipt = parts.service.retry_with_password(file.file, another, wish.password, owner)
    return receipt


def _refuse_impossible(parts: Doors, status: Status, file: Whereabouts, wish: Wish) -> None:
    verdict = verdict_on(status.verdict, file.file.number)
    if status.state not in FINAL or verdict is None or status.finished_at is None:
        raise Problem(423, "pending", headers={"Retry-After": "1"})
    if verdict.outcome is Outcome.INFECTED:
        raise Problem(
            422, "retry-not-possible", "what was found stays what it is", codes=[one.code for one in verdict.reasons]
        )
    if verdict.delivered is not None:
        raise Problem(422, "retry-not-possible", "the file was delivered")
    over = retry_terms(parts, status.policy).until(status) is None
    if file.removed_at is not None or file.bytes is not BytesState.HELD or over:
        raise Problem(410, "gone", "the original is no longer held; send the file again")
    kind, method = verdict.attachment.kind, METHODS.get(wish.method)
    if method is not None and (kind is None or method not in kind.methods):
        raise Problem(422, "retry-not-possible", "no such copy can be made of a file of this type")
