"""A polite close: who is refused while they still speak is answered at once, and listened to for a moment more.

Closing a connection with unread bytes resets it, and many clients then throw the answer away before reading it
(RFC 9112, section 9.6). So the answer goes out whole, what still comes is read and thrown away, and then it is closed.
"""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECONDS = 5.0
"""How long is listened."""

BYTES = 64 * 1024 * 1024
"""How much is thrown away at most."""


class Linger:
    """Middleware: drains what is left of a request body after an error was answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send)
        await self._app(scope, exchange.receive, exchange.send)
        await exchange.end()


class _Exchange:
    """One request and its answer: knows whether the body was read to its end, and holds the answer's last piece."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        self._receive, self._send = receive, send
        self._heard_all = not (b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0")
        # Who waits to be told to go on (RFC 9110, 10.1.1) sends nothing more once refused.
        self._waits = b"expect" in headers
        self._lingers = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._waits = False
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            self._heard_all = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and not self._heard_all:
            self._lingers = message["status"] >= 400 and not self._waits
            message = {**message, "headers": [*message.get("headers", []), (b"connection", b"close")]}
        elif message["type"] == "http.response.body" and self._lingers and not message.get("more_body", False):
            message = {**message, "more_body": True}
        await self._send(message)

    async def end(self) -> None:
        if not self._lingers:
            return
        drained = 0
        try:
            async with asyncio.timeout(SECONDS):
                while not self._heard_all and drained < BYTES:
                    drained += len((await self.receive()).get("body", b""))
        except TimeoutError:
            pass
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})
