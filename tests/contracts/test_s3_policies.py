"""The examples in policies/s3: well formed, and enforced where a server can enforce them."""

import dataclasses
import json
import uuid
from pathlib import Path
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from attachguard.adapters.s3_shelf import Credentials, S3Shelf
from attachguard.adapters.s3_url import parse_place
from attachguard.jobs import Label
from tests.contracts.shelf import DATA, labelled
from tests.contracts.test_shelves import new_shelf
from tests.servers.ceph import Ceph

FOLDER = Path(__file__).parents[2] / "policies" / "s3"


def document(name: str, bucket: str = "") -> dict[str, Any]:
    text = (FOLDER / f"{name}.json").read_text()
    for example in ("clean", "quarantine"):
        text = text.replace(f"arn:aws:s3:::{example}", f"arn:aws:s3:::{bucket or example}")
    return cast("dict[str, Any]", json.loads(text))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_an_example_is_json_and_named_in_the_readme(path: Path) -> None:
    assert json.loads(path.read_text())
    assert f"`{path.name}`" in (FOLDER / "README.md").read_text()


@pytest.mark.parametrize("name", ["clean-bucket-policy", "quarantine-bucket-policy"])
def test_a_bucket_policy_denies_everything_without_tls(name: str) -> None:
    (rule,) = (one for one in document(name)["Statement"] if one["Sid"] == "TlsOnly")
    assert (rule["Effect"], rule["Action"]) == ("Deny", "s3:*")
    assert rule["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.fixture
def shelf(ceph: Ceph) -> S3Shelf:
    return new_shelf(ceph)


def put(shelf: S3Shelf, tmp_path: Path, label: Label) -> str:
    path = tmp_path / "x"
    path.write_bytes(DATA)
    key = uuid.uuid4().hex
    shelf.put(key, path, label)
    return key


def stranger(ceph: Ceph, shelf: S3Shelf) -> S3Shelf:
    name = uuid.uuid4().hex
    ceph.add_user(name, name, "their-secret")
    return S3Shelf(
        parse_place(ceph.place(shelf.place.bucket), "TEST"), Credentials(access_key=name, secret_key="their-secret")
    )


def readable(shelf: S3Shelf, key: str) -> bool:
    try:
        shelf.client().get_object(Bucket=shelf.place.bucket, Key=shelf.place.prefix + key)
    except ClientError as error:
        return error.response["Error"]["Code"] != "AccessDenied"
    return True


def test_nobody_reads_what_is_not_tagged_as_judged(ceph: Ceph, shelf: S3Shelf, tmp_path: Path) -> None:
    reader, bucket = stranger(ceph, shelf), shelf.place.bucket
    policy = document("clean-bucket-policy", bucket)
    allowed = policy["Statement"][-1]
    assert allowed["Sid"] == "ReadersReadWhatIsJudged"
    allowed["Principal"] = "*"  # there are no roles on this server
    tags = {"ag-verdict": "rejected"}
    judged = put(shelf, tmp_path, labelled())
    untagged = put(shelf, tmp_path, dataclasses.replace(labelled(), tags={}))
    otherwise = put(shelf, tmp_path, dataclasses.replace(labelled(), tags=tags))
    shelf.client().put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    assert readable(reader, judged)
    assert not readable(reader, untagged)
    assert not readable(reader, otherwise)
    assert not readable(shelf, otherwise)  # not even by the owner of the bucket


def test_a_server_takes_the_tls_rule_and_tls_passes_it(shelf: S3Shelf, tmp_path: Path) -> None:
    key = put(shelf, tmp_path, labelled())
    policy = document("clean-bucket-policy", shelf.place.bucket)
    policy["Statement"] = [one for one in policy["Statement"] if one["Sid"] == "TlsOnly"]
    shelf.client().put_bucket_policy(Bucket=shelf.place.bucket, Policy=json.dumps(policy))
    taken = json.loads(shelf.client().get_bucket_policy(Bucket=shelf.place.bucket)["Policy"])
    assert [one["Sid"] for one in taken["Statement"]] == ["TlsOnly"]
    assert readable(shelf, key)


def test_nobody_else_reads_the_quarantine(ceph: Ceph, shelf: S3Shelf, tmp_path: Path) -> None:
    key = put(shelf, tmp_path, labelled())
    policy = json.dumps(document("quarantine-bucket-policy", shelf.place.bucket))
    shelf.client().put_bucket_policy(Bucket=shelf.place.bucket, Policy=policy)
    assert not readable(stranger(ceph, shelf), key)


def test_the_quarantine_is_closed_to_everyone_but_the_role_whatever_session_it_has() -> None:
    (rule,) = (one for one in document("quarantine-bucket-policy")["Statement"] if one["Sid"] == "OnlyAttachguardReads")
    assert (rule["Effect"], rule["Principal"]) == ("Deny", "*")
    # Not NotPrincipal: that would have to name each session of the role (AWS, "NotPrincipal with Deny").
    assert rule["Condition"] == {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::ACCOUNT:role/attachguard"}}


@pytest.mark.parametrize("name", ["clean-lifecycle", "quarantine-lifecycle"])
def test_the_lifecycle_rules_are_taken(shelf: S3Shelf, name: str) -> None:
    rules = document(name)
    client, bucket = shelf.client(), shelf.place.bucket
    client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=cast("Any", rules))
    found = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert {rule["ID"] for rule in found} == {rule["ID"] for rule in rules["Rules"]}


def test_versions_and_locks_are_kept(shelf: S3Shelf, tmp_path: Path) -> None:
    client, bucket = shelf.client(), shelf.place.bucket
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    key = put(shelf, tmp_path, labelled())
    shelf.delete(key)
    versions = client.list_object_versions(Bucket=bucket, Prefix=shelf.place.prefix + key)
    assert (len(versions["Versions"]), len(versions["DeleteMarkers"])) == (1, 1)
    locked = f"{bucket}l"
    client.create_bucket(Bucket=locked, ObjectLockEnabledForBucket=True)
    until = {"Mode": "COMPLIANCE", "Days": 1}
    client.put_object_lock_configuration(
        Bucket=locked,
        ObjectLockConfiguration=cast("Any", {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": until}}),
    )
    version = client.put_object(Bucket=locked, Key="x", Body=b"x", ContentMD5="ndTkYSaMgDT1yFZOFVxnpg==")
    with pytest.raises(ClientError):
        client.delete_object(Bucket=locked, Key="x", VersionId=version["VersionId"])
