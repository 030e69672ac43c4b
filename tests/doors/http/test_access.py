"""Every route and every role, from the OpenAPI document: who gets in, who does not, and what tenants see of each other.

A new route without a rule of its own fails here, and so does one that shows another tenant's things.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import httpx
import pytest

from attachguard.access import EVERYTHING, Allowance, Scope, link_key, new_key, sign_link
from attachguard.access import key_id as id_of
from attachguard.bootstrap import open_keyring
from attachguard.http.app import ROUTERS, create_app
from attachguard.http.auth import rules
from attachguard.settings import load_settings
from tests.doors.http.made import EICAR, WAIT, send, text
from tests.doors.http.server import Server

OPEN = frozenset({("/healthz", "GET"), ("/readyz", "GET")})
"""Routes for everybody: they say whether the service is well, and nothing about anybody."""

LINKED = frozenset(
    {
        ("/v1/submissions", "POST"),
        ("/v1/submissions/{submission}", "GET"),
        ("/v1/attachments/{attachment}", "GET"),
        ("/v1/attachments/{attachment}/report", "GET"),
        ("/v1/attachments/{attachment}/content", "GET"),
        ("/v1/attachments/{attachment}/content", "HEAD"),
        ("/v1/attachments/{attachment}/preview", "GET"),
        ("/v1/attachments/{attachment}/retries", "POST"),
        ("/v1/policies", "GET"),
        ("/v1/limits", "GET"),
        ("/v1/reasons", "GET"),
    }
)
"""Routes for a browser with an upload link."""

NOBODYS = {
    "submission": "0" * 32,
    "attachment": "0" * 32 + ".0",
    "upload": "0" * 32,
    "number": "0",
    "name": "0" * 32,
    "batch": "0" * 32,
}
"""A name for every parameter of a path under which there is nothing. A new parameter needs one here."""

REFUSALS = frozenset({"urn:attachguard:problem:not-authenticated", "urn:attachguard:problem:not-allowed"})


@cache
def operations() -> Mapping[tuple[str, str], list[Mapping[str, list[str]]]]:
    """List every operation of the OpenAPI document with what it says of security."""
    document = create_app().openapi()
    return {
        (path, method.upper()): operation["security"]
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def scope_of(operation: tuple[str, str]) -> Scope:
    ((asked,),) = ([one["key"] for one in operations()[operation]],)
    return Scope(asked[0])


GUARDED = sorted(operation for operation in operations() if operation not in OPEN)
NAMED = [operation for operation in GUARDED if "{" in operation[0]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """One tenant with a key for everything, and what it owns."""

    key: str
    owned: Mapping[str, str]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("guarded"), {"ATTACHGUARD_CORS_ORIGINS": "https://shop.example"})
    made_key(server, EVERYTHING, tenant="nobody")
    server.start()
    yield server
    assert server.stop() == 0


def made_key(server: Server, scopes: frozenset[Scope], tenant: str = "shop", **allowance: int) -> str:
    key, shown = new_key(tenant, "", scopes, Allowance(**{"per_minute": 0, **allowance}), datetime.now(UTC))
    with open_keyring(load_settings({"XDG_STATE_HOME": str(server.folder / "state")})) as keyring:
        keyring.add_key(key)
    return shown


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture(scope="module")
def shop(guarded: Server) -> Shop:
    """A shop that owns one thing of every sort."""
    key = made_key(guarded, EVERYTHING)
    with guarded.client(headers=bearer(key)) as client:
        sent = send(client, ("a.txt", text()), ("b.txt", EICAR)).json()
        announced = client.post("/v1/uploads", json={"files": [{"name": "a.txt", "size": 13}]})
        assert announced.status_code == 201, announced.text
        begun = client.post("/v1/rescans", json={"everything": True, "window": "00:00-00:01"})
        assert begun.status_code == 202, begun.text
        checked = client.post("/v1/scan", files=[("files", ("a.txt", text()))]).json()
    return Shop(
        key=key,
        owned={
            "submission": sent["submission"],
            "attachment": sent["attachments"][1]["attachment"],
            "upload": announced.json()["upload"],
            "number": "0",
            "batch": begun.json()["id"],
            "name": checked["attachments"][0]["delivered"]["path"].rpartition("/")[2],
        },
    )


def ask(
    client: httpx.Client, operation: tuple[str, str], key: str | None, names: Mapping[str, str] = NOBODYS
) -> httpx.Response:
    """Ask with a body that makes sense where one is needed."""
    path, method = operation
    place = re.sub(r"{(\w+)}", lambda found: names[found[1]], path)
    body = None
    if path.endswith("/release"):
        body = {"note": "looked at it"}
    if path.endswith("/retries"):
        body = {"method": "flatten"}
    query = {"note": "looked at it"} if "quarantine" in path and method == "DELETE" else None
    return client.request(method, place, json=body, params=query, headers=bearer(key) if key else None)


def kind(answer: httpx.Response) -> str:
    is_problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    return str(answer.json()["type"]) if is_problem else ""


# -- rules -----------------------------------------------------------------------------------------------------


def test_every_route_has_a_rule_and_the_document_says_which() -> None:
    found = rules(ROUTERS)
    assert {operation for operation, rule in found.items() if rule is None} == OPEN
    for operation, security in operations().items():
        rule = found[operation]
        assert security == ([{"key": [rule.scope.value]}] if rule else []), operation


def test_a_browser_with_a_link_gets_to_these_routes_and_no_other() -> None:
    assert {operation for operation, rule in rules(ROUTERS).items() if rule and rule.links} == LINKED


@pytest.mark.parametrize("operation", sorted(OPEN))
def test_these_are_for_everybody(guarded: Server, operation: tuple[str, str]) -> None:
    with guarded.client() as client:
        assert ask(client, operation, None).status_code == 200


@pytest.mark.parametrize("operation", GUARDED)
def test_nobody_gets_in_without_a_key_or_with_a_wrong_one(guarded: Server, operation: tuple[str, str]) -> None:
    with guarded.client() as client:
        for shown in (None, "agk_" + "0" * 16 + "_" + "A" * 43, "agl_x.y"):
            answer = ask(client, operation, shown)
            assert answer.status_code == 401
            assert kind(answer) == "urn:attachguard:problem:not-authenticated"
            assert answer.headers["www-authenticate"].startswith("Bearer")
        basic = client.request(operation[1], operation[0], headers={"Authorization": "Basic YTpi"})
        assert basic.status_code == 401


@pytest.mark.parametrize("held", list(Scope))
@pytest.mark.parametrize("operation", GUARDED)
def test_every_scope_gets_to_its_routes_and_no_other(guarded: Server, operation: tuple[str, str], held: Scope) -> None:
    with guarded.client() as client:
        answer = ask(client, operation, keys_of(guarded)[held])
    if held in {scope_of(operation), Scope.ADMIN}:
        assert kind(answer) not in REFUSALS, answer.text
        assert answer.status_code < 500
    else:
        assert answer.status_code == 403
        assert kind(answer) == "urn:attachguard:problem:not-allowed"


_KEYS: dict[str, dict[Scope, str]] = {}


def keys_of(server: Server) -> dict[Scope, str]:
    if server.url not in _KEYS:
        _KEYS[server.url] = {scope: made_key(server, frozenset({scope})) for scope in Scope}
    return _KEYS[server.url]


# -- tenants ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", NAMED)
def test_what_is_another_tenants_is_told_exactly_like_what_is_not_there(
    guarded: Server, shop: Shop, operation: tuple[str, str]
) -> None:
    other = made_key(guarded, EVERYTHING, tenant="other-shop")
    with guarded.client() as client:
        theirs, nobodys = ask(client, operation, other, shop.owned), ask(client, operation, other)
    assert theirs.status_code == nobodys.status_code == 404, theirs.text
    assert theirs.content == nobodys.content
    unlike = {"date", "traceparent"}
    assert {n: v for n, v in theirs.headers.items() if n not in unlike} == {
        n: v for n, v in nobodys.headers.items() if n not in unlike
    }


def test_a_tenant_sees_its_own_quarantine_only(guarded: Server, shop: Shop) -> None:
    other = made_key(guarded, EVERYTHING, tenant="third-shop")
    with guarded.client() as client:
        ours = client.get("/v1/quarantine", headers=bearer(shop.key)).json()["attachments"]
        assert shop.owned["attachment"] in [one["attachment"] for one in ours]
        assert client.get("/v1/quarantine", headers=bearer(other)).json()["attachments"] == []


def test_after_all_of_that_the_owner_still_has_everything(guarded: Server, shop: Shop) -> None:
    with guarded.client(headers=bearer(shop.key)) as client:
        assert client.get(f"/v1/submissions/{shop.owned['submission']}").status_code == 200
        assert client.get(f"/v1/quarantine/{shop.owned['attachment']}").json()["bytes"] == "held"
        put = client.put(f"/v1/uploads/{shop.owned['upload']}/files/0", content=text())
        assert put.status_code == 204, put.text
        assert client.get(f"/v1/scan/files/{shop.owned['name']}").status_code == 200


def test_two_tenants_may_use_the_same_idempotency_key(guarded: Server, shop: Shop) -> None:
    other = made_key(guarded, EVERYTHING, tenant="other-shop")
    with guarded.client() as client:
        answers = [
            send(client, ("a.txt", text()), headers={**bearer(key), "Idempotency-Key": "the-same"})
            for key in (shop.key, other)
        ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["submission"] != answers[1].json()["submission"]


# -- upload links ----------------------------------------------------------------------------------------------


def link(key: str, conversation: str = "order 7", **more: object) -> str:
    identity = id_of(key)
    assert identity
    return sign_link(link_key(key), key_id=identity, conversation=conversation, **more)  # type: ignore[arg-type]  # a test names them


@pytest.mark.parametrize("operation", GUARDED)
def test_a_link_gets_to_its_routes_and_no_other(guarded: Server, shop: Shop, operation: tuple[str, str]) -> None:
    with guarded.client() as client:
        answer = ask(client, operation, link(shop.key))
    if operation in LINKED:
        assert kind(answer) not in REFUSALS, answer.text
    else:
        assert answer.status_code == 403
        assert kind(answer) == "urn:attachguard:problem:not-allowed"


def test_a_browser_sends_to_its_conversation_and_sees_that_and_nothing_else(guarded: Server, shop: Shop) -> None:
    ours, other = link(shop.key, count=2), link(shop.key, "order 8")
    with guarded.client() as client:
        sent = send(client, ("a.txt", text()), headers=bearer(ours))
        assert sent.status_code == 201
        place = sent.headers["location"]
        assert client.get(place, headers=bearer(ours)).status_code == 200
        assert client.get(place, headers=bearer(link(shop.key))).status_code == 200  # the conversation goes on
        assert client.get(place, headers=bearer(shop.key)).status_code == 200
        assert client.get(place, headers=bearer(other)).status_code == 404
        for operation in NAMED:
            if operation in LINKED:
                assert ask(client, operation, ours, shop.owned).status_code == 404


def test_a_link_makes_as_many_submissions_as_it_says_under_the_policy_it_says(guarded: Server, shop: Shop) -> None:
    once = link(shop.key, policy="strict")
    with guarded.client(headers=bearer(once)) as client:
        first = send(client, ("a.txt", text()), to="/v1/submissions?policy=marketplace")
        assert first.status_code == 201
        assert first.json()["policy"].startswith("strict")
        again = send(client, ("a.txt", text()))
    assert again.status_code == 403
    assert kind(again) == "urn:attachguard:problem:not-allowed"


# -- rates and quotas ------------------------------------------------------------------------------------------


def test_who_asks_too_often_is_told_when_to_come_back(guarded: Server) -> None:
    key = made_key(guarded, frozenset({Scope.READ}), per_minute=3)
    with guarded.client(headers=bearer(key)) as client:
        answers = [client.get("/v1/limits") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert kind(answers[3]) == "urn:attachguard:problem:too-many-requests"
    assert 1 <= int(answers[3].headers["retry-after"]) <= 20


def test_who_used_up_a_quota_is_told_to_come_back_tomorrow(guarded: Server) -> None:
    key = made_key(guarded, frozenset({Scope.SUBMIT}), submissions_per_day=1)
    with guarded.client(headers=bearer(key)) as client:
        assert send(client, ("a.txt", text())).status_code == 201
        refused = send(client, ("a.txt", text()))
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 24 * 3600


# -- browsers, and this machine --------------------------------------------------------------------------------


def test_pages_of_the_origins_in_the_settings_may_ask_and_others_may_not(guarded: Server) -> None:
    wants = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    with guarded.client() as client:
        ours = client.options("/v1/submissions", headers={"Origin": "https://shop.example", **wants})
        other = client.options("/v1/submissions", headers={"Origin": "https://evil.example", **wants})
    assert ours.headers["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-credentials" not in ours.headers
    assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:8080"}, 200),
        ({"Origin": "http://localhost:3000"}, 200),
        ({"Host": "rebound.example"}, 401),
        ({"Host": ""}, 401),
        ({"Origin": "https://evil.example"}, 401),
        ({"Origin": "null"}, 401),
        ({"X-Forwarded-For": "127.0.0.1"}, 401),
        ({"Forwarded": "for=127.0.0.1"}, 401),
        ({"Via": "1.1 proxy"}, 401),
        ({"Authorization": "Bearer"}, 401),
        ({"Authorization": "Bearer agk_made_up"}, 401),
    ],
)
def test_without_keys_programs_on_this_machine_get_in_and_what_comes_from_elsewhere_does_not(
    client: httpx.Client, headers: dict[str, str], status: int
) -> None:
    assert client.get("/v1/limits", headers=headers).status_code == status


def test_without_keys_the_server_does_not_listen_to_others(tmp_path: Path) -> None:
    server = Server(tmp_path, None, "--host", "0.0.0.0")
    with pytest.raises(AssertionError, match="keys create"):
        server.start()
    made_key(server, EVERYTHING)
    server.start()
    with server.client() as client:
        assert client.get("/v1/limits").status_code == 401
        assert client.get("/v1/limits", headers=WAIT | bearer(made_key(server, EVERYTHING))).status_code == 200
    assert server.stop() == 0
