"""Small JSON bodies, read strictly."""

from typing import TypeVar

import msgspec
from fastapi import Request
from starlette.requests import ClientDisconnect

from attachguard.http.problems import Problem

MOST_BYTES = 16 * 1024
"""Of a JSON body: nothing here is longer."""

T = TypeVar("T")


async def read_json(request: Request, kind: type[T]) -> T:
    """Read a body as a msgspec struct. Raises Problem 400, 413, 415."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Problem(415, "media-type", "the body must be application/json")
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > MOST_BYTES:
                raise Problem(413, "too-large", f"at most {MOST_BYTES} bytes of JSON")
    except ClientDisconnect:
        raise Problem(400, "bad-request", "the body ended too soon") from None
    try:
        return msgspec.json.decode(bytes(body), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, "bad-request", f"the body is not what is read here: {error}") from error
