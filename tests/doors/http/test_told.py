"""What is sent to the service is told to webhooks, by the same one command."""

import json
from datetime import UTC, datetime
from pathlib import Path

from standardwebhooks import Webhook as Verifier

from attachguard.bootstrap import open_outbox
from attachguard.settings import load_settings
from attachguard.webhooks import Targets, new_webhook
from tests.doors.http.made import EICAR, send, text
from tests.doors.http.server import Server
from tests.servers.process import wait_until
from tests.webhooks.receiver import receiving

TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


def test_a_verdict_is_told_within_seconds_with_the_trace_of_the_request(tmp_path: Path) -> None:
    server = Server(tmp_path, {"ATTACHGUARD_WEBHOOK_TARGETS": "any"})
    settings = load_settings({"XDG_STATE_HOME": str(tmp_path / "state")})
    with receiving() as receiver:
        with open_outbox(settings) as outbox:
            webhook = new_webhook("", receiver.url(), ["attachment.*"], Targets.ANY, datetime.now(UTC))
            outbox.add_webhook(webhook)
        server.start()
        with server.client() as client:
            sent = send(client, ("a.txt", text()), ("b.txt", EICAR), headers={"traceparent": TRACE})
            assert sent.status_code == 201
        wait_until(lambda: len(receiver.got) >= 2, 20, "both verdicts are told", server.log)
        assert server.stop() == 0
    events = [Verifier(webhook.secret).verify(got.body, got.headers) for got in receiver.got]
    assert {(one["type"], one["subject"]) for one in events} == {
        ("attachment.accepted", f"{sent.json()['submission']}.0"),
        ("attachment.infected", f"{sent.json()['submission']}.1"),
    }
    assert {one["traceparent"].split("-")[1] for one in events} == {"a" * 32}
    lines = [json.loads(line) for line in server.events() if line.startswith("{")]
    assert [line["trace"] for line in lines if line["event"] == "submission.received"] == ["a" * 32]
    judged = [line for line in lines if line["event"] == "attachment.judged"]
    assert {(line["trace"], line["verdict"]) for line in judged} == {("a" * 32, "accepted"), ("a" * 32, "infected")}
