"""Quarantine and clean store on a disk, on OpenStack Swift and on Ceph, each against the contract; S3 over TLS."""

import base64
import dataclasses
import hashlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
import urllib3
from botocore.exceptions import ClientError

from attachguard.adapters.disk_shelf import DiskShelf
from attachguard.adapters.s3_shelf import Credentials, S3Shelf
from attachguard.adapters.s3_url import S3Place, parse_place
from attachguard.errors import StoreUnavailable
from attachguard.ports import Shelf
from tests.contracts.shelf import DATA, ShelfContract, labelled
from tests.servers.ceph import Ceph
from tests.servers.process import free_port
from tests.servers.swift import Swift

if TYPE_CHECKING:
    from attachguard.model import Check


class TestDisk(ShelfContract):
    @pytest.fixture
    def shelf(self, tmp_path: Path) -> Shelf:
        return DiskShelf(tmp_path / "state" / "clean")

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Shelf:
        (tmp_path / "file").write_text("a file where a folder should be")
        return DiskShelf(tmp_path / "file")

    def test_an_object_is_a_file(self, shelf: Shelf, key: str, tmp_path: Path) -> None:
        assert shelf.file(key) == tmp_path / "state" / "clean" / key

    def test_a_folder_with_many_files_is_listed_in_bounded_steps(self, shelf: Shelf, tmp_path: Path) -> None:
        folder = tmp_path / "state" / "clean" / "flat"
        folder.mkdir(parents=True)
        for number in range(700):
            (folder / f"{number:04d}").touch()
        (folder / "link").symlink_to("/etc/passwd")
        (folder / "9999").mkdir()
        after, found = "", []
        while page := shelf.page(after, 100):
            found += [kept.key for kept in page]
            after = page[-1].key
        assert found == [f"flat/{number:04d}" for number in range(700)]

    def test_no_folder_is_left_behind(self, shelf: Shelf, file: Path, key: str, tmp_path: Path) -> None:
        shelf.put(key, file, labelled())
        shelf.delete(key)
        assert list((tmp_path / "state" / "clean").iterdir()) == []

    @pytest.mark.parametrize("key", ["../outside", "ab/../../outside", "/etc/passwd", "", "."])
    def test_no_key_leads_outside(self, shelf: Shelf, file: Path, key: str) -> None:
        with pytest.raises(StoreUnavailable):
            shelf.put(key, file, labelled())


class S3Contract(ShelfContract):
    """What is particular to S3, on whichever server."""

    @pytest.fixture
    def server(self) -> Swift | Ceph:
        raise NotImplementedError

    @pytest.fixture
    def shelf(self, server: Swift | Ceph) -> Shelf:
        return new_shelf(server)

    @pytest.fixture
    def broken(self) -> Shelf:
        place = S3Place(bucket="none", prefix="", endpoint=f"http://127.0.0.1:{free_port()}", path_style=True)
        return S3Shelf(place, Credentials(access_key="a", secret_key="b"))

    def test_a_download_link_carries_name_and_type_and_ends(self, shelf: Shelf, file: Path, key: str) -> None:
        location = shelf.put(key, file, labelled())
        answer = fetch(shelf, shelf.link(location, labelled(), 60))
        assert (answer.status, answer.data) == (200, DATA)
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["Content-Disposition"] == (
            "attachment; filename=\"rechnung f_r Zo_.pdf\"; filename*=UTF-8''rechnung%20f%C3%BCr%20Zo%C3%AB.pdf"
        )
        short = shelf.link(location, labelled(), 1)
        time.sleep(2.5)
        assert fetch(shelf, short).status in {400, 401, 403}

    def test_a_link_that_was_changed_is_refused(self, shelf: Shelf, file: Path, key: str) -> None:
        location = shelf.put(key, file, labelled())
        link = shelf.link(location, labelled(), 60)
        assert fetch(shelf, link.replace("attachment", "inline")).status in {400, 401, 403}

    def test_an_object_says_what_it_is(self, shelf: S3Shelf, file: Path, key: str) -> None:
        shelf.put(key, file, labelled())
        head = shelf.client().head_object(Bucket=shelf.place.bucket, Key=shelf.place.prefix + key)
        assert (head["ContentType"], head["ContentLength"]) == ("application/pdf", len(DATA))
        assert head["ContentDisposition"].startswith("attachment; filename=")
        assert head["CacheControl"] == "private, max-age=3600, immutable"
        assert head["Metadata"] == {"ag-sha256": hashlib.sha256(DATA).hexdigest()}

    def test_bytes_that_change_on_the_way_are_refused_by_the_server(self, shelf: S3Shelf, key: str) -> None:
        wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
        request = {**shelf.request(shelf.place.prefix + key, DATA, labelled(), set()), "ContentMD5": wrong}
        with pytest.raises(ClientError):
            shelf.client().put_object(**cast("Any", request))
        assert self.kept(shelf, key) == []

    def test_a_server_that_does_not_encrypt_though_it_was_asked_to_takes_no_file(
        self, shelf: S3Shelf, file: Path, key: str
    ) -> None:
        asking = S3Shelf(dataclasses.replace(shelf.place, sse="AES256"), shelf.credentials)
        with pytest.raises(StoreUnavailable):
            asking.put(key, file, labelled())
        assert [check.ok for check in asking.probe() if check.required].count(False) >= 1

    def test_the_probe_says_what_the_server_can(self, shelf: Shelf) -> None:
        checks: dict[str, Check] = {check.name: check for check in shelf.probe()}
        required = [name for name, check in checks.items() if check.required]
        assert [name for name in required if not checks[name].ok] == []
        assert {
            "s3 read", "s3 list", "s3 delete", "s3 wrong digest refused", "s3 strangers refused",
            "s3 wrong keys refused",
        } <= set(required)  # fmt: skip
        assert checks["s3 link"].ok


class TestSwift(S3Contract):
    """With boto3's defaults: checksums travel as trailers."""

    @pytest.fixture
    def server(self, swift: Swift) -> Swift:
        return swift

    def test_what_it_lacks_is_told_and_done_without(self, shelf: Shelf, file: Path, key: str) -> None:
        checks = {check.name: check for check in shelf.probe()}
        assert not checks["s3 tags"].ok
        assert not checks["s3 tags"].required
        assert checks["s3 wrong checksum refused"].ok
        shelf.put(key, file, labelled())
        assert self.read(shelf, key) == DATA


class TestCeph(S3Contract):
    """With checksums where they are demanded; the server that enforces tags and policies."""

    @pytest.fixture
    def server(self, ceph: Ceph) -> Ceph:
        return ceph

    def test_tags_of_others_stay(self, shelf: S3Shelf, file: Path, key: str) -> None:
        shelf.put(key, file, dataclasses.replace(labelled(), tags={"owner": "shop", "ag-verdict": "accepted"}))
        for opened in (False, True):
            if opened:
                self.read(shelf, key)
            before = shelf.requests
            assert shelf.tag(key, {"ag-verdict": "infected"})
            assert shelf.requests == before + 2  # it has tags of others, which are read first
            answer = shelf.client().get_object_tagging(Bucket=shelf.place.bucket, Key=shelf.place.prefix + key)
            assert {tag["Key"]: tag["Value"] for tag in answer["TagSet"]} == {
                "owner": "shop",
                "ag-verdict": "infected",
            }

    def test_an_object_without_tags_that_was_read_is_tagged_by_one_request(
        self, shelf: S3Shelf, file: Path, key: str
    ) -> None:
        shelf.put(key, file, dataclasses.replace(labelled(), tags={}))
        self.read(shelf, key)
        before = shelf.requests
        assert shelf.tag(key, {"ag-verdict": "infected"})
        assert shelf.requests == before + 1

    def test_tags_are_written_with_the_put(self, shelf: S3Shelf, file: Path, key: str) -> None:
        shelf.put(key, file, labelled())
        answer = shelf.client().get_object_tagging(Bucket=shelf.place.bucket, Key=shelf.place.prefix + key)
        assert {tag["Key"]: tag["Value"] for tag in answer["TagSet"]} == {
            "ag-verdict": "accepted",
            "ag-scanned-at": "2026-03-04T05:06:07Z",
            "ag-signatures": "daily 27800_ Wed Mar 4_ custom",
            "ag-policy": "marketplace@1",
            "ag-build": "0.1.0",
        }


def new_shelf(server: Swift | Ceph) -> S3Shelf:
    bucket = f"b{time.time_ns():x}"
    credentials = Credentials(access_key=server.access_key, secret_key=server.secret_key)
    shelf = S3Shelf(parse_place(server.place(bucket), "TEST"), credentials)
    shelf.client().create_bucket(Bucket=bucket)
    return shelf


def fetch(shelf: Shelf, link: str) -> urllib3.BaseHTTPResponse:
    assert isinstance(shelf, S3Shelf)
    with urllib3.PoolManager(ca_certs=str(shelf.place.ca), retries=False, timeout=10) as pool:
        return pool.request("GET", link)
