"""How long a refused file can be tried again, by a clock that the test moves; and that nothing stays stuck."""

import asyncio
import dataclasses
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from attachguard.adapters.memory_scanner import MemoryScanner
from attachguard.adapters.processes import name_process
from attachguard.http.app import create_app
from attachguard.jobs import Queue
from attachguard.ports import Sandbox, Scanner
from attachguard.service import Service
from tests.doors.http.made import pdf, text
from tests.engine_made import engine, settings, timing

ME = name_process(os.getpid())
DAYS_HELD = 30
SECOND = timedelta(seconds=1)


class Clock:
    """Tells the time that a test wants it to be."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 1, 12, tzinfo=UTC)

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

    async def retry(self, file: dict, method: str = "flatten") -> httpx.Response:  # type: ignore[type-arg]  # JSON
        return await self.client.post(f"/v1/attachments/{file['attachment']}/retries", json={"method": method})


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


async def refused(place: Place) -> dict:  # type: ignore[type-arg]  # JSON
    file = await place.file(await place.send("portfolio.pdf", pdf(portfolio=True)))
    assert file["verdict"] == "rejected"
    return file


def with_days(folder: Path, days: int) -> str:
    path = folder / "own.toml"
    path.write_text(f'name = "own"\nversion = 1\ntitle = "Own"\nextends = "marketplace"\n[retries]\ndays = {days}\n')
    return str(path)


@pytest.mark.parametrize(
    ("days", "held", "possible"),
    [
        (None, DAYS_HELD, timedelta(days=7)),
        (2, DAYS_HELD, timedelta(days=2)),
        (20, 3, timedelta(days=3)),
    ],
    ids=["seven days by default", "the policy's days", "never longer than files are held"],
)
def test_a_refused_file_can_be_tried_again_until_its_time_is_over(
    tmp_path: Path, sandbox: Sandbox, days: int | None, held: int, possible: timedelta
) -> None:
    async def scenario() -> None:
        policy = with_days(tmp_path, days) if days else "marketplace"
        async with opened(tmp_path, sandbox, quarantine_days=held, policy=policy) as place:
            early, late = await refused(place), await refused(place)
            assert datetime.fromisoformat(late["retry"]["until"]) == place.clock.at + possible
            place.clock.at += possible - SECOND
            again = await place.retry(early)
            assert again.status_code == 202, again.text
            place.work()
            new = await place.file(again.headers["location"])
            assert (new["verdict"], new["retry_of"]) == ("normalized", early["attachment"])
            place.clock.at += SECOND
            over = await place.retry(late)
            assert over.status_code == 410
            assert over.json()["type"] == "urn:attachguard:problem:gone"
            told = (await place.client.get(late["links"]["self"])).json()
            assert (told["verdict"], told["retry"]) == ("rejected", None)

    asyncio.run(scenario())


def test_when_the_original_left_quarantine_a_retry_is_410_and_another_file_still_works(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    async def scenario() -> None:
        async with opened(tmp_path, sandbox, quarantine_days=5) as place:
            file = await refused(place)
            place.clock.at += timedelta(days=5)
            assert place.service.sweep().expired == 1
            assert list((tmp_path / "quarantine").rglob("*.0")) == []
            assert (await place.retry(file)).status_code == 410
            location = f"/v1/attachments/{file['attachment']}/retries"
            other = await place.client.post(location, files=[("files", ("a.txt", text("better")))])
            assert other.status_code == 202
            place.work()
            new = await place.file(other.headers["location"])
            assert (new["verdict"], new["retry_of"]) == ("accepted", file["attachment"])
            same = await place.file(await place.send("portfolio.pdf", pdf(portfolio=True)))
            assert same["retry"]["methods"]

    asyncio.run(scenario())


def test_what_failed_for_a_reason_of_ours_is_judged_when_it_is_asked_for_again(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    """Otherwise one bad minute of the scanner would be this key's, and this method's, last word."""

    async def scenario() -> None:
        scanner = MemoryScanner(test_double=True)
        async with opened(tmp_path, sandbox, scanner) as place:
            file = await refused(place)
            scanner.down = "a bad minute"
            first = await place.retry(file)
            place.work()
            assert (await place.retry(file)).status_code == 202
            location = await place.send("a.txt", text("once"), **{"Idempotency-Key": "order 1"})
            assert (await place.file(location))["verdict"] == "undetermined"
            place.work()
            scanner.down = ""
            second = await place.retry(file)
            assert second.headers["location"] == first.headers["location"]
            assert await place.send("a.txt", text("once"), **{"Idempotency-Key": "order 1"}) == location
            assert (await place.file(location))["verdict"] == "accepted"
            assert (await place.file(second.headers["location"]))["verdict"] == "normalized"

    asyncio.run(scenario())
