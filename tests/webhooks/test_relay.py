"""From the ledger to a real server: what happened is told, and nobody who hangs keeps it from the others."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook as Verifier

from attachguard.adapters.sql.ledger import SqlLedger
from attachguard.adapters.webhook_post import WebhookPost
from attachguard.batches import Request, Selection
from attachguard.jobs import Queue
from attachguard.model import Check
from attachguard.relay import Errands, Relay, Relayed
from attachguard.service import Service
from attachguard.webhooks import Answer, Happening, Message, Targets, Webhook, new_webhook
from tests.contracts.engine_ledger import Clock
from tests.engine_made import engine, settings, timing, upload
from tests.rescan.made import deliver, learned, rescan
from tests.webhooks.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> SqlLedger:
    return SqlLedger(f"sqlite:///{tmp_path}/ledger.sqlite3", clock)


@pytest.fixture
def service(tmp_path: Path, ledger: SqlLedger) -> Iterator[Service]:
    chosen = settings(tmp_path)
    with engine(chosen, ledger=ledger, terms_of=timing(chosen)) as service:
        yield service


@pytest.fixture
def relay(ledger: SqlLedger) -> Relay:
    return Relay(ledger, WebhookPost(Targets.ANY, seconds=2))


def added(ledger: SqlLedger, url: str, *wanted: str, tenant: str = "shop") -> Webhook:
    webhook = new_webhook(tenant, url, wanted, Targets.ANY, datetime.now(UTC))
    ledger.add_webhook(webhook)
    return webhook


def judged(service: Service, words: str) -> str:
    submission = service.submit([upload(words)], tenant="shop").submission
    claim = service.claim("w1", tuple(Queue))
    assert claim is not None
    service.judge(claim)
    return submission


def types(receiver: Receiver) -> list[str]:
    return [json.loads(got.body)["type"] for got in receiver.got]


def tell(ledger: SqlLedger, kind: str = "rescan.started") -> None:
    ledger.tell(Happening(type=kind, tenant="shop", source="/v1/batches/7", subject="7", data={}))


# -- what happens is told --------------------------------------------------------------------------------------


def test_a_verdict_arrives_signed(service: Service, ledger: SqlLedger, relay: Relay, receiver: Receiver) -> None:
    webhook = added(ledger, receiver.url(), "attachment.*")
    submission = judged(service, "hello")
    assert relay.send_due() == Relayed(delivered=1)
    (got,) = receiver.got
    event = Verifier(webhook.secret).verify(got.body, got.headers)
    assert (event["type"], event["subject"]) == ("attachment.accepted", f"{submission}.0")
    assert event["data"]["verdict"] == "accepted"
    assert relay.send_due() == Relayed()


def test_a_file_has_a_life_in_quarantine(
    service: Service, ledger: SqlLedger, relay: Relay, receiver: Receiver, clock: Clock
) -> None:
    added(ledger, receiver.url())
    released, deleted, expired = (judged(service, "reject") for _ in range(3))
    service.release(f"{released}.0", "Ada", "looks fine")
    service.delete(f"{deleted}.0", "Ada", "not ours")
    clock.forward(days=40)
    service.sweep()
    while relay.send_due().delivered:
        pass
    told = [(one["type"], one["subject"]) for one in (json.loads(got.body) for got in receiver.got)]
    assert {one for one in told if one[0].startswith("quarantine.")} == {
        ("quarantine.released", f"{released}.0"),
        ("quarantine.deleted", f"{deleted}.0"),
        ("quarantine.expired", f"{expired}.0"),
        ("quarantine.expired", f"{released}.0"),
    }


def test_what_a_rescan_finds_is_told_to_its_tenant_and_how_it_went_to_the_operator(
    tmp_path: Path, ledger: SqlLedger, relay: Relay, receiver: Receiver
) -> None:
    added(ledger, receiver.url(), "attachment.reclassified")
    added(ledger, receiver.url(), "rescan.*", tenant="")
    chosen = settings(tmp_path)
    with engine(chosen, ledger=ledger, terms_of=timing(chosen)) as service:
        good, bad = deliver(service, ["a good text", "a bad text"], tenant="shop")
    with engine(chosen, ledger=ledger, terms_of=timing(chosen), scanner=learned(["a bad text"])) as service:
        batch = rescan(service, Request(selection=Selection()))
        while relay.send_due().delivered:
            pass
    assert batch.tally.changed == 1
    events = {one["type"]: one for one in (json.loads(got.body) for got in receiver.got)}
    assert sorted(types(receiver)) == ["attachment.reclassified", "rescan.finished", "rescan.started"]
    changed = events["attachment.reclassified"]
    assert changed["subject"] == f"{bad}.0" != f"{good}.0"
    assert (changed["data"]["before"], changed["data"]["verdict"]) == ("accepted", "infected")
    assert changed["data"]["reasons"] == ["malware.signature"]
    assert (events["rescan.finished"]["data"]["found"], events["rescan.finished"]["data"]["changed"]) == (2, 1)


def test_one_tenant_hears_nothing_of_another(
    service: Service, ledger: SqlLedger, relay: Relay, receiver: Receiver
) -> None:
    added(ledger, receiver.url(), tenant="other-shop")
    added(ledger, receiver.url(), tenant="")
    judged(service, "hello")
    assert relay.send_due() == Relayed()


# -- receivers that are away -----------------------------------------------------------------------------------


def test_what_did_not_arrive_comes_again_under_the_same_id(
    ledger: SqlLedger, relay: Relay, receiver: Receiver, clock: Clock
) -> None:
    added(ledger, receiver.url())
    receiver.answers = [500, 302, 204]
    tell(ledger)
    for _ in range(3):
        relay.send_due()
        clock.forward(minutes=1)
    assert relay.send_due() == Relayed()
    assert len(receiver.got) == 3
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
    assert len({got.body for got in receiver.got}) == 1


def test_who_answers_410_is_left_alone(ledger: SqlLedger, relay: Relay, receiver: Receiver, clock: Clock) -> None:
    added(ledger, receiver.url())
    receiver.answers = [410]
    tell(ledger)
    relay.send_due()
    tell(ledger)
    clock.forward(days=1)
    relay.send_due()
    assert len(receiver.got) == 1


def test_one_that_hangs_does_not_keep_the_others_waiting(ledger: SqlLedger, relay: Relay, receiver: Receiver) -> None:
    told = threading.Event()
    with receiving() as hanging:
        hanging.instead = lambda _: told.wait(10)  # type: ignore[assignment]  # what it gives is of no use
        added(ledger, hanging.url(), "rescan.started")
        added(ledger, receiver.url(), "rescan.finished")
        for _ in range(30):
            tell(ledger)
        tell(ledger, "rescan.finished")
        assert relay.send_due().delivered == 1
        told.set()
    assert types(receiver) == ["rescan.finished"]


def test_a_relay_that_is_killed_between_sending_and_writing_it_down_sends_again(
    ledger: SqlLedger, tmp_path: Path, relay: Relay, receiver: Receiver, clock: Clock
) -> None:
    added(ledger, receiver.url())
    tell(ledger)
    ledger.close()

    class Dying(WebhookPost):
        def send(self, message: Message) -> Answer:
            super().send(message)
            os._exit(9)

    pid = os.fork()
    if pid == 0:
        Relay(SqlLedger(f"sqlite:///{tmp_path}/ledger.sqlite3", clock), Dying(Targets.ANY)).send_due()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    assert relay.send_due() == Relayed()
    clock.forward(seconds=61)
    assert relay.send_due() == Relayed(delivered=1)
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
    assert len(receiver.got) == 2


# -- the errands -----------------------------------------------------------------------------------------------


def test_the_operator_is_told_when_a_part_stops_and_when_it_works_again(
    ledger: SqlLedger, relay: Relay, receiver: Receiver
) -> None:
    added(ledger, receiver.url(), "engine.*", tenant="")
    ok, gone = Check(name="clamd", ok=True, detail=""), Check(name="clamd", ok=False, detail="gone")
    warned = Check(name="signatures", ok=False, detail="4 days old", required=False)
    for checks in ([ok], [ok, warned], [gone], [gone], [ok]):
        relay.watch({"scanner": checks})
    while relay.send_due().delivered:
        pass
    events = [json.loads(got.body) for got in receiver.got]
    assert sorted((one["type"], one["data"]["detail"]) for one in events) == [  # they are sent side by side
        ("engine.degraded", "clamd: gone"),
        ("engine.recovered", ""),
    ]


def test_an_errand_sends_everything_that_is_due(ledger: SqlLedger, relay: Relay, receiver: Receiver) -> None:
    added(ledger, receiver.url())
    for _ in range(9):
        tell(ledger)
    Errands(relay, dict)()
    assert len(receiver.got) == 9


def test_beat_has_celery_workers_send_too(tmp_path: Path, ledger: SqlLedger, receiver: Receiver) -> None:
    from workers.app import make_app  # made from the environment: not before the tests have their own
    from workers.engine import Engine as CeleryEngine
    from workers.schedule import schedule

    chosen = settings(tmp_path, webhook_targets=Targets.ANY)
    added(ledger, receiver.url())
    tell(ledger)
    app = make_app(chosen, CeleryEngine(lambda: engine(chosen, ledger=ledger)))
    assert {entry["task"] for entry in schedule().values()} <= set(app.tasks)
    app.tasks["attachguard.errands"]()
    assert types(receiver) == ["rescan.started"]


# -- the command -----------------------------------------------------------------------------------------------


def run(folder: Path, *words: str, code: int = 0, targets: str = "any") -> str:
    done = subprocess.run(
        [sys.executable, "-m", "attachguard", "webhooks", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"XDG_STATE_HOME": str(folder), "PATH": "/usr/bin:/bin", "ATTACHGUARD_WEBHOOK_TARGETS": targets},
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_a_webhook_is_added_tested_listed_and_removed(tmp_path: Path, receiver: Receiver) -> None:
    made = json.loads(run(tmp_path, "add", receiver.url(), "--tenant", "shop", "-e", "attachment.*", "--json"))
    (listed,) = json.loads(run(tmp_path, "list", "--json"))
    assert (listed["id"], listed["events"], listed["waiting"]) == (made["id"], ["attachment.*"], 0)
    assert made["secret"] not in run(tmp_path, "list")

    assert "answered 204" in run(tmp_path, "test", made["id"])
    (got,) = receiver.got
    assert Verifier(made["secret"]).verify(got.body, got.headers)["type"] == "webhook.test"
    receiver.answers = [500]
    assert "500" in run(tmp_path, "test", made["id"], code=3)
    assert "https" in run(tmp_path, "test", made["id"], code=3, targets="public")

    run(tmp_path, "remove", made["id"])
    run(tmp_path, "remove", made["id"], code=2)
    run(tmp_path, "test", made["id"], code=2)


def test_what_is_not_allowed_can_not_be_added(tmp_path: Path, receiver: Receiver) -> None:
    run(tmp_path, "add", receiver.url(), code=2, targets="public")
    run(tmp_path, "add", "https://hooks.example.org/", "-e", "attachment.lost", code=2)
    run(tmp_path, "list", code=2, targets="everywhere")
