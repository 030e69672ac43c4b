"""Announced files have an hour to arrive; what was completed in time stays told."""

import asyncio
from datetime import timedelta
from pathlib import Path

from tests.doors.http.inside import opened
from tests.doors.http.made import text

HOUR = timedelta(hours=1)


def test_what_did_not_arrive_within_the_hour_is_gone_and_what_did_stays(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with opened(tmp_path) as place:
            size = len(text())
            first, second = [
                (await place.client.post("/v1/uploads", json={"files": [{"name": "a.txt", "size": size}]})).json()
                for _ in range(2)
            ]
            place.clock.at += HOUR - timedelta(seconds=1)
            for upload in (first, second):
                assert (await place.client.put(upload["files"][0]["url"], content=text())).status_code == 204
            done = await place.client.post(first["complete"])
            assert done.status_code == 202
            place.work()
            place.clock.at += timedelta(seconds=1)
            assert (await place.client.post(second["complete"])).status_code == 410
            assert (await place.client.put(second["files"][0]["url"], content=text())).status_code == 410
            again = await place.client.post(first["complete"])
            assert (again.status_code, again.headers["location"]) == (201, done.headers["location"])
            assert (await place.file(done.headers["location"]))["verdict"] == "accepted"
            place.service.sweep()
            assert list((tmp_path / "quarantine").rglob("*.in.*")) == []

    asyncio.run(scenario())
