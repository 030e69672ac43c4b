"""Encryption by the server: what is asked for is sent with every put, and looked up afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from attachguard.adapters.s3_shelf import Credentials, S3Shelf
from attachguard.adapters.s3_url import parse_place
from attachguard.errors import StoreUnavailable
from tests.contracts.shelf import DATA, labelled

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.fixture
def bucket() -> Iterator[str]:
    """A bucket of a double: no server that a test can start has keys to encrypt with."""
    with mock_aws():
        shelf("clean", "").client().create_bucket(Bucket="clean")
        yield "clean"


def shelf(bucket: str, options: str) -> S3Shelf:
    place = parse_place(f"s3://{bucket}/at?region=us-east-1{options}", "TEST")
    return S3Shelf(place, Credentials(access_key="a", secret_key="b"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "x"
    path.write_bytes(DATA)
    return path


@pytest.mark.parametrize(
    ("options", "found"),
    [("&sse=AES256", ("AES256", None)), (f"&sse=aws:kms&kms_key={KEY}", ("aws:kms", KEY))],
)
def test_what_is_asked_for_is_what_the_object_has(
    bucket: str, file: Path, options: str, found: tuple[str, str | None]
) -> None:
    asking = shelf(bucket, options)
    asking.put("ab/x.0", file, labelled())
    head = asking.client().head_object(Bucket=bucket, Key="at/ab/x.0")
    assert (head["ServerSideEncryption"], head.get("SSEKMSKeyId")) == found
    with asking.open("ab/x.0") as stream:
        assert stream.read() == DATA


def test_an_object_that_is_there_unencrypted_is_not_taken_for_ours(bucket: str, file: Path) -> None:
    shelf(bucket, "").put("ab/x.0", file, labelled())
    with pytest.raises(StoreUnavailable, match="did not encrypt"):
        shelf(bucket, "&sse=aws:kms").put("ab/x.0", file, labelled())
