"""Sends one message to one webhook: to an address that was looked at, never anywhere it is sent on to.

The name is resolved once, every address it has must be allowed, and the connection goes to one of those: a name that
leads elsewhere a moment later leads nowhere. TLS is checked against the name. Of the answer, the status is read and
nothing else.
"""

import ssl
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial

import httpcore

from attachguard.adapters.addresses import Resolve, is_public, resolve
from attachguard.errors import UsageError
from attachguard.version import __version__
from attachguard.webhooks import Answer, Message, Targets, check_url, headers

SECONDS = 15.0
"""How long one attempt may take, from the first packet to the status (Standard Webhooks: 15 to 30 s)."""

CONNECT_SECONDS = 5.0


class TargetNotAllowedError(OSError):
    """A name leads to an address that messages may not go to."""


class WebhookPost:
    """The port `Post`. Safe for threads; keeps no connection."""

    def __init__(
        self,
        targets: Targets,
        *,
        context: ssl.SSLContext | None = None,
        resolver: Resolve = resolve,
        seconds: float = SECONDS,
    ) -> None:
        """`context` says which certificates are believed: by default those of the system."""
        self._targets = targets
        self._context = context or ssl.create_default_context()
        self._resolver = resolver
        self._seconds = seconds

    def send(self, message: Message) -> Answer:
        """Send once; never raises."""
        try:
            check_url(message.webhook.url, self._targets)  # the setting may be stricter than when it was added
            return Answer(status=self._post(message))
        except (UsageError, TargetNotAllowedError) as error:
            return Answer(status=None, trouble=str(error))
        except (httpcore.TimeoutException, TimeoutError):
            return Answer(status=None, trouble=f"no answer within {self._seconds:g} s")
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            return Answer(status=None, trouble=f"{type(error).__name__}: {error}"[:200])

    def _post(self, message: Message) -> int:
        backend = _CheckedBackend(self._targets, self._resolver, time.monotonic() + self._seconds)
        limits = {"connect": CONNECT_SECONDS, "read": self._seconds, "write": self._seconds, "pool": self._seconds}
        sent = {
            **headers(message, datetime.now(UTC)),
            "user-agent": f"attachguard/{__version__}",
            "accept": "*/*",
            "connection": "close",
        }
        with (
            httpcore.ConnectionPool(ssl_context=self._context, network_backend=backend) as pool,
            pool.stream(
                "POST",
                message.webhook.url,
                headers=list(sent.items()),
                content=message.body.encode(),
                extensions={"timeout": limits},
            ) as response,
        ):
            return response.status


class _CheckedBackend(httpcore.SyncBackend):
    """Connects to addresses that are allowed, until a deadline."""

    def __init__(self, targets: Targets, resolver: Resolve, deadline: float) -> None:
        self._targets = targets
        self._resolver = resolver
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Look the name up, look at every address, and connect to the first."""
        addresses = self._resolver(host, port)
        if not addresses:
            raise OSError(f"{host} has no address")
        if self._targets is Targets.PUBLIC:
            for address in addresses:
                if not is_public(address):
                    raise TargetNotAllowedError(f"{host} leads to {address}, which is not a public address")
        connect = partial(super().connect_tcp, port=port, local_address=local_address, socket_options=socket_options)
        return _Timed(connect(addresses[0], timeout=_left(self._deadline, timeout)), self._deadline)


class _Timed(httpcore.NetworkStream):
    """A connection that is over at its deadline, however slowly its other end drips."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there."""
        return self._inner.read(max_bytes, _left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of it."""
        self._inner.write(buffer, _left(self._deadline, timeout))

    def close(self) -> None:
        """Let go."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Go on in TLS."""
        inner = self._inner.start_tls(ssl_context, server_hostname, _left(self._deadline, timeout))
        return _Timed(inner, self._deadline)

    def get_extra_info(self, info: str) -> object:
        """Tell about the connection."""
        return self._inner.get_extra_info(info)


def _left(deadline: float, timeout: float | None) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time for this attempt is over")
    return left if timeout is None else min(left, timeout)
