"""Large front ends put files straight into quarantine: on a disk through the service, on S3 servers past it."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from attachguard.adapters.s3_shelf import Credentials, S3Shelf
from attachguard.adapters.s3_url import parse_place
from attachguard.client import Client
from tests.doors.http.made import EICAR, WAIT, pdf, send, text
from tests.doors.http.server import Server
from tests.servers.ceph import Ceph
from tests.servers.swift import Swift

WRONG = {400, 401, 403, 411, 412}
"""How S3 servers refuse what was not signed."""


def announce(client: httpx.Client, *files: tuple[str, bytes]) -> dict:  # type: ignore[type-arg]  # JSON
    listed = [{"name": name, "size": len(data)} for name, data in files]
    answer = client.post("/v1/uploads", json={"files": listed})
    assert answer.status_code == 201, answer.text
    document: dict = answer.json()  # type: ignore[type-arg]  # JSON
    return document


# -- on a disk -------------------------------------------------------------------------------------------------


def test_announced_files_are_put_and_become_a_submission(client: httpx.Client) -> None:
    files = (("a.txt", text("announced")), ("b.txt", EICAR), ("empty.txt", b""))
    upload = announce(client, *files)
    for place, (_, data) in zip(upload["files"], files, strict=True):
        assert client.put(place["url"], content=data, headers=place["headers"]).status_code == 204
    done = client.post(upload["complete"], headers=WAIT)
    assert done.status_code == 201, done.text
    assert [one["verdict"] for one in done.json()["attachments"]] == ["accepted", "infected", "rejected"]
    again = client.post(upload["complete"], headers=WAIT)
    assert again.json() == done.json()


def test_what_is_not_there_whole_is_not_submitted_and_can_still_be_put(client: httpx.Client) -> None:
    upload = announce(client, ("a.txt", text("late")))
    assert client.post(upload["complete"]).status_code == 409
    place = upload["files"][0]["url"]
    assert client.put(place, content=text("late") + b"more").status_code == 413
    assert client.put(place, content=text("late")[:-1]).status_code == 400
    assert client.put(f"/v1/uploads/{upload['upload']}/files/7", content=b"x").status_code == 404
    assert client.post(upload["complete"]).status_code == 409
    assert client.put(place, content=text("late")).status_code == 204
    assert client.post(upload["complete"], headers=WAIT).status_code == 201


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([("a.txt", 1)] * 6, "limit.file_count"),
        ([("a.txt", 10 * 1024 * 1024 + 1)], "limit.file_size"),
        ([("a.txt", 7 * 1024 * 1024)] * 3, "limit.total_size"),
    ],
)
def test_too_much_is_refused_when_it_is_announced(
    client: httpx.Client, files: list[tuple[str, int]], code: str
) -> None:
    answer = client.post("/v1/uploads", json={"files": [{"name": name, "size": size} for name, size in files]})
    assert answer.status_code == 413
    assert [reason["code"] for reason in answer.json()["reasons"]] == [code]


# -- on S3 servers ---------------------------------------------------------------------------------------------


def variables(store: Swift | Ceph, number: str) -> Mapping[str, str]:
    """Settings of a service whose quarantine and clean store are buckets; both are made."""
    found: dict[str, str] = {}
    for part in ("QUARANTINE", "STORE"):
        bucket = f"{part.lower()}-of-{number}"
        credentials = Credentials(access_key=store.access_key, secret_key=store.secret_key)
        S3Shelf(parse_place(store.place(bucket), "TEST"), credentials).client().create_bucket(Bucket=bucket)
        found[f"ATTACHGUARD_{part}_URL"] = store.place(bucket)
        found[f"ATTACHGUARD_{part}_ACCESS_KEY"] = store.access_key
        found[f"ATTACHGUARD_{part}_SECRET_KEY"] = store.secret_key
    return found


@pytest.fixture(scope="module", params=["swift", "ceph"])
def store(request: pytest.FixtureRequest) -> Swift | Ceph:
    found: Swift | Ceph = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def served(store: Swift | Ceph, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("uploads")
    server = Server(folder, variables(store, folder.name.replace("_", "-")))
    server.start()
    yield server
    assert server.stop() == 0


@pytest.fixture
def web(store: Swift | Ceph) -> Iterator[httpx.Client]:
    """A browser: it knows the store's certificate, and no key of ours or of the store's."""
    with httpx.Client(verify=ssl.create_default_context(cafile=str(store.front.ca)), timeout=60) as client:
        yield client


def is_at(url: str, store: Swift | Ceph) -> bool:
    return f"https://{urlsplit(url).netloc}" == store.front.endpoint


def test_files_go_to_the_store_and_come_from_it_and_never_through_the_service(
    served: Server, store: Swift | Ceph, web: httpx.Client
) -> None:
    files = (("Größe & Maß.pdf", pdf()), ("acts.pdf", pdf(javascript="app.alert(1)")), ("b.txt", EICAR))
    with served.client() as client:
        upload = announce(client, *files)
        for place, (_, data) in zip(upload["files"], files, strict=True):
            assert is_at(place["url"], store)
            put = web.request(place["method"], place["url"], content=data, headers=place["headers"])
            assert put.status_code == 200, put.text
        done = client.post(upload["complete"], headers=WAIT)
        assert done.status_code == 201, done.text
        good, copied, bad = done.json()["attachments"]
        assert [one["verdict"] for one in (good, copied, bad)] == ["accepted", "normalized", "infected"]
        for file in (good, copied):
            redirect = client.get(file["links"]["content"])
            assert redirect.status_code == 302
            assert redirect.headers["cache-control"] == "private, no-store"
            assert is_at(redirect.headers["location"], store)
            fetched = web.get(redirect.headers["location"])
            assert fetched.status_code == 200
            assert fetched.headers["content-type"] == "application/pdf"
            assert fetched.headers["content-disposition"].startswith("attachment; filename=")
            assert len(fetched.content) == file["delivered"]["size"]
            asked = client.head(file["links"]["content"])
            assert asked.status_code == 200
            assert asked.headers["content-length"] == str(file["delivered"]["size"])
        assert web.get(client.get(good["links"]["content"]).headers["location"]).content == files[0][1]
        assert client.get(f"{bad['links']['self']}/content").status_code == 403
        assert client.get(good["links"]["preview"]).content.startswith(b"\x89PNG")
        link = client.get(good["links"]["content"]).headers["location"]
        assert client.delete(good["links"]["self"]).status_code == 204
        assert client.get(good["links"]["content"]).status_code == 410
        assert web.get(link).status_code == 404


def test_what_is_refused_is_tried_again_from_the_store(served: Server, web: httpx.Client) -> None:
    with served.client() as client:
        refused = send(client, ("portfolio.pdf", pdf(portfolio=True))).json()["files"][0]
        again = client.post(refused["links"]["retries"], json={"method": "flatten"}, headers=WAIT)
        assert again.status_code == 201, again.text
        (file,) = again.json()["attachments"]
        assert (file["verdict"], file["retry_of"]) == ("normalized", refused["attachment"])
        assert web.get(client.get(file["links"]["content"]).headers["location"]).content.startswith(b"%PDF-")


def test_an_address_takes_the_announced_size_and_its_own_file_and_nothing_else(
    served: Server, web: httpx.Client
) -> None:
    with served.client() as client:
        upload = announce(client, ("a.txt", text("one")), ("b.txt", text("two")))
        one, two = (place["url"] for place in upload["files"])
        assert web.put(one, content=text("one") + b"and much more").status_code in WRONG
        assert web.get(one).status_code in WRONG
        assert web.put(one.replace(".in.0", ".in.1"), content=text("one")).status_code in WRONG
        assert web.put(urlsplit(two)._replace(query="").geturl(), content=text("two")).status_code in WRONG
        assert client.post(upload["complete"]).status_code == 409
        for url, data in ((one, text("one")), (two, text("two"))):
            assert web.put(url, content=data).status_code == 200
        assert client.post(upload["complete"], headers=WAIT).status_code == 201


def test_what_is_put_after_the_verdict_changes_nothing(served: Server, web: httpx.Client) -> None:
    with served.client() as client:
        good = text("good") + b" " * (len(EICAR) - len(text("good")))
        upload = announce(client, ("a.txt", good))
        place = upload["files"][0]["url"]
        assert web.put(place, content=good).status_code == 200
        done = client.post(upload["complete"], headers=WAIT).json()
        assert web.put(place, content=EICAR).status_code == 200
        assert client.post(upload["complete"], headers=WAIT).json() == done
        link = client.get(done["attachments"][0]["links"]["content"]).headers["location"]
        assert web.get(link).content == good


def test_the_client_of_ours_follows_and_checks_what_it_gets(
    served: Server, store: Swift | Ceph, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_bytes(text("for the client"))
    context = ssl.create_default_context(cafile=str(store.front.ca))
    with Client(served.url, verify=context) as client:
        submission = client.submit([tmp_path / "a.txt"], wait=60)
        assert client.content(submission.attachments[0]) == text("for the client")


@pytest.mark.servers
def test_a_store_that_is_away_is_told_as_away_and_not_as_a_missing_file(tmp_path: Path) -> None:
    with closing(Swift()) as away:
        away.start()
        server = Server(tmp_path, variables(away, "away"))
        server.start()
        try:
            with server.client() as client:
                upload = announce(client, ("a.txt", text("away")))
                away.kill()
                done = client.post(upload["complete"])
                assert done.status_code == 503, done.text
                assert [reason["code"] for reason in done.json()["reasons"]] == ["store.unavailable"]
                assert send(client, ("a.txt", text("away"))).status_code == 503
        finally:
            server.stop()
