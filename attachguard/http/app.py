"""The application: its parts, its routes, and the one place that turns what goes wrong into an answer."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import compile_path
from starlette.types import ASGIApp

from attachguard import logs
from attachguard.bootstrap import open_service
from attachguard.errors import AttachguardError
from attachguard.gate import Gate
from attachguard.http import shapes
from attachguard.http.auth import rules
from attachguard.http.doors import Doors
from attachguard.http.followup import Parcels
from attachguard.http.framing import Framing
from attachguard.http.linger import Linger
from attachguard.http.metrics import Figures
from attachguard.http.observing import Observing
from attachguard.http.probes import Probes
from attachguard.http.problems import Problem, problem_of, respond
from attachguard.http.routes import (
    attachments,
    catalogue,
    engine,
    quarantine,
    rescans,
    retries,
    scan,
    submissions,
    uploads,
)
from attachguard.http.waiting import Watcher
from attachguard.policy import available, load_policy
from attachguard.service import Service
from attachguard.settings import Settings, load_settings
from attachguard.version import __version__

ROUTERS: tuple[APIRouter, ...] = (
    submissions.router,
    attachments.router,
    retries.router,
    uploads.router,
    scan.router,
    catalogue.router,
    quarantine.router,
    rescans.router,
    engine.router,
)
"""Every group of routes."""

_STATUS_NAMES = {404: "not-found", 405: "method-not-allowed", 413: "too-large", 415: "media-type"}


def create_app(
    settings: Settings | None = None,
    open_engine: Callable[[], AbstractContextManager[Service]] | None = None,
) -> FastAPI:
    """Make the application. The engine is opened when the server starts, and let go of when it stops.

    `open_engine`: for a server that has its engine already. Raises UsageError for settings that make no sense.
    """
    used = settings or load_settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        logs.configure()
        with ExitStack() as stack:
            service = stack.enter_context(open_engine() if open_engine else open_service(used))
            app.state.doors = open_doors(used, service)
            stack.callback(app.state.doors.parcels.close)
            yield

    app = FastAPI(
        title="attachguard",
        version=__version__,
        summary="Judge what people attach: deliver what is safe, flatten what is not.",
        lifespan=lifespan,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    for router in ROUTERS:
        app.include_router(router)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]  # FastAPI's documented way
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(AttachguardError, _error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _bug)
    app.add_middleware(_observing)
    if used.cors_origins:
        app.add_middleware(CORSMiddleware, **_for_pages_of(used.cors_origins))
    app.add_middleware(_framing)
    app.add_middleware(_linger)
    return app


def open_doors(settings: Settings, service: Service) -> Doors:
    """Put the parts together that routes work with."""
    return Doors(
        settings=settings,
        service=service,
        gate=Gate(service.ledger, clock=service.now),
        watcher=Watcher(service.ledger.progress),
        figures=Figures(service.ledger, service.now),
        probes=Probes(service.probe),
        parcels=Parcels(),
        policies=_policies(settings.policy),
    )


def describe(app: FastAPI) -> dict[str, Any]:
    """Write the OpenAPI document, once."""
    if app.openapi_schema is None:
        document = FastAPI.openapi(app)
        asked = rules(ROUTERS)
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                rule = asked[path, method.upper()]
                operation["security"] = [{"key": [rule.scope.value]}] if rule else []
                # FastAPI describes an error document of its own for parameters; ours is described by the routes.
                operation["responses"] = dict(sorted(operation["responses"].items()))
        document["components"] = {
            **document.get("components", {}),
            "schemas": dict(sorted(shapes.components().items())),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        }
        app.openapi_schema = document
    return app.openapi_schema


def _policies(default: str) -> dict[str, str]:
    named = {name: name for name in available()}
    if default not in named:
        named[load_policy(default).name] = default
    return named


def _for_pages_of(origins: Sequence[str]) -> dict[str, Any]:
    """Say what pages of these origins may do in a browser. Keys go in a header, so no cookies are asked for."""
    return {
        "allow_origins": list(origins),
        "allow_methods": ["GET", "POST", "PUT", "DELETE"],
        "allow_headers": ["Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Prefer", "traceparent"],
        "expose_headers": ["ETag", "Location", "Preference-Applied", "Retry-After", "traceparent"],
        "max_age": 600,
    }


def _framing(app: ASGIApp) -> ASGIApp:
    return Framing(app)


def _linger(app: ASGIApp) -> ASGIApp:
    return Linger(app)


def _observing(app: ASGIApp) -> ASGIApp:
    return Observing(app)


# -- the translator --------------------------------------------------------------------------------------------


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return respond(request, error)


async def _error(request: Request, error: Exception) -> Response:
    assert isinstance(error, AttachguardError)
    if error.http_status >= 500:
        logs.log().error("engine.unavailable", kind=type(error).__name__, detail=str(error))
    return respond(request, problem_of(error))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return respond(request, Problem(422, "bad-request", f"{place}: {first['msg']}"))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    name = _STATUS_NAMES.get(error.status_code, "bad-request")
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_allowed(request))
    return respond(request, Problem(error.status_code, name, headers=headers))


def _allowed(request: Request) -> list[str]:
    """List the methods of an address: several routes may share it, and each knows only its own."""
    paths = describe(request.app)["paths"]
    found = [methods for path, methods in paths.items() if compile_path(path)[0].match(request.url.path)]
    return sorted({method.upper() for methods in found for method in methods})


async def _bug(request: Request, error: Exception) -> Response:
    logs.log().error("http.bug", kind=type(error).__name__)
    return respond(request, Problem(500, "internal"))
