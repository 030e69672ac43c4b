"""Objects in an S3 bucket: quarantine and clean store are two of these, with credentials of their own.

Nothing is believed that can be looked up. Content-MD5 goes with every put, since it is the digest that every server
verified which was tried (Swift, Ceph, others); the length is read back; SHA-256 is checked again by whoever reads.
Tags and conditional puts are used where the server can (it says 501 once where it can't): no state lives in them.
"""

import base64
import hashlib
import itertools
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, NoReturn, Self, cast
from urllib.parse import quote, urlencode

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from attachguard.adapters.forks import renew_after_fork
from attachguard.adapters.s3_url import S3Place
from attachguard.errors import ObjectMissing, StoreUnavailable
from attachguard.jobs import Kept, Label
from attachguard.model import Check

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

CONNECT_SECONDS = 5
READ_SECONDS = 30
ATTEMPTS = 3
"""Of one request, the first included; a put may be repeated because its key is used for one file only."""

DOWNLOADS = "private, max-age=3600, immutable"
NO_DOWNLOADS = "no-store"
_SHA256 = "ag-sha256"
_NOT_IMPLEMENTED = frozenset({"NotImplemented", "501", "MethodNotAllowed", "XNotImplemented"})
_MISSING = frozenset({"NoSuchKey", "404"})
_TAKEN = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})
_MOST_BARE = 10_000
_TAG_LENGTH = 256
_TAG_CHARACTERS = frozenset(" +-=._:/@")
"""Beside letters and digits: what a tag's value may hold (Amazon S3, "Tagging objects")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A pair of S3 keys; without one, boto3 looks where it always does (environment, profile, instance role)."""

    access_key: str
    secret_key: str

    def __repr__(self) -> str:
        return f"Credentials({self.access_key!r}, ...)"


def connect(place: S3Place, credentials: Credentials | None, **config: object) -> "S3Client":
    """Make a client for a place; nothing is asked yet. Raises StoreUnavailable for a setting boto3 does not take."""
    mode: Literal["when_required", "when_supported"] = "when_required" if place.when_required else "when_supported"
    try:
        session = boto3.Session(
            aws_access_key_id=credentials.access_key if credentials else None,
            aws_secret_access_key=credentials.secret_key if credentials else None,
            profile_name=place.profile,
        )
        settings = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            # For addresses, too: boto3 signs those of us-east-1 by version 2, which does not cover the size.
            signature_version="s3v4",
            retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
            s3={"addressing_style": "path" if place.path_style else "auto"},
            request_checksum_calculation=mode,
            response_checksum_validation=mode,
        ).merge(Config(**cast("Any", config)))
        return session.client(
            "s3",
            endpoint_url=place.endpoint,
            region_name=place.region or session.region_name or "us-east-1",
            verify=str(place.ca) if place.ca else None,
            config=settings,
        )
    except (BotoCoreError, ValueError) as error:
        raise StoreUnavailable(f"s3://{place.bucket}: {error}") from error


class S3Shelf:
    """The port `Shelf` over a bucket and a prefix. Thread-safe; connects when first used."""

    readers = 4
    """Each waits for the server most of the time."""

    def __init__(self, place: S3Place, credentials: Credentials | None = None) -> None:
        self.place = place
        self.credentials = credentials
        self._client: S3Client | None = None
        self._lock = threading.Lock()
        self._cannot: set[str] = set()
        self._bare: set[str] = set()  # keys that were opened here and have no tags
        self._requests = itertools.count()  # counted in C: threads need no lock
        self.requests = 0
        renew_after_fork(self)

    def after_fork(self) -> None:
        """In a forked process: connections of its own."""
        self._lock = threading.Lock()
        self._client = None

    def client(self) -> "S3Client":
        """Give the client, made once."""
        with self._lock:
            if self._client is None:
                self._client = connect(self.place, self.credentials)
                self._client.meta.events.register("before-send.s3", self._count)
            return self._client

    def _count(self, **_: object) -> None:
        """Hear of every request that goes out; answering nothing lets it go."""
        self.requests = next(self._requests) + 1

    def put(self, key: str, path: Path, label: Label) -> str:
        """See ports.Shelf."""
        name = self.place.prefix + key
        try:
            data = path.read_bytes()  # one file: at most what a policy lets one have
        except OSError as error:
            raise StoreUnavailable(f"{path} can't be read: {error.strerror}") from error
        if (len(data), hashlib.sha256(data).hexdigest()) != (label.size, label.sha256):
            raise StoreUnavailable("the bytes changed on their way to the store")
        try:
            self._put(name, data, label)
            self._look_back(name, data, label)
        except (ClientError, BotoCoreError) as error:
            self._fail("did not take a file", error)
        return f"s3://{self.place.bucket}/{name}"

    def open(self, key: str) -> IO[bytes]:
        """See ports.Shelf."""
        try:
            answer = self.client().get_object(Bucket=self.place.bucket, Key=self.place.prefix + key)
        except ClientError as error:
            if _code(error) in _MISSING:
                raise ObjectMissing(f"s3://{self.place.bucket} has no {key}") from error
            self._fail(f"does not give {key} back", error)
        except BotoCoreError as error:
            self._fail(f"does not give {key} back", error)
        if answer.get("TagCount", 0) == 0:
            if len(self._bare) >= _MOST_BARE:
                self._bare.clear()
            self._bare.add(key)
        return _Body(cast("IO[bytes]", answer["Body"]))  # type: ignore[return-value]  # reads and closes: all that is asked

    def file(self, key: str) -> None:
        """See ports.Shelf. What a server keeps is no file of this machine."""

    def delete(self, key: str) -> None:
        """See ports.Shelf."""
        try:
            self.client().delete_object(Bucket=self.place.bucket, Key=self.place.prefix + key)
        except ClientError as error:
            if _code(error) not in _MISSING:  # Swift says so; S3 does not
                self._fail(f"did not delete {key}", error)
        except BotoCoreError as error:
            self._fail(f"did not delete {key}", error)

    def listing(self) -> Iterator[Kept]:
        """See ports.Shelf."""
        pages = self.client().get_paginator("list_objects_v2")
        try:
            for page in pages.paginate(Bucket=self.place.bucket, Prefix=self.place.prefix):
                yield from map(self._kept, page.get("Contents", []))
        except (ClientError, BotoCoreError) as error:
            self._fail("can't be listed", error)

    def page(self, after: str, limit: int) -> Sequence[Kept]:
        """See ports.Shelf."""
        found: list[Kept] = []
        start = self.place.prefix + after
        try:
            while len(found) < limit:
                answer = self.client().list_objects_v2(
                    Bucket=self.place.bucket,
                    Prefix=self.place.prefix,
                    StartAfter=start,
                    MaxKeys=min(limit - len(found), 1000),
                )
                items = answer.get("Contents", [])
                found += [self._kept(item) for item in items if not item["Key"].endswith("/")]  # a folder's marker
                if not answer.get("IsTruncated") or not items:
                    break
                start = items[-1]["Key"]
        except (ClientError, BotoCoreError) as error:
            self._fail("can't be listed", error)
        return found

    def _kept(self, item: "ObjectTypeDef") -> Kept:
        name = item["Key"]
        return Kept(
            key=name.removeprefix(self.place.prefix),
            location=f"s3://{self.place.bucket}/{name}",
            size=item["Size"],
            at=item["LastModified"],
        )

    def location(self, key: str) -> str:
        """See ports.Shelf."""
        return f"s3://{self.place.bucket}/{self.place.prefix}{key}"

    def tag(self, key: str, tags: Mapping[str, str]) -> bool:
        """See ports.Shelf. A server that has no tags is asked once; tags that others set stay."""
        if "tags" in self._cannot:
            return False
        where = {"Bucket": self.place.bucket, "Key": self.place.prefix + key}
        try:
            merged = {**self._tags(key, where), **clean_tags(tags)}
            wanted = [{"Key": name, "Value": value} for name, value in merged.items()]
            self.client().put_object_tagging(**cast("Any", {**where, "Tagging": {"TagSet": wanted}}))
        except ClientError as error:
            if _code(error) in _NOT_IMPLEMENTED:
                self._cannot.add("tags")
                return False
            if _code(error) in _MISSING:
                raise ObjectMissing(f"s3://{self.place.bucket} has no {key}") from error
            self._fail(f"did not tag {key}", error)
        except BotoCoreError as error:
            self._fail(f"did not tag {key}", error)
        return True

    def _tags(self, key: str, where: Mapping[str, str]) -> Mapping[str, str]:
        """Read an object's tags, unless it was just opened and the answer said that it has none."""
        if key in self._bare:
            self._bare.discard(key)
            return {}
        answer = self.client().get_object_tagging(**cast("Any", where))
        return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}

    def key(self, location: str) -> str:
        """See ports.Shelf."""
        here = f"s3://{self.place.bucket}/{self.place.prefix}"
        if not location.startswith(here):
            raise StoreUnavailable(f"{location} does not lie in {here}")
        return location.removeprefix(here)

    def put_link(self, key: str, size: int, seconds: int) -> str | None:
        """See ports.Shelf. The size is signed: the server refuses a body of another one."""
        try:
            return self.client().generate_presigned_url(
                "put_object",
                Params={"Bucket": self.place.bucket, "Key": self.place.prefix + key, "ContentLength": size},
                ExpiresIn=seconds,
            )
        except (ClientError, BotoCoreError) as error:
            self._fail("gives no link", error)

    def link(self, location: str, label: Label, seconds: int) -> str:
        """See ports.Shelf. The server sends the file as a download of its true type, under its safe name."""
        name = location.removeprefix(f"s3://{self.place.bucket}/")
        try:
            return self.client().generate_presigned_url(
                "get_object",
                Params={
                    "Bucket": self.place.bucket,
                    "Key": name,
                    "ResponseContentDisposition": disposition(label.name),
                    "ResponseContentType": label.media_type,
                },
                ExpiresIn=seconds,
            )
        except (ClientError, BotoCoreError) as error:
            self._fail("gives no link", error)

    def probe(self) -> Sequence[Check]:
        """See s3_probe.py."""
        from attachguard.adapters.s3_probe import probe  # noqa: PLC0415 - the two know each other

        return probe(self)

    def _put(self, name: str, data: bytes, label: Label) -> None:
        """Put, without what the server turns out not to have."""
        while True:
            asked = {"tags", "condition"} - self._cannot
            try:
                self.client().put_object(**cast("Any", self.request(name, data, label, asked)))
            except ClientError as error:
                if _code(error) in _TAKEN and "condition" in asked:
                    return  # a repeated request of ours; `_look_back` tells whether it is
                if _code(error) not in _NOT_IMPLEMENTED or not asked:
                    raise
                self._cannot.add("tags" if "tags" in asked else "condition")
            else:
                return

    def request(self, name: str, data: bytes, label: Label, asked: set[str]) -> Mapping[str, object]:
        """Say what is sent with a put."""
        wanted: dict[str, object] = {
            "Bucket": self.place.bucket,
            "Key": name,
            "Body": data,
            "ContentLength": len(data),
            "ContentMD5": base64.b64encode(_md5(data).digest()).decode(),
            "ContentType": label.media_type,
            "CacheControl": DOWNLOADS if label.name else NO_DOWNLOADS,
            "ContentDisposition": disposition(label.name) if label.name else None,
            "Metadata": {_SHA256: label.sha256},
            "Tagging": tagging(label.tags) if label.tags and "tags" in asked else None,
            "IfNoneMatch": "*" if "condition" in asked else None,
            "ServerSideEncryption": self.place.sse,
            "SSEKMSKeyId": self.place.kms_key,
        }
        return {key: value for key, value in wanted.items() if value is not None}

    def _look_back(self, name: str, data: bytes, label: Label) -> None:
        """Read length, digest, encryption and, where it is one, the MD5 back: an answer to a put is not yet a put."""
        head = self.client().head_object(Bucket=self.place.bucket, Key=name)
        found = (head["ContentLength"], head["Metadata"].get(_SHA256))
        etag = head["ETag"].strip('"')
        plain = self.place.sse != "aws:kms" and "-" not in etag
        if found != (len(data), label.sha256) or (plain and etag != _md5(data).hexdigest()):
            raise StoreUnavailable(f"s3://{self.place.bucket} holds other bytes under {name} than were sent")
        if self.place.sse and head.get("ServerSideEncryption") != self.place.sse:
            # Measured on Ceph 16.2: the header is taken, and the object kept as it is.
            raise StoreUnavailable(f"s3://{self.place.bucket} did not encrypt {name} with {self.place.sse}")

    def _fail(self, what: str, error: ClientError | BotoCoreError) -> NoReturn:
        raise StoreUnavailable(f"s3://{self.place.bucket} {what}: {error}") from error


class _Body:
    """A response that is read: what breaks on the way is an OSError, as with a file."""

    def __init__(self, body: IO[bytes]) -> None:
        self._body = body

    def read(self, size: int = -1) -> bytes:
        try:
            return self._body.read(None if size < 0 else size)  # type: ignore[arg-type]  # botocore's None: all of it
        except BotoCoreError as error:
            raise OSError(str(error)) from error

    def close(self) -> None:
        self._body.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _md5(data: bytes) -> "hashlib._Hash":
    return hashlib.md5(data, usedforsecurity=False)  # a checksum against accidents; SHA-256 is the one that counts


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def disposition(name: str) -> str:
    """Say `attachment` with a name in ASCII and one in UTF-8 (RFC 6266 section 4.3 and appendix D, RFC 8187)."""
    plain = "".join(char if " " <= char <= "~" and char not in '"\\%;' else "_" for char in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def tagging(tags: Mapping[str, str]) -> str:
    """Write tags as the header wants them: values are cut, and characters that S3 refuses become underscores."""
    return urlencode(clean_tags(tags), quote_via=quote)


def clean_tags(tags: Mapping[str, str]) -> Mapping[str, str]:
    """Cut values, and put underscores where they hold what S3 refuses."""
    return {
        key: "".join(char if char.isalnum() or char in _TAG_CHARACTERS else "_" for char in value)[:_TAG_LENGTH]
        for key, value in tags.items()
    }
