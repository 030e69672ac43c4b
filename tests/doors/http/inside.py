"""The HTTP service inside of the test's own process: no workers but `work`, and a clock that the test moves."""

import dataclasses
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from attachguard.adapters.processes import name_process
from attachguard.http.app import create_app
from attachguard.jobs import Queue
from attachguard.ports import Sandbox, Scanner
from attachguard.service import Service
from tests.engine_made import engine, settings, timing

ME = name_process(os.getpid())


class Clock:
    """Tells the time that a test wants it to be."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)  # files have times of their own, from the machine

    def __call__(self) -> datetime:
        return self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A service without workers: `work` judges what is to be judged."""

    service: Service
    client: httpx.AsyncClient
    clock: Clock

    def work(self) -> None:
        while claim := self.service.claim(ME, tuple(Queue)):
            self.service.judge(claim)

    async def send(self, name: str, data: bytes, **headers: str) -> str:
        """Send a file and have it judged; gives the submission's address."""
        sent = await self.client.post("/v1/submissions", files=[("files", (name, data))], headers=headers)
        assert sent.status_code in {202, 503}, sent.text
        self.work()
        return sent.headers["location"]

    async def file(self, location: str) -> dict:  # type: ignore[type-arg]  # JSON
        found: dict = (await self.client.get(location)).json()["attachments"][0]  # type: ignore[type-arg]  # JSON
        return found


@asynccontextmanager
async def opened(
    folder: Path, sandbox: Sandbox | None = None, scanner: Scanner | None = None, **changes: object
) -> AsyncIterator[Place]:
    chosen, clock = settings(folder, **changes), Clock()
    terms = dataclasses.replace(timing(chosen), attempts=1)
    with engine(chosen, sandbox=sandbox, scanner=scanner, clock=clock, terms_of=terms) as service:
        app = create_app(chosen, lambda: nullcontext(service))
        transport = httpx.ASGITransport(app=app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60) as client,
        ):
            yield Place(service=service, client=client, clock=clock)
