"""How long a refused file can be tried again, by a clock that the test moves; and that nothing stays stuck."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from attachguard.adapters.memory_scanner import MemoryScanner
from attachguard.ports import Sandbox
from tests.doors.http.inside import Place, opened
from tests.doors.http.made import pdf, text

DAYS_HELD = 30
SECOND = timedelta(seconds=1)


async def retry(place: Place, file: dict, method: str = "flatten") -> httpx.Response:  # type: ignore[type-arg]  # JSON
    return await place.client.post(f"/v1/attachments/{file['attachment']}/retries", json={"method": method})


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
            again = await retry(place, early)
            assert again.status_code == 202, again.text
            place.work()
            new = await place.file(again.headers["location"])
            assert (new["verdict"], new["retry_of"]) == ("normalized", early["attachment"])
            place.clock.at += SECOND
            over = await retry(place, late)
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
            assert (await retry(place, file)).status_code == 410
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
            first = await retry(place, file)
            place.work()
            assert (await retry(place, file)).status_code == 202
            location = await place.send("a.txt", text("once"), **{"Idempotency-Key": "order 1"})
            assert (await place.file(location))["verdict"] == "undetermined"
            place.work()
            scanner.down = ""
            second = await retry(place, file)
            assert second.headers["location"] == first.headers["location"]
            assert await place.send("a.txt", text("once"), **{"Idempotency-Key": "order 1"}) == location
            assert (await place.file(location))["verdict"] == "accepted"
            assert (await place.file(second.headers["location"]))["verdict"] == "normalized"

    asyncio.run(scenario())


def test_a_password_is_tried_again_with_the_password_when_the_first_try_failed_for_a_reason_of_ours(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    async def scenario() -> None:
        scanner = MemoryScanner(test_double=True)
        async with opened(tmp_path, sandbox, scanner) as place:
            file = await place.file(await place.send("locked.pdf", pdf(password="geheim")))
            address, wish = (
                f"/v1/attachments/{file['attachment']}/retries",
                {"method": "password", "password": "geheim"},
            )
            once = {"Idempotency-Key": "with the password"}
            scanner.down = "a bad minute"
            assert (await place.client.post(address, json=wish, headers=once)).status_code == 503
            scanner.down = ""
            again = await place.client.post(address, json=wish, headers=once)
            assert again.status_code == 201, again.text
            assert again.json()["attachments"][0]["verdict"] == "normalized"

    asyncio.run(scenario())
