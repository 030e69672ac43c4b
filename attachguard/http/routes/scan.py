"""Judging without keeping: the verdict at once, and the delivered bytes in the same answer or in the next one."""

import secrets
from contextlib import closing
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from attachguard.access import Admitted, Scope
from attachguard.documents import DeliveredDocument, SubmissionDocument, submission_document
from attachguard.errors import NotFound
from attachguard.http import shapes
from attachguard.http.answers import write_json
from attachguard.http.auth import authenticated
from attachguard.http.doors import doors
from attachguard.http.find import policy_for
from attachguard.http.followup import Counter
from attachguard.http.languages import language_of
from attachguard.http.problems import AGAIN_SECONDS, Problem
from attachguard.http.routes.attachments import safe_headers
from attachguard.http.routes.submissions import temporary_room
from attachguard.http.uploads import read_form
from attachguard.logs import log
from attachguard.model import Attachment, Delivered, Outcome, SubmissionVerdict
from attachguard.workroom import Workroom

router = APIRouter(tags=["scan"])

Submitter = Annotated[Admitted, Depends(authenticated(Scope.SUBMIT))]
Room = Annotated[Workroom, Depends(temporary_room)]
Reader = Annotated[Admitted, Depends(authenticated(Scope.READ))]


@router.post("/v1/scan", **shapes.scan())
async def scan(
    request: Request, caller: Submitter, room: Room, policy: Annotated[str | None, Query(max_length=100)] = None
) -> Response:
    """Judge files and keep nothing. With `Accept: multipart/mixed` the delivered bytes follow the verdict."""
    parts = doors(request)
    wanted = policy_for(parts, caller, policy)
    limits = parts.service.policy(wanted).limits
    return await read_form(request, limits, room, lambda form: _judge(request, caller, form.attachments, room, wanted))


@router.get("/v1/scan/files/{name}", **shapes.parcel())
def fetch(request: Request, name: str, caller: Reader) -> Response:
    """Give the bytes that a check delivered, within a minute."""
    found = doors(request).parcels.take(name, caller.tenant)
    if found is None:
        raise NotFound("there is no such file, or its minute is over")
    delivered, data = found
    return Response(data, headers=safe_headers(delivered))


def _judge(
    request: Request, caller: Admitted, attachments: tuple[Attachment, ...], room: Workroom, policy: str
) -> Response:
    parts = doors(request)
    parts.gate.spend(caller, 1, sum(one.size for one in attachments))
    with closing(parts.parcels.counter()) as counter:
        verdict = parts.service.check(attachments, room, counter, policy, caller.tenant)
        log().info("scan.judged", submission=verdict.submission, verdict=verdict.outcome.value, tenant=caller.tenant)
        return _answer(request, caller, verdict, counter)


def _answer(request: Request, caller: Admitted, verdict: SubmissionVerdict, counter: Counter) -> Response:
    language = language_of(request)
    document = submission_document(verdict, language)
    if verdict.outcome is Outcome.UNDETERMINED:
        reasons = tuple({one.code: one for file in document.attachments for one in file.reasons}.values())
        raise Problem(503, "unavailable", reasons=reasons, headers={"Retry-After": str(AGAIN_SECONDS)})
    delivered = [one.delivered for one in verdict.verdicts]
    if "multipart/mixed" in request.headers.get("accept", "").lower():
        return _mixed(_placed(document, [f"#{number}" for number in range(len(delivered))]), delivered)
    places = [f"/v1/scan/files/{counter.keep(caller.tenant, one)}" if one else "" for one in delivered]
    return write_json(request, _placed(document, places))


def _placed(document: SubmissionDocument, places: list[str]) -> SubmissionDocument:
    """Say where the delivered bytes are, in place of a path of ours."""
    files = tuple(
        msgspec.structs.replace(file, delivered=_at(file.delivered, place))
        for file, place in zip(document.attachments, places, strict=True)
    )
    return msgspec.structs.replace(document, attachments=files)


def _at(delivered: DeliveredDocument | None, place: str) -> DeliveredDocument | None:
    return msgspec.structs.replace(delivered, path=place) if delivered else None


def _mixed(document: SubmissionDocument, delivered: list[Delivered | None]) -> Response:
    """Write verdict and bytes as one body (RFC 2046, 5.1.3); `#0` in a path is the part with that Content-ID."""
    boundary = secrets.token_hex(16).encode()
    pieces = [_part(boundary, {"Content-Type": "application/json"}, msgspec.json.encode(document))]
    for number, one in enumerate(delivered):
        if one is not None:
            with open(one.location, "rb") as file:
                pieces.append(_part(boundary, {**safe_headers(one), "Content-ID": f"<{number}>"}, file.read()))
    body = b"".join(pieces) + b"--" + boundary + b"--\r\n"
    return Response(
        body, media_type=f"multipart/mixed; boundary={boundary.decode()}", headers={"Cache-Control": "no-store"}
    )


def _part(boundary: bytes, headers: dict[str, str], body: bytes) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return b"--" + boundary + b"\r\n" + lines.encode("ascii") + b"\r\n" + body + b"\r\n"
