"""What the ledger promises re-scanning, on SQLite and on a real PostgreSQL."""

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from attachguard.adapters.sql.ledger import SqlLedger
from attachguard.batches import (
    PAGE,
    Batch,
    BatchState,
    Bundle,
    Decided,
    Item,
    OnInfected,
    Rejudged,
    Request,
    Result,
    Schedule,
    Selection,
    Spent,
    Yardstick,
)
from attachguard.errors import NotPossible
from attachguard.jobs import Queue
from attachguard.model import Finding, Outcome, ScanIdentity
from attachguard.service import Service
from tests.contracts.engine_ledger import Clock, intent
from tests.engine_made import engine, settings, timing
from tests.rescan.filled import OLD, fill

if TYPE_CHECKING:
    from tests.servers.postgres import Postgres

LEASE = timedelta(seconds=30)
REQUEST = Request(selection=Selection(older_than_signatures=True))
NAME = "a \udcfe\x00name.txt"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.servers)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.sqlite3"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(url: str, clock: Clock) -> Iterator[SqlLedger]:
    with closing(SqlLedger(url, clock)) as ledger:
        yield ledger


@pytest.fixture
def service(ledger: SqlLedger, tmp_path: Path) -> Iterator[Service]:
    chosen = settings(tmp_path)
    with engine(chosen, terms_of=timing(chosen), ledger=ledger) as service:
        yield service


def yardstick(clock: Clock) -> Yardstick:
    return Yardstick(at=clock(), signatures="today's", build="1", policies={})


def listed(ledger: SqlLedger, clock: Clock, request: Request = REQUEST) -> Batch:
    """Make a batch and list all of it."""
    batch = ledger.create_batch(request, yardstick(clock))
    while (claim := ledger.claim_page(batch.id, "lister", LEASE)) is not None:
        ledger.add_selected_page(claim, "")
    return found(ledger, batch)


def found(ledger: SqlLedger, batch: Batch) -> Batch:
    again = ledger.batch(batch.id)
    assert again is not None
    return again


def clean(item: Item, clock: Clock) -> Decided:
    scan = ScanIdentity(engine="ClamAV", signatures="today's", at=clock())
    judged = Rejudged(outcome=Outcome.ACCEPTED, scan=scan, policy="marketplace@1", sha256=item.sha256, kind="txt")
    return Decided(item=item, judged=judged, result=Result.UNCHANGED, on_infected=OnInfected.QUARANTINE)


def infected(item: Item, clock: Clock) -> Decided:
    scan = ScanIdentity(engine="ClamAV", signatures="today's", at=clock())
    judged = Rejudged(
        outcome=Outcome.INFECTED,
        reasons=(Finding("malware.signature", detail="New"),),
        scan=scan,
        policy="marketplace@1",
        sha256=item.sha256,
        kind="txt",
    )
    return Decided(item=item, judged=judged, result=Result.CHANGED, on_infected=OnInfected.HOLD)


def bundle_of(ledger: SqlLedger, batch: Batch, owner: str = "w1", limit: int = 50) -> Bundle:
    bundle = ledger.claim_bundle(batch, owner, LEASE, limit)
    assert bundle is not None
    return bundle


def test_pages_follow_each_other_until_the_last(service: Service, ledger: SqlLedger, clock: Clock) -> None:
    made = fill(service, [("a.txt", f"{number}".encode()) for number in range(2 * PAGE + 7)])
    batch = ledger.create_batch(REQUEST, yardstick(clock))
    sizes = []
    while (claim := ledger.claim_page(batch.id, "lister", LEASE)) is not None:
        sizes.append(ledger.add_selected_page(claim, ""))
        assert found(ledger, batch).cursor == sorted(f"{one}.0" for one in made)[sum(sizes) - 1]
    assert sizes == [PAGE, PAGE, 7]
    assert (found(ledger, batch).listed, found(ledger, batch).tally.found) == (True, len(made))


def test_one_lists_at_a_time_and_a_late_lister_writes_nothing(
    service: Service, ledger: SqlLedger, clock: Clock
) -> None:
    fill(service, [("a.txt", f"{number}".encode()) for number in range(3)])
    batch = ledger.create_batch(REQUEST, yardstick(clock))
    late = ledger.claim_page(batch.id, "late", LEASE)
    assert late is not None
    assert ledger.claim_page(batch.id, "other", LEASE) is None
    clock.forward(seconds=31)
    claim = ledger.claim_page(batch.id, "other", LEASE)
    assert claim is not None
    with pytest.raises(NotPossible):
        ledger.add_selected_page(late, "")
    assert found(ledger, batch).tally.found == 0
    assert ledger.add_selected_page(claim, "") == 3
    assert found(ledger, batch).tally.found == 3


def test_a_foreign_page_is_written_with_its_cursor_or_not_at_all(ledger: SqlLedger, clock: Clock) -> None:
    batch = ledger.create_batch(Request(source="file:///x", on_infected=OnInfected.TAG_ONLY), yardstick(clock))
    item = Item(key=NAME, location=f"/x/{NAME}", size=1, name=NAME, policy="")
    claim = ledger.claim_page(batch.id, "lister", LEASE)
    assert claim is not None
    ledger.add_page(claim, [item], NAME, last=False, requests=3)
    again = ledger.claim_page(batch.id, "lister", LEASE)
    assert again is not None
    assert again.cursor == NAME
    (taken,) = bundle_of(ledger, batch).items
    assert (taken.key, taken.location, taken.before) == (NAME, f"/x/{NAME}", None)
    assert found(ledger, batch).tally.requests == 3


def test_no_object_is_handed_out_twice(service: Service, ledger: SqlLedger, clock: Clock) -> None:
    fill(service, [("a.txt", f"{number}".encode()) for number in range(120)])
    batch = listed(ledger, clock)
    taken: list[str] = []
    lock = threading.Lock()

    def take(owner: str) -> None:
        while (bundle := ledger.claim_bundle(batch, owner, LEASE, 7)) is not None:
            with lock:
                taken.extend(item.key for item in bundle.items)

    threads = [threading.Thread(target=take, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) >= 100  # who finds the batch locked goes away empty
    take("last")
    assert (len(taken), len(set(taken))) == (120, 120)


def test_what_is_recorded_late_changes_nothing(service: Service, ledger: SqlLedger, clock: Clock) -> None:
    (submission,) = fill(service, [("a.txt", b"x")])
    batch = listed(ledger, clock)
    late = bundle_of(ledger, batch, "late")
    clock.forward(seconds=31)
    assert ledger.return_lost_objects(LEASE, 5) == 1
    mine = bundle_of(ledger, batch, "mine")
    assert ledger.record_bundle(batch, late.token, [infected(late.items[0], clock)], Spent(scans=1)) == []
    (one,) = ledger.record_bundle(batch, mine.token, [clean(mine.items[0], clock)], Spent(scans=1))
    assert one.result is Result.UNCHANGED
    status = ledger.status(submission)
    assert status is not None
    assert status.verdict is not None
    assert status.verdict.outcome is Outcome.ACCEPTED
    assert found(ledger, batch).tally.unchanged == 1


def test_a_changed_verdict_counts_from_the_moment_it_is_recorded(
    service: Service, ledger: SqlLedger, clock: Clock
) -> None:
    (submission,) = fill(service, [("a.txt", b"x")])
    batch = listed(ledger, clock)
    bundle = bundle_of(ledger, batch)
    assert bundle.items[0].before is not None
    assert bundle.items[0].before.signatures == OLD
    ledger.record_bundle(batch, bundle.token, [infected(bundle.items[0], clock)], Spent(scans=1))
    status = ledger.status(submission)
    assert status is not None
    assert status.verdict is not None
    (one,) = status.verdict.verdicts
    assert (one.outcome, one.delivered) == (Outcome.INFECTED, None)
    assert [finding.code for finding in one.reasons] == ["malware.signature"]
    assert ledger.wanted_locations([bundle.items[0].location]) == {bundle.items[0].location}  # held there
    assert ledger.end_batches() == []  # its bytes are not seen to yet
    ledger.acted(batch.id, bundle.token, [bundle.items[0].key], Spent(requests=2))
    (ended,) = ledger.end_batches()
    assert (ended.state, ended.tally.changed, ended.tally.requests) == (BatchState.DONE, 1, 2)


def test_what_a_dead_worker_left_half_done_is_handed_out_as_that(
    service: Service, ledger: SqlLedger, clock: Clock
) -> None:
    fill(service, [("a.txt", b"x"), ("b.txt", b"y")])
    batch = listed(ledger, clock)
    bundle = bundle_of(ledger, batch, "dead", 1)
    ledger.record_bundle(batch, bundle.token, [infected(bundle.items[0], clock)], Spent())
    assert ledger.object_owners() == {"dead"}
    assert ledger.return_objects_of("dead", 5) == 1
    again = bundle_of(ledger, batch, "next")
    assert (again.items, [one.item.key for one in again.acting]) == ((), [bundle.items[0].key])
    assert again.acting[0].judged.outcome is Outcome.INFECTED


def test_an_object_whose_worker_died_is_handed_out_alone(service: Service, ledger: SqlLedger, clock: Clock) -> None:
    fill(service, [("a.txt", f"{number}".encode()) for number in range(6)])
    batch = listed(ledger, clock)
    bundle_of(ledger, batch, "dead", 4)
    ledger.return_objects_of("dead", 5)
    assert [len(bundle_of(ledger, batch, limit=50).items) for _ in range(5)] == [2, 1, 1, 1, 1]


def test_what_is_given_back_untried_is_as_before(service: Service, ledger: SqlLedger, clock: Clock) -> None:
    fill(service, [("a.txt", b"x"), ("b.txt", b"y")])
    batch = listed(ledger, clock)
    bundle = bundle_of(ledger, batch)
    tried = bundle.items[0].key
    ledger.give_bundle_back(batch.id, bundle.token, [tried], timedelta(minutes=1), timedelta(0))
    again = bundle_of(ledger, batch)
    assert [(item.key, item.attempts) for item in again.items] == [(bundle.items[1].key, 1)]
    assert ledger.claim_bundle(batch, "w", LEASE, 50) is None
    clock.forward(minutes=2)
    assert [(item.key, item.attempts) for item in bundle_of(ledger, batch).items] == [(tried, 2)]


def test_a_batch_that_rests_hands_nothing_out(service: Service, ledger: SqlLedger, clock: Clock) -> None:
    fill(service, [("a.txt", b"x")])
    batch = listed(ledger, clock)
    bundle = bundle_of(ledger, batch)
    ledger.give_bundle_back(batch.id, bundle.token, [], timedelta(0), timedelta(seconds=5))
    assert ledger.claim_bundle(batch, "w", LEASE, 50) is None
    clock.forward(seconds=6)
    bundle_of(ledger, batch)


def test_equal_bytes_get_the_answer_that_was_given(service: Service, ledger: SqlLedger, clock: Clock) -> None:
    fill(service, [("a.txt", b"same"), ("b.txt", b"same"), ("c.txt", b"other")])
    batch = listed(ledger, clock)
    bundle = bundle_of(ledger, batch)
    twins = [item for item in bundle.items if item.size == 4]
    assert ledger.twins(batch, bundle.items) == {}
    ledger.record_bundle(batch, bundle.token, [clean(twins[0], clock)], Spent(scans=1))
    known = ledger.twins(batch, bundle.items)
    assert {key for key, judged in known.items() if judged.outcome is Outcome.ACCEPTED} == {one.key for one in twins}


def test_a_submission_that_waits_is_seen(ledger: SqlLedger) -> None:
    assert not ledger.is_waiting(tuple(Queue))
    one = intent("s1", queue="scan")
    ledger.begin(one)
    ledger.accept(one, timedelta(hours=1))
    assert ledger.is_waiting(tuple(Queue))
    assert not ledger.is_waiting((Queue.RENDER,))
    assert not ledger.is_waiting(())


def test_it_is_known_when_a_batch_had_its_last_turn(service: Service, ledger: SqlLedger, clock: Clock) -> None:
    fill(service, [("a.txt", b"one"), ("b.txt", b"two")])
    batch = listed(ledger, clock)
    begun = clock()
    assert batch.turn_at == begun
    clock.forward(minutes=5)
    assert len(bundle_of(ledger, batch).items) == 2
    assert [one.turn_at for one in ledger.batches(1)] == [begun + timedelta(minutes=5)]
    clock.forward(minutes=5)
    assert ledger.claim_bundle(batch, "w2", timedelta(seconds=30), 50) is None  # nothing was handed out: no turn
    assert [one.turn_at for one in ledger.batches(1)] == [begun + timedelta(minutes=5)]


def test_only_one_begins_what_the_schedule_wants(ledger: SqlLedger, clock: Clock) -> None:
    schedule = Schedule(nightly=time(2, 30), settle=timedelta(minutes=10))
    due = clock() - timedelta(minutes=1)
    ledger.set_schedule(schedule, due, "Ada")
    assert ledger.schedule() == schedule
    assert ledger.nightly_due() == due
    following = due + timedelta(days=1)
    assert ledger.begin_nightly(due, following, REQUEST, yardstick(clock)) is not None
    assert ledger.begin_nightly(due, following, REQUEST, yardstick(clock)) is None
    assert ledger.nightly_due() is None
    assert not ledger.signatures_settled("one", schedule)
    assert not ledger.signatures_settled("two", schedule)
    clock.forward(minutes=11)
    assert ledger.signatures_settled("two", schedule)
    assert ledger.begin_after_signatures("two", REQUEST, yardstick(clock)) is not None
    assert ledger.begin_after_signatures("two", REQUEST, yardstick(clock)) is None
    assert not ledger.signatures_settled("two", schedule)


def test_a_fence_that_a_rescan_took_is_not_given_to_a_retry(service: Service, ledger: SqlLedger, clock: Clock) -> None:
    (submission,) = fill(service, [("a.txt", b"x")])
    batch = listed(ledger, clock)
    bundle = bundle_of(ledger, batch)
    ledger.record_bundle(batch, bundle.token, [infected(bundle.items[0], clock)], Spent())
    with ledger._database.reading() as connection:
        fences = connection.exec_driver_sql("SELECT fence FROM verdicts ORDER BY fence").scalars().all()
    assert fences == [1, 2]
    assert [event.what for event in ledger.events(submission)] == ["attachment.reclassified"]
