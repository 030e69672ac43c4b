"""What is answered when it is not what was asked for: problem documents (RFC 9457), in the caller's language.

`type` is stable and names the problem; `title` and `detail` are for people; `cause` is for developers, in English.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import msgspec
from fastapi import Request, Response

from attachguard.documents import ReasonDocument, RemedyDocument, reason_documents
from attachguard.errors import (
    AttachguardError,
    KeyReused,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    NotPossible,
    StillReceiving,
    TooMany,
    Unavailable,
)
from attachguard.http.languages import language_of
from attachguard.http.resources import AttachmentResource
from attachguard.model import printable

MEDIA_TYPE = "application/problem+json"
PREFIX = "urn:attachguard:problem:"

AGAIN_SECONDS = 5
"""When it is worth trying again after something of ours was not there."""


class ProblemDocument(msgspec.Struct, frozen=True):
    """What went wrong (RFC 9457, section 3)."""

    type: str
    title: str
    status: int
    detail: str
    cause: str | None
    reasons: tuple[ReasonDocument, ...]
    remedy: RemedyDocument | None
    files: tuple[AttachmentResource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a problem is called, and what it means, for people."""

    title: str
    detail: str


class Problem(Exception):  # noqa: N818 - the name that RFC 9457 gives it
    """An answer that is a problem document. Raised by routes; app.py makes the response."""

    def __init__(
        self,
        status: int,
        name: str,
        cause: str | None = None,
        *,
        codes: Sequence[str] = (),
        reasons: Sequence[ReasonDocument] = (),
        files: Sequence[AttachmentResource] = (),
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`name`: a table of problems.toml; `codes`: reasons that are put into words in the caller's language."""
        super().__init__(name)
        self.status, self.name, self.cause = status, name, cause
        self.codes, self.reasons, self.files, self.headers = codes, reasons, files, headers


_BY_ERROR: tuple[tuple[type[AttachguardError], str], ...] = (
    (NotFound, "not-found"),
    (KeyReused, "key-reused"),
    (StillReceiving, "still-receiving"),
    (NotPossible, "not-possible"),
    (NotAuthenticated, "not-authenticated"),
    (NotAllowed, "not-allowed"),
    (TooMany, "too-many-requests"),
    (Unavailable, "unavailable"),
    (AttachguardError, "bad-request"),
)
"""The first class that fits names the problem."""


def problem_of(error: AttachguardError) -> Problem:
    """Turn what went wrong with us, or with the request, into an answer."""
    name = next(name for kind, name in _BY_ERROR if isinstance(error, kind))
    headers: dict[str, str] = {}
    if isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="attachguard"'
    if error.retry:
        headers["Retry-After"] = str(error.seconds if isinstance(error, TooMany) else AGAIN_SECONDS)
    codes = (error.code,) if isinstance(error, Unavailable) else ()
    # What a part of ours complained of may name our machines and paths: that is for the log.
    cause = None if isinstance(error, Unavailable) else str(error)
    return Problem(error.http_status, name, cause, codes=codes, headers=headers)


def respond(request: Request, problem: Problem) -> Response:
    """Write a problem in the caller's language."""
    language = language_of(request)
    words = _words(problem.name, language)
    reasons = (*problem.reasons, *reason_documents(problem.codes, language))
    document = ProblemDocument(
        type=PREFIX + problem.name,
        title=words.title,
        status=problem.status,
        detail=words.detail,
        cause=printable(problem.cause, 500) if problem.cause else None,
        reasons=reasons,
        remedy=reasons[0].remedy if reasons else None,
        files=tuple(problem.files),
    )
    headers = {"Content-Language": language, "Vary": "Accept-Language", "Cache-Control": "no-store"}
    return Response(
        msgspec.json.encode(document),
        status_code=problem.status,
        headers={**headers, **problem.headers},
        media_type=MEDIA_TYPE,
    )


def names() -> tuple[str, ...]:
    """Name every problem there is."""
    return tuple(_texts())


def _words(name: str, language: str) -> Words:
    return _texts()[name][language]


@cache
def _texts() -> Mapping[str, Mapping[str, Words]]:
    """Read the texts: a table per problem, in it a table per language."""
    document = tomllib.loads(files(__package__).joinpath("problems.toml").read_text(encoding="utf-8"))
    return {
        name: {language: Words(title=text["title"], detail=text["detail"]) for language, text in table.items()}
        for name, table in document.items()
    }
