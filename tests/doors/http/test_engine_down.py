"""What is answered when a part is not there: 202 or 503, and never that a file is good that nobody scanned."""

import re
from pathlib import Path

import pytest

from tests.doors.http.made import send, text
from tests.doors.http.raw import body, connect, head, part
from tests.doors.http.server import Server


@pytest.fixture
def blind(tmp_path: Path) -> Server:
    """A server whose scanner is gone."""
    return Server(tmp_path, {"ATTACHGUARD_CLAMD_URL": f"unix://{tmp_path}/nobody.sock"})


def test_without_a_scanner_nothing_is_accepted_and_everything_says_so(blind: Server) -> None:
    blind.start()
    try:
        with blind.client() as client:
            sent = send(client, ("a.txt", text()), headers={"Prefer": "wait=3"})
            assert sent.status_code in {202, 503}
            assert sent.headers["retry-after"]
            here = sent.headers["location"]
            file = client.get(here).json()["attachments"][0]
            assert file["verdict"] in {None, "undetermined"}
            assert client.get(f"{file['links']['self']}/content").status_code == 423
            checked = send(client, ("a.txt", text()), to="/v1/scan")
            assert checked.status_code == 503
            assert [reason["code"] for reason in checked.json()["reasons"]] == ["scanner.unavailable"]
            ready = client.get("/readyz")
            assert ready.status_code == 503
            assert ready.json()["parts"]["scanner"] is False
            assert client.get("/healthz").status_code == 200
    finally:
        assert blind.stop() == 0


def test_a_submission_that_was_acknowledged_outlives_the_server(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.start()
    whole = body(part())
    with connect(server) as connection:
        connection.sendall(head(len(whole)) + whole)
        answer = connection.recv(65536)
    server.stop()
    found = re.search(rb"location: (\S+)", answer, re.IGNORECASE)
    assert found
    server.log.unlink()
    server.start()
    try:
        with server.client() as client:
            told = client.get(found[1].decode(), headers={"Prefer": "wait=60"})
            assert told.json()["verdict"] == "accepted"
    finally:
        server.stop()
