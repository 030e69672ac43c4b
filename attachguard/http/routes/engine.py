"""How the engine is: health, readiness, signatures, figures."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from attachguard.access import Admitted, Scope
from attachguard.http import shapes
from attachguard.http.answers import write_json
from attachguard.http.auth import authenticated
from attachguard.http.doors import doors
from attachguard.version import __version__

router = APIRouter(tags=["engine"])

Admin = Annotated[Admitted, Depends(authenticated(Scope.ADMIN))]
Reader = Annotated[Admitted, Depends(authenticated(Scope.READ))]


class CheckDocument(msgspec.Struct, frozen=True):
    """One line of a part's probe."""

    part: str
    name: str
    ok: bool
    required: bool
    detail: str
    reading: str | float | None
    """Of `level` its name, of `signature age` seconds; null where there is nothing that a program could use."""


class EngineDocument(msgspec.Struct, frozen=True):
    """What judges here, and how it is."""

    version: str
    ok: bool
    policy: str
    checks: tuple[CheckDocument, ...]


class ReadyDocument(msgspec.Struct, frozen=True):
    """Whether files can be judged; which part can't, without its details."""

    ready: bool
    parts: dict[str, bool]


class HealthDocument(msgspec.Struct, frozen=True):
    """That somebody answers."""

    ok: bool


@router.get("/healthz", **shapes.document(HealthDocument, "The process answers."))
def healthz(request: Request) -> Response:
    """Say that this process answers. Asks nobody: for whether work can be done, see readyz."""
    return write_json(request, HealthDocument(ok=True))


@router.get("/readyz", **shapes.ready(ReadyDocument))
def readyz(request: Request) -> Response:
    """Ask every part whether it can do its work: 200, or 503 with the parts that can't. Details: /v1/engine."""
    probed = doors(request).probes.latest()
    parts = {name: all(check.ok for check in checks if check.required) for name, checks in probed.items()}
    ready = all(parts.values())
    headers = {} if ready else {"Retry-After": "5"}
    return write_json(request, ReadyDocument(ready=ready, parts=parts), 200 if ready else 503, headers)


@router.get("/v1/engine", **shapes.document(EngineDocument, "The engine's parts."))
def engine(request: Request, caller: Admin) -> Response:  # noqa: ARG001 - the dependency lets in or refuses
    """Tell version, signatures and their age, the walls of the room, ledger and stores."""
    parts = doors(request)
    probed = parts.probes.latest()
    checks = tuple(
        CheckDocument(
            part=part, name=one.name, ok=one.ok, required=one.required, detail=one.detail, reading=one.reading
        )
        for part, listed in probed.items()
        for one in listed
    )
    ok = all(check.ok for check in checks if check.required)
    return write_json(request, EngineDocument(__version__, ok, parts.service.policy().label, checks))


@router.get("/metrics", **shapes.metrics())
def metrics(request: Request, caller: Admin) -> Response:  # noqa: ARG001 - the dependency lets in or refuses
    """Give the figures in Prometheus' text format."""
    parts = doors(request)
    return Response(
        parts.figures.render(parts.probes.latest()),
        media_type="text/plain; version=0.0.4; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )
