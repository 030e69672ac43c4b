"""What OpenAPI says of each route: bodies and answers, described by the very structs that are written.

FastAPI reads the parameters from the routes; everything with a body is said here, since bodies are read as streams.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import Response

from attachguard.documents import AttachmentDocument, SubmissionDocument
from attachguard.http.problems import MEDIA_TYPE, ProblemDocument
from attachguard.http.resources import AttachmentResource, SubmissionResource

_REF = "#/components/schemas/{name}"
_JSON = "application/json"

_WORDS: Mapping[int, str] = {
    400: "The request can't be understood.",
    401: "A key is needed.",
    403: "The key is not for that, or the file was refused.",
    404: "There is nothing here.",
    405: "This address does not take this method.",
    408: "The body came too slowly.",
    409: "It does not go with the state that this is in.",
    410: "It is no longer here.",
    413: "Too many or too large.",
    415: "A type that is not taken here.",
    422: "No file was accepted, or a parameter makes no sense.",
    423: "Not judged yet.",
    429: "Too many requests.",
    500: "A defect of ours.",
    503: "A part of ours is not there.",
}

EVERYWHERE = (400, 401, 403, 404, 422, 429, 500, 503)
"""What every route may answer."""

_described: set[type[msgspec.Struct]] = {ProblemDocument}

Shape = dict[str, Any]
"""Keyword arguments of FastAPI's route decorators."""


def components() -> dict[str, Any]:
    """Describe every struct that a route mentions, as JSON Schema."""
    _, found = msgspec.json.schema_components(sorted(_described, key=lambda one: one.__name__), ref_template=_REF)
    return found


def ref(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Refer to a struct, which is then described."""
    _described.add(kind)
    return {"$ref": _REF.format(name=kind.__name__)}


def answers(good: Mapping[int, dict[str, Any]], *problems: int) -> dict[int | str, dict[str, Any]]:
    """Describe the answers of a route: the good ones, and problem documents."""
    listed: dict[int | str, dict[str, Any]] = dict(good.items())
    for status in (*EVERYWHERE, *problems):
        content = {MEDIA_TYPE: {"schema": ref(ProblemDocument)}}
        listed.setdefault(status, {"description": _WORDS[status], "content": content})
    return listed


def holding(description: str, kind: type[msgspec.Struct], *headers: str) -> dict[str, Any]:
    """Describe an answer that holds a JSON document."""
    described = {name: {"schema": {"type": "string"}, "required": True} for name in headers}
    return {"description": description, "headers": described, "content": {_JSON: {"schema": ref(kind)}}}


def _shape(good: Mapping[int, dict[str, Any]], *problems: int, **more: object) -> Shape:
    return {"response_class": Response, "response_model": None, "responses": answers(good, *problems), **more}


def document(kind: type[msgspec.Struct], description: str, *problems: int) -> Shape:
    """Describe a route that gives one JSON document."""
    return _shape({200: holding(description, kind)}, *problems)


def _body(content: Mapping[str, Any], *parameters: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": dict(content)}, "parameters": list(parameters)}


def _header(name: str, description: str) -> dict[str, Any]:
    text = {"type": "string", "maxLength": 255, "pattern": "^[ -~]+$"}
    return {"name": name, "in": "header", "required": False, "description": description, "schema": text}


def _prefer() -> dict[str, Any]:
    description = "wait=N: how many seconds the answer may wait for a verdict (RFC 7240), at most 60."
    return {
        "name": "Prefer",
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string"},
    }


def _language() -> dict[str, Any]:
    description = "The language of titles, reasons and remedies: en, nl, de or fr; English for any other."
    return {
        "name": "Accept-Language",
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string"},
    }


def _once() -> dict[str, Any]:
    return _header("Idempotency-Key", "The same key and files again give the same answer.")


_FILES = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "properties": {"files": {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1}},
            "required": ["files"],
        }
    }
}


def _submitted() -> dict[int, dict[str, Any]]:
    return {
        201: holding("All files are judged; at least one is delivered.", SubmissionResource, "Location"),
        202: holding("Being judged: ask the Location again.", SubmissionResource, "Location", "Retry-After"),
    }


def submit() -> Shape:
    """POST /v1/submissions."""
    extra = _body(_FILES, _once(), _prefer(), _language())
    return _shape(_submitted(), 408, 409, 413, 415, openapi_extra=extra, status_code=201)


def retry(wish: type[msgspec.Struct]) -> Shape:
    """POST .../retries."""
    extra = _body({_JSON: {"schema": ref(wish)}, **_FILES}, _once(), _prefer(), _language())
    return _shape(_submitted(), 408, 409, 410, 413, 415, 423, openapi_extra=extra, status_code=201)


def release(review: type[msgspec.Struct]) -> Shape:
    """POST .../release."""
    extra = _body({_JSON: {"schema": ref(review)}}, _prefer(), _language())
    return _shape(_submitted(), 409, 413, 415, openapi_extra=extra, status_code=201)


def begin(wish: type[msgspec.Struct], batch: type[msgspec.Struct]) -> Shape:
    """POST /v1/rescans."""
    good = {202: holding("It is written down: ask the Location.", batch, "Location")}
    return _shape(good, 413, 415, openapi_extra=_body({_JSON: {"schema": ref(wish)}}), status_code=202)


def complete() -> Shape:
    """POST .../complete."""
    extra = {"parameters": [_prefer(), _language()]}
    return _shape(_submitted(), 409, 410, 413, 415, openapi_extra=extra, status_code=201)


def submission() -> Shape:
    """GET /v1/submissions/{submission}."""
    good = {200: holding("Where it is.", SubmissionResource, "ETag"), 304: {"description": "As it was."}}
    return _shape(good, openapi_extra={"parameters": [_prefer(), _language()]})


def attachment() -> Shape:
    """GET /v1/attachments/{attachment}."""
    good = {200: holding("Where it is.", AttachmentResource, "ETag"), 304: {"description": "As it was."}}
    return _shape(good, openapi_extra={"parameters": [_prefer(), _language()]})


def report() -> Shape:
    """GET .../report."""
    good = {200: holding("All that was found.", AttachmentDocument, "ETag"), 304: {"description": "As it was."}}
    return _shape(good, 423, openapi_extra={"parameters": [_language()]})


def content() -> Shape:
    """GET .../content."""
    good: dict[int, dict[str, Any]] = {
        200: {"description": "The delivered bytes.", "content": {"*/*": {"schema": {"type": "string"}}}},
        302: {"description": "Where the store gives the bytes, for five minutes."},
        304: {"description": "As it was."},
    }
    return _shape(good, 410, 423)


def preview() -> Shape:
    """GET .../preview."""
    good: dict[int, dict[str, Any]] = {
        200: {"description": "The first page or picture.", "content": {"image/png": {"schema": {"type": "string"}}}},
        304: {"description": "As it was."},
    }
    return _shape(good, 410, 423)


def removed() -> Shape:
    """DELETE /v1/attachments/{attachment}."""
    return _shape({204: {"description": "It is gone."}}, 423)


def discard() -> Shape:
    """DELETE /v1/quarantine/{attachment}."""
    return _shape({204: {"description": "It is gone."}}, 409)


def put_file() -> Shape:
    """PUT /v1/uploads/{upload}/files/{number}."""
    extra = _body({"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}})
    extra["requestBody"]["required"] = False  # a file may be empty
    return _shape({204: {"description": "It is there."}}, 408, 410, 413, openapi_extra=extra)


def announce(body: type[msgspec.Struct], answer: type[msgspec.Struct]) -> Shape:
    """POST /v1/uploads."""
    extra = _body({_JSON: {"schema": ref(body)}}, _language())
    return _shape({201: holding("Where to put the files.", answer)}, 413, 415, openapi_extra=extra)


def scan() -> Shape:
    """POST /v1/scan."""
    mixed = {"multipart/mixed": {"schema": {"type": "string"}}}
    good = holding("The verdict.", SubmissionDocument)
    good["content"].update(mixed)
    return _shape({200: good}, 408, 413, 415, openapi_extra=_body(_FILES, _language()))


def parcel() -> Shape:
    """GET /v1/scan/files/{name}."""
    return _shape({200: {"description": "The delivered bytes.", "content": {"*/*": {"schema": {"type": "string"}}}}})


def ready(kind: type[msgspec.Struct]) -> Shape:
    """GET /readyz."""
    return _shape({200: holding("Files can be judged.", kind), 503: holding("They can't.", kind)})


def metrics() -> Shape:
    """GET /metrics."""
    return _shape({200: {"description": "The figures.", "content": {"text/plain": {"schema": {"type": "string"}}}}})
