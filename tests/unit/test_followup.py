"""What a stateless check delivers waits for a minute, for its tenant, and leaves nothing behind."""

import hashlib
from contextlib import closing
from pathlib import Path

from attachguard.http.followup import MOST, SECONDS, Parcels
from attachguard.model import Cleared, Outcome


class Clock:
    """Tells the seconds that a test wants."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def keep(parcels: Parcels, folder: Path, tenant: str = "shop", data: bytes = b"bytes") -> str:
    (folder / "judged").write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    cleared = Cleared(
        path=folder / "judged",
        name="a.txt",
        media_type="text/plain",
        size=len(data),
        sha256=digest,
        outcome=Outcome.ACCEPTED,
        policy="test",
        scan=None,
    )
    with closing(parcels.counter()) as counter:
        counter.put(cleared)  # not kept
        return counter.keep(tenant, counter.put(cleared))


def files(parcels: Parcels) -> list[Path]:
    assert parcels._folder
    return list(parcels._folder.iterdir())


def test_a_parcel_is_its_tenants_for_a_minute(tmp_path: Path) -> None:
    clock = Clock()
    parcels = Parcels(clock)
    name = keep(parcels, tmp_path)
    assert parcels.take(name, "other") is None
    assert parcels.take("nothing", "shop") is None
    for _ in range(2):
        found = parcels.take(name, "shop")
        assert found
        assert found[1] == b"bytes"
    clock.at = SECONDS
    assert parcels.take(name, "shop") is None
    (file,) = files(parcels)
    parcels._tidy_later()
    assert not file.exists()
    parcels.close()
    assert not file.parent.exists()


def test_too_many_parcels_push_the_oldest_out_and_closing_leaves_nothing(tmp_path: Path) -> None:
    parcels = Parcels(Clock())
    names = [keep(parcels, tmp_path) for _ in range(MOST + 2)]
    assert [parcels.take(name, "shop") is None for name in names[:3]] == [True, True, False]
    left = files(parcels)
    assert len(left) == MOST
    parcels.close()
    assert [file for file in left if file.exists()] == []
