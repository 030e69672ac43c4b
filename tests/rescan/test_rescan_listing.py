"""A million objects are listed in memory for five hundred, and the cursor is where it should be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from attachguard.ports import Shelf
from tests.contracts.shelf import ShelfContract
from tests.rescan.imagined import ImaginedShelf

ROOT = Path(__file__).parents[2]
MOST_GROWTH = 50 * 1024 * 1024

PROGRAM = """
import os, sys
from pathlib import Path
from attachguard.batches import PAGE, Request, OnInfected
from tests.engine_made import engine, settings, timing
from tests.rescan.imagined import ImaginedShelf, name

def rss():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

count, folder = int(sys.argv[1]), Path(sys.argv[2])
chosen = settings(folder)
with engine(chosen, terms_of=timing(chosen)) as service:
    shelf = ImaginedShelf(count)
    service.rescan._foreign = lambda _: shelf
    batch = service.rescan.begin(Request(source="memory:", on_infected=OnInfected.TAG_ONLY))
    pages = growth = 0
    before = None
    while not service.rescan.find(batch.id).listed:
        service.rescan._list(service.rescan.find(batch.id), "lister")
        pages += 1
        if pages == 2:
            before = rss()
        if before is not None:
            growth = max(growth, rss() - before)
        if pages % 97 == 0:
            found = service.rescan.find(batch.id)
            assert found.cursor == name(pages * PAGE - 1), found.cursor
            assert found.tally.found == pages * PAGE
    found = service.rescan.find(batch.id)
    with service.ledger._database.reading() as connection:
        rows, keys = connection.exec_driver_sql("SELECT count(*), count(DISTINCT key) FROM batch_objects").one()
    print(found.tally.found, rows, keys, found.cursor, growth)
"""


class TestImagined(ShelfContract):
    """The store of this test is one by contract."""

    @pytest.fixture
    def shelf(self, tmp_path: Path) -> Shelf:
        return ImaginedShelf()

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Shelf:
        return ImaginedShelf(broken=True)


def test_imagined_objects_are_listed_between_those_that_were_put() -> None:
    shelf = ImaginedShelf(1500)
    found = [kept.key for kept in shelf.listing()]
    assert (len(found), found[0], found[-1]) == (1500, "0000/0000000.txt", "0001/0001499.txt")
    assert found == sorted(found)


@pytest.mark.parametrize("count", [20_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_listing_takes_memory_for_one_page(tmp_path: Path, count: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(count), str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    found, rows, keys, cursor, growth = done.stdout.split()
    assert (int(found), int(rows), int(keys)) == (count, count, count)
    assert cursor == f"{(count - 1) // 1000:04d}/{count - 1:07d}.txt"
    assert int(growth) < MOST_GROWTH
