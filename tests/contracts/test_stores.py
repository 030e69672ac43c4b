"""The stores, each against the contract, and what is particular to the one on disk."""

import dataclasses
from pathlib import Path

import pytest

from attachguard.adapters.disk_store import DiskStore
from attachguard.adapters.memory import MemoryStore
from attachguard.errors import StoreUnavailable
from attachguard.ports import Store
from tests.contracts.store import StoreContract, cleared


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return MemoryStore()

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Store:
        store = MemoryStore()
        store.broken = True
        return store

    def read(self, store: Store, location: str) -> bytes:
        assert isinstance(store, MemoryStore)
        return store.objects[location.removeprefix("memory:")]


class TestDiskStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return DiskStore(tmp_path / "clean")

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Store:
        (tmp_path / "in the way").write_text("a file where the folder should be")
        return DiskStore(tmp_path / "in the way")

    def read(self, store: Store, location: str) -> bytes:
        return Path(location).read_bytes()

    def test_the_name_of_a_file_is_its_content(self, store: Store, tmp_path: Path) -> None:
        one = cleared(tmp_path, name="../../evil.PDF")
        location = Path(store.put(one).location)
        assert location == tmp_path / "clean" / one.sha256[:2] / f"{one.sha256}.pdf"

    def test_bytes_that_changed_after_the_verdict_are_not_stored(self, store: Store, tmp_path: Path) -> None:
        one = dataclasses.replace(cleared(tmp_path), sha256="0" * 64)
        with pytest.raises(StoreUnavailable, match="changed"):
            store.put(one)
        assert [path for path in (tmp_path / "clean").rglob("*") if path.is_file()] == []

    def test_a_file_that_vanished_after_the_verdict_is_not_stored(self, store: Store, tmp_path: Path) -> None:
        one = cleared(tmp_path)
        one.path.unlink()
        with pytest.raises(StoreUnavailable):
            store.put(one)
        assert [path for path in (tmp_path / "clean").rglob("*") if path.is_file()] == []
