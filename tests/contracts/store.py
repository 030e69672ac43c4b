"""What every store promises; each store's tests inherit this."""

import hashlib
from pathlib import Path

import pytest

from attachguard.errors import StoreUnavailable
from attachguard.model import Cleared
from attachguard.ports import Store


def cleared(folder: Path, data: bytes = b"%PDF-1.7 clean", name: str = "invoice.pdf") -> Cleared:
    path = folder / "000001.bin"
    path.write_bytes(data)
    return Cleared(
        path=path, name=name, media_type="application/pdf", size=len(data), sha256=hashlib.sha256(data).hexdigest()
    )


class StoreContract:
    """A store keeps exactly the cleared bytes, or raises StoreUnavailable."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        raise NotImplementedError

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Store:
        raise NotImplementedError

    def read(self, store: Store, location: str) -> bytes:
        raise NotImplementedError

    def test_what_is_put_can_be_read_at_its_location(self, store: Store, tmp_path: Path) -> None:
        one = cleared(tmp_path)
        delivered = store.put(one)
        assert self.read(store, delivered.location) == b"%PDF-1.7 clean"
        assert (delivered.name, delivered.media_type) == ("invoice.pdf", "application/pdf")
        assert (delivered.size, delivered.sha256) == (one.size, one.sha256)

    def test_putting_the_same_bytes_again_is_harmless(self, store: Store, tmp_path: Path) -> None:
        first, second = store.put(cleared(tmp_path)), store.put(cleared(tmp_path))
        assert self.read(store, first.location) == self.read(store, second.location) == b"%PDF-1.7 clean"

    def test_a_broken_store_is_unavailable_not_silent(self, broken: Store, tmp_path: Path) -> None:
        with pytest.raises(StoreUnavailable):
            broken.put(cleared(tmp_path))

    def test_the_probe_tells_a_good_store_from_a_broken_one(self, store: Store, broken: Store) -> None:
        assert all(check.ok for check in store.probe())
        assert not all(check.ok for check in broken.probe())
