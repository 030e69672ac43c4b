"""Re-scanning on real S3 servers, with a real clamd and a signature that it did not have yesterday."""

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from attachguard.adapters.scanners import open_scanner
from attachguard.adapters.signatures import demo_set
from attachguard.batches import Mode, OnInfected, Request, Selection
from attachguard.model import Outcome
from attachguard.ports import Sandbox, Scanner
from attachguard.service import Service
from attachguard.settings import Secret
from samples.build import build
from tests.corpus import corpus, needs_corpus
from tests.engine_made import engine, settings, timing
from tests.rescan.filled import fill
from tests.rescan.made import rescan
from tests.servers.ceph import Ceph
from tests.servers.swift import Swift

if TYPE_CHECKING:
    from attachguard.adapters.s3_shelf import S3Shelf

pytestmark = pytest.mark.servers

MARK = b"attachguard looks for this since today"
SELECTION = Selection(older_than_signatures=True)


@pytest.fixture(params=["swift", "ceph"])
def server(request: pytest.FixtureRequest) -> Swift | Ceph:
    found: Swift | Ceph = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def mixture(tmp_path_factory: pytest.TempPathFactory, scanner: Scanner) -> Sequence[tuple[str, bytes]]:
    """Files of many kinds, none larger than 200 KB, in none of which the scanner found anything yesterday."""
    folder = tmp_path_factory.mktemp("samples")
    build(folder)
    found = [
        (f"file{path.suffix}", path.read_bytes())
        for path in sorted(folder.glob("*/*"))
        if path.suffix and path.name != "expected.toml" and path.stat().st_size < 200_000
    ]
    return [(name, data) for name, data in found if is_clean(scanner, folder / "trial", data)]


def is_clean(scanner: Scanner, trial: Path, data: bytes) -> bool:
    trial.write_bytes(data + b"\n%% 0 ")
    return scanner.scan(trial).hit is None


@contextmanager
def today(folder: Path, server: Swift | Ceph, name: str, sandbox: Sandbox | None = None) -> Iterator[Service]:
    """An engine on an S3 server whose clamd has one signature more."""
    signatures = folder / "signatures"
    signatures.mkdir(exist_ok=True)
    (signatures / "new.ndb").write_text(f"Fresh.Since.Today:0:*:{MARK.hex()}\n")
    for path in demo_set().folder.glob("*.ndb"):
        (signatures / path.name).write_bytes(path.read_bytes())
    keys: dict[str, Any] = {}
    for part in ("store", "quarantine", "adopt"):
        keys |= {f"{part}_access_key": server.access_key, f"{part}_secret_key": Secret(server.secret_key)}
    chosen = settings(
        folder, store_url=server.place(f"{name}-clean"), quarantine_url=server.place(f"{name}-quarantine"), **keys
    )
    with (
        open_scanner(None, signatures) as scanner,
        engine(chosen, scanner=scanner, terms_of=timing(chosen), sandbox=sandbox) as service,
    ):
        for shelf in (service._clean, service._quarantine):
            cast("S3Shelf", shelf).client().create_bucket(Bucket=cast("S3Shelf", shelf).place.bucket)
        yield service


def mixed(mixture: Sequence[tuple[str, bytes]], count: int, hits: int) -> tuple[list[tuple[str, bytes]], set[int]]:
    """Make so many different files, some with the mark in them."""
    chance = random.Random(4711)
    chosen = set(chance.sample(range(count), hits))
    files = []
    for number in range(count):
        name, data = mixture[number % len(mixture)]
        mark = MARK if number in chosen else b""
        files.append((name, data + f"\n%% {number} ".encode() + mark))
    return files, chosen


def infected(service: Service) -> set[str]:
    """Name the submissions that are infected now, without asking for ten thousand reports."""
    with service.ledger._database.reading() as connection:  # type: ignore[attr-defined]  # a question of tests only
        found = connection.exec_driver_sql("SELECT id FROM submissions WHERE verdict = 'infected'")
        return set(found.scalars())


@pytest.mark.parametrize(("count", "hits"), [(600, 7), pytest.param(10_000, 37, marks=pytest.mark.slow)])
def test_a_new_signature_finds_exactly_what_it_hits(
    tmp_path: Path, server: Swift | Ceph, mixture: Sequence[tuple[str, bytes]], count: int, hits: int
) -> None:
    files, chosen = mixed(mixture, count, hits)
    with today(tmp_path, server, f"n{count}") as service:
        made = fill(service, files)
        batch = rescan(service, Request(selection=SELECTION))
        tally = batch.tally
        assert (tally.found, tally.changed, tally.failed) == (count, hits, 0), service.rescan.summary(batch.id).lines
        assert infected(service) == {made[number] for number in chosen}
        assert len(service.held(1000)) == hits
        listed = sum(1 for _ in service._clean.listing())
        assert (listed, sum(1 for _ in service._quarantine.listing())) == (count - hits, hits)
        # One request for each object; for one that changed the copy into quarantine, its look back, tag and deletion.
        assert tally.requests <= count + 8 * hits + 5
        assert tally.scans == count


def test_a_foreign_bucket_is_judged_tagged_and_cleaned(
    tmp_path: Path, server: Swift | Ceph, mixture: Sequence[tuple[str, bytes]]
) -> None:
    files, chosen = mixed(mixture, 60, 5)
    with today(tmp_path, server, "adopter") as service:
        foreign = cast("S3Shelf", service.rescan._foreign(server.place("strangers")))
        foreign.client().create_bucket(Bucket=foreign.place.bucket)
        for number, (name, data) in enumerate(files):
            key = f"{foreign.place.prefix}in/{number:03d}-{name}"
            foreign.client().put_object(Bucket=foreign.place.bucket, Key=key, Body=data)
        request = Request(source=server.place("strangers"), on_infected=OnInfected.QUARANTINE)
        assert service.rescan.estimate(request).objects == 60
        batch = rescan(service, request)
        assert (batch.tally.found, batch.tally.failed, batch.tally.changed) == (60, 0, 5)
        left = {kept.key for kept in foreign.page("", 1000)}
        assert {number for number in range(60) if not any(f"/{number:03d}-" in key for key in left)} == chosen
        assert {held.outcome for held in service.held(100)} == {Outcome.INFECTED}
        assert len(service.held(100)) == 5
        assert batch.tally.requests <= 2 * 60 + 8 * 5 + 5
        if isinstance(server, Ceph):
            for key in sorted(left)[:5]:
                answer = foreign.client().get_object_tagging(
                    Bucket=foreign.place.bucket, Key=foreign.place.prefix + key
                )
                assert {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}["ag-verdict"] == "accepted"


@needs_corpus
@pytest.mark.corpus
@pytest.mark.slow
def test_a_foreign_bucket_of_a_thousand_real_files_is_adopted(tmp_path: Path, swift: Swift, sandbox: Sandbox) -> None:
    known = [one for table in ("types.csv", "pdf.csv") for one in corpus(table) if one.path.stat().st_size < 2_000_000]
    files = (known * (1000 // len(known) + 1))[:1000]  # some bytes lie there twice, as in any bucket
    with today(tmp_path, swift, "corpus", sandbox) as service:
        foreign = cast("S3Shelf", service.rescan._foreign(swift.place("thousand")))
        foreign.client().create_bucket(Bucket=foreign.place.bucket)
        for number, one in enumerate(files):
            key = f"{foreign.place.prefix}{number:04d}-{one.path.name}"
            foreign.client().put_object(Bucket=foreign.place.bucket, Key=key, Body=one.path.read_bytes())
        request = Request(source=swift.place("thousand"), mode=Mode.INSPECT, on_infected=OnInfected.TAG_ONLY)
        batch = rescan(service, request)
        assert (batch.tally.found, batch.tally.done, batch.tally.failed) == (len(files), len(files), 0)
        assert batch.tally.requests <= 2 * len(files) + 10
        summary = service.rescan.summary(batch.id, 2000)
        judged = {line.key: line for line in summary.lines}
        assert all(line.reasons for line in judged.values())
        assert sum(1 for kept in foreign.page("", 2000)) == len(files)
        print(json.dumps({group.name: [group.unchanged, group.changed] for group in summary.kinds}))  # noqa: T201 - a figure
