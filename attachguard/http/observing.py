"""Every request gets its trace, and every answer is written down and counted."""

import time

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from attachguard import logs

QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Routes that are asked all the time: counted, not written down."""

TOLD = ("submission", "attachment")
"""Parameters of paths that go into the log."""


class Observing:
    """Middleware; plain ASGI, since Starlette's own passes every piece of every body through two queues."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        trace = logs.trace_of(_traceparent(scope))
        scope.setdefault("state", {})["trace"] = trace
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(trace=logs.trace_id(trace))

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["traceparent"] = trace
                headers.setdefault("X-Content-Type-Options", "nosniff")
                _note(scope, message["status"], time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, answer)


def _traceparent(scope: Scope) -> str | None:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), None)


def _note(scope: Scope, status: int, seconds: float) -> None:
    route = getattr(scope.get("route"), "path", "unknown")
    scope["app"].state.doors.figures.answered(route, status, seconds)
    if route in QUIET:
        return
    named = {name: value for name, value in scope.get("path_params", {}).items() if name in TOLD}
    logs.log().info(
        "http.answered", method=scope["method"], route=route, status=status, seconds=round(seconds, 4), **named
    )
