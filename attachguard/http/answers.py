"""How answers are written: JSON of msgspec structs, entity tags, languages, what a request prefers."""

import hashlib
import re
from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from fastapi import Request, Response

from attachguard.http.doors import MOST_SECONDS
from attachguard.http.languages import language_of

PENDING_SECONDS = 1
"""When it is worth asking again for what is being judged."""

_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?([0-9]{1,9})\"?\s*(?=$|[,;])", re.IGNORECASE)


def write_json(
    request: Request, document: object, status: int = 200, headers: Mapping[str, str] = MappingProxyType({})
) -> Response:
    """Answer with a document in the caller's language; nothing of it is for caches that others share."""
    common = {
        "Content-Language": language_of(request),
        "Vary": "Accept-Language, Authorization",
        "Cache-Control": "private, no-cache",
    }
    return Response(msgspec.json.encode(document), status, headers={**common, **headers}, media_type="application/json")


def write_tagged(request: Request, document: object, headers: Mapping[str, str] = MappingProxyType({})) -> Response:
    """Answer 200 with an entity tag, or 304 when the caller has it already (RFC 9110, 13.1.2)."""
    response = write_json(request, document, headers=headers)
    tag = f'"{hashlib.sha256(bytes(response.body)).hexdigest()[:32]}"'
    response.headers["ETag"] = tag
    if not has_tag(request, tag):
        return response
    kept = {name: value for name, value in response.headers.items() if name not in {"content-length", "content-type"}}
    return Response(status_code=304, headers=kept)


def has_tag(request: Request, tag: str) -> bool:
    """Tell whether the caller says to have this version."""
    wanted = request.headers.get("if-none-match", "")
    return wanted.strip() == "*" or tag in [one.strip().removeprefix("W/") for one in wanted.split(",")]


def waiting_seconds(request: Request) -> int:
    """Read `Prefer: wait=N` (RFC 7240, 4.3): how long the caller would wait, at most MOST_SECONDS; 0 without."""
    found = _WAIT.search(request.headers.get("prefer", "")[:500])
    return min(int(found[1]), MOST_SECONDS) if found else 0


def applied(seconds: int) -> dict[str, str]:
    """Say that waiting was done as preferred (RFC 7240, 3)."""
    return {"Preference-Applied": f"wait={seconds}"} if seconds else {}
