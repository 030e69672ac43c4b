"""Ten mebibytes that want to keep a reader busy or fill its memory: what the real room makes of them."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from attachguard.findings import FINDINGS
from attachguard.kinds import KINDS
from attachguard.model import Attachment, Finding, Limits
from attachguard.sandbox.room import Room
from attachguard.sandbox.settings import MIB, RoomSettings
from tests.formats.hostile_files import HOSTILE, SIZE

LIMITS = Limits()

MEMORY = 512 * MIB
"""Bytes that a reader may have in memory."""

CASES = [(kind, name) for kind, several in HOSTILE.items() for name in several]
QUICK = [
    ("bmp", "an early end"),
    ("csv", "formulas"),
    ("gif", "twenty frames of fifty megapixels"),
    ("html", "ends of paragraphs"),
    ("jpeg", "large scans"),
    ("png", "empty data chunks"),
    ("tiff", "strips"),
    ("txt", "escapes"),
    ("xhtml", "entities that grow"),
    ("xml", "an entity many times"),
]
"""One of each kind, for every day."""


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    with Room(RoomSettings(jobs=1)) as one:
        yield one


def attachment(folder: Path, kind: str, data: bytes, *, method: str = "") -> Attachment:
    digest = hashlib.sha256(data).hexdigest()
    path = folder / digest
    path.write_bytes(data)
    name = f"a.{KINDS[kind].extension}"
    return Attachment(
        path=path,
        size=len(data),
        sha256=digest,
        untrusted_name=name,
        safe_name=name,
        kind=KINDS[kind],
        method=method,
    )


def ended_by_the_room(findings: tuple[Finding, ...]) -> set[str]:
    assert {finding.code for finding in findings} <= set(FINDINGS)
    return {finding.code for finding in findings if finding.code.startswith("sandbox.")}


def walks_through(room: Room, folder: Path, kind: str, data: bytes) -> None:
    """Identify, inspect, copy and verify as the pipeline does: the room has to end none of it."""
    assert len(data) <= SIZE
    file = attachment(folder, kind, data)
    assert ended_by_the_room(room.identify(file, LIMITS).findings) == set()
    seen = room.inspect(file, LIMITS)
    assert ended_by_the_room(seen.findings) == set()
    peaks = [seen.peak_rss]
    for method in KINDS[kind].methods:
        made = room.normalize(file, method, (), LIMITS)
        assert ended_by_the_room(made.findings) == set()
        peaks.append(made.peak_rss)
        if made.data is not None and len(made.data) <= LIMITS.file_size:
            copy = attachment(folder, kind, made.data, method=method)
            compared = room.verify(file, copy, LIMITS)
            assert ended_by_the_room(tuple(compared.findings)) == set()
            peaks.append(compared.peak_rss)
    assert max(peak or 0 for peak in peaks) < MEMORY


@pytest.mark.parametrize(("kind", "name"), QUICK)
def test_a_hostile_file_of_each_kind_ends_by_itself(kind: str, name: str, room: Room, tmp_path: Path) -> None:
    walks_through(room, tmp_path, kind, HOSTILE[kind][name]())


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name"), [case for case in CASES if case not in QUICK])
def test_every_hostile_file_ends_by_itself(kind: str, name: str, room: Room, tmp_path: Path) -> None:
    walks_through(room, tmp_path, kind, HOSTILE[kind][name]())
