"""What the service answers, as far as a client needs it; fields that come later are no error."""

import msgspec


class Remedy(msgspec.Struct, frozen=True):
    """What the sender can do."""

    title: str
    steps: tuple[str, ...]


class Reason(msgspec.Struct, frozen=True):
    """Why a verdict is what it is, in words for the sender."""

    code: str
    message: str
    remedy: Remedy


class Delivered(msgspec.Struct, frozen=True):
    """What the recipient gets; `path` is its address at the service."""

    name: str
    media_type: str
    size: int
    sha256: str
    path: str


class Attachment(msgspec.Struct, frozen=True):
    """One file and its verdict; None while it is pending."""

    attachment: str
    status: str
    verdict: str | None
    name: str
    safe_name: str
    size: int
    sha256: str
    kind: str | None
    reasons: tuple[Reason, ...]
    delivered: Delivered | None


class Submission(msgspec.Struct, frozen=True):
    """What was sent at once, with the worst verdict of its files; None while it is pending."""

    submission: str
    status: str
    verdict: str | None
    reasons: tuple[Reason, ...]
    attachments: tuple[Attachment, ...]

    @property
    def final(self) -> bool:
        """Whether nothing is pending any more."""
        return self.status in {"done", "failed"}
