"""What an enemy tries who knows HTTP: framing, methods, headers, names, ranges, old links. Nothing falls over."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from attachguard.access import EVERYTHING, Allowance, link_key, new_key, sign_link
from attachguard.bootstrap import open_keyring
from attachguard.http.app import create_app
from attachguard.settings import load_settings
from tests.doors.http.made import EICAR, send, text
from tests.doors.http.raw import BOUNDARY, body, connect, exchange, head, part
from tests.doors.http.server import Server
from tests.servers.postgres import Postgres

PATHS = sorted(create_app().openapi()["paths"])
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def raw(server: Server, request: bytes) -> bytes:
    """Send bytes, and read until the server has nothing more to say."""
    with connect(server, 10) as connection:
        connection.sendall(request)
        received = b""
        try:
            while piece := connection.recv(65536):
                received += piece
        except (ConnectionResetError, TimeoutError):
            pass
    return received


def statuses(received: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)]


# -- framing ---------------------------------------------------------------------------------------------------

HIDDEN = b"GET /v1/limits HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
"""A request that a proxy may have taken for the body of another (RFC 9112, section 11.2)."""


@pytest.mark.parametrize(
    "lines",
    [
        ["Transfer-Encoding: chunked", "Content-Length: {length}"],
        ["Content-Length: {length}", "Transfer-Encoding: chunked"],
        ["Content-Length: 5", "Content-Length: {length}"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked, identity"],
        ["Transfer-Encoding: xchunked"],
        ["Transfer-Encoding : chunked"],
        ["Content-Length: +{length}"],
    ],
    ids=" / ".join,
)
def test_a_body_whose_end_can_be_read_in_two_ways_is_refused_and_nothing_behind_it_is_answered(
    server: Server, lines: list[str]
) -> None:
    end = b"0\r\n\r\n" + HIDDEN
    first = ["POST /v1/submissions HTTP/1.1", "Host: 127.0.0.1", f"Content-Type: {MULTIPART}"]
    more = [line.format(length=len(end)) for line in lines]
    received = raw(server, "\r\n".join([*first, *more]).encode() + b"\r\n\r\n" + end)
    assert statuses(received) in ([400], [501])
    assert b"limits" not in received


def test_two_requests_behind_each_other_are_two(server: Server) -> None:
    assert statuses(raw(server, HIDDEN.replace(b"Connection: close\r\n", b"") + HIDDEN)) == [200, 200]


# -- methods ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "CONNECT", "PATCH", "PROPFIND", "GETS"])
def test_a_method_that_is_not_one_of_a_route_s_own_is_refused(client: httpx.Client, path: str, method: str) -> None:
    place = re.sub(r"{\w+}", "0" * 32, path)
    answer = client.request(method, place, headers={"X-Secret": "do not echo"})
    assert answer.status_code in ({405, 404} if path.endswith("/content") and method == "HEAD" else {405})
    assert "do not echo" not in answer.text
    if answer.status_code == 405:
        assert method not in answer.headers["allow"]


# -- headers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "prefer",
    ["wait=1e9", "wait=-1", "wait=99999999999999999999", "wait=0x10", "wait=", "wait", "wait=\xb2", "a" * 9000],
)
def test_nobody_waits_longer_than_is_sensible(client: httpx.Client, prefer: str) -> None:
    headers = {b"Prefer": prefer.encode("latin-1")}
    answer = client.post("/v1/submissions", files=[("files", ("a.txt", text()))], headers=headers)
    assert answer.status_code == 202
    assert "preference-applied" not in answer.headers


def test_a_long_wait_is_cut_to_a_minute(client: httpx.Client) -> None:
    answer = send(client, ("a.txt", text()), headers={"Prefer": "respond-async, wait=999999999"})
    assert answer.headers["preference-applied"] == "wait=60"


@pytest.mark.parametrize(
    "name", ["Accept-Language", "Authorization", "Idempotency-Key", "Prefer", "traceparent", "Accept"]
)
@pytest.mark.parametrize("value", ["Größe", "\xff\xfe", "\x80", "漢字", "é" * 3000, ";q=1e400", "*;q=-1", "a,b;q="])
def test_headers_in_odd_encodings_break_nothing(client: httpx.Client, name: str, value: str) -> None:
    headers = {b"Prefer": b"wait=60", name.encode(): value.encode()}
    answer = client.post("/v1/submissions", files=[("files", ("a.txt", text()))], headers=headers)
    assert answer.status_code in ({401} if name == "Authorization" else {201, 202, 400})
    bearer = client.get("/v1/limits", headers={b"Authorization": b"Bearer agk_" + value.encode()})
    assert bearer.status_code == 401
    link = client.get("/v1/limits", headers={b"Authorization": b"Bearer agl_" + value.encode()})
    assert link.status_code == 401


# -- files -----------------------------------------------------------------------------------------------------


def test_a_file_without_bytes_is_told_as_such(client: httpx.Client) -> None:
    answer = send(client, ("empty.txt", b""))
    assert answer.status_code == 422
    assert [reason["code"] for reason in answer.json()["reasons"]] == ["limit.empty"]


def test_five_files_of_one_name_stay_five_files(client: httpx.Client) -> None:
    files = [("same.txt", text(f"number {number}")) for number in range(4)]
    answer = send(client, *files, ("same.txt", EICAR))
    attachments = answer.json()["attachments"]
    assert [one["verdict"] for one in attachments] == ["accepted"] * 4 + ["infected"]
    contents = [client.get(one["links"]["content"]).content for one in attachments[:4]]
    assert contents == [data for _, data in files]


@pytest.mark.parametrize("wanted", ["bytes=0-3", "bytes=-1", "bytes=5-", "bytes=0-0,2-3", "bytes=9999999-", "bytes=x"])
def test_a_part_of_a_file_is_not_given_since_only_the_whole_can_be_checked(client: httpx.Client, wanted: str) -> None:
    file = send(client, ("a.txt", text("whole or not at all"))).json()["attachments"][0]
    answer = client.get(file["links"]["content"], headers={"Range": wanted})
    assert (answer.status_code, answer.content) == (200, text("whole or not at all"))
    assert answer.headers["accept-ranges"] == "none"


def test_ten_thousand_parameters_and_headers_are_no_harm(client: httpx.Client, server: Server) -> None:
    many = "&".join(f"policy{number}=x" for number in range(1500))
    assert client.get(f"/v1/limits?{many}").status_code == 200
    whole = body(part())
    received = exchange(server, head(len(whole), MULTIPART, *[f"X-{number}: a" for number in range(10_000)]), whole)
    assert received[0] in {0, 400, 431}


# -- names of things -------------------------------------------------------------------------------------------

ODD = [
    "%00",
    "a%00b",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e",
    "%ff%fe",
    "%F0%9F%98%80",
    "%ed%a0%80",
    "a" * 4000,
    "'--",
    "%0d%0aX:%20y",
]


@pytest.fixture(scope="module")
def on_postgres(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("odd"), {"ATTACHGUARD_LEDGER_URL": postgres.new_database()})
    server.start()
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def anywhere(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue("server" if request.param == "sqlite" else "on_postgres")
    return found


def test_odd_names_of_things_are_names_of_nothing(anywhere: Server) -> None:
    with anywhere.client() as client:
        for path in PATHS:
            if "{" not in path:
                continue
            for odd in ODD:
                answer = client.get(re.sub(r"{\w+}", odd, path))
                assert answer.status_code in {400, 404, 405, 422}, (path, odd, answer.text)
                answer = client.delete(re.sub(r"{\w+}", odd, path), params={"note": "\x00"})
                assert answer.status_code in {400, 404, 405, 422}, (path, odd, answer.text)


def test_odd_words_in_bodies_are_kept_or_refused(anywhere: Server) -> None:
    with anywhere.client() as client:
        for word in ("\x00", "a\x00b", "\u202e", "😀" * 200, "../../etc/passwd"):
            sent = send(client, (f"{word}.txt", text()))
            assert sent.status_code in {201, 400, 422, 415}, (word, sent.text)
            announced = client.post(
                "/v1/uploads", json={"files": [{"name": word, "size": 1, "declared_type": word[:100]}]}
            )
            assert announced.status_code == 201, announced.text
            for wish in ({"prefix": word}, {"ids": [word]}, {"tenants": [word]}, {"kinds": [word]}):
                begun = client.post("/v1/rescans", json={**wish, "window": "00:00-00:01"})
                assert begun.status_code in {202, 400}, (wish, begun.text)
            assert client.get("/v1/limits", params={"policy": word}).status_code in {400, 422}


# -- links and keys --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    server = Server(tmp_path_factory.mktemp("links"))
    key, shown = new_key("shop", "", EVERYTHING, Allowance(per_minute=0), datetime.now(UTC))
    with open_keyring(load_settings({"XDG_STATE_HOME": str(server.folder / "state")})) as keyring:
        keyring.add_key(key)
    server.start()
    yield server, shown
    assert server.stop() == 0


def test_a_link_that_is_over_or_was_changed_opens_nothing(shop: tuple[Server, str]) -> None:
    server, key = shop
    identity = key.split("_")[1]
    now = datetime.now(UTC)
    good = sign_link(link_key(key), key_id=identity, conversation="order 1", count=9)
    over = sign_link(link_key(key), key_id=identity, conversation="order 1", at=now - timedelta(hours=2))
    claims, signature = good.removeprefix("agl_").split(".")
    changed = [
        over,
        f"agl_{claims}.{signature[:-2]}AA",
        f"agl_{claims}.",
        f"agl_{claims[:-4]}.{signature}",
        f"agl_{over.removeprefix('agl_').split('.')[0]}.{signature}",
        good.replace("agl_", "agk_"),
        key.replace("agk_", "agl_"),
        sign_link(b"another key", key_id=identity, conversation="order 1"),
        sign_link(link_key(key), key_id="0" * 16, conversation="order 1"),
        sign_link(link_key(key), key_id="\x00", conversation="order 1"),
    ]
    with server.client() as client:
        sent = send(client, ("a.txt", text()), headers={"Authorization": f"Bearer {good}"})
        assert sent.status_code == 201
        for link in changed:
            headers = {"Authorization": f"Bearer {link}"}
            assert send(client, ("a.txt", text()), headers=headers).status_code == 401
            assert client.get(sent.headers["location"], headers=headers).status_code == 401


def test_an_idempotency_key_is_its_tenants_while_both_send_at_once(shop: tuple[Server, str]) -> None:
    server, key = shop
    other, shown = new_key("other", "", EVERYTHING, Allowance(per_minute=0), datetime.now(UTC))
    with open_keyring(load_settings({"XDG_STATE_HOME": str(server.folder / "state")})) as keyring:
        keyring.add_key(other)
    whole = body(part())
    first = head(len(whole), MULTIPART, f"Authorization: Bearer {key}", "Idempotency-Key: the-same")
    with connect(server) as slow, server.client() as client:
        slow.sendall(first + whole[:40])  # the shop's is on its way
        same = {"Idempotency-Key": "the-same"}
        theirs = send(client, ("b.txt", EICAR), headers={**same, "Authorization": f"Bearer {shown}"})
        assert theirs.status_code == 422
        again = send(client, ("a.txt", text()), headers={**same, "Authorization": f"Bearer {key}"})
        assert again.status_code == 409
        assert json.loads(again.text)["type"] == "urn:attachguard:problem:still-receiving"
        slow.sendall(whole[40:])
        assert slow.recv(65536).startswith(b"HTTP/1.1 202")
