"""Signatures are fetched, proved and exchanged; what is broken, empty or older never reaches the folder in use."""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from attachguard.adapters import clamd_probes
from attachguard.adapters.clamd import Clamd
from attachguard.adapters.clamd_child import ClamdChild
from attachguard.adapters.freshclam import Upstream, freshclam_conf, parse_upstream
from attachguard.adapters.signature_update import LAST_SUCCESS, PREFIX, Outcome, last_success, update
from attachguard.adapters.signatures import SignatureSet, demo_set
from attachguard.adapters.signatures.contents import contents, daily
from attachguard.cli.main import app
from attachguard.errors import ScannerUnavailable, UsageError
from attachguard.model import SignatureRules
from attachguard.settings import VARIABLES
from tests.contracts.mirror import Mirror, mirror
from tests.contracts.scanner import put
from tests.contracts.test_scanner_child import demo_line, until
from tests.corpus import VARIABLE as CORPUS
from tests.corpus import needs_corpus

FIND_ME = f"Own.Name:0:*:{b'find me please'.hex()}\n"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A signature folder that every user of the machine can reach."""
    place = Path(tempfile.mkdtemp(prefix="ag-signatures-"))
    place.chmod(0o755)
    yield place
    assert [left.name for left in place.glob(PREFIX + "*")] == []
    shutil.rmtree(place)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Mirror]:
    with mirror(tmp_path / "mirror") as server:
        yield server


def custom(*urls: str) -> Upstream:
    return Upstream(official=False, custom=urls)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in {".ndb", ".cvd", ".yara"}}


class TestCustomFiles:
    def test_the_first_update_fills_the_folder(self, site: Mirror, folder: Path) -> None:
        url = site.publish("site.ndb", demo_line() + FIND_ME)
        done = update(folder, custom(url))
        assert (done.outcome, done.changed) == (Outcome.UPDATED, ("site.ndb",))
        assert files(folder) == {"site.ndb": (demo_line() + FIND_ME).encode()}
        assert (folder / "site.ndb").stat().st_mode & 0o777 == 0o644

    def test_a_folder_that_is_not_there_is_made(self, site: Mirror, folder: Path) -> None:
        url = site.publish("site.ndb", demo_line())
        assert update(folder / "new" / "one", custom(url)).outcome is Outcome.UPDATED

    def test_nothing_new_is_not_fetched_again(self, site: Mirror, folder: Path) -> None:
        url = site.publish("site.ndb", demo_line())
        update(folder, custom(url))
        os.utime(folder / LAST_SUCCESS, (0, 0))
        done = update(folder, custom(url))
        assert (done.outcome, done.changed) == (Outcome.CURRENT, ())
        assert site.asked[-1].endswith(" 304")
        told = last_success(folder)
        assert told is not None
        assert datetime.now(UTC) - told < timedelta(minutes=1)

    @pytest.mark.parametrize(
        "worse",
        ["no signature at all\n", "", "# all gone\n\n", "Broken:0:*:xyz\n"],
        ids=["broken", "0", "empty", "hex"],
    )
    def test_a_worse_file_is_refused_and_the_old_one_stays(self, site: Mirror, folder: Path, worse: str) -> None:
        url = site.publish("site.ndb", demo_line() + FIND_ME)
        update(folder, custom(url))
        before = files(folder)
        os.utime(folder / LAST_SUCCESS, (1, 1))
        site.publish("site.ndb", worse)
        os.utime(site.folder / "site.ndb", (time.time() + 100, time.time() + 100))
        done = update(folder, custom(url))
        assert (done.outcome, done.changed) == (Outcome.REFUSED, ())
        assert done.detail
        assert files(folder) == before
        assert last_success(folder) == datetime.fromtimestamp(1, UTC)

    def test_a_rule_file_with_a_mistake_is_refused(self, site: Mirror, folder: Path) -> None:
        first = site.publish("site.ndb", demo_line())
        update(folder, custom(first))
        second = site.publish("more.yara", "rule x { condition: nonsense }")
        done = update(folder, custom(first, second))
        assert (done.outcome, done.changed) == (Outcome.REFUSED, ())
        assert "leaves out" in done.detail
        assert set(files(folder)) == {"site.ndb"}

    def test_signatures_that_do_not_find_the_test_virus_are_refused(self, site: Mirror, folder: Path) -> None:
        done = update(folder, custom(site.publish("site.ndb", FIND_ME)))
        assert done.outcome is Outcome.REFUSED
        assert "EICAR test file is not found" in done.detail
        assert files(folder) == {}

    def test_signatures_that_find_everything_are_refused(self, site: Mirror, folder: Path) -> None:
        harmless = clamd_probes.clean()[:20].hex()
        done = update(folder, custom(site.publish("site.ndb", demo_line() + f"All.Bad:0:*:{harmless}\n")))
        assert done.outcome is Outcome.REFUSED
        assert "harmless text is reported" in done.detail

    def test_one_bad_file_does_not_keep_the_others_out(self, site: Mirror, folder: Path) -> None:
        good, bad = site.publish("good.ndb", demo_line()), site.publish("bad.ndb", FIND_ME)
        update(folder, custom(good, bad))
        site.publish("good.ndb", demo_line() + FIND_ME.replace("Own", "New"))
        site.publish("bad.ndb", "# all gone\n")
        for name in ("good.ndb", "bad.ndb"):
            os.utime(site.folder / name, (time.time() + 100, time.time() + 100))
        done = update(folder, custom(good, bad))
        assert (done.outcome, done.changed) == (Outcome.REFUSED, ("good.ndb",))
        assert files(folder)["bad.ndb"] == FIND_ME.encode()

    def test_a_mirror_that_is_away_changes_nothing(self, site: Mirror, folder: Path) -> None:
        update(folder, custom(site.publish("site.ndb", demo_line())))
        before = files(folder)
        for away in ("http://127.0.0.1:9/site.ndb", f"{site.url}/missing.ndb"):
            done = update(folder, custom(away))
            assert (done.outcome, done.changed) == (Outcome.UNREACHABLE, ())
            assert done.detail
        assert files(folder) == before

    def test_two_updates_at_once_are_one(self, site: Mirror, folder: Path) -> None:
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(ScannerUnavailable, match="another update"):
            update(folder, custom(site.publish("site.ndb", demo_line())))
        os.close(handle)

    def test_what_a_killed_update_left_behind_is_cleared_away(self, site: Mirror, folder: Path) -> None:
        (folder / f"{PREFIX}old").mkdir()
        update(folder, custom(site.publish("site.ndb", demo_line())))
        assert list(folder.glob(PREFIX + "*")) == []

    def test_a_scanner_at_work_takes_the_new_ones_up(self, site: Mirror, folder: Path, tmp_path: Path) -> None:
        url = site.publish("site.ndb", demo_line())
        update(folder, custom(url))
        path = put(tmp_path, b"can you find me please?")
        with Clamd(ClamdChild(SignatureSet(folder=folder), watch_seconds=0.01)) as scanner:
            assert scanner.scan(path).hit is None
            site.publish("site.ndb", demo_line() + FIND_ME)
            os.utime(site.folder / "site.ndb", (time.time() + 100, time.time() + 100))
            assert update(folder, custom(url)).outcome is Outcome.UPDATED
            until(lambda: scanner.scan(path).hit == "Own.Name.UNOFFICIAL")


@needs_corpus
@pytest.mark.corpus
class TestSignedFiles:
    @pytest.fixture
    def official(self, site: Mirror) -> Upstream:
        """A mirror of tiny databases that are properly signed, and a file with the test virus."""
        self.publish(site, "test-1.cvd", "daily", "main", "bytecode")
        return Upstream(mirror=site.url, custom=(site.publish("site.ndb", demo_line()),))

    @staticmethod
    def publish(site: Mirror, file: str, *names: str) -> None:
        data = (Path(os.environ[CORPUS]) / "freshclam" / file).read_bytes()
        for name in names:
            site.publish(f"{name}.cvd", data)

    def test_official_and_custom_files_come_in_one_update(
        self, site: Mirror, official: Upstream, folder: Path, tmp_path: Path
    ) -> None:
        assert update(folder, official).outcome is Outcome.UPDATED
        assert set(files(folder)) == {"daily.cvd", "main.cvd", "bytecode.cvd", "site.ndb"}
        rules = SignatureRules(refuse_after_days=36_500)
        with Clamd(ClamdChild(SignatureSet(folder=folder)), rules=rules) as scanner:
            identity = scanner.scan(put(tmp_path, b"")).identity
        assert identity.signatures == "daily 1 2021-06-22T18:58:22Z"

    def test_a_newer_version_takes_the_place_of_the_older_and_never_the_reverse(
        self, site: Mirror, official: Upstream, folder: Path
    ) -> None:
        update(folder, official)
        self.publish(site, "test-3.cvd", "daily")
        assert update(folder, official).changed == ("daily.cvd",)
        found = daily(contents(SignatureSet(folder=folder)))
        assert found is not None
        assert (found.version, found.count) == (3, 11)
        assert found.built == datetime(2021, 6, 23, 0, 40, 9, tzinfo=UTC)
        self.publish(site, "test-1.cvd", "daily")
        assert update(folder, official).changed == ()

    def test_a_forged_or_broken_file_is_refused(self, site: Mirror, official: Upstream, folder: Path) -> None:
        update(folder, official)
        before = files(folder)
        data = bytearray((Path(os.environ[CORPUS]) / "freshclam" / "test-3.cvd").read_bytes())
        data[-1] ^= 1
        for broken in (bytes(data), bytes(data[:600]), b"", b"<html>not found</html>"):
            site.publish("daily.cvd", broken)
            done = update(folder, official)
            assert done.outcome in {Outcome.REFUSED, Outcome.UNREACHABLE}
            assert files(folder) == before

    def test_a_mirror_without_official_files_does_not_keep_the_custom_ones_out(
        self, site: Mirror, folder: Path
    ) -> None:
        done = update(folder, Upstream(mirror=site.url, custom=(site.publish("site.ndb", demo_line()),)))
        assert (done.outcome, done.changed) == (Outcome.UNREACHABLE, ("site.ndb",))

    def test_status_tells_their_age_and_the_policy_refuses_it(
        self, site: Mirror, official: Upstream, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        update(folder, official)
        monkeypatch.setenv(VARIABLES["signatures"], str(folder))
        done = CliRunner().invoke(app, ["signatures", "status", "--json"])
        told = json.loads(done.stdout)
        assert done.exit_code == 3
        assert (told["refused"], told["demo"]) == (True, False)
        assert "the policy refuses them after 7" in told["age"]
        assert {file["name"]: file["version"] for file in told["files"]}["daily.cvd"] == 1
        assert told["fingerprint"] == SignatureSet(folder=folder).fingerprint()


class TestAddresses:
    @pytest.mark.parametrize(
        ("urls", "says"),
        [
            ("http://example.org/site.ndb", "must be https"),
            ("ftp://example.org/site.ndb", "https://host/file"),
            ("file:///site.ndb", "https://host/file"),
            ("https://example.org/", "must end in the name of a database file"),
            ("https://example.org/site.exe", "must end in the name of a database file"),
            ("https://example.org/.ndb", "must end in the name of a database file"),
            ("https://example.org/site.ndb?x=.ndb", "must end in the name of a database file"),
            ("https://example.org/daily.cvd", "name of an official file"),
            ("https://example.org/main.ndb", "name of an official file"),
            ("https://me:secret@example.org/site.ndb", "https://host/file"),
            ("https://a.org/site.ndb https://b.org/site.ndb", "two addresses"),
            ("https://example.org/#site.ndb", "https://host/file"),
        ],
    )
    def test_an_address_that_is_not_safe_is_refused(self, urls: str, says: str) -> None:
        with pytest.raises(UsageError, match=says):
            parse_upstream(None, urls)

    @pytest.mark.parametrize("mirror", ["example.org", "file:///mirror", "http://", "http://a b", "http://a\nFoo bar"])
    def test_a_mirror_that_is_none_is_refused(self, mirror: str) -> None:
        with pytest.raises(UsageError, match="must be http://host or https://host"):
            parse_upstream(mirror, None)

    def test_there_must_be_something_to_fetch(self) -> None:
        with pytest.raises(UsageError, match="neither official nor custom"):
            parse_upstream("none", None)

    def test_without_settings_the_official_files_come_from_clamav(self) -> None:
        upstream = parse_upstream(None, None)
        assert upstream == Upstream(official=True, mirror=None, custom=())
        assert "DatabaseMirror database.clamav.net\n" in freshclam_conf(Path("/x"), upstream)

    def test_a_mirror_and_addresses_stand_in_the_configuration(self) -> None:
        conf = freshclam_conf(Path("/x"), parse_upstream("http://mirror.local:8080", "https://example.org/a.ndb"))
        assert "PrivateMirror http://mirror.local:8080\n" in conf
        assert "DatabaseCustomURL https://example.org/a.ndb\n" in conf
        assert "TestDatabases yes\n" in conf


class TestCommand:
    def test_update_and_status_speak_of_the_folder_that_is_set(
        self, site: Mirror, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(VARIABLES["signatures"], str(folder))
        monkeypatch.setenv(VARIABLES["signature_mirror"], "none")
        monkeypatch.setenv(VARIABLES["signature_urls"], site.publish("site.ndb", demo_line()))
        run = CliRunner().invoke
        done = run(app, ["signatures", "update"])
        assert (done.exit_code, done.stdout) == (0, f"✓ updated: new: site.ndb, in {folder}\n")
        done = run(app, ["signatures", "status"])
        assert done.exit_code == 0
        assert "site.ndb" in done.stdout
        assert "no age" in done.stdout
        (site.folder / "site.ndb").unlink()
        done = run(app, ["signatures", "update", "--json"])
        assert (done.exit_code, json.loads(done.stdout)["outcome"]) == (3, "unreachable")
        done = run(app, ["signatures", "update"])
        assert done.exit_code == 3
        assert "what there was stays in use" in done.stderr

    def test_the_demos_signatures_are_not_overwritten(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(UsageError, match="a folder of your own"):
            update(demo_set().folder, Upstream())

    def test_status_says_that_the_demos_are_only_the_demos(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(VARIABLES["signatures"], str(demo_set().folder))
        done = CliRunner().invoke(app, ["signatures", "status"])
        assert done.exit_code == 0
        assert "find EICAR and no malware" in done.stdout
