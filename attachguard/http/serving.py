"""One command that does everything on one machine: the API, its workers and a scanner, in one family of processes."""

import asyncio
import ctypes
import signal
import socket
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from attachguard.errors import UsageError
from attachguard.http.app import create_app
from attachguard.service import Service
from attachguard.settings import Settings

HEADER_SECONDS = 10.0
"""How long the head of a request may take to arrive."""

MOST_HEADER_BYTES = 32 * 1024
"""Of one request's head."""

KEEP_ALIVE_SECONDS = 15
GRACE_SECONDS = 30
"""How long requests may take to end when the server is told to stop."""

BACKLOG = 512
_PR_SET_PDEATHSIG = 1


class PatientProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, with an end to its patience: a head that does not arrive in time closes the connection."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's own
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Stop waiting when the head is there."""
        if self._deadline is None and self._is_between():
            self._expect_head()
        super().data_received(data)
        if not self._is_between():
            self._forget()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._forget()
        super().connection_lost(exc)

    def _is_between(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _expect_head(self) -> None:
        self._deadline = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if self._is_between() and not self.transport.is_closing():
            self.transport.close()


def listen(host: str, port: int) -> socket.socket:
    """Take the address before anything is started. Raises UsageError when it can't be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # Accepted connections inherit it. asyncio sees to it only where the protocol number is known, and without it the
    # body of an answer waits 40 ms for the acknowledgement of its head (measured).
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise UsageError(f"{host}:{port} can't be listened on: {error.strerror}") from error
    return listener


def serve_on(listener: socket.socket, settings: Settings) -> Callable[[Service], None]:
    """Make the companion of a Runner that answers on an address, until SIGTERM."""

    def serve(service: Service) -> None:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        app = create_app(settings, lambda: nullcontext(service))
        uvicorn.Server(uvicorn.Config(app, **configuration())).run(sockets=[listener])

    return serve


def configuration() -> dict[str, Any]:
    """Say how uvicorn is to serve. Use the same for `uvicorn attachguard.http:app` where no proxy stands before it."""
    return {
        "http": PatientProtocol,
        "ws": "none",
        "lifespan": "on",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "h11_max_incomplete_event_size": MOST_HEADER_BYTES,
        "timeout_keep_alive": KEEP_ALIVE_SECONDS,
        "timeout_graceful_shutdown": GRACE_SECONDS,
        "backlog": BACKLOG,
    }
