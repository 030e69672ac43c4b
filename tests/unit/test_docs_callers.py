"""What docs/keys.md and docs/webhooks.md show works as it stands there, and they know every event."""

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from attachguard.access import Allowance, Key, Scope, is_signed, new_key, read_link
from attachguard.webhooks import EVENTS, Happening, Message, Targets, cloud_event, headers, new_webhook

DOCS = Path(__file__).parents[2] / "docs"
NODE = shutil.which("node")


def block(page: str, language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
    return str(found)


def node(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    assert NODE
    return subprocess.run([NODE, "-e", code, *arguments], capture_output=True, text=True, timeout=60, check=False)


def message() -> Message:
    at = datetime.now(UTC)
    webhook = new_webhook("shop", "https://shop.example/", (), Targets.PUBLIC, at)
    happening = Happening(
        type="attachment.accepted",
        tenant="shop",
        source="/v1/submissions/s1",
        subject="s1.0",
        data={"word": "d\u00e9j\u00e0"},
    )
    body = cloud_event("e1", happening, at)
    return Message(number=1, event="e1", type=happening.type, body=body, attempts=1, webhook=webhook)


def made() -> tuple[Key, str]:
    return new_key("shop", "", [Scope.SUBMIT], Allowance(), datetime.now(UTC))


def test_every_event_is_in_the_table_and_nothing_else() -> None:
    page = (DOCS / "webhooks.md").read_text(encoding="utf-8")
    assert dict(re.findall(r"^\| `([a-z]+\.[a-z]+)` \| (.+) \|$", page, re.MULTILINE)) == EVENTS


def test_the_event_that_is_shown_has_the_fields_of_a_real_one() -> None:
    shown = json.loads(block("webhooks.md", "json"))
    real = json.loads(message().body)
    assert set(real) == set(shown) - {"traceparent"}
    assert shown["type"] in EVENTS


def test_the_receiver_in_python_believes_us_and_nobody_else() -> None:
    names: dict[str, object] = {}
    exec(block("webhooks.md", "python"), names)
    sent, received = message(), names["received"]
    assert callable(received)
    signed = headers(sent, datetime.now(UTC))
    assert received(sent.webhook.secret, sent.body.encode(), signed) == "s1.0 is accepted"
    with pytest.raises(Exception, match="No matching signature"):
        received(message().webhook.secret, sent.body.encode(), signed)


def test_the_link_in_python_is_one() -> None:
    names: dict[str, object] = {}
    exec(block("keys.md", "python"), names)
    (key, shown), link_for = made(), names["link_for"]
    assert callable(link_for)
    link = link_for(shown, "order 7")
    assert is_signed(link, key)
    assert (read_link(link).conversation, read_link(link).count) == ("order 7", 3)


@pytest.mark.skipif(NODE is None, reason="Node is not installed")
def test_the_receiver_in_node_believes_us_and_nobody_else() -> None:
    sent = message()
    code = (
        block("webhooks.md", "js")
        + "const [s, b, h] = process.argv.slice(1); console.log(verify(s, b, JSON.parse(h)).subject);"
    )
    signed = json.dumps(headers(sent, datetime.now(UTC)))
    assert node(code, sent.webhook.secret, sent.body, signed).stdout == "s1.0\n"
    assert "not signed" in node(code, message().webhook.secret, sent.body, signed).stderr
    assert "not signed" in node(code, sent.webhook.secret, sent.body + " ", signed).stderr
    late = json.dumps(headers(sent, datetime.fromtimestamp(1_700_000_000, UTC)))
    assert "too old" in node(code, sent.webhook.secret, sent.body, late).stderr


@pytest.mark.skipif(NODE is None, reason="Node is not installed")
def test_the_link_in_node_is_one() -> None:
    key, shown = made()
    code = (
        block("keys.md", "js")
        + "console.log(signLink(process.argv[1], 'Bestellung f\u00fcr Zo\u00eb', { count: 2, policy: 'strict' }));"
    )
    link = node(code, shown).stdout.strip()
    assert is_signed(link, key)
    read = read_link(link)
    assert (read.conversation, read.policy, read.count, read.key_id) == (
        "Bestellung f\u00fcr Zo\u00eb",
        "strict",
        2,
        key.id,
    )
    assert 800 < (read.expires_at - datetime.now(UTC)).total_seconds() <= 900
