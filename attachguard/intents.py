"""What is written down before a submission comes in: its files, keys and queue, and what makes it a repetition."""

import hashlib
import uuid
from collections.abc import Sequence
from pathlib import PurePath

from attachguard.jobs import IdempotencyKey, Intent, Queue, Received, Sending
from attachguard.model import Attachment

RENDERED = frozenset({".dat", ".eml", ".pdf", ".tif", ".tiff", ".tnef"})
"""Names of what may be printed page by page, or may hold what may be."""

SMALL = 2 * 1024 * 1024
"""Bytes of a submission above which it is no quick one, whatever it is called."""


def likely_queue(attachments: Sequence[Attachment]) -> Queue:
    """Guess what a submission costs from names and sizes; a wrong guess makes somebody wait, no more."""
    large = sum(attachment.size for attachment in attachments) > SMALL
    suffixes = {PurePath(attachment.safe_name).suffix.lower() for attachment in attachments}
    return Queue.RENDER if large or suffixes & RENDERED else Queue.SCAN


def intent_of(attachments: Sequence[Attachment], sending: Sending, policy: str) -> Intent:
    """Describe a submission that is about to come in, under an id that nothing else has."""
    submission = uuid.uuid4().hex
    files = tuple(
        Received(
            id=f"{submission}.{number}",
            number=number,
            untrusted_name=attachment.untrusted_name,
            safe_name=attachment.safe_name,
            declared_type=attachment.declared_type,
            source=attachment.source,
            size=attachment.size,
            sha256=attachment.sha256,
            key=f"{submission[:2]}/{submission}.{number}",
        )
        for number, attachment in enumerate(attachments)
    )
    key = None
    if sending.idempotency_key:
        request = _request(files, (policy, sending.retry_of or "", sending.method))
        key = IdempotencyKey(key=sending.idempotency_key, request=request)
    return Intent(
        submission=submission,
        tenant=sending.tenant,
        actor=sending.actor,
        policy=policy,
        queue=likely_queue(attachments),
        files=files,
        idempotency=key,
        retry_of=sending.retry_of,
        method=sending.method,
        trace=sending.trace,
        conversation=sending.conversation,
    )


def _request(files: Sequence[Received], terms: Sequence[str]) -> str:
    """Digest of what makes two submissions the same: names, claimed types, bytes, and on what terms they are judged."""
    digest = hashlib.sha256()
    for part in (
        *terms,
        *(text for one in files for text in (one.untrusted_name, one.declared_type or "", one.sha256)),
    ):
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(f"{len(encoded)}:".encode() + encoded)
    return digest.hexdigest()
