"""What an S3 server can do, found out by doing it: `doctor` shows it, and refuses one that lacks what is needed.

Required: what is put comes back, a wrong digest is refused, strangers and wrong keys are refused, listing, deleting.
Optional: tags, conditional puts, checksums of the newer kinds, encryption, presigned links.
"""

import base64
import hashlib
import os
import uuid
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

import urllib3
from botocore import UNSIGNED
from botocore.exceptions import BotoCoreError, ClientError

from attachguard.adapters.s3_shelf import Credentials, connect
from attachguard.errors import StoreUnavailable
from attachguard.jobs import Label
from attachguard.model import Check

if TYPE_CHECKING:
    from attachguard.adapters.s3_shelf import S3Shelf

_DATA = b"attachguard probes this bucket"
_LABEL = Label(
    sha256=hashlib.sha256(_DATA).hexdigest(),
    size=len(_DATA),
    media_type="text/plain",
    name="probe.txt",
    tags={"ag-verdict": "accepted"},
)
_SECONDS = 10.0


def probe(shelf: "S3Shelf") -> Sequence[Check]:
    """Put, read, list and delete a small object under `probe/`, and try what should be refused. Never raises."""
    trial = _Trial(shelf)
    try:
        trial.put()
    except (ClientError, BotoCoreError, StoreUnavailable) as error:
        return (Check(name="s3", ok=False, detail=f"s3://{shelf.place.bucket}: {error}"),)
    try:
        required = [
            _check("s3 read", trial.reads),
            _check("s3 list", trial.lists),
            _check("s3 wrong digest refused", trial.refuses_wrong_md5),
            _check("s3 strangers refused", trial.refuses_strangers),
            _check("s3 wrong keys refused", trial.refuses_wrong_keys),
            _check("s3 encryption", trial.encrypts, required=shelf.place.sse is not None),
        ]
        optional = [
            _check("s3 tags", trial.tags, required=False),
            _check("s3 conditional put", trial.refuses_second, required=False),
            _check("s3 wrong checksum refused", trial.refuses_wrong_crc, required=False),
            _check("s3 link", trial.links, required=False),
        ]
    finally:
        deleted = _check("s3 delete", trial.deletes)
    return (*required, deleted, *optional)


def _check(name: str, ask: Callable[[], str], *, required: bool = True) -> Check:
    """Ask: an empty answer is a yes, anything else says what is missing."""
    try:
        missing = ask()
    except (ClientError, BotoCoreError, StoreUnavailable, OSError, urllib3.exceptions.HTTPError) as error:
        missing = str(error)
    return Check(name=name, ok=not missing, detail=missing or "yes", required=required)


class _Trial:
    def __init__(self, shelf: "S3Shelf") -> None:
        self._shelf = shelf
        self._key = f"probe/{uuid.uuid4().hex}"
        self._name = shelf.place.prefix + self._key
        self._where = {"Bucket": shelf.place.bucket, "Key": self._name}

    def put(self) -> None:
        self._send(asked=set())

    def _send(self, asked: set[str], **more: object) -> None:
        request = {**self._shelf.request(self._name, _DATA, _LABEL, asked), **more}
        self._shelf.client().put_object(**cast("Any", request))

    def reads(self) -> str:
        with self._shelf.open(self._key) as stream:
            return "" if stream.read() == _DATA else "other bytes came back than were sent"

    def lists(self) -> str:
        return "" if self._listed() else "the object is not listed"

    def deletes(self) -> str:
        self._shelf.delete(self._key)
        return "the object is still listed" if self._listed() else ""

    def _listed(self) -> bool:
        """Ask for this object alone: a probe of a full bucket costs as much as one of an empty bucket."""
        page = self._shelf.client().list_objects_v2(Bucket=self._where["Bucket"], Prefix=self._name)
        return [item["Key"] for item in page.get("Contents", [])] == [self._name]

    def refuses_wrong_md5(self) -> str:
        wrong = base64.b64encode(hashlib.md5(b"other", usedforsecurity=False).digest()).decode()
        return self._refused(lambda: self._send(set(), ContentMD5=wrong), "a wrong Content-MD5 was accepted")

    def refuses_wrong_crc(self) -> str:
        wrong = base64.b64encode(bytes(4)).decode()
        return self._refused(lambda: self._send(set(), ChecksumCRC32=wrong), "a wrong CRC32 was accepted")

    def refuses_second(self) -> str:
        return self._refused(lambda: self._send({"condition"}), "If-None-Match is ignored")

    def refuses_strangers(self) -> str:
        stranger = connect(self._shelf.place, Credentials(access_key="x", secret_key="x"), signature_version=UNSIGNED)  # noqa: S106 - nobody's
        return self._refused(lambda: stranger.get_object(**cast("Any", self._where)), "anybody may read")

    def refuses_wrong_keys(self) -> str:
        known = self._shelf.credentials.access_key if self._shelf.credentials else "nobody"
        wrong = connect(self._shelf.place, Credentials(access_key=known, secret_key=os.urandom(8).hex()))
        return self._refused(lambda: wrong.get_object(**cast("Any", self._where)), "a wrong secret key may read")

    def encrypts(self) -> str:
        head = self._shelf.client().head_object(**cast("Any", self._where))
        found = head.get("ServerSideEncryption")
        wanted = self._shelf.place.sse
        if wanted is None:
            return "" if found else "the server does not say that it encrypts"
        return "" if found == wanted else f"{wanted} was asked for, the server says {found}"

    def tags(self) -> str:
        self._send({"tags"})
        answer = self._shelf.client().get_object_tagging(**cast("Any", self._where))
        found = {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}
        return "" if found == dict(_LABEL.tags) else f"tags came back as {found}"

    def links(self) -> str:
        url = self._shelf.link(f"s3://{self._shelf.place.bucket}/{self._name}", _LABEL, 60)
        ca = str(self._shelf.place.ca) if self._shelf.place.ca else None
        with urllib3.PoolManager(ca_certs=ca, retries=False, timeout=_SECONDS) as pool:
            answer = pool.request("GET", url)
        if answer.status != 200 or answer.data != _DATA:
            return f"a presigned link answers {answer.status}"
        named = answer.headers.get("Content-Disposition", "")
        return "" if "probe.txt" in named else "a presigned link does not carry the name"

    @staticmethod
    def _refused(attempt: Callable[[], object], otherwise: str) -> str:
        try:
            attempt()
        except ClientError:
            return ""
        return otherwise
