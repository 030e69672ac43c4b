"""One message, sent to a real server: signed, to the address that was looked at, and never sent on."""

import json
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from cloudevents.core.formats.json import JSONFormat
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from attachguard.adapters.addresses import is_public
from attachguard.adapters.webhook_post import WebhookPost
from attachguard.errors import UsageError
from attachguard.webhooks import (
    EVENTS,
    SCHEDULE,
    Happening,
    Message,
    Targets,
    Webhook,
    check_url,
    cloud_event,
    new_webhook,
    pause,
    wants,
)
from tests.servers.process import find_program
from tests.webhooks.receiver import Receiver, receiving

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def post() -> WebhookPost:
    return WebhookPost(Targets.ANY)


def message(url: str, words: str = "d\u00e9j\u00e0 vu") -> Message:
    webhook = new_webhook("shop", url, (), Targets.ANY, AT)
    happening = Happening(
        type="attachment.accepted",
        tenant="shop",
        source="/v1/submissions/s1",
        subject="s1.0",
        data={"words": words},
        trace=TRACE,
    )
    body = cloud_event("e1", happening, AT)
    return Message(number=1, event="e1", type=happening.type, body=body, attempts=1, webhook=webhook)


# -- what arrives ----------------------------------------------------------------------------------------------


def test_what_arrives_is_a_cloud_event_with_a_standard_signature(receiver: Receiver, post: WebhookPost) -> None:
    sent = message(receiver.url())
    assert post.send(sent).good
    (got,) = receiver.got
    assert got.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert got.headers["webhook-id"] == "e1"
    assert Verifier(sent.webhook.secret).verify(got.body, got.headers) == json.loads(got.body)
    event = JSONFormat().read(None, got.body)
    assert (event.get_specversion(), event.get_type(), event.get_id()) == ("1.0", "attachment.accepted", "e1")
    assert (event.get_subject(), event.get_time()) == ("s1.0", AT)
    assert (event.get_data(), event.get_extension("traceparent")) == ({"words": "d\u00e9j\u00e0 vu"}, TRACE)


def test_a_signature_holds_for_these_bytes_this_id_and_this_secret_only(receiver: Receiver, post: WebhookPost) -> None:
    sent = message(receiver.url())
    post.send(sent)
    (got,) = receiver.got
    other = message(receiver.url()).webhook.secret
    for secret, body, headers in (
        (other, got.body, got.headers),
        (sent.webhook.secret, got.body + b" ", got.headers),
        (sent.webhook.secret, got.body, {**got.headers, "webhook-id": "e2"}),
        (sent.webhook.secret, got.body, {**got.headers, "webhook-timestamp": str(int(time.time()) - 60)}),
    ):
        with pytest.raises(WebhookVerificationError):
            Verifier(secret).verify(body, headers)


@pytest.mark.parametrize(
    ("status", "good", "gone"),
    [(200, True, False), (204, True, False), (410, False, True), (500, False, False), (404, False, False)],
)
def test_any_2xx_is_an_arrival(receiver: Receiver, post: WebhookPost, status: int, good: bool, gone: bool) -> None:
    receiver.answers = [status]
    answer = post.send(message(receiver.url()))
    assert (answer.status, answer.good, answer.gone) == (status, good, gone)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nothing_is_sent_on(receiver: Receiver, post: WebhookPost, status: int) -> None:
    with receiving() as elsewhere:
        receiver.answers, receiver.location = [status], elsewhere.url()
        answer = post.send(message(receiver.url()))
        assert (answer.status, answer.good) == (status, False)
        assert elsewhere.got == []


def test_settings_of_the_environment_send_nothing_anywhere_else(
    receiver: Receiver, post: WebhookPost, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url(path=""))
        monkeypatch.setenv("ALL_PROXY", proxy.url(path=""))
        assert post.send(message(receiver.url())).good
        assert proxy.got == []


# -- receivers that misbehave ----------------------------------------------------------------------------------


def drip(handler: BaseHTTPRequestHandler) -> None:
    """Send a head that never ends, a little at a time."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for _ in range(100):
        handler.wfile.write(b"X-More: and more\r\n")
        handler.wfile.flush()
        time.sleep(0.05)


def interim(handler: BaseHTTPRequestHandler) -> None:
    """Say that the answer is coming, for ever."""
    for _ in range(100):
        handler.wfile.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        handler.wfile.flush()
        time.sleep(0.05)


@pytest.mark.parametrize("instead", [drip, interim, lambda _: time.sleep(3)])
def test_who_is_slow_on_purpose_is_not_waited_for(receiver: Receiver, instead: "object") -> None:
    assert callable(instead)
    receiver.instead = instead
    answer = WebhookPost(Targets.ANY, seconds=0.5).send(message(receiver.url()))
    assert answer.status is None
    assert "0.5 s" in answer.trouble


def nonsense(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


def a_body_without_end(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(1000):
        handler.wfile.write(b"x" * 65536)


def a_head_without_end(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000 + b"\r\n")


@pytest.mark.parametrize(
    ("instead", "good"),
    [(nonsense, False), (a_head_without_end, False), (lambda _: None, False), (a_body_without_end, True)],
)
def test_what_is_no_answer_is_trouble_and_a_body_is_not_read(
    receiver: Receiver, post: WebhookPost, instead: "object", good: bool
) -> None:
    assert callable(instead)
    receiver.instead = instead
    answer = post.send(message(receiver.url()))
    assert answer.good is good
    assert good or answer.trouble


def test_nobody_there_is_trouble(post: WebhookPost) -> None:
    with receiving() as receiver:
        url = receiver.url()
    answer = post.send(message(url))
    assert answer.status is None
    assert answer.trouble


# -- where messages may go -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.1.2.3", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "192.0.0.8", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1"),
        *("::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1"),
        *(
            "fd12::1",
            "ff02::1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "fec0::1",
        ),
        *("", "localhost", "127.1", "0x7f000001", "8.8.8.8.", "1.2.3"),
    ],
)
def test_these_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450:4001::64"])
def test_these_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]", "0.0.0.0"]
)
def test_this_machine_is_reached_under_none_of_its_names(host: str) -> None:
    with receiving() as receiver:
        answer = WebhookPost(Targets.PUBLIC).send(message(f"https://{host}:{receiver.port}/"))
        assert answer.status is None
        assert receiver.got == []
    assert "not a public address" in answer.trouble


def test_one_address_that_is_not_public_is_one_too_many() -> None:
    post = WebhookPost(Targets.PUBLIC, resolver=lambda _host, _port: ["8.8.8.8", "10.0.0.1"])
    assert "10.0.0.1" in post.send(message("https://hooks.example.org/")).trouble


def test_the_connection_goes_to_the_address_that_was_looked_at(receiver: Receiver) -> None:
    asked: list[str] = []

    def resolver(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["192.0.2.1"]  # a name that leads elsewhere a moment later

    assert WebhookPost(Targets.ANY, resolver=resolver).send(message(receiver.url("hooks.example.org"))).good
    assert asked == ["hooks.example.org"]
    assert receiver.got[0].headers["host"] == f"hooks.example.org:{receiver.port}"


def test_a_setting_that_became_stricter_holds_for_webhooks_that_were_added_before(receiver: Receiver) -> None:
    answer = WebhookPost(Targets.PUBLIC).send(message(receiver.url()))
    assert "https://" in answer.trouble
    assert receiver.got == []


def here(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def test_tls_is_checked_against_the_name_and_not_the_address(tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            find_program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
            "-keyout", str(key), "-out", str(certificate),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(certificate, key)
    believed = ssl.create_default_context(cafile=str(certificate))
    with receiving(served) as receiver:
        assert WebhookPost(Targets.ANY, context=believed, resolver=here).send(message(receiver.url("localhost"))).good
        wrong = WebhookPost(Targets.ANY, context=believed, resolver=here).send(message(receiver.url("evil.example")))
        unknown = WebhookPost(Targets.ANY, resolver=here).send(message(receiver.url("localhost")))
    assert "certificate" in wrong.trouble.lower()
    assert "certificate" in unknown.trouble.lower()
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    "url",
    [
        *("http://hooks.example.org/", "ftp://hooks.example.org/", "hooks.example.org", "https://", "https:///x"),
        *("https://user@hooks.example.org/", "https://:secret@hooks.example.org/", "https://h.example/#x"),
        *("https://h.example:0/", "https://h.example:99999/", "https://[::1/", "https://h\u00e4.example/"),
        *("https://h.example/a b", "https://h.example/\n", "https://h.example/" + "x" * 2000, "file:///etc/passwd"),
    ],
)
def test_an_address_that_makes_no_sense_is_refused_at_once(url: str) -> None:
    with pytest.raises(UsageError):
        check_url(url, Targets.PUBLIC)


# -- who is told -----------------------------------------------------------------------------------------------


def webhook(*wanted: str) -> Webhook:
    return new_webhook("shop", "https://hooks.example.org/", wanted, Targets.PUBLIC, AT)


def test_a_webhook_is_told_what_it_wants() -> None:
    assert all(wants(webhook(), event) for event in EVENTS)
    assert [event for event in EVENTS if wants(webhook("quarantine.*", "engine.degraded"), event)] == [
        "quarantine.released",
        "quarantine.deleted",
        "quarantine.expired",
        "engine.degraded",
    ]


@pytest.mark.parametrize(
    "wanted", ["", "attachment", "attachment.", "attachments.*", "*.accepted", ".*", "webhook.test"]
)
def test_nobody_can_want_what_there_is_not(wanted: str) -> None:
    with pytest.raises(UsageError, match="there is no event"):
        webhook(wanted)


def test_a_webhook_belongs_to_a_tenant_or_to_the_operator() -> None:
    new_webhook("", "https://hooks.example.org/", (), Targets.PUBLIC, AT)
    with pytest.raises(UsageError, match="tenant"):
        new_webhook("a b", "https://hooks.example.org/", (), Targets.PUBLIC, AT)


def test_a_secret_is_one_of_standard_webhooks_and_is_never_shown_by_accident() -> None:
    one, other = webhook(), webhook()
    assert one.secret.startswith("whsec_")
    assert one.secret != other.secret
    assert one.secret not in repr(one)


def test_pauses_grow_for_a_day_and_are_never_the_same() -> None:
    assert 20 * 3600 < sum(one.total_seconds() for one in SCHEDULE) < 28 * 3600
    shortest, longest = pause(3, 0.0), pause(3, 1.0)
    assert shortest is not None
    assert longest is not None
    assert shortest < SCHEDULE[2] < longest
    assert pause(len(SCHEDULE)) is not None
    assert pause(len(SCHEDULE) + 1) is None
