"""Judging again over HTTP: begun, looked at, paused, resumed, ended."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest


def test_the_way_of_a_batch(client: httpx.Client) -> None:
    later = datetime.now(UTC) + timedelta(hours=2)  # no worker touches it meanwhile
    window = f"{later:%H:%M}-{later + timedelta(hours=1):%H:%M}"
    begun = client.post("/v1/rescans", json={"everything": True, "rate": 5, "window": window})
    assert begun.status_code == 202, begun.text
    place = begun.headers["Location"]
    assert begun.json()["mode"] == "scan"
    assert client.get(place).json()["id"] == begun.json()["id"]
    for verb, state in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        assert client.post(f"{place}/{verb}").json()["state"] == state
    assert client.post(f"{place}/resume").status_code == 409
    assert client.get(f"{place}/report").json()["batch"]["id"] == begun.json()["id"]


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"source": "file:///etc"},
        {"older_than_days": -1},
        {"everything": True, "window": "tonight"},
        {"everything": True, "rate": 0},
        {"verdicts": ["rejected"]},
        {"everything": True, "surprise": 1},
    ],
)
def test_what_makes_no_sense_is_refused(client: httpx.Client, wish: dict[str, object]) -> None:
    assert client.post("/v1/rescans", json=wish).status_code == 400
