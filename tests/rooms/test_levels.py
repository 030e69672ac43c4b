"""How strong the walls are is found out by attacking them, and what may be done at each level follows from it."""

import os
import signal
from pathlib import Path

import pytest

from attachguard.errors import SandboxUnavailable
from attachguard.model import Check, Finding, Limits
from attachguard.sandbox.jail import SPARE_ID
from attachguard.sandbox.room import Room
from attachguard.sandbox.wire import Level
from tests.rooms.rooms import attachment, hostile_room

LIMITS = Limits()
NO_LANDLOCK = "limits,identity,filter"
NO_FILTER = "limits,identity,landlock"


def shown(room: Room, name: str) -> Check:
    (check,) = [check for check in room.probe() if check.name == name]
    return check


def test_all_walls_are_level_full_and_every_check_is_good() -> None:
    with hostile_room() as room:
        assert shown(room, "level").detail == "full, required full"
        names = [check.name for check in room.probe() if check.name != "printer" and not check.ok]
    assert names == []


def test_the_acts_that_were_tried_are_shown() -> None:
    with hostile_room() as room:
        detail = shown(room, "attacks").detail
    for act in ("read a system file", "open a UDP socket", "fork", "execute a program"):
        assert act in detail


def test_without_landlock_the_level_is_no_open_and_says_why() -> None:
    with hostile_room(layers=NO_LANDLOCK, require=Level.NO_OPEN) as room:
        check = shown(room, "level")
    assert check.ok
    assert check.detail.startswith("no-open, required no-open; full: it was possible to read a system file")


def test_a_level_that_is_too_weak_is_our_failing_and_no_job_runs(tmp_path: Path) -> None:
    with hostile_room(layers=NO_LANDLOCK) as room:
        with pytest.raises(SandboxUnavailable, match="level no-open, required is full"):
            room.inspect(attachment(tmp_path, "echo"), LIMITS)
        assert not shown(room, "level").ok


@pytest.mark.parametrize("require", list(Level))
def test_without_the_filter_no_job_runs_whatever_is_required(require: Level, tmp_path: Path) -> None:
    with (
        hostile_room(layers=NO_FILTER, require=require) as room,
        pytest.raises(SandboxUnavailable, match="the walls stand at level none"),
    ):
        room.inspect(attachment(tmp_path, "echo"), LIMITS)


@pytest.mark.parametrize("layers", ["identity,landlock,filter", ""])
def test_a_missing_wall_of_any_kind_is_found(layers: str, tmp_path: Path) -> None:
    with hostile_room(layers=layers) as room, pytest.raises(SandboxUnavailable, match="it was possible to"):
        room.inspect(attachment(tmp_path, "echo"), LIMITS)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be too weak a root")
def test_root_that_cannot_become_another_user_reads_nothing_and_says_what_to_do(tmp_path: Path) -> None:
    with (
        hostile_room(user=-1, require=Level.NO_OPEN) as room,
        pytest.raises(SandboxUnavailable, match="run the service as another user"),
    ):
        room.inspect(attachment(tmp_path, "echo"), LIMITS)


def test_files_are_read_by_another_user_than_root(tmp_path: Path) -> None:
    with hostile_room() as room:
        assert room.inspect(attachment(tmp_path, "echo"), LIMITS).parts
        detail = shown(room, "identity").detail
    reader = SPARE_ID if os.geteuid() == 0 else os.geteuid()
    assert detail == f"files are read by user {reader}, the service is user {os.geteuid()}"


def test_at_level_no_open_readers_read_and_open_nothing(tmp_path: Path) -> None:
    with hostile_room(layers=NO_LANDLOCK, require=Level.NO_OPEN) as room:
        assert len(room.inspect(attachment(tmp_path, "echo"), LIMITS).parts) == 1
        (said,) = room.inspect(attachment(tmp_path, "read", "/usr/share/fonts"), LIMITS).findings
    assert said.where == "refused"


def test_at_level_no_open_nothing_is_printed(tmp_path: Path) -> None:
    with hostile_room(layers=NO_LANDLOCK, require=Level.NO_OPEN) as room:
        rebuilt = room.normalize(attachment(tmp_path, "print 'printed';"), "print", (), LIMITS)
    assert rebuilt.data is None
    assert rebuilt.findings == (Finding("copy.failed", detail="no program runs where Landlock is missing"),)


def test_at_level_no_open_a_drawing_is_never_called_faithful(tmp_path: Path) -> None:
    file, drawn = attachment(tmp_path, "echo"), attachment(tmp_path, "echo", method="raster")
    with hostile_room(layers=NO_LANDLOCK, require=Level.NO_OPEN) as room:
        assert room.verify(file, file, LIMITS).findings == ()
        assert [f.code for f in room.verify(file, drawn, LIMITS).findings] == ["copy.unfaithful"]


def test_the_walls_are_attacked_again_after_a_while(tmp_path: Path) -> None:
    with hostile_room(prove_every=0.0) as room:
        for _ in range(3):
            assert len(room.inspect(attachment(tmp_path, "echo"), LIMITS).parts) == 1
        assert shown(room, "level").ok


def test_a_zygote_that_ends_while_it_is_attacked_is_our_failing(tmp_path: Path) -> None:
    with hostile_room(prove_every=0.0) as room:
        (zygote,) = [int(c.detail.split(",")[0].split()[1]) for c in room.probe() if c.name == "zygote"]
        os.kill(zygote, signal.SIGKILL)
        assert len(room.inspect(attachment(tmp_path, "echo"), LIMITS).parts) == 1


@pytest.mark.parametrize(
    ("level", "required", "weaker"),
    [
        (Level.FULL, Level.FULL, False),
        (Level.FULL, Level.NO_OPEN, False),
        (Level.NO_OPEN, Level.FULL, True),
        (Level.NO_OPEN, Level.NO_OPEN, False),
        (Level.NONE, Level.NO_OPEN, True),
        (Level.NONE, Level.NONE, True),
    ],
)
def test_levels_are_ordered_and_none_is_never_enough(level: Level, required: Level, weaker: bool) -> None:
    assert level.weaker_than(required) is weaker
