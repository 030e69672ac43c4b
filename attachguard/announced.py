"""Files that are announced first and come one by one, straight into quarantine: kept there until they are complete."""

import contextlib
from collections.abc import Callable, Iterator
from typing import IO

from attachguard.errors import NotPossible, ObjectMissing, StoreUnavailable
from attachguard.jobs import Announced, Label, PendingUpload
from attachguard.model import Attachment, Upload
from attachguard.pipeline import receive
from attachguard.policy import Policy
from attachguard.ports import Shelf
from attachguard.workroom import workroom


class Announcing:
    """The verbs of Service for uploads in parts."""

    _quarantine: Shelf
    policy: Callable[..., Policy]

    def address_for(self, upload: PendingUpload, file: Announced, seconds: int) -> str | None:
        """Give the address to which an announced file can be put directly; None: the quarantine has none."""
        return self._quarantine.put_link(upload.key(file.number), file.size, seconds)

    def put_aside(self, upload: PendingUpload, file: Announced, attachment: Attachment) -> None:
        """Keep an announced file until its upload is complete; again replaces it. Raises StoreUnavailable."""
        key = upload.key(file.number)
        self._quarantine.delete(key)
        self._quarantine.put(key, attachment.path, Label(sha256=attachment.sha256, size=attachment.size))

    @contextlib.contextmanager
    def put_together(self, upload: PendingUpload) -> Iterator[tuple[Attachment, ...]]:
        """Fetch the files of an upload into a workroom. Raises NotPossible when one is not there, Unavailable."""
        limits = self.policy(upload.policy).limits

        def opener(key: str) -> Callable[[], IO[bytes]]:
            return lambda: self._quarantine.open(key)

        uploads = [
            Upload(
                untrusted_name=one.untrusted_name, open=opener(upload.key(one.number)), declared_type=one.declared_type
            )
            for one in upload.files
        ]
        with workroom() as room:
            try:
                attachments = receive(uploads, limits, room)
            except ObjectMissing as error:
                raise NotPossible("a file that was announced is not there") from error
            yield attachments

    def clear_aside(self, upload: PendingUpload) -> None:
        """Throw the files of an upload away that became a submission. What can't be deleted now is swept later."""
        with contextlib.suppress(StoreUnavailable):
            for one in upload.files:
                self._quarantine.delete(upload.key(one.number))
