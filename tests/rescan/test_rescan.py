"""Yesterday's verdicts under today's signatures, policies and builds, on one machine."""

import dataclasses
import hashlib
import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from attachguard.adapters.memory_scanner import MemoryScanner
from attachguard.adapters.processes import name_process
from attachguard.adapters.sql.ledger import SqlLedger
from attachguard.batches import (
    BOUNDED_WAIT,
    Batch,
    BatchState,
    Mode,
    OnInfected,
    Request,
    Result,
    Schedule,
    Selection,
    Trigger,
    Window,
)
from attachguard.errors import NotPossible, StoreUnavailable, UsageError
from attachguard.jobs import Label, Queue
from attachguard.model import Outcome
from attachguard.rescan.engine import TURN_BUNDLE
from attachguard.runner import JOBS_IN_A_ROW, Runner
from attachguard.service import Service
from tests.engine_made import engine, settings, timing, upload
from tests.rescan.made import ME, deliver, judge_all, learned, outcome, rescan, run, whats

NEW = Selection(older_than_signatures=True)
ALL = Selection()


@pytest.fixture
def delivered(tmp_path: Path) -> Iterator[list[str]]:
    """Twelve files that were found clean."""
    with opened(tmp_path) as service:
        yield deliver(service, [f"text {number}" for number in range(12)])


def opened(folder: Path, bad: Sequence[str] | None = None) -> AbstractContextManager[Service]:
    chosen = settings(folder)
    scanner = MemoryScanner(test_double=True) if bad is None else learned(bad)
    return engine(chosen, scanner=scanner, terms_of=timing(chosen))


def files(folder: Path) -> list[bytes]:
    return sorted(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def with_tools(service: Service, **changes: object) -> None:
    service.rescan._tools = dataclasses.replace(service.rescan._tools, **changes)  # type: ignore[arg-type]  # it names fields


# -- a verdict that changes ------------------------------------------------------------------------------------


def test_a_new_signature_finds_exactly_what_it_hits(tmp_path: Path, delivered: list[str]) -> None:
    with opened(tmp_path, ["text 3", "text 7"]) as service:
        batch = rescan(service, Request(selection=NEW))
        assert (batch.state, batch.tally.unchanged, batch.tally.changed, batch.tally.failed) == ("done", 10, 2, 0)
        found = [outcome(service, one) for one in delivered]
        assert [number for number, word in enumerate(found) if word == "infected"] == [3, 7]
        assert files(tmp_path / "clean") == sorted(f"text {n}".encode() for n in range(12) if n not in {3, 7})
        assert files(tmp_path / "quarantine") == [b"text 3", b"text 7"]


def test_what_is_no_longer_delivered_is_not_linked_to_and_can_be_reviewed(tmp_path: Path, delivered: list[str]) -> None:
    with opened(tmp_path, ["text 3"]) as service:
        rescan(service, Request(selection=NEW))
        with pytest.raises(NotPossible):
            service.link(delivered[3], 0)
        assert service.link(delivered[4], 0)
        (held,) = service.held()
        assert (held.attachment, held.outcome, held.reasons) == (
            f"{delivered[3]}.0",
            Outcome.INFECTED,
            ("malware.signature",),
        )
        receipt = service.release(held.attachment, "Ada", "a false alarm?")
        judge_all(service)
        assert outcome(service, receipt.submission) == "infected"


def test_the_audit_tells_both_provenances(tmp_path: Path, delivered: list[str]) -> None:
    with opened(tmp_path, ["text 3"]) as service:
        batch = rescan(service, Request(selection=NEW))
        assert whats(service, delivered[3])[-1] == "attachment.reclassified"
        told = json.loads(service.ledger.events(delivered[3])[-1].detail)
        assert (told["batch"], told["action"], told["reasons"]) == (batch.id, "quarantine", ["malware.signature"])
        assert (told["before"]["verdict"], told["after"]["verdict"]) == ("accepted", "infected")
        assert told["before"]["signatures"] != told["after"]["signatures"]
        assert "attachment.reclassified" not in whats(service, delivered[4])


@pytest.mark.usefixtures("delivered")
def test_a_second_batch_finds_nothing_to_do(tmp_path: Path) -> None:
    with opened(tmp_path, ["text 3"]) as service:
        rescan(service, Request(selection=NEW))
        assert rescan(service, Request(selection=NEW)).tally.found == 0
        assert rescan(service, Request(selection=ALL)).tally.found == 11


def test_the_other_files_of_a_submission_stay_as_they_were(tmp_path: Path) -> None:
    with opened(tmp_path) as service:
        submission = service.submit([upload("one"), upload("two"), upload("reject this")]).submission
        judge_all(service)
    with opened(tmp_path, ["two"]) as service:
        rescan(service, Request(selection=NEW))
        verdict = service.report(submission).verdict
        assert verdict is not None
        assert [one.outcome.value for one in verdict.verdicts] == ["accepted", "infected", "rejected"]
        assert service.link(submission, 0)


def test_two_files_of_one_submission_can_both_change(tmp_path: Path) -> None:
    with opened(tmp_path) as service:
        submission = service.submit([upload("one"), upload("two"), upload("three")]).submission
        judge_all(service)
    with opened(tmp_path, ["one", "three"]) as service:
        assert rescan(service, Request(selection=NEW)).tally.changed == 2
        verdict = service.report(submission).verdict
        assert verdict is not None
        assert [one.outcome.value for one in verdict.verdicts] == ["infected", "accepted", "infected"]


@pytest.mark.parametrize("how", [OnInfected.HOLD, OnInfected.TAG_ONLY])
def test_bytes_stay_where_they_are_when_that_is_wanted(tmp_path: Path, delivered: list[str], how: OnInfected) -> None:
    with opened(tmp_path, ["text 3"]) as service:
        batch = rescan(service, Request(selection=NEW, on_infected=how))
        assert batch.tally.changed == 1
        service.sweep()
        assert b"text 3" in files(tmp_path / "clean")
        assert files(tmp_path / "quarantine") == []
        assert whats(service, delivered[3])[-1] == "attachment.reclassified"
        if how is OnInfected.HOLD:
            with pytest.raises(NotPossible):
                service.link(delivered[3], 0)
        else:
            assert service.link(delivered[3], 0)


@pytest.mark.usefixtures("delivered")
def test_an_old_submission_that_changes_is_not_swept_from_quarantine_at_once(tmp_path: Path) -> None:
    with opened(tmp_path, ["text 3"]) as service:
        rescan(service, Request(selection=NEW))
        swept = service.sweep()
        assert (swept.expired, swept.orphans) == (0, 0)
        assert files(tmp_path / "quarantine") == [b"text 3"]


# -- what could not be judged ----------------------------------------------------------------------------------


def test_an_object_that_is_gone_or_was_changed_is_told_and_its_verdict_stays_old(
    tmp_path: Path, delivered: list[str]
) -> None:
    with opened(tmp_path, []) as service:
        paths = {path.read_bytes(): path for path in (tmp_path / "clean").rglob("*.txt")}
        paths[b"text 3"].unlink()
        paths[b"text 7"].write_bytes(b"others")
    with opened(tmp_path, ["nothing of ours"]) as service:
        with_tools(service, pause=timedelta(0))
        batch = rescan(service, Request(selection=NEW))
        assert (batch.state, batch.tally.unchanged, batch.tally.failed) == ("done", 10, 2)
        lines = {line.name + line.trouble: line for line in service.rescan.summary(batch.id).lines if line.trouble}
        assert {line.outcome for line in lines.values()} == {Outcome.UNDETERMINED}
        assert whats(service, delivered[3])[-1] == "attachment.rescan_failed"
        assert rescan(service, Request(selection=NEW)).tally.found == 2


@pytest.mark.usefixtures("delivered")
def test_a_scanner_that_is_away_is_waited_for(tmp_path: Path) -> None:
    scanner = learned(["text 3"])
    chosen = settings(tmp_path)
    with engine(chosen, scanner=scanner, terms_of=timing(chosen)) as service:
        with_tools(service, pause=timedelta(0))
        batch = service.rescan.begin(Request(selection=NEW))
        scanner.down = "gone for lunch"
        for _ in range(20):
            service.rescan.work(ME)
        assert service.rescan.find(batch.id).tally.done == 0
        scanner.down = ""
        assert run(service, batch).tally.changed == 1


@pytest.mark.usefixtures("delivered")
def test_a_scanner_that_stays_away_is_told_and_nothing_is_kept_as_clean(tmp_path: Path) -> None:
    scanner = learned(["text 3"])
    chosen = settings(tmp_path)
    with engine(chosen, scanner=scanner, terms_of=timing(chosen)) as service:
        with_tools(service, pause=timedelta(0), patience=timedelta(0))
        batch = service.rescan.begin(Request(selection=NEW))
        scanner.down = "gone for good"
        found = run(service, batch)
        assert (found.state, found.tally.failed, found.tally.unchanged) == ("done", 12, 0)
        lines = service.rescan.summary(batch.id).lines
        assert {line.trouble for line in lines} == {"scanner.unavailable"}
        scanner.down = ""
        assert rescan(service, Request(selection=NEW)).tally.found == 12


def test_a_worker_that_dies_loses_its_objects_to_another_and_five_times_is_enough(
    tmp_path: Path, delivered: list[str]
) -> None:
    with opened(tmp_path, []) as service:
        batch = service.rescan.begin(Request(selection=Selection(names=(delivered[0],))))
        service.rescan._list(batch, "dead:0:0")
        for attempt in range(1, 6):
            bundle = service.ledger.claim_bundle(batch, "dead:0:0", timedelta(seconds=30), 50)
            assert bundle is not None
            assert bundle.items[0].attempts == attempt
            assert service.ledger.return_objects_of("dead:0:0", 5) in {0, 1}
        found = run(service, batch)
        assert (found.state, found.tally.failed) == ("done", 1)
        (line,) = service.rescan.summary(batch.id).lines
        assert line.trouble == "job.attempts"


def test_a_store_that_does_not_take_the_bytes_leaves_the_object_delivered_until_it_does(
    tmp_path: Path, delivered: list[str]
) -> None:
    with opened(tmp_path, ["text 3"]) as service:
        with_tools(service, pause=timedelta(0))
        shelf = service.rescan._tools.quarantine

        class Full:
            full = True

            def put(self, key: str, path: Path, label: Label) -> str:
                if self.full:
                    raise StoreUnavailable("no room")
                return shelf.put(key, path, label)

            requests = 0

        full = Full()
        with_tools(service, quarantine=full)
        batch = service.rescan.begin(Request(selection=NEW))
        for _ in range(20):
            service.rescan.work(ME)
        assert outcome(service, delivered[3]) == "accepted"
        full.full = False
        assert run(service, batch).tally.changed == 1
        assert outcome(service, delivered[3]) == "infected"


# -- what is selected ------------------------------------------------------------------------------------------


def test_each_condition_selects_what_it_says(tmp_path: Path) -> None:
    with opened(tmp_path) as service:
        (a,) = deliver(service, ["a"], tenant="north")
        (b,) = deliver(service, ["b"], tenant="south", name="other.txt")
        digest = hashlib.sha256(b"b").hexdigest()
        location = service.report(b).verdict.verdicts[0].delivered.location  # type: ignore[union-attr]
        key = location.removeprefix(f"{tmp_path}/clean/")
        cases: Mapping[str, tuple[Selection, set[str]]] = {
            "all": (ALL, {a, b}),
            "tenant": (Selection(tenants=("north",)), {a}),
            "kind": (Selection(kinds=("txt",)), {a, b}),
            "no such kind": (Selection(kinds=("pdf",)), set()),
            "verdict": (Selection(verdicts=(Outcome.NORMALIZED,)), set()),
            "id": (Selection(names=(a,)), {a}),
            "attachment": (Selection(names=(f"{b}.0",)), {b}),
            "hash": (Selection(names=(digest,)), {b}),
            "prefix": (Selection(prefix=key[:6]), {b}),
            "signatures": (NEW, set()),
            "policy": (Selection(policy_changed=True), set()),
            "build": (Selection(build_changed=True), set()),
            "old": (Selection(older_than=timedelta(days=1)), set()),
            "any reason": (Selection(older_than=timedelta(microseconds=1), build_changed=True), {a, b}),
            "a reason and a condition": (Selection(older_than=timedelta(microseconds=1), tenants=("south",)), {b}),
        }
        for name, (selection, wanted) in cases.items():
            request = Request(selection=selection)
            assert service.rescan.estimate(request).objects == len(wanted), name
            batch = service.rescan.begin(request)
            service.rescan._list(batch, ME)
            bundle = service.ledger.claim_bundle(batch, ME, timedelta(seconds=30), 50)
            assert {item.submission for item in (bundle.items if bundle else ())} == wanted, name
            service.rescan.cancel(batch.id)


def test_another_version_of_the_policy_makes_a_verdict_stale(tmp_path: Path) -> None:
    policy = tmp_path / "mine.toml"
    page = 'name = "mine"\nversion = {version}\ntitle = "Mine"\nextends = "marketplace"\n{more}'
    policy.write_text(page.format(version=1, more=""))
    with opened(tmp_path) as service:
        first = service.submit([upload("x" * 2000)], policy=str(policy)).submission
        judge_all(service)
        assert rescan(service, Request(selection=Selection(policy_changed=True))).tally.found == 0
    policy.write_text(page.format(version=2, more='[limits]\nfile_size = "1 KiB"\n'))
    with opened(tmp_path) as service:
        batch = rescan(service, Request(selection=Selection(policy_changed=True), mode=Mode.INSPECT))
        assert (batch.tally.found, batch.tally.changed) == (1, 1)
        (line,) = service.rescan.summary(batch.id).lines
        assert (line.outcome, line.reasons) == (Outcome.REJECTED, ("limit.file_size",))
        assert outcome(service, first) == "rejected"


def test_the_scanner_alone_confirms_no_policy(tmp_path: Path) -> None:
    policy = tmp_path / "mine.toml"
    policy.write_text('name = "mine"\nversion = 1\ntitle = "Mine"\nextends = "marketplace"\n')
    with opened(tmp_path) as service:
        service.submit([upload("x")], policy=str(policy))
        judge_all(service)
    policy.write_text('name = "mine"\nversion = 2\ntitle = "Mine"\nextends = "marketplace"\n')
    with opened(tmp_path) as service:
        changed = Selection(policy_changed=True)
        assert rescan(service, Request(selection=changed)).tally.unchanged == 1
        assert rescan(service, Request(selection=changed, mode=Mode.INSPECT)).tally.unchanged == 1
        assert rescan(service, Request(selection=changed)).tally.found == 0


def test_a_policy_that_is_gone_is_told(tmp_path: Path) -> None:
    policy = tmp_path / "mine.toml"
    policy.write_text('name = "mine"\nversion = 1\ntitle = "Mine"\nextends = "marketplace"\n')
    with opened(tmp_path) as service:
        service.submit([upload("x")], policy=str(policy))
        judge_all(service)
    policy.unlink()
    with opened(tmp_path) as service:
        batch = rescan(service, Request(selection=Selection(policy_changed=True)))
        assert batch.tally.failed == 1
        assert service.rescan.summary(batch.id).lines[0].trouble == "policy.unusable"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Selection(verdicts=(Outcome.REJECTED,)),
        lambda: Selection(older_than=timedelta(0)),
        lambda: Selection(names=("x",) * 10_001),
        lambda: Request(rate=0),
        lambda: Request(source="file:///x", selection=Selection(kinds=("pdf",))),
        lambda: Request(source="file:///x", on_infected=OnInfected.HOLD),
        lambda: Window.parse("from ten to six"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(UsageError):
        wrong()


# -- one judgement for equal bytes -----------------------------------------------------------------------------


def test_equal_bytes_are_judged_once(tmp_path: Path) -> None:
    with opened(tmp_path) as service:
        made = deliver(service, [f"text {number % 4}" for number in range(40)])
    with opened(tmp_path, ["text 1"]) as service:
        estimate = service.rescan.estimate(Request(selection=NEW))
        assert (estimate.objects, estimate.contents) == (40, 4)
        batch = rescan(service, Request(selection=NEW))
        assert (batch.tally.scans, batch.tally.unchanged, batch.tally.changed) == (4, 30, 10)
        assert [outcome(service, one) for one in made].count("infected") == 10


# -- pace and hours --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("delivered")
def test_a_rate_holds_for_all_workers_together(tmp_path: Path) -> None:
    with opened(tmp_path, []) as service:
        batch = service.rescan.begin(Request(selection=ALL, rate=4))
        assert service.rescan.work(ME)
        assert service.rescan.find(batch.id).tally.done == 4
        assert not service.rescan.work(ME)
        assert not service.rescan.work("another")


@pytest.mark.usefixtures("delivered")
def test_outside_its_hours_a_batch_rests(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    later = (now + timedelta(hours=2)).time(), (now + timedelta(hours=3)).time()
    with opened(tmp_path, []) as service:
        service.rescan.begin(Request(selection=ALL, window=Window(start=later[0], end=later[1])))
        assert not service.rescan.work(ME)


def test_hours_may_go_over_midnight() -> None:
    night = Window.parse("22:00-06:00")
    opened = [hour for hour in range(24) if night.is_open(datetime(2026, 3, 4, hour, 30, tzinfo=UTC))]
    assert opened == [0, 1, 2, 3, 4, 5, 22, 23]
    assert str(night) == "22:00-06:00"
    assert Window(start=time(8), end=time(8)).is_open(datetime(2026, 3, 4, 3, tzinfo=UTC))


@pytest.mark.usefixtures("delivered")
def test_a_submission_goes_first(tmp_path: Path) -> None:
    with opened(tmp_path, []) as service:
        service.rescan.begin(Request(selection=ALL))
        service.submit([upload("urgent")])
        assert not service.rescan.work(ME, tuple(Queue))
        assert service.rescan.work(ME)  # who takes no submissions goes on
        judge_all(service)
        service.rescan.work(ME, tuple(Queue))


def test_a_batch_that_submissions_keep_waiting_gets_a_short_turn(tmp_path: Path) -> None:
    with opened(tmp_path) as service:
        deliver(service, [f"text {number}" for number in range(3 * TURN_BUNDLE)])
    with waited(tmp_path, BOUNDED_WAIT) as (service, batch):
        assert not service.report(service.submit([upload("urgent")]).submission).verdict
        assert service.rescan.work(ME, tuple(Queue))
        assert service.rescan.find(batch.id).tally.done == TURN_BUNDLE
        assert not service.rescan.work(ME, tuple(Queue))  # and the submission goes first again
        assert not service.rescan.work("another", tuple(Queue))


def test_a_batch_that_waited_for_a_moment_waits_on(tmp_path: Path) -> None:
    with opened(tmp_path) as service:
        deliver(service, ["text 1"])
    with waited(tmp_path, timedelta(0)) as (service, _):
        service.submit([upload("urgent")])
        assert not service.rescan.work(ME, tuple(Queue))


def test_workers_that_are_never_idle_work_on_a_batch_now_and_then(tmp_path: Path) -> None:
    with opened(tmp_path) as service:
        deliver(service, ["text 1"])
    with waited(tmp_path, BOUNDED_WAIT) as (service, _):
        for number in range(JOBS_IN_A_ROW + 3):
            service.submit([upload(f"urgent {number}")])
    told: list[bool] = []

    def end_it(_: float) -> None:
        """The worker has nothing to do any more: its supervisor is to end."""
        if not told:
            os.kill(os.getppid(), signal.SIGTERM)
        told.append(True)

    Runner(lambda: opened(tmp_path, ["text 1"]), name_process, processes=1, wait=end_it).run()
    with opened(tmp_path) as service, service.ledger._database.reading() as connection:  # type: ignore[attr-defined]  # a question of tests only
        found = connection.exec_driver_sql("SELECT what FROM events ORDER BY id").scalars().all()
    ends = [what for what in found if what in {"judged", "attachment.reclassified"}][1:]
    assert ends == ["judged"] * JOBS_IN_A_ROW + ["attachment.reclassified"] + ["judged"] * 3


@contextmanager
def waited(folder: Path, wait: timedelta) -> Iterator[tuple[Service, Batch]]:
    """An engine with a batch that was begun so long ago and had no turn since."""
    moved = [-wait]
    chosen = settings(folder)
    ledger = SqlLedger(chosen.ledger_url, lambda: datetime.now(UTC) + moved[0])
    with engine(chosen, scanner=learned(["text 1"]), terms_of=timing(chosen), ledger=ledger) as service:
        batch = service.rescan.begin(Request(selection=ALL))
        moved[0] = timedelta(0)
        yield service, batch


# -- pause, resume, cancel -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("delivered")
def test_a_batch_is_paused_and_resumed(tmp_path: Path) -> None:
    with opened(tmp_path, ["text 3"]) as service:
        batch = service.rescan.begin(Request(selection=NEW))
        service.rescan.pause(batch.id, "Ada")
        assert not service.rescan.work(ME)
        service.rescan.pause(batch.id, "Ada")  # twice is harmless
        service.rescan.resume(batch.id, "Ada")
        assert run(service, batch).tally.changed == 1
        assert [event.what for event in service.ledger.events(batch.id)] == [
            "rescan.created", "rescan.paused", "rescan.running", "rescan.finished",
        ]  # fmt: skip
        with pytest.raises(NotPossible):
            service.rescan.cancel(batch.id)


def test_what_was_judged_before_a_batch_is_cancelled_stays_judged(tmp_path: Path, delivered: list[str]) -> None:
    with opened(tmp_path, [f"text {number}" for number in range(12)]) as service:
        batch = service.rescan.begin(Request(selection=NEW, rate=5))
        service.rescan.work(ME)
        service.rescan.cancel(batch.id)
        found = run(service, batch)
        assert (found.state, found.tally.changed, found.finished_at is None) == (BatchState.CANCELLED, 5, False)
        assert [outcome(service, one) for one in delivered].count("infected") == 5


def test_there_is_no_batch_of_that_name(tmp_path: Path) -> None:
    with opened(tmp_path) as service:
        for ask in (service.rescan.find, service.rescan.pause, service.rescan.summary):
            with pytest.raises(NotPossible):
                ask("nonesuch")


# -- modes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.usefixtures("delivered")
def test_every_mode_finds_what_is_infected_now(tmp_path: Path, mode: Mode) -> None:
    with opened(tmp_path, ["text 3"]) as service:
        batch = rescan(service, Request(selection=NEW, mode=mode))
        assert (batch.tally.unchanged, batch.tally.changed) == (11, 1)
        assert files(tmp_path / "quarantine") == [b"text 3"]
        assert len(files(tmp_path / "clean")) == 11


# -- foreign places --------------------------------------------------------------------------------------------


def test_a_foreign_folder_is_judged_and_left_as_it_is(tmp_path: Path) -> None:
    place = tmp_path / "foreign"
    place.mkdir()
    for number in range(5):
        (place / f"{number}.txt").write_text(f"text {number}")
    (place / "setup.exe").write_bytes(b"MZ")
    with opened(tmp_path, ["text 3"]) as service:
        request = Request(source=f"file://{place}", mode=Mode.INSPECT, on_infected=OnInfected.TAG_ONLY)
        assert service.rescan.estimate(request).kinds == {".exe": 1, ".txt": 5}
        batch = rescan(service, request)
        assert (batch.state, batch.tally.unchanged, batch.tally.changed) == ("done", 4, 2)
        lines = {line.key: line.outcome for line in service.rescan.summary(batch.id).lines}
        assert lines == {"3.txt": Outcome.INFECTED, "setup.exe": Outcome.REJECTED}
        assert len(files(place)) == 6


def test_what_is_infected_in_a_foreign_folder_moves_to_quarantine_where_that_is_wanted(tmp_path: Path) -> None:
    place = tmp_path / "foreign"
    place.mkdir()
    for number in range(5):
        (place / f"{number}.txt").write_text(f"text {number}")
    (place / "setup.exe").write_bytes(b"MZ")
    with opened(tmp_path, ["text 3"]) as service:
        request = Request(source=f"file://{place}", mode=Mode.INSPECT, on_infected=OnInfected.QUARANTINE)
        rescan(service, request)
        assert sorted(path.name for path in place.iterdir()) == ["0.txt", "1.txt", "2.txt", "4.txt", "setup.exe"]
        (held,) = service.held()
        assert (held.outcome, held.file.untrusted_name, held.reasons) == (
            Outcome.INFECTED,
            "3.txt",
            ("malware.signature",),
        )
        assert service.sweep().orphans == 0
        assert files(tmp_path / "quarantine") == [b"text 3"]


def test_a_foreign_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    place = tmp_path / "foreign"
    place.mkdir()
    with (place / "large.txt").open("wb") as large:
        large.truncate(11 * 1024 * 1024)
    with opened(tmp_path, []) as service:
        batch = rescan(service, Request(source=f"file://{place}", on_infected=OnInfected.TAG_ONLY))
        (line,) = service.rescan.summary(batch.id).lines
        assert (line.result, line.reasons) == (Result.CHANGED, ("limit.file_size",))


def test_a_foreign_place_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    with opened(tmp_path) as service:
        with pytest.raises(UsageError):
            service.rescan.begin(Request(source="s3://?", on_infected=OnInfected.TAG_ONLY))
        with pytest.raises(StoreUnavailable):
            service.rescan.begin(Request(source=f"file://{tmp_path}/nowhere", on_infected=OnInfected.TAG_ONLY))


def test_a_foreign_folder_that_goes_away_is_waited_for(tmp_path: Path) -> None:
    place = tmp_path / "foreign"
    place.mkdir()
    (place / "a.txt").write_text("text")
    with opened(tmp_path) as service:
        batch = service.rescan.begin(Request(source=f"file://{place}", on_infected=OnInfected.TAG_ONLY))
        place.rename(tmp_path / "away")
        with pytest.raises(StoreUnavailable):
            service.rescan.work(ME)
        (tmp_path / "away").rename(place)
        assert run(service, batch).tally.unchanged == 1


def test_a_kind_that_there_is_not_is_told(tmp_path: Path) -> None:
    wanted = Request(selection=Selection(kinds=("pfd",)))
    with opened(tmp_path) as service:
        for ask in (service.rescan.begin, service.rescan.estimate):
            with pytest.raises(UsageError, match="there is no kind 'pfd': bmp, csv"):
                ask(wanted)


# -- the schedule ----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("delivered")
def test_new_signatures_that_settle_begin_one_batch(tmp_path: Path) -> None:
    plan = Schedule(after_signatures=True, settle=timedelta(0))
    with opened(tmp_path) as service:
        assert service.rescan.keep_schedule() == ()
        service.rescan.set_plan(plan)
        assert list(service.rescan.keep_schedule()) == []  # the first look
        assert list(service.rescan.keep_schedule()) == []  # nothing is new
    with opened(tmp_path, ["text 3"]) as service:
        assert list(service.rescan.keep_schedule()) == []  # new, and not settled yet
        (batch,) = service.rescan.keep_schedule()
        assert list(service.rescan.keep_schedule()) == []
        found = run(service, service.rescan.find(batch))
        assert (found.request.trigger, found.tally.changed) == (Trigger.SIGNATURES, 1)


@pytest.mark.usefixtures("delivered")
def test_signatures_that_keep_changing_begin_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as service:
        service.rescan.set_plan(Schedule(settle=timedelta(hours=1)))
        service.rescan.keep_schedule()
    for number in range(3):
        with opened(tmp_path, [f"text {number}"]) as service:
            assert list(service.rescan.keep_schedule()) == []
            assert list(service.rescan.keep_schedule()) == []


@pytest.mark.usefixtures("delivered")
def test_the_night_begins_one_batch(tmp_path: Path) -> None:
    with opened(tmp_path) as service:
        plan = Schedule(after_signatures=False, nightly=time(2, 30), nightly_older_than=timedelta(microseconds=1))
        service.rescan.set_plan(plan)
        assert service.rescan.plan() == plan
        assert list(service.rescan.keep_schedule()) == []
        service.ledger.set_schedule(plan, datetime.now(UTC) - timedelta(minutes=1), "")
        (batch,) = service.rescan.keep_schedule()
        assert list(service.rescan.keep_schedule()) == []
        found = run(service, service.rescan.find(batch))
        assert (found.request.trigger, found.request.mode, found.tally.unchanged) == (Trigger.NIGHTLY, Mode.FULL, 12)


# -- clearing up -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("delivered")
def test_an_ended_batch_keeps_its_report_and_not_its_rows(tmp_path: Path) -> None:
    with opened(tmp_path, ["text 3"]) as service:
        batch = rescan(service, Request(selection=NEW))
        while service.ledger.clear_batches():
            pass
        summary = service.rescan.summary(batch.id)
        assert [(group.name, group.unchanged, group.changed) for group in summary.kinds] == [("txt", 11, 1)]
        assert [(group.name, group.unchanged) for group in summary.ages] == [("less than a day", 11)]
        assert [line.name for line in summary.lines] == ["note.txt"]
        with service.ledger._database.reading() as connection:  # type: ignore[attr-defined]  # the real one
            assert connection.exec_driver_sql("SELECT count(*) FROM batch_objects").scalar() == 1
