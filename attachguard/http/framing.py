"""Requests whose end can be read in two ways, or whose head is a heap, are refused before anybody looks at them.

A body with both Content-Length and Transfer-Encoding is what request smuggling is made of: a proxy may believe the one,
and the server behind it the other (RFC 9112, sections 6.1 and 11.2). Servers may refuse it, and this one does.
"""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from attachguard.http.problems import Problem, respond

MOST_LINES = 100
"""Header lines of one request; browsers behind proxies send thirty."""

MOST_BYTES = 32 * 1024
"""Of all names and values together."""


class Framing:
    """Middleware: answers 400 or 431 to such requests, and the connection ends."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        problem = _refusal(scope["headers"]) if scope["type"] == "http" else None
        if problem is None:
            await self._app(scope, receive, send)
            return
        await respond(Request(scope), problem)(scope, receive, send)


def _refusal(headers: list[tuple[bytes, bytes]]) -> Problem | None:
    closing = {"Connection": "close"}
    if len(headers) > MOST_LINES or sum(len(name) + len(value) for name, value in headers) > MOST_BYTES:
        return Problem(431, "bad-request", "the head of the request is too large", headers=closing)
    names = [name for name, _ in headers]
    if b"transfer-encoding" in names and b"content-length" in names:
        return Problem(400, "bad-request", "Content-Length and Transfer-Encoding exclude each other", headers=closing)
    return None
