"""What a stateless check delivers waits for a minute, for its tenant, and leaves nothing behind."""

import hashlib
from pathlib import Path

from attachguard.http.followup import MOST, SECONDS, Handover, Parcels
from attachguard.model import Delivered


class Clock:
    """Tells the seconds that a test wants."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def keep(parcels: Parcels, tenant: str = "shop", data: bytes = b"bytes") -> str:
    handover = Handover()
    path = handover.folder / "1"
    path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    name = parcels.keep(
        tenant, Delivered(name="a.txt", media_type="text/plain", size=len(data), sha256=digest, location=str(path))
    )
    handover.close()
    return name


def folders(parcels: Parcels) -> list[Path]:
    return [parcel.folder for parcel in parcels._waiting.values()]


def test_a_parcel_is_its_tenants_for_a_minute() -> None:
    clock = Clock()
    parcels = Parcels(clock)
    name = keep(parcels)
    assert parcels.take(name, "other") is None
    assert parcels.take("nothing", "shop") is None
    for _ in range(2):
        found = parcels.take(name, "shop")
        assert found
        assert found[1] == b"bytes"
    clock.at = SECONDS
    assert parcels.take(name, "shop") is None
    (folder,) = folders(parcels)
    parcels._tidy_later()
    assert not folder.exists()
    parcels.close()


def test_too_many_parcels_push_the_oldest_out_and_closing_leaves_nothing() -> None:
    parcels = Parcels(Clock())
    names = [keep(parcels) for _ in range(MOST + 2)]
    assert [parcels.take(name, "shop") is None for name in names[:3]] == [True, True, False]
    left = folders(parcels)
    assert len(left) == MOST
    parcels.close()
    assert [folder for folder in left if folder.exists()] == []
