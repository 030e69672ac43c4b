"""One received file: where it is, its report, its bytes, its picture, its end."""

from collections.abc import Iterator
from typing import IO, Annotated
from urllib.parse import unquote, urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from attachguard.access import Admitted, Scope
from attachguard.disposition import content_disposition
from attachguard.documents import verdict_reasons
from attachguard.errors import StoreUnavailable
from attachguard.http import shapes
from attachguard.http.answers import applied, has_tag, waiting_seconds, write_tagged
from attachguard.http.auth import authenticated, authenticated_or_linked
from attachguard.http.doors import doors
from attachguard.http.find import final_verdict, find_attachment, retry_terms
from attachguard.http.languages import language_of
from attachguard.http.problems import AGAIN_SECONDS, Problem
from attachguard.http.resources import PREVIEWED, attachment_resource, report_document
from attachguard.jobs import Status, Whereabouts
from attachguard.logs import log
from attachguard.model import Delivered, Outcome, Verdict
from attachguard.states import FINAL
from attachguard.verified import Verified

router = APIRouter(tags=["attachments"])

Reader = Annotated[Admitted, Depends(authenticated_or_linked(Scope.READ))]
Submitter = Annotated[Admitted, Depends(authenticated(Scope.SUBMIT))]

LINK_SECONDS = 300
"""How long the address is good to which a download is redirected."""

CHUNK = 64 * 1024

SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-site",
    "Accept-Ranges": "none",  # a part of a file can't be checked
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}
"""What goes with bytes of others: they are saved, never shown, run or taken for something else."""


@router.get("/v1/attachments/{attachment}", **shapes.attachment())
async def read(request: Request, attachment: str, caller: Reader) -> Response:
    """Tell where a file is; with `Prefer: wait=N`, when it is judged or N seconds are over."""
    parts, seconds = doors(request), waiting_seconds(request)
    status, file = await run_in_threadpool(find_attachment, parts, caller, attachment)
    if seconds and status.state not in FINAL:
        await parts.watcher.wait(status.submission, seconds)
        status, file = await run_in_threadpool(find_attachment, parts, caller, attachment)
    document = attachment_resource(status, file, language_of(request), retry_terms(parts, status.policy))
    again = {} if status.state in FINAL else {"Retry-After": "1"}
    return write_tagged(request, document, headers={**applied(seconds), **again})


@router.get("/v1/attachments/{attachment}/report", **shapes.report())
def report(request: Request, attachment: str, caller: Reader) -> Response:
    """Give everything that was found, as the command line's JSON has it. 423 while there is no verdict."""
    status, file = find_attachment(doors(request), caller, attachment)
    verdict = final_verdict(status, file)
    return write_tagged(request, report_document(file, verdict, language_of(request)))


@router.get("/v1/attachments/{attachment}/content", **shapes.content())
@router.head("/v1/attachments/{attachment}/content", include_in_schema=False)
def content(request: Request, attachment: str, caller: Reader) -> Response:
    """Give the delivered bytes: 302 to the store where it has addresses, else streamed. 423 pending, 403, 410."""
    parts = doors(request)
    status, file = find_attachment(parts, caller, attachment)
    delivered = _delivered(request, status, file)
    tag = f'"{delivered.sha256}"'
    if has_tag(request, tag):
        return Response(status_code=304, headers={"ETag": tag, **SAFE})
    headers = {**safe_headers(delivered), "ETag": tag}
    if request.method == "HEAD":  # never redirected: an address of the store is signed for GET
        return Response(headers=headers, media_type=None)
    link = parts.service.link(status.submission, file.file.number, LINK_SECONDS)
    log().info("attachment.fetched", attachment=attachment, submission=status.submission, tenant=caller.tenant)
    if not link.startswith("file:"):
        return RedirectResponse(link, 302, headers={"Cache-Control": "private, no-store"})
    return StreamingResponse(_chunks(_open(unquote(urlsplit(link).path)), delivered), headers=headers)


@router.get("/v1/attachments/{attachment}/preview", **shapes.preview())
def preview(request: Request, attachment: str, caller: Reader) -> Response:
    """Draw the first page or picture of what is delivered, as PNG. 404 for what has none."""
    parts = doors(request)
    status, file = find_attachment(parts, caller, attachment)
    delivered = _delivered(request, status, file)
    kind = final_verdict(status, file).attachment.kind
    if kind is None or kind.name not in PREVIEWED:
        raise Problem(404, "no-preview")
    tag = f'"{delivered.sha256}.png"'
    if has_tag(request, tag):
        return Response(status_code=304, headers={"ETag": tag, **SAFE})
    picture = parts.service.preview(status.submission, file.file.number)
    if picture is None:
        raise Problem(404, "no-preview")
    return Response(
        picture, headers={**SAFE, "ETag": tag, "Cache-Control": "private, max-age=300"}, media_type="image/png"
    )


@router.delete("/v1/attachments/{attachment}", status_code=204, **shapes.removed())
def remove(request: Request, attachment: str, caller: Submitter) -> Response:
    """Take a file away, from the store and from quarantine; its verdict stays. 423 while it is being judged."""
    parts = doors(request)
    status, file = find_attachment(parts, caller, attachment)
    if status.state not in FINAL:
        raise Problem(423, "pending", headers={"Retry-After": "1"})
    parts.service.remove(status, file, caller.key_id)
    log().info("attachment.removed", attachment=attachment, submission=status.submission, tenant=caller.tenant)
    return Response(status_code=204)


def safe_headers(delivered: Delivered) -> dict[str, str]:
    """Say how delivered bytes are to be treated."""
    return {
        **SAFE,
        "Content-Type": delivered.media_type,
        "Content-Length": str(delivered.size),
        "Content-Disposition": content_disposition(delivered.name),
    }


def _delivered(request: Request, status: Status, file: Whereabouts) -> Delivered:
    verdict = final_verdict(status, file)
    if file.removed_at is not None:
        raise Problem(410, "gone")
    if verdict.delivered is not None:
        return verdict.delivered
    raise _withheld(request, status, file, verdict)


def _withheld(request: Request, status: Status, file: Whereabouts, verdict: Verdict) -> Problem:
    """Say why nothing is given out: 423 while it can't be told, 403 for what was refused."""
    language = language_of(request)
    reasons = verdict_reasons(verdict, language)
    files = (attachment_resource(status, file, language, retry_terms(doors(request), status.policy)),)
    if verdict.outcome is Outcome.UNDETERMINED:
        again = {"Retry-After": str(AGAIN_SECONDS)}
        return Problem(423, "pending", reasons=reasons, files=files, headers=again)
    return Problem(403, "withheld", reasons=reasons, files=files)


def _open(path: str) -> IO[bytes]:
    try:
        return open(path, "rb")
    except OSError as error:
        raise StoreUnavailable(f"the store does not give a file back: {error.strerror}") from error


def _chunks(stream: IO[bytes], delivered: Delivered) -> Iterator[bytes]:
    """Read what is sent, checked: bytes that changed in the store break the answer off before its end."""
    with Verified(stream, delivered.sha256, delivered.size) as verified:
        held = b""  # one piece behind, so that the last one goes out only when the digest is right
        while chunk := verified.read(CHUNK):
            if held:
                yield held
            held = chunk
        if held:
            yield held
