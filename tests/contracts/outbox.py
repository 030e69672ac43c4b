"""What the ledger promises webhooks; each database's tests inherit this."""

import dataclasses
import json
from datetime import timedelta

import pytest
from cloudevents.core.formats.json import JSONFormat

from attachguard.adapters.sql.ledger import SqlLedger
from attachguard.jobs import Claim, Event, Queue
from attachguard.model import Outcome
from attachguard.webhooks import SCHEDULE, Answer, Happening, Message, Targets, Webhook, new_webhook
from tests.contracts.engine_ledger import DEADLINE, LEASE, Clock, intent, judged
from tests.contracts.keyring import at_once

TAKEN = timedelta(seconds=60)
GOOD = Answer(status=204)
BAD = Answer(status=500)


def added(ledger: SqlLedger, clock: Clock, *wanted: str, tenant: str = "shop") -> Webhook:
    webhook = new_webhook(tenant, "https://hooks.example.org/x", wanted, Targets.PUBLIC, clock())
    ledger.add_webhook(webhook)
    return webhook


def happening(kind: str = "rescan.started", tenant: str = "shop") -> Happening:
    return Happening(type=kind, tenant=tenant, source="/v1/batches/7", subject="7", data={"batch": "7"})


def taken(ledger: SqlLedger, most: int = 10, each: int = 10) -> list[Message]:
    return list(ledger.take_messages(TAKEN, most, each))


def types(ledger: SqlLedger) -> list[str]:
    return [message.type for message in sorted(taken(ledger), key=lambda one: one.number)]


def submitted(ledger: SqlLedger, submission: str = "s1") -> Claim:
    one = intent(submission)
    ledger.begin(one)
    ledger.accept(one, DEADLINE)
    claim = ledger.claim("w1", LEASE, tuple(Queue))
    assert claim is not None
    return claim


class OutboxContract:
    """What happened is told to whoever wants to know, at least once, for a day; and to nobody else."""

    # -- who is told -------------------------------------------------------------------------------------------

    def test_a_webhook_is_listed_as_it_was_made_and_can_be_removed(self, ledger: SqlLedger, clock: Clock) -> None:
        webhook = added(ledger, clock, "attachment.*", "engine.degraded")
        clock.forward(seconds=1)
        other = added(ledger, clock, tenant="other-shop")
        assert list(ledger.webhooks()) == [webhook, other]
        assert list(ledger.webhooks("shop")) == [webhook]
        ledger.tell(happening("attachment.accepted"))
        assert ledger.remove_webhook(webhook.id)
        assert not ledger.remove_webhook(webhook.id)
        assert taken(ledger) == []

    def test_where_nobody_wants_to_know_nothing_is_written(self, ledger: SqlLedger, clock: Clock) -> None:
        added(ledger, clock, "attachment.*")
        added(ledger, clock, "*", tenant="other-shop")
        assert ledger.tell(happening()) == 0
        assert ledger.backlog() == {}

    def test_each_webhook_gets_a_message_of_its_own_about_the_same_event(self, ledger: SqlLedger, clock: Clock) -> None:
        webhooks = {added(ledger, clock).id, added(ledger, clock).id}
        assert ledger.tell(happening()) == 2
        messages = taken(ledger)
        assert {message.webhook.id for message in messages} == webhooks
        assert len({message.event for message in messages}) == 1

    # -- what is told ------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.REJECTED, Outcome.INFECTED, Outcome.UNDETERMINED])
    def test_a_verdict_is_told_in_the_transaction_that_records_it(
        self, ledger: SqlLedger, clock: Clock, outcome: Outcome
    ) -> None:
        added(ledger, clock)
        claim = submitted(ledger)
        assert taken(ledger) == []
        ledger.finish(claim, judged(claim, outcome, location="/secret/place"))
        (message,) = taken(ledger)
        event = JSONFormat().read(None, message.body)
        assert event.get_type() == message.type == f"attachment.{outcome}"
        assert (event.get_id(), event.get_subject()) == (message.event, "s1.0")
        assert (event.get_source(), event.get_time()) == ("/v1/submissions/s1", clock())
        data = json.loads(message.body)["data"]
        assert (data["attachment"], data["submission"], data["verdict"]) == ("s1.0", "s1", outcome)
        assert (data["size"], data["sha256"]) == (3, "0" * 64)
        expected = {
            Outcome.ACCEPTED: ([], True),
            Outcome.REJECTED: (["pdf.launch"], False),
            Outcome.INFECTED: (["pdf.launch"], False),
            Outcome.UNDETERMINED: (["pdf.launch", "scanner.unavailable"], False),
        }[outcome]
        assert (data["reasons"], data["delivered"] is not None) == expected
        assert "/secret/place" not in message.body

    def test_no_name_that_a_stranger_chose_is_told(self, ledger: SqlLedger, clock: Clock) -> None:
        added(ledger, clock)
        claim = submitted(ledger)
        ledger.finish(claim, judged(claim))
        (message,) = taken(ledger)
        assert "\\u202e" not in message.body
        assert "\u202e" not in message.body
        assert json.loads(message.body)["data"]["delivered"]["name"] == "rechnung.pdf"

    def test_what_was_not_recorded_is_not_told(self, ledger: SqlLedger, clock: Clock) -> None:
        added(ledger, clock)
        claim = submitted(ledger)
        late = dataclasses.replace(claim, fence=claim.fence - 1)
        with pytest.raises(Exception, match="taken over"):
            ledger.finish(late, judged(late))
        assert ledger.backlog() == {}

    def test_the_end_of_all_attempts_is_told(self, ledger: SqlLedger, clock: Clock) -> None:
        added(ledger, clock)
        ledger.give_back(submitted(ledger), "it fell over", timedelta(0), 1)
        (message,) = taken(ledger)
        assert message.type == "attachment.undetermined"
        assert json.loads(message.body)["data"]["reasons"] == ["job.attempts"]

    def test_a_verdict_after_none_is_no_reclassification(self, ledger: SqlLedger, clock: Clock) -> None:
        added(ledger, clock)
        claim = submitted(ledger)
        ledger.finish(claim, judged(claim, Outcome.UNDETERMINED))
        ledger.retry("s1", "Ada", DEADLINE)
        again = ledger.claim("w1", LEASE, tuple(Queue))
        assert again is not None
        ledger.finish(again, judged(again))
        assert types(ledger) == ["attachment.undetermined", "attachment.accepted"]

    def test_a_verdict_that_is_another_than_before_is_a_reclassification(self, ledger: SqlLedger, clock: Clock) -> None:
        added(ledger, clock)
        one = dataclasses.replace(
            intent(),
            files=tuple(
                dataclasses.replace(intent().files[0], id=f"s1.{number}", number=number, key=f"s1/{number}")
                for number in range(2)
            ),
        )
        ledger.begin(one)
        ledger.accept(one, DEADLINE)
        first = ledger.claim("w1", LEASE, tuple(Queue))
        assert first is not None
        rejected, unknown = judged(first, Outcome.REJECTED).verdicts[0], judged(first, Outcome.UNDETERMINED).verdicts[0]
        ledger.finish(first, dataclasses.replace(judged(first), verdicts=(rejected, unknown)))
        ledger.retry("s1", "Ada", DEADLINE)
        again = ledger.claim("w1", LEASE, tuple(Queue))
        assert again is not None
        ledger.finish(again, judged(again, Outcome.INFECTED))
        messages = sorted(taken(ledger), key=lambda message: message.number)
        assert [message.type for message in messages] == [
            "attachment.rejected",
            "attachment.undetermined",
            "attachment.infected",
            "attachment.reclassified",
            "attachment.infected",
        ]
        data = json.loads(messages[3].body)["data"]
        assert (data["attachment"], data["before"], data["verdict"]) == ("s1.0", "rejected", "infected")

    @pytest.mark.parametrize("what", ["released", "deleted", "expired"])
    def test_a_review_is_told(self, ledger: SqlLedger, clock: Clock, what: str) -> None:
        added(ledger, clock)
        submitted(ledger)
        ledger.note(Event(at=clock(), what=what, submission="s1", attachment="s1.0", actor="Ada"))
        ledger.note(Event(at=clock(), what="something else", submission="s1", attachment="s1.0", actor="Ada"))
        (message,) = taken(ledger)
        assert message.type == f"quarantine.{what}"
        assert json.loads(message.body)["data"]["reviewer"] == "Ada"

    def test_the_operator_hears_of_a_part_that_stops_and_works_again_once_each(
        self, ledger: SqlLedger, clock: Clock
    ) -> None:
        added(ledger, clock, tenant="")
        added(ledger, clock, tenant="shop")
        assert not ledger.part_is("scanner", ok=True, detail="")
        assert ledger.part_is("scanner", ok=False, detail="gone")
        assert not ledger.part_is("scanner", ok=False, detail="still gone")
        assert ledger.part_is("scanner", ok=True, detail="")
        assert ledger.part_is("store", ok=False, detail="never came up")
        assert types(ledger) == ["engine.degraded", "engine.recovered", "engine.degraded"]

    # -- how it is sent ----------------------------------------------------------------------------------------

    def test_a_message_is_claimed_by_one_relay(self, ledger: SqlLedger, clock: Clock) -> None:
        added(ledger, clock)
        for _ in range(6):
            ledger.tell(happening())
        claimed: list[int] = []
        at_once([lambda: claimed.extend(one.number for one in taken(ledger))] * 4)
        assert len(claimed) == len(set(claimed)) == 6

    def test_a_relay_that_died_loses_nothing(self, ledger: SqlLedger, clock: Clock) -> None:
        added(ledger, clock)
        ledger.tell(happening())
        (first,) = taken(ledger)
        assert taken(ledger) == []
        clock.forward(seconds=61)
        (again,) = taken(ledger)
        assert (again.event, again.body, again.attempts) == (first.event, first.body, 2)
        ledger.answered(first, GOOD)  # the first one comes back late: it is not its message any more
        assert ledger.backlog() != {}
        ledger.answered(again, GOOD)
        assert ledger.backlog() == {}

    def test_what_arrived_is_not_sent_again(self, ledger: SqlLedger, clock: Clock) -> None:
        added(ledger, clock)
        ledger.tell(happening())
        ledger.answered(taken(ledger)[0], GOOD)
        clock.forward(days=2)
        assert taken(ledger) == []

    def test_what_did_not_arrive_is_tried_again_for_a_day_and_then_given_up(
        self, ledger: SqlLedger, clock: Clock
    ) -> None:
        added(ledger, clock)
        ledger.tell(happening())
        began = clock()
        for pause in SCHEDULE:
            (message,) = taken(ledger)
            ledger.answered(message, BAD)
            clock.forward(seconds=pause.total_seconds() * 0.79)
            assert taken(ledger) == []
            clock.forward(seconds=pause.total_seconds() * 0.42)
        (last,) = taken(ledger)
        assert last.attempts == len(SCHEDULE) + 1
        assert timedelta(hours=20) < clock() - began < timedelta(hours=30)
        ledger.answered(last, Answer(status=None, trouble="no answer"))
        clock.forward(days=2)
        assert taken(ledger) == []
        assert ledger.backlog() == {}

    def test_who_did_not_take_one_message_is_left_alone_with_the_others_for_a_moment(
        self, ledger: SqlLedger, clock: Clock
    ) -> None:
        added(ledger, clock)
        for _ in range(3):
            ledger.tell(happening())
        (first,) = taken(ledger, each=1)
        ledger.answered(first, BAD)
        assert taken(ledger) == []
        clock.forward(seconds=7)
        (again,) = taken(ledger)
        assert (again.number, again.attempts) == (first.number, 2)
        clock.forward(seconds=24)
        assert [one.attempts for one in taken(ledger)] == [1, 1]

    def test_who_is_gone_is_told_nothing_more(self, ledger: SqlLedger, clock: Clock) -> None:
        gone = added(ledger, clock)
        for _ in range(3):
            ledger.tell(happening())
        ledger.answered(taken(ledger)[0], Answer(status=410))
        clock.forward(days=1)
        assert taken(ledger) == []
        assert ledger.tell(happening()) == 0
        (listed,) = ledger.webhooks()
        assert listed == dataclasses.replace(
            gone, disabled_at=listed.disabled_at, disabled_why="its receiver answered 410 Gone"
        )
        assert listed.disabled_at is not None

    def test_a_webhook_with_many_messages_leaves_room_for_the_others(self, ledger: SqlLedger, clock: Clock) -> None:
        busy, quiet = added(ledger, clock, "rescan.started"), added(ledger, clock, "rescan.finished")
        for _ in range(20):
            ledger.tell(happening())
        ledger.tell(happening("rescan.finished"))
        messages = taken(ledger, most=5, each=4)
        assert sorted(message.webhook.id for message in messages) == sorted([*[busy.id] * 4, quiet.id])

    def test_what_ended_long_ago_is_forgotten_and_what_waits_is_not(self, ledger: SqlLedger, clock: Clock) -> None:
        added(ledger, clock)
        ledger.tell(happening())
        ledger.tell(happening())
        ledger.answered(taken(ledger)[0], GOOD)
        assert ledger.forget_messages(timedelta(days=7)) == 0
        clock.forward(days=8)
        assert ledger.forget_messages(timedelta(days=7)) == 1
        assert sum(ledger.backlog().values()) == 1
