"""The workroom: private, bounded, gone afterwards."""

import io
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from attachguard.errors import StoreUnavailable, UploadUnreadable
from attachguard.kinds import KINDS
from attachguard.model import Attachment, Limits, Part, Upload
from attachguard.workroom import Workroom, workroom

LIMITS = Limits()


def upload(data: bytes, name: str = "a.pdf") -> Upload:
    return Upload(untrusted_name=name, open=lambda: io.BytesIO(data))


def received(data: bytes = b"x") -> Attachment:
    with workroom() as room:
        return room.receive(upload(data), LIMITS, LIMITS.total_size)


def test_bytes_are_counted_and_hashed_while_they_are_copied() -> None:
    attachment = received(b"abc")
    assert attachment.size == 3
    assert attachment.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_nobody_else_may_look_and_nothing_is_left() -> None:
    with workroom() as room:
        path = room.receive(upload(b"x"), LIMITS, LIMITS.total_size).path
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not path.parent.exists()


def test_nothing_is_left_when_something_breaks() -> None:
    paths: list[Path] = []

    def work() -> None:
        with workroom() as room:
            paths.append(room.receive(upload(b"x"), LIMITS, LIMITS.total_size).path)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert not paths[0].parent.exists()


def test_a_name_never_becomes_a_path() -> None:
    with workroom() as room:
        attachment = room.receive(upload(b"x", "../../etc/cron.d/a.pdf"), LIMITS, LIMITS.total_size)
        assert attachment.path.parent.name.startswith("attachguard-work-")
        assert "/" not in attachment.safe_name


def test_the_rest_of_the_submission_bounds_a_copy() -> None:
    with workroom() as room:
        assert room.receive(upload(b"x" * 100), LIMITS, 10).size == 11


def test_a_source_that_breaks_in_the_middle_is_unreadable() -> None:
    class Breaking(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with workroom() as room, pytest.raises(UploadUnreadable, match=r"a\.pdf can.t be read: Input/output error"):
        room.receive(Upload(untrusted_name="a.pdf", open=lambda: Breaking(b"x")), LIMITS, 100)


def test_a_copy_is_called_like_the_original_with_the_extension_of_its_kind() -> None:
    with workroom() as room:
        original = room.receive(upload(b"x", "winmail.dat"), LIMITS, 100)
        from dataclasses import replace

        copy = room.copy(b"y", replace(original, kind=KINDS["pdf"], safe_name="scan.PDF"), "print", LIMITS)
        assert copy.safe_name == "scan.pdf"
        assert copy.origin is not None
        assert copy.kind is None  # a stranger's file, until it is identified


def test_parts_are_counted_over_all_depths_of_one_file() -> None:
    part = Part(where="x", untrusted_name="x.pdf", declared_type=None, data=b"12345")
    with workroom() as room:
        parent = room.receive(upload(b"x"), LIMITS, 100)
        limits = Limits(parts=3, parts_size=12)
        taken, findings = room.take_parts((part, part), parent, limits)
        assert ([child.depth for child in taken], findings) == ([1, 1], ())
        taken, findings = room.take_parts((part, part), taken[0], limits)
        assert taken == ()
        assert [finding.code for finding in findings] == ["limit.parts", "limit.parts_size"]
        assert room.fresh().take_parts((part,), parent, limits)[1] == ()


def test_a_temporary_folder_that_is_not_there_is_our_failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with workroom() as room, pytest.raises(StoreUnavailable, match="no private directory can be made in"):
        room.receive(upload(b"x"), LIMITS, 100)


def test_files_may_come_from_several_sides_at_once() -> None:
    for _ in range(50):
        with workroom() as room, ThreadPoolExecutor(8) as pool:
            begin = threading.Barrier(8)

            def take(number: int, room: Workroom = room, begin: threading.Barrier = begin) -> Path:
                begin.wait()
                return room.receive(upload(b"%d" % number), LIMITS, 100).path

            assert {path.read_bytes() for path in pool.map(take, range(8))} == {b"%d" % n for n in range(8)}


def test_a_room_in_which_nothing_lies_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with workroom() as room, room.fresh() as inner:
        assert not list(tmp_path.iterdir())
        inner.copy(b"y", received(), "rebuild", LIMITS)
        assert (room.is_there, inner.is_there) == (True, True)
    assert not list(tmp_path.iterdir())
