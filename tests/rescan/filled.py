"""Delivered files by the hundred, written into ledger and store without being judged one by one."""

import hashlib
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from sqlalchemy import insert

from attachguard.adapters.disk_shelf import DiskShelf
from attachguard.adapters.s3_shelf import S3Shelf
from attachguard.adapters.sql.ledger import SqlLedger
from attachguard.adapters.sql.schema import ATTACHMENTS, SUBMISSIONS, VERDICTS
from attachguard.ports import Shelf
from attachguard.service import Service

OLD = "custom of yesterday"
"""The signatures by which all of it was found clean."""

_PAGE = 500


def fill(service: Service, files: Sequence[tuple[str, bytes]], *, tenant: str = "") -> list[str]:
    """Deliver files (name, bytes), a submission each; gives the ids in their order."""
    shelf = service.rescan._tools.clean
    made = [uuid.uuid4().hex for _ in files]
    keys = [key_of(one, *file) for one, file in zip(made, files, strict=True)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda pair: store(shelf, pair[0], pair[1][1]), zip(keys, files, strict=True)))
    ledger = service.ledger
    assert isinstance(ledger, SqlLedger)
    at = datetime.now(UTC) - timedelta(days=2)
    for start in range(0, len(files), _PAGE):
        page = range(start, min(start + _PAGE, len(files)))
        with ledger._database.writing() as connection:
            connection.execute(insert(SUBMISSIONS), [_submission(made[n], at, tenant) for n in page])
            connection.execute(insert(ATTACHMENTS), [_attachment(made[n], *files[n]) for n in page])
            connection.execute(
                insert(VERDICTS), [_verdict(made[n], at, *files[n], shelf.location(keys[n])) for n in page]
            )
    return made


def key_of(submission: str, name: str, data: bytes) -> str:
    digest = hashlib.sha256(data).hexdigest()
    return f"{submission[:2]}/{submission}.1.0-{digest[:16]}{PurePosixPath(name).suffix}"


def store(shelf: Shelf, key: str, data: bytes) -> None:
    """Put bytes there, without the care that a delivery takes."""
    if isinstance(shelf, DiskShelf):
        path = Path(shelf.location(key))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return
    assert isinstance(shelf, S3Shelf)
    shelf.client().put_object(Bucket=shelf.place.bucket, Key=shelf.place.prefix + key, Body=data)


def _submission(submission: str, at: datetime, tenant: str) -> dict[str, object]:
    return {
        "id": submission, "tenant": tenant, "state": "done", "policy": "marketplace", "created_at": at,
        "finished_at": at, "verdict": "accepted", "verdict_policy": "marketplace@1", "verdict_fence": 1,
        "reasons": "[]",
    }  # fmt: skip


def _attachment(submission: str, name: str, data: bytes) -> dict[str, object]:
    return {
        "id": f"{submission}.0", "submission_id": submission, "number": 0, "depth": 0, "place": "",
        "untrusted_name": name, "safe_name": name, "source": "", "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(), "kind": PurePosixPath(name).suffix[1:],
        "quarantine_key": f"{submission[:2]}/{submission}.0", "bytes": "deleted",
    }  # fmt: skip


def _verdict(submission: str, at: datetime, name: str, data: bytes, location: str) -> dict[str, object]:
    return {
        "attachment_id": f"{submission}.0", "fence": 1, "submission_id": submission, "outcome": "accepted",
        "policy": "marketplace@1", "build": "0", "engine": "ClamAV", "signatures": OLD, "scanned_at": at,
        "action": 0, "reasons": "[]", "findings": "[]", "stages": "{}", "seconds": 0.1, "peak_rss": 1,
        "recorded_at": at, "delivered_name": name, "delivered_type": "application/octet-stream",
        "delivered_size": len(data), "delivered_sha256": hashlib.sha256(data).hexdigest(),
        "delivered_location": location,
    }  # fmt: skip
