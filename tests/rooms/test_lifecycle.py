"""One zygote for a service process: started when needed, replaced when worn, gone when the service is."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

import attachguard
from attachguard.errors import SandboxUnavailable
from attachguard.model import Inspection, Limits
from attachguard.sandbox.room import Room
from attachguard.sandbox.settings import RoomSettings
from tests.rooms.rooms import attachment, attachment_of, descendants, hostile_room

LIMITS = Limits()
PACKAGE = Path(attachguard.__file__).parent


def zygote_of(room: Room) -> int:
    """The zygote's process id, as health shows it."""
    (shown,) = [check.detail for check in room.probe() if check.name == "zygote"]
    return int(shown.removeprefix("pid ").partition(",")[0])


def porter_of(room: Room) -> int:
    """The porter's process id, as health shows it."""
    (shown,) = [check.detail for check in room.probe() if check.name == "porter"]
    return int(shown.partition("pid ")[2].partition(",")[0])


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)
    return holds()


def gone(pid: int) -> bool:
    return eventually(lambda: not Path(f"/proc/{pid}").exists())


def works(room: Room, folder: Path) -> bool:
    return room.inspect(attachment_of(folder, b"echo\nx"), LIMITS).parts[0].data == b"x"


def test_nothing_is_started_before_the_first_job() -> None:
    before = descendants()
    with hostile_room():
        assert descendants() == before


def loaded(pid: int) -> str:
    return Path(f"/proc/{pid}/maps").read_text()


def children() -> set[int]:
    """Our own children; a room's zygotes are among them, but not those that other rooms fork."""
    return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


def test_the_porter_holds_no_library_that_decodes_and_dies_with_the_room(tmp_path: Path) -> None:
    with Room() as room:
        assert room.identify(attachment_of(tmp_path, b"text", name="a.txt"), LIMITS).kind == "txt"
        porter, reader = porter_of(room), zygote_of(room)
        assert {"libqpdf", "libpdfium", "etree", "_imaging"} == {
            name for name in ("libqpdf", "libpdfium", "etree", "_imaging") if name in loaded(reader)
        }
        assert not any(name in loaded(porter) for name in ("libqpdf", "libpdfium", "etree", "_imaging"))
        os.kill(porter, signal.SIGKILL)
        assert room.identify(attachment_of(tmp_path, b"text", name="a.txt"), LIMITS).kind == "txt"
        second = porter_of(room)
    assert all(gone(pid) for pid in (porter, reader, second))


def test_a_room_closed_while_its_readers_warm_up_leaves_nobody(tmp_path: Path) -> None:
    before = children()
    with Room() as room:
        room.identify(attachment_of(tmp_path, b"text", name="a.txt"), LIMITS)
        started = children() - before
    assert started
    assert eventually(lambda: children() <= before)
    assert all(gone(pid) for pid in started)


def test_closing_ends_the_zygote_for_good(tmp_path: Path) -> None:
    room = hostile_room()
    zygote = zygote_of(room)
    room.close()
    assert gone(zygote)
    with pytest.raises(SandboxUnavailable, match="closed"):
        works(room, tmp_path)
    assert [check.ok for check in room.probe()] == [False]
    room.close()


def test_closing_ends_a_job_in_its_middle(tmp_path: Path) -> None:
    with hostile_room(wall=60.0) as room:
        zygote = zygote_of(room)
        (job,) = asleep(room, zygote, tmp_path, 1)
        room.close()
        assert isinstance(job.exception(20), SandboxUnavailable)
    assert gone(zygote)


def asleep(room: Room, zygote: int, folder: Path, count: int) -> list[Future[Inspection]]:
    """Have readers sleep, and wait until they do."""
    file = attachment(folder, "sleep")
    pool = ThreadPoolExecutor(count)
    jobs = [pool.submit(room.inspect, file, LIMITS) for _ in range(count)]
    pool.shutdown(wait=False)
    assert eventually(lambda: len(locked_in(zygote)) == count)
    return jobs


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def locked_in(zygote: int) -> list[int]:
    """The children that read something: not the spare one, which waits."""
    return [child for child in children_of(zygote) if "Seccomp:\t2" in status_of(child)]


def status_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return ""


def test_a_child_that_waits_stands_behind_its_walls_and_is_traced_by_its_zygote() -> None:
    with hostile_room() as room:
        zygote = zygote_of(room)
        assert eventually(lambda: any("Seccomp:\t2" in status_of(child) for child in children_of(zygote)))
        (waiting,) = children_of(zygote)
        assert f"TracerPid:\t{zygote}\n" in status_of(waiting)
        assert "NoNewPrivs:\t1" in status_of(waiting)


@pytest.mark.parametrize("times", ["1", "10000"])
def test_a_child_that_signals_itself_is_traced_no_longer_and_does_its_job(times: str, tmp_path: Path) -> None:
    with hostile_room() as room:
        zygote = zygote_of(room)
        assert eventually(lambda: len(children_of(zygote)) == 1)
        assert room.inspect(attachment(tmp_path, "signal_itself", times), LIMITS).findings == ()
        assert works(room, tmp_path)


def test_a_child_that_stops_itself_is_killed_when_its_time_is_over(tmp_path: Path) -> None:
    with hostile_room(wall=1.0) as room:
        zygote = zygote_of(room)
        assert eventually(lambda: len(children_of(zygote)) == 1)
        found = room.inspect(attachment(tmp_path, "stop_itself"), LIMITS).findings
        assert [finding.code for finding in found] == ["sandbox.timeout"]
        assert works(room, tmp_path)


def test_a_lost_zygote_is_replaced_and_the_job_in_its_middle_is_done_again(tmp_path: Path) -> None:
    with hostile_room(wall=1.0) as room:
        zygote = zygote_of(room)
        (job,) = asleep(room, zygote, tmp_path, 1)
        os.kill(zygote, signal.SIGKILL)
        assert [f.code for f in job.result(20).findings] == ["sandbox.timeout"]
        assert zygote_of(room) != zygote


def test_the_children_of_a_lost_zygote_are_gone_too(tmp_path: Path) -> None:
    with hostile_room(wall=1.0) as room:
        zygote = zygote_of(room)
        jobs = asleep(room, zygote, tmp_path, 2)
        children = locked_in(zygote)
        os.kill(zygote, signal.SIGKILL)
        assert all(gone(child) for child in children)
        assert all(job.result(20) for job in jobs)


def test_a_zygote_lost_between_two_jobs_is_replaced(tmp_path: Path) -> None:
    with hostile_room() as room:
        os.kill(zygote_of(room), signal.SIGKILL)
        assert works(room, tmp_path)


def test_a_zygote_that_does_not_come_up_is_our_failing_with_its_last_words(tmp_path: Path) -> None:
    broken = (sys.executable, "-I", "-c", "raise SystemExit('no such reader')")
    with (
        Room(RoomSettings(command=broken, porter=broken)) as room,
        pytest.raises(SandboxUnavailable, match="no such reader"),
    ):
        works(room, tmp_path)
    with Room(RoomSettings(command=("/nonexistent",), porter=("/nonexistent",))) as room:
        assert [check.ok for check in room.probe()] == [False]


def test_the_zygote_runs_the_package_that_it_lies_in_whatever_is_installed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "attachguard"
    shutil.copytree(PACKAGE, elsewhere)
    start = (sys.executable, "-I", str(elsewhere / "sandbox" / "start.py"))
    with Room(RoomSettings(command=start, porter=start)) as room:
        assert room.identify(attachment_of(tmp_path, b"text", name="a.txt"), LIMITS).kind == "txt"
    shutil.rmtree(elsewhere / "formats")
    with (
        Room(RoomSettings(command=start, porter=start)) as room,
        pytest.raises(SandboxUnavailable, match=r"attachguard\.formats"),
    ):
        works(room, tmp_path)


def test_a_new_zygote_takes_over_after_so_many_jobs(tmp_path: Path) -> None:
    with hostile_room(recycle_jobs=6) as room:
        first = zygote_of(room)  # to probe is to print a page: a job
        assert all(works(room, tmp_path) for _ in range(2))
        assert zygote_of(room) == first
        assert all(works(room, tmp_path) for _ in range(2))
        assert gone(first)
        assert works(room, tmp_path)


def test_a_new_zygote_takes_over_after_a_few_crashes(tmp_path: Path) -> None:
    with hostile_room(recycle_crashes=3) as room:
        first = zygote_of(room)
        for word in ("segv", "abort", "execute"):
            room.inspect(attachment(tmp_path, word), LIMITS)
        assert gone(first)
        assert works(room, tmp_path)


def test_three_hundred_mixed_crashes_leave_nothing_behind(tmp_path: Path) -> None:
    files = [attachment(tmp_path, *words.split()) for words in ("segv", "abort", "leave 7", "execute", "oom", "fail")]
    with hostile_room() as room:
        zygote = zygote_of(room)
        room.inspect(files[0], LIMITS)
        fds, size = len(os.listdir("/proc/self/fd")), resident(zygote)
        assert eventually(lambda: len(children_of(zygote)) == 1)  # the spare one
        zygote_fds = len(os.listdir(f"/proc/{zygote}/fd"))
        for number in range(300):
            room.inspect(files[number % len(files)], LIMITS)
        assert eventually(lambda: len(children_of(zygote)) == 1)
        assert eventually(lambda: len(os.listdir(f"/proc/{zygote}/fd")) == zygote_fds)
        (spare,) = children_of(zygote)
        assert eventually(lambda: "State:\tS" in status_of(spare))
        assert os.listdir(f"/proc/{zygote}/task") == [str(zygote)]
        assert resident(zygote) <= size + 1024
        assert zygote_of(room) == zygote
    assert len(os.listdir("/proc/self/fd")) == fds - 2


def resident(pid: int) -> int:
    """Resident KiB."""
    return int(status_of(pid).partition("VmRSS:")[2].split()[0])


def test_a_forked_copy_of_the_service_starts_its_own_zygote(tmp_path: Path) -> None:
    with hostile_room() as room:
        first = zygote_of(room)
        pid = os.fork()
        if pid == 0:
            mine = zygote_of(room)
            good = mine != first and works(room, tmp_path)
            room.close()
            os._exit(0 if good and gone(mine) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert zygote_of(room) == first
        assert works(room, tmp_path)


def test_a_copy_forked_while_another_thread_works_can_work_too(tmp_path: Path) -> None:
    with hostile_room(wall=1.0) as room:
        jobs = asleep(room, zygote_of(room), tmp_path, 2)
        pid = os.fork()
        if pid == 0:
            good = works(room, tmp_path)
            room.close()
            os._exit(0 if good else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert all(job.result(20) for job in jobs)


def daemonic(folder: str, results: "multiprocessing.SimpleQueue[bool]") -> None:
    with hostile_room() as room:
        results.put(works(room, Path(folder)))


def test_a_daemonic_worker_as_of_celery_has_a_room_of_its_own(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    worker = context.Process(target=daemonic, args=(str(tmp_path), results), daemon=True)
    worker.start()
    worker.join(30)
    assert (worker.exitcode, results.get()) == (0, True)


SERVICE = """
import sys, time
sys.path.append(sys.argv[1])
from tests.rooms.rooms import attachment, hostile_room
from tests.rooms.test_lifecycle import zygote_of
from pathlib import Path
import threading
from attachguard.model import Limits
room = hostile_room(wall=60.0)
zygote = zygote_of(room)
threading.Thread(target=room.inspect, args=(attachment(Path(sys.argv[2]), "sleep"), Limits()), daemon=True).start()
while not Path(f"/proc/{zygote}/task/{zygote}/children").read_text():
    time.sleep(0.01)
print(zygote, flush=True)
time.sleep(60)
"""


def test_a_service_that_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    root = str(Path(__file__).resolve().parents[2])
    with subprocess.Popen(
        [sys.executable, "-c", SERVICE, root, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as service:
        assert service.stdout is not None
        zygote = int(service.stdout.readline())
        reader = children_of(zygote)
        service.kill()
    assert len(reader) == 1
    assert gone(zygote)
    assert gone(reader[0])


def test_a_service_that_ignores_its_children_still_learns_how_they_ended(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        with hostile_room() as room:
            (said,) = room.inspect(attachment(tmp_path, "leave", "7"), LIMITS).findings
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert said.detail == "exit status 7"


def test_the_zygote_knows_nothing_of_the_services_environment() -> None:
    os.environ["ATTACHGUARD_SECRET"] = "hunter2"
    try:
        with hostile_room() as room:
            known = Path(f"/proc/{zygote_of(room)}/environ").read_bytes()
    finally:
        del os.environ["ATTACHGUARD_SECRET"]
    assert b"hunter2" not in known
    assert b"LC_ALL=C.UTF-8" in known
