"""The private clamd: there when needed, closed to others, gone afterwards, and replaced when it fails."""

import gc
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from attachguard.adapters import clamd_probes
from attachguard.adapters.clamd import Clamd
from attachguard.adapters.clamd_child import Backoff, ClamdChild
from attachguard.adapters.clamd_conf import ClamdSettings, clamd_conf
from attachguard.adapters.clamd_home import PREFIX
from attachguard.adapters.clamd_program import find_program
from attachguard.adapters.clamd_wire import TOO_LARGE, Deadline
from attachguard.adapters.scanners import open_scanner
from attachguard.adapters.signatures import SignatureSet, choose_set, demo_set
from attachguard.errors import ScannerUnavailable
from attachguard.model import Limits, SignatureRules
from tests.contracts.scanner import put
from tests.corpus import needs_corpus

CORPUS = "ATTACHGUARD_CORPUS"
MIB = 1024 * 1024
DEMO = "AttachGuard.Demo.Eicar"


@pytest.fixture
def temp(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temp dir with nothing else in it, and nothing left in it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="ag-", dir="/tmp"))
    folder.chmod(0o755)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    assert list(folder.iterdir()) == []
    folder.rmdir()


@pytest.fixture
def source(temp: Path) -> Iterator[ClamdChild]:
    assert temp.is_dir()
    with ClamdChild(demo_set(), backoff=Backoff(first=0.0)) as child:
        yield child


@pytest.fixture
def scanner(source: ClamdChild) -> Iterator[Clamd]:
    with Clamd(source, scan_seconds=5) as scanner:
        yield scanner


def homes(temp: Path) -> list[Path]:
    return [path for path in temp.iterdir() if path.name.startswith(PREFIX)]


def pid_of(scanner: Clamd) -> int:
    detail = next(check.detail for check in scanner.probe() if check.name == "scanner process")
    return int(detail.split("process ")[1].split(",")[0])


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def kill(pid: int) -> None:
    """Kill a clamd of this process, and wait until all its threads are gone and it was waited for."""
    os.kill(pid, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{pid}").exists())


def until(done: Callable[[], bool], seconds: float = 5) -> None:
    limit = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < limit
        time.sleep(0.01)


def signatures(folder: Path, **files: str) -> SignatureSet:
    """Make a set: `name_ext="text"`."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return SignatureSet(folder=folder)


def demo_line() -> str:
    return (demo_set().folder / "demo.ndb").read_text()


class TestLife:
    def test_nothing_is_started_before_it_is_needed(self, scanner: Clamd, temp: Path, tmp_path: Path) -> None:
        assert homes(temp) == []
        scanner.scan(put(tmp_path, b""))
        assert len(homes(temp)) == 1

    def test_the_first_answer_comes_within_a_second(self, scanner: Clamd, tmp_path: Path) -> None:
        path = put(tmp_path, b"")
        began = time.monotonic()
        scanner.scan(path)
        assert time.monotonic() - began < 1

    def test_it_is_closed_to_everybody_else(self, scanner: Clamd, temp: Path, tmp_path: Path) -> None:
        scanner.scan(put(tmp_path, b""))
        (home,) = homes(temp)
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert stat.S_IMODE((home / "clamd.sock").stat().st_mode) == 0o600
        assert "TCPSocket" not in (home / "clamd.conf").read_text()

    def test_it_has_no_privileges(self, scanner: Clamd) -> None:
        status = Path(f"/proc/{pid_of(scanner)}/status").read_text()
        told = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert "0" not in told["Uid"].split()
        assert "0" not in told["Gid"].split()
        assert told["NoNewPrivs"] == "1"
        assert int(told["CapEff"], 16) == 0

    def test_closing_ends_it_and_removes_its_folder(self, scanner: Clamd, temp: Path) -> None:
        pid = pid_of(scanner)
        scanner.close()
        scanner.close()
        assert not runs(pid)
        assert homes(temp) == []

    def test_closing_while_it_starts_leaves_nothing_behind(self, temp: Path) -> None:
        child = ClamdChild(demo_set())
        with pytest.raises(ScannerUnavailable):
            child.live(Deadline.after(0.001))
        child.close()
        assert homes(temp) == []

    def test_forgetting_it_ends_it(self, temp: Path, tmp_path: Path) -> None:
        scanner = Clamd(ClamdChild(demo_set()))
        scanner.scan(put(tmp_path, b""))
        pid = pid_of(scanner)
        del scanner
        gc.collect()
        until(lambda: not runs(pid) and homes(temp) == [])

    def test_it_outlives_the_thread_that_needed_it_first(self, scanner: Clamd, tmp_path: Path) -> None:
        path = put(tmp_path, clamd_probes.eicar())
        thread = threading.Thread(target=scanner.scan, args=(path,))
        thread.start()
        thread.join()
        pid = pid_of(scanner)
        time.sleep(0.05)
        assert scanner.scan(path).hit is not None
        assert pid_of(scanner) == pid

    def test_it_dies_with_us_and_the_next_start_clears_up(self, scanner: Clamd, temp: Path, tmp_path: Path) -> None:
        script = "scanner.probe(); print(scanner.probe()[-3].detail, flush=True); sys.stdin.read()"
        with subprocess.Popen(
            [sys.executable, "-c", SCRIPT + script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            pid = int(process.stdout.readline().split("process ")[1].split(",")[0])
            process.kill()
        until(lambda: not runs(pid))
        (home,) = homes(temp)
        os.utime(home, (0, 0))
        scanner.scan(put(tmp_path, b""))
        assert not home.exists()

    def test_it_is_gone_when_the_interpreter_ends_without_closing(self, temp: Path) -> None:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT + "print(scanner.probe()[0].ok)"], capture_output=True, text=True, check=True
        )
        assert done.stdout == "True\n"
        assert homes(temp) == []

    def test_a_forked_process_uses_it_and_leaves_it_alone(self, temp: Path) -> None:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", SCRIPT + FORK], capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines() == ["child True True", "parent True", "orphan True False"]
        assert homes(temp) == []

    def test_forked_processes_hear_of_new_signatures_and_of_successors(self, temp: Path) -> None:
        (temp / "set").mkdir(mode=0o755)
        (temp / "set" / "demo.ndb").write_text(demo_line())
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", SCRIPT + WORKER], capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines() == ["nothing yet", "Our.Marker.UNOFFICIAL", "another, of the parent's", "True"]
        shutil.rmtree(temp / "set")
        assert homes(temp) == []


SCRIPT = """
import os, sys, time
from pathlib import Path
from attachguard.adapters import clamd_probes
from attachguard.adapters.clamd import Clamd
from attachguard.adapters.clamd_child import ClamdChild
from attachguard.adapters.clamd_wire import Deadline
from attachguard.adapters.signatures import demo_set
child = ClamdChild(demo_set())
scanner = Clamd(child)
"""

FORK = """
path = Path(os.environ["TMPDIR"]) / "eicar"
path.write_bytes(clamd_probes.eicar())

def in_a_fork(work):
    pid = os.fork()
    if not pid:
        try:
            work()
            scanner.close()
        finally:
            sys.stdout.flush()
            os._exit(0)
    os.waitpid(pid, 0)

def same():
    print("child", scanner.scan(path).hit is not None, child.live(Deadline.after(5)) == live)

def other():
    print("orphan", scanner.scan(path).hit is not None, child.live(Deadline.after(5)) == live)

scanner.scan(path)
live = child.live(Deadline.after(5))
in_a_fork(same)
print("parent", scanner.scan(path).hit is not None)
sys.stdout.flush()
clamd = int(scanner.probe()[-3].detail.split("process ")[1].split(",")[0])
os.kill(clamd, 9)
while Path(f"/proc/{clamd}").exists():
    time.sleep(0.01)
in_a_fork(other)
path.unlink()
scanner.close()
"""


WORKER = """
from attachguard.adapters.signatures import SignatureSet

folder = Path(os.environ["TMPDIR"]) / "set"
child = ClamdChild(SignatureSet(folder=folder), watch_seconds=0.1)
scanner = Clamd(child, watch_seconds=0.1)
scanner.probe()
clamd = int(scanner.probe()[-3].detail.split("process ")[1].split(",")[0])

def words(process):
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""  # it ended while we looked

def work():
    path = folder / "file"
    path.write_bytes(b"a marker of our own")
    print(scanner.scan(path).hit or "nothing yet")
    (folder / "our.ndb").write_text("Our.Marker:0:*:" + path.read_bytes().hex() + chr(10))
    while scanner.scan(path).hit is None:
        time.sleep(0.02)
    print(scanner.scan(path).hit)
    live = child.live(Deadline.after(5))
    processes = (one for one in Path("/proc").iterdir() if one.name.isdigit())
    home = str(live.address.path.parent).encode()
    (pid,) = (int(one.name) for one in processes if home in words(one))
    os.kill(pid, 9)
    while Path(f"/proc/{pid}").exists():  # until then it may still take a question, and break off
        time.sleep(0.001)
    found = scanner.scan(path).hit
    again = child.live(Deadline.after(5))
    print("another, of the parent's" if again != live and child._start is None else "its own")
    print(found is not None)

pid = os.fork()
if not pid:
    try:
        work()
    finally:
        sys.stdout.flush()
        os._exit(0)
os.waitpid(pid, 0)
scanner.close()
"""


class TestFailing:
    def test_one_that_was_killed_is_replaced(self, scanner: Clamd, tmp_path: Path) -> None:
        path = put(tmp_path, clamd_probes.eicar())
        for _ in range(3):
            assert scanner.scan(path).hit is not None
            kill(pid_of(scanner))
        assert scanner.scan(path).hit is not None

    def test_one_that_was_killed_is_replaced_while_nobody_asks(self, source: ClamdChild, temp: Path) -> None:
        with Clamd(source, scan_seconds=5, watch_seconds=0.05) as scanner:
            pid = pid_of(scanner)
            before = homes(temp)
            kill(pid)
            until(lambda: homes(temp) not in ([], before))

    def test_one_that_hangs_costs_one_deadline_and_is_replaced(self, source: ClamdChild, tmp_path: Path) -> None:
        path = put(tmp_path, clamd_probes.eicar())
        with Clamd(source, scan_seconds=5) as patient:
            pid = pid_of(patient)
            hasty = Clamd(source, scan_seconds=0.3)
            hasty.scan(path)
            os.kill(pid, signal.SIGSTOP)
            began = time.monotonic()
            with pytest.raises(ScannerUnavailable, match="in time"):
                hasty.scan(path)
            assert time.monotonic() - began < 0.8
            assert patient.scan(path).hit is not None
            assert not runs(pid)

    @pytest.mark.parametrize("how", ["removed", "closed"])
    def test_one_that_can_not_unpack_any_more_says_nothing_and_is_replaced(
        self, scanner: Clamd, temp: Path, tmp_path: Path, how: str
    ) -> None:
        path = put(tmp_path, clamd_probes.eicar_zip())
        scanner.scan(path)
        (home,) = homes(temp)
        if how == "removed":
            (home / "tmp").rmdir()
        else:
            (home / "tmp").chmod(0)
            with pytest.raises(ScannerUnavailable):
                scanner.scan(path)
        assert scanner.scan(path).hit is not None
        assert homes(temp) != [home]

    def test_scans_that_run_when_it_is_killed_have_no_answer(self, scanner: Clamd, tmp_path: Path) -> None:
        path = put(tmp_path, clamd_probes.eicar())
        pid = pid_of(scanner)
        os.kill(pid, signal.SIGSTOP)
        failures: list[str] = []

        def scan() -> None:
            try:
                scanner.scan(path)
            except ScannerUnavailable as error:
                failures.append(str(error))

        threads = [threading.Thread(target=scan) for _ in range(2)]
        for thread in threads:
            thread.start()
        time.sleep(0.1)
        kill(pid)
        for thread in threads:
            thread.join()
        assert len(failures) == 2
        assert scanner.scan(path).hit is not None

    def test_starting_again_waits_longer_each_time(self, temp: Path, tmp_path: Path) -> None:
        broken = signatures(temp / "set", bad_ndb="no signature at all\n")
        with Clamd(ClamdChild(broken, backoff=Backoff(first=30))) as scanner:
            path = put(tmp_path, b"")
            for _ in range(2):
                with pytest.raises(ScannerUnavailable, match="Malformed database"):
                    scanner.scan(path)
            with pytest.raises(ScannerUnavailable, match="started again in"):
                scanner.scan(path)
        _clear(temp / "set")

    def test_the_pauses_double_up_to_a_limit(self) -> None:
        assert [Backoff().seconds(n) for n in (1, 2, 3, 4, 50)] == [0.0, 0.5, 1.0, 2.0, 30.0]

    def test_a_machine_without_clamd_is_told_how_to_get_it(self, temp: Path) -> None:
        with pytest.raises(ScannerUnavailable, match="apt-get install clamav-daemon"):
            find_program(search=str(temp))


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


class TestSignatures:
    @pytest.mark.parametrize(
        ("files", "says"),
        [
            ({}, "no signature files"),
            ({"readme_txt": "hello"}, "no signature files"),
            ({"empty_ndb": ""}, "Malformed"),
            ({"comments_ndb": "# nothing here\n"}, "EICAR test file is not found"),
            ({"broken_yar": "rule x { condition: nonsense }"}, "EICAR test file is not found"),
            ({"good_ndb": "x", "bad_ndb": "one bad file\n"}, "Malformed"),
            ({"fake_cvd": "ClamAV-VDB:nonsense"}, "CVD|cvd|Malformed|integrity"),
        ],
    )
    def test_a_set_that_finds_nothing_is_refused(
        self, temp: Path, tmp_path: Path, files: dict[str, str], says: str
    ) -> None:
        made = signatures(tmp_path / "set", **files)
        with Clamd(ClamdChild(made)) as scanner:
            checks = scanner.probe()
            assert [(check.name, check.ok) for check in checks] == [("clamd", False)]
            with pytest.raises(ScannerUnavailable, match=says):
                scanner.scan(put(tmp_path, b""))
        assert homes(temp) == []

    def test_a_set_of_ones_own_is_named_by_its_fingerprint(self, temp: Path, tmp_path: Path) -> None:
        made = signatures(tmp_path / "set", own_ndb=demo_line() + f"Own.Name:0:*:{b'find me please'.hex()}\n")
        assert temp.is_dir()
        with Clamd(ClamdChild(made)) as scanner:
            result = scanner.scan(put(tmp_path, b"can you find me please?"))
        assert result.hit == "Own.Name.UNOFFICIAL"
        assert result.identity.signatures == f"custom {made.fingerprint()[:12]}"

    @needs_corpus
    @pytest.mark.corpus
    @pytest.mark.parametrize(
        ("file", "named"),
        [("test-1.cvd", "daily 1 2021-06-22T18:58:22Z"), ("test-3.cvd", "daily 3 2021-06-23T00:40:09Z")],
    )
    def test_a_signed_database_is_named_by_its_version_and_build_time(
        self, temp: Path, tmp_path: Path, file: str, named: str
    ) -> None:
        made = signatures(tmp_path / "set", own_ndb=demo_line())
        shutil.copyfile(Path(os.environ[CORPUS]) / "freshclam" / file, made.folder / "daily.cvd")
        assert temp.is_dir()
        with Clamd(ClamdChild(made), rules=SignatureRules(refuse_after_days=36_500)) as scanner:
            assert scanner.scan(put(tmp_path, clamd_probes.eicar())).identity.signatures == named
            age = next(check for check in scanner.probe() if check.name == "signature age")
        assert (age.ok, age.required) == (False, False)
        path = put(tmp_path, b"")
        with Clamd(ClamdChild(made)) as scanner:
            with pytest.raises(ScannerUnavailable, match="policy refuses them after 7"):
                scanner.scan(path)
            age = next(check for check in scanner.probe() if check.name == "signature age")
        assert (age.ok, age.required) == (False, True)

    def test_the_fingerprint_changes_with_name_and_content_and_nothing_else(self, tmp_path: Path) -> None:
        one = signatures(tmp_path / "one", a_ndb="x", notes_txt="anything")
        same = signatures(tmp_path / "same", a_ndb="x")
        renamed = signatures(tmp_path / "renamed", b_ndb="x")
        changed = signatures(tmp_path / "changed", a_ndb="y")
        assert one.fingerprint() == same.fingerprint()
        assert len({one.fingerprint(), renamed.fingerprint(), changed.fingerprint()}) == 3

    def test_new_files_are_taken_over_and_broken_ones_refused(self, temp: Path, tmp_path: Path) -> None:
        made = signatures(tmp_path / "set", own_ndb=demo_line())
        path = put(tmp_path, b"can you find me please?")
        assert temp.is_dir()
        with ClamdChild(made, watch_seconds=0.01) as child, Clamd(child) as scanner:
            assert scanner.scan(path).hit is None
            (made.folder / "own.ndb").write_text("broken\n")
            until(lambda: scanner.scan(path).hit is not None or "refused" in _update(scanner))
            assert scanner.scan(put(tmp_path, clamd_probes.eicar(), "eicar")).hit is not None
            (made.folder / "own.ndb").write_text("# empty\n")
            time.sleep(0.1)
            assert scanner.scan(put(tmp_path, clamd_probes.eicar(), "eicar")).hit is not None
            (made.folder / "own.ndb").write_text(demo_line() + f"Own.Name:0:*:{b'find me please'.hex()}\n")
            until(lambda: scanner.scan(path).hit == "Own.Name.UNOFFICIAL")
            until(lambda: "in use" in _update(scanner))

    def test_the_shipped_set_says_that_it_is_only_for_demos(self, scanner: Clamd) -> None:
        told = next(check for check in scanner.probe() if check.name == "signatures")
        assert (told.ok, told.required) == (False, False)
        assert "demo" in told.detail
        assert "freshclam" in told.detail

    def test_the_shipped_set_is_no_virus_itself(self, scanner: Clamd) -> None:
        assert scanner.scan(demo_set().folder / "demo.ndb").hit is None

    def test_a_large_set_is_linked_to_and_works_as_well(self, temp: Path, tmp_path: Path) -> None:
        filler = "".join(f"{n:032x}:{n + 1}:Filler-{n}\n" for n in range(1, 350_000))
        made = signatures(Path(tempfile.mkdtemp(dir="/tmp")), own_ndb=demo_line(), filler_hdb=filler)
        made.folder.chmod(0o755)
        with Clamd(ClamdChild(made)) as scanner:
            result = scanner.scan(put(tmp_path, clamd_probes.eicar()))
            (home,) = homes(temp)
            assert (home / "db" / "filler.hdb").is_symlink()
        assert result.hit == f"{DEMO}.UNOFFICIAL"
        assert result.identity.signatures == f"custom {made.fingerprint()[:12]}"
        _clear(made.folder)

    def test_a_named_folder_goes_before_the_official_one_and_that_before_the_demo(self, tmp_path: Path) -> None:
        official = tmp_path / "official"
        official.mkdir()
        assert choose_set(None, official).current() == demo_set()
        (official / "daily.cld").touch()
        assert choose_set(None, official).current() == SignatureSet(folder=official)
        assert choose_set(tmp_path, official).current() == SignatureSet(folder=tmp_path)

    def test_the_official_database_is_taken_up_when_it_arrives_and_never_left_again(
        self, temp: Path, tmp_path: Path
    ) -> None:
        official = tmp_path / "official"
        official.mkdir()
        path = put(tmp_path, b"can you find me please?")
        assert temp.is_dir()
        with ClamdChild(choose_set(None, official), watch_seconds=0.01) as child, Clamd(child) as scanner:
            assert scanner.scan(path).hit is None
            (official / "extra.ndb").write_text(demo_line() + f"Own.Name:0:*:{b'find me please'.hex()}\n")
            time.sleep(0.05)
            assert scanner.scan(path).hit is None
            (official / "daily.cld").write_text("no database\n")
            until(lambda: scanner.scan(path).hit is None and "refused" in _update(scanner))
            (official / "daily.cld").unlink()
            until(lambda: scanner.scan(path).hit == "Own.Name.UNOFFICIAL")
            for file in list(official.iterdir()):
                file.unlink()
            time.sleep(0.05)
            assert scanner.scan(path).hit == "Own.Name.UNOFFICIAL"


def _update(scanner: Clamd) -> str:
    return next((check.detail for check in scanner.probe() if check.name == "signature update"), "")


class TestSettings:
    def test_each_of_our_limits_is_below_clamds(self) -> None:
        ours, clamds = Limits(), ClamdSettings()
        assert ours.file_size < clamds.stream_length <= clamds.file_size
        assert ours.member_size < clamds.file_size
        assert ours.inflated_size < clamds.scan_size
        assert ours.members < clamds.files
        assert ours.depth < clamds.recursion

    @pytest.mark.parametrize(
        "limits",
        [
            Limits(file_size=40 * MIB),
            Limits(file_size=300 * MIB, member_size=200 * MIB, inflated_size=900 * MIB, members=9000, depth=20),
            Limits(file_size=1, member_size=1, inflated_size=1, members=1, depth=1),
        ],
    )
    def test_the_limits_of_any_policy_are_below_clamds(self, limits: Limits) -> None:
        clamds = ClamdSettings.above(limits)
        assert limits.file_size < clamds.stream_length <= clamds.file_size <= clamds.scan_size
        assert limits.member_size < clamds.file_size
        assert limits.inflated_size < clamds.scan_size
        assert limits.members < clamds.files
        assert limits.depth < clamds.recursion

    def test_no_policy_makes_clamd_unable_to_start(self, temp: Path, tmp_path: Path) -> None:
        huge = Limits(file_size=2**40, member_size=2**41, inflated_size=2**42, members=10**9, depth=10**6)
        assert temp.is_dir()
        with Clamd(ClamdChild(demo_set(), settings=ClamdSettings.above(huge))) as scanner:
            assert scanner.scan(put(tmp_path, clamd_probes.eicar())).hit is not None

    def test_a_file_as_large_as_the_policy_allows_is_scanned_to_its_end(self, temp: Path, tmp_path: Path) -> None:
        limits = Limits(file_size=16 * MIB)
        assert temp.is_dir()
        with open_scanner(None, demo_set().folder, limits=limits) as scanner:
            assert scanner.scan(put(tmp_path, bytes(16 * MIB - 68) + clamd_probes.eicar())).hit == f"{DEMO}.UNOFFICIAL"
            assert scanner.scan(put(tmp_path, bytes(17 * MIB + 1))).hit == TOO_LARGE
            assert next(check for check in scanner.probe() if check.name == "size limit").ok

    def test_an_engine_is_told_only_what_it_knows(self) -> None:
        old = clamd_conf(Path("/x"), (1, 4, 6), ClamdSettings())
        new = clamd_conf(Path("/x"), (1, 5, 0), ClamdSettings())
        assert "EnableShutdownCommand" not in old
        assert "EnableShutdownCommand no\n" in new
        with pytest.raises(ScannerUnavailable, match="too old"):
            clamd_conf(Path("/x"), (0, 103, 8), ClamdSettings())
