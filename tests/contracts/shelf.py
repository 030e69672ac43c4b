"""What every shelf promises; each store's tests inherit this."""

import dataclasses
import hashlib
import threading
import uuid
from pathlib import Path

import pytest

from attachguard.errors import ObjectMissing, StoreUnavailable
from attachguard.jobs import Kept, Label
from attachguard.ports import Shelf

DATA = b"%PDF-1.7 whatever"


def labelled(data: bytes = DATA, name: str = "rechnung für Zoë.pdf") -> Label:
    return Label(
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        media_type="application/pdf",
        name=name,
        tags={
            "ag-verdict": "accepted",
            "ag-scanned-at": "2026-03-04T05:06:07Z",
            "ag-signatures": "daily 27800, Wed Mar 4; custom",
            "ag-policy": "marketplace@1",
            "ag-build": "0.1.0",
        },
    )


class ShelfContract:
    """Bytes that are put last and come back, whole or not at all, or StoreUnavailable is raised."""

    @pytest.fixture
    def shelf(self, tmp_path: Path) -> Shelf:
        raise NotImplementedError

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Shelf:
        raise NotImplementedError

    @pytest.fixture
    def key(self) -> str:
        return f"ab/{uuid.uuid4().hex}/1/0-x.pdf"

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "000001.bin"
        path.write_bytes(DATA)
        return path

    def read(self, shelf: Shelf, key: str) -> bytes:
        with shelf.open(key) as stream:
            return stream.read()

    def kept(self, shelf: Shelf, key: str) -> list[Kept]:
        return [one for one in shelf.listing() if one.key == key]

    def test_what_is_put_comes_back(self, shelf: Shelf, file: Path, key: str) -> None:
        location = shelf.put(key, file, labelled())
        assert self.read(shelf, key) == DATA
        assert location.endswith(key)

    def test_what_is_a_file_of_this_machine_can_be_read_there(self, shelf: Shelf, file: Path, key: str) -> None:
        shelf.put(key, file, labelled())
        lies = shelf.file(key)
        assert lies is None or lies.read_bytes() == DATA

    @pytest.mark.parametrize("size", [0, 1, 6 * 1024 * 1024])
    def test_any_size_comes_back(self, shelf: Shelf, tmp_path: Path, key: str, size: int) -> None:
        data = bytes(range(256)) * (size // 256) + bytes(size % 256)
        path = tmp_path / "big"
        path.write_bytes(data)
        shelf.put(key, path, labelled(data))
        assert self.read(shelf, key) == data

    def test_putting_the_same_again_is_harmless(self, shelf: Shelf, file: Path, key: str) -> None:
        assert shelf.put(key, file, labelled()) == shelf.put(key, file, labelled())
        assert self.read(shelf, key) == DATA

    def test_bytes_that_are_not_those_that_were_named_are_not_put(self, shelf: Shelf, file: Path, key: str) -> None:
        with pytest.raises(StoreUnavailable):
            shelf.put(key, file, labelled(b"other bytes, as many"))
        assert self.kept(shelf, key) == []

    def test_what_is_not_there_is_not_given(self, shelf: Shelf, key: str) -> None:
        with pytest.raises(StoreUnavailable):
            shelf.open(key)

    def test_what_is_deleted_is_gone_and_deleting_again_is_harmless(self, shelf: Shelf, file: Path, key: str) -> None:
        shelf.put(key, file, labelled())
        shelf.delete(key)
        shelf.delete(key)
        assert self.kept(shelf, key) == []
        with pytest.raises(StoreUnavailable):
            shelf.open(key)

    def test_what_is_put_is_listed_with_its_place_size_and_time(self, shelf: Shelf, file: Path, key: str) -> None:
        location = shelf.put(key, file, labelled())
        (one,) = self.kept(shelf, key)
        assert (one.location, one.size) == (location, len(DATA))
        assert one.at.tzinfo is not None

    def test_pages_follow_each_other_in_the_order_of_keys_without_a_gap_or_a_double(
        self, shelf: Shelf, file: Path
    ) -> None:
        keys = [f"{folder}{number}.pdf" for folder in ("ab/", "ab.", "b/c/", "a") for number in range(5)]
        for one in keys:
            shelf.put(one, file, labelled())
        after, found = "", []
        while page := shelf.page(after, 3):
            found += [kept.key for kept in page]
            after = page[-1].key
            assert len(page) <= 3
        assert found == sorted(keys, key=str.encode)
        (next_one,) = shelf.page("ab/3.pdf", 1)
        assert (next_one.key, next_one.size) == ("ab/4.pdf", len(DATA))
        assert next_one.location == shelf.location("ab/4.pdf")
        assert next_one.at.tzinfo is not None

    def test_a_page_of_nothing_is_empty(self, shelf: Shelf, file: Path) -> None:
        shelf.put("a/b", file, labelled())
        assert shelf.page("zz", 10) == []

    def test_what_is_not_there_can_be_told_from_a_store_that_is_away(
        self, shelf: Shelf, broken: Shelf, file: Path, key: str
    ) -> None:
        with pytest.raises(ObjectMissing):
            shelf.open(key)
        with pytest.raises(StoreUnavailable):
            broken.page("", 1)

    def test_a_tag_is_set_or_it_is_said_that_there_are_none(self, shelf: Shelf, file: Path, key: str) -> None:
        shelf.put(key, file, labelled())
        self.read(shelf, key)
        if shelf.tag(key, {"ag-verdict": "infected"}):
            with pytest.raises(ObjectMissing):
                shelf.tag(f"{key}-none", {"ag-verdict": "infected"})

    def test_many_threads_put_at_once(self, shelf: Shelf, file: Path, key: str) -> None:
        keys = [f"{key}{number}" for number in range(12)]
        threads = [threading.Thread(target=shelf.put, args=(one, file, labelled())) for one in keys]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {one.key for one in shelf.listing()} >= set(keys)

    def test_a_broken_shelf_is_unavailable_not_silent(self, broken: Shelf, file: Path, key: str) -> None:
        with pytest.raises(StoreUnavailable):
            broken.put(key, file, labelled())
        with pytest.raises(StoreUnavailable):
            list(broken.listing())

    def test_the_probe_tells_a_good_shelf_from_a_broken_one(self, shelf: Shelf, broken: Shelf) -> None:
        before = {one.key for one in shelf.listing()}
        assert [check for check in shelf.probe() if check.required and not check.ok] == []
        assert [check for check in broken.probe() if check.required and not check.ok] != []
        assert {one.key for one in shelf.listing()} == before

    def test_a_file_without_a_name_is_kept_too(self, shelf: Shelf, file: Path, key: str) -> None:
        shelf.put(key, file, dataclasses.replace(labelled(), name="", tags={}))
        assert self.read(shelf, key) == DATA
