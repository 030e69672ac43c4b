"""What can go wrong with *us*, as exceptions; what a *file* is, is a Finding and never raised.

    AttachguardError                 exit  http  retry   raised when
    |-- UsageError                     2    400   no     the caller asked for something that makes no sense
    |   |-- PolicyError                2    400   no     a policy file is wrong (names the line)
    |   |-- UploadUnreadable           2    400   no     a path is no file, vanished or may not be read
    |   |-- NotPossible                2    409   no     what is asked does not go with the state something is in
    |   |   `-- NotFound               2    404   no     there is nothing of that name, or it is another tenant's
    |   |-- KeyReused                  2    422   no     an idempotency key came again with another submission
    |   `-- StillReceiving             2    409   yes    the first submission with this key is still on its way
    |-- NotAuthenticated               2    401   no     no key, no link, or not one of ours
    |-- NotAllowed                     2    403   no     the key or link is not for this
    |-- TooMany                        2    429   yes    a rate or quota is used up (`seconds`: until when)
    |-- ClaimLost                      3    503   no     a worker finished a job that is no longer its own
    `-- Unavailable                    3    503   yes    a part of ours could not do its work: verdict `undetermined`
        |-- ScannerUnavailable         3    503   yes    clamd is gone, too slow, has no signatures or is not believed
        |-- SandboxUnavailable         3    503   yes    no room could be started, or a required layer is missing
        |-- StoreUnavailable           3    503   yes    the clean store or the quarantine does not take bytes
        |   |-- ObjectMissing          3    503   no     an object is not where it should be
        |   `-- ObjectChanged          3    503   no     an object has other bytes than were put there
        `-- LedgerUnavailable          3    503   yes    the verdict could not be recorded

Anything else that is raised is a bug and stays loud. One translator per door reads the class attributes.
"""

from typing import ClassVar


class AttachguardError(Exception):
    """The root: carries what each door needs to answer."""

    exit_code: ClassVar[int] = 2
    http_status: ClassVar[int] = 400
    retry: ClassVar[bool] = False


class UsageError(AttachguardError):
    """The caller asked for something that makes no sense; the message says what to change."""


class PolicyError(UsageError):
    """A policy file is wrong; the message names the file and the line."""


class UploadUnreadable(UsageError):  # noqa: N818 - named for what happened, as the table above reads
    """A path is not a regular file, vanished, or may not be read."""


class NotPossible(UsageError):  # noqa: N818 - named for what is the case
    """What is asked does not go with the state something is in; the message says which."""

    http_status = 409


class NotFound(NotPossible):
    """There is nothing of that name here. What is another tenant's is told in the same words."""

    http_status = 404


class KeyReused(UsageError):  # noqa: N818 - named for what happened
    """An idempotency key came again with another submission."""

    http_status = 422


class StillReceiving(UsageError):  # noqa: N818 - named for what is the case
    """The first submission with this idempotency key is still on its way."""

    http_status = 409
    retry = True


class NotAuthenticated(AttachguardError):  # noqa: N818 - named for what is the case
    """Nobody we know: no key, no link, a wrong, revoked or expired one. Which of these is not told."""

    http_status = 401


class NotAllowed(AttachguardError):  # noqa: N818 - named for what is the case
    """Somebody we know, with a key or link that is not for this."""

    http_status = 403


class TooMany(AttachguardError):  # noqa: N818 - named for what happened
    """A rate or quota is used up. `seconds`: after how many it is worth trying again."""

    http_status = 429
    retry = True

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = max(1, seconds)


class ClaimLost(AttachguardError):  # noqa: N818 - named for what happened
    """A worker wanted to finish a job whose lease ended meanwhile: nothing was changed, another one has it."""

    exit_code = 3
    http_status = 503


class Unavailable(AttachguardError):  # noqa: N818 - the field's word for "try again later"
    """A part of ours could not do its work; the verdict becomes `undetermined` and is retried.

    `code` is the stable reason code (findings.TROUBLES) that a caller sees.
    """

    exit_code = 3
    http_status = 503
    retry = True
    code: ClassVar[str]


class ScannerUnavailable(Unavailable):
    """No believable answer from the virus scanner."""

    code = "scanner.unavailable"


class SandboxUnavailable(Unavailable):
    """No room could be started, or a layer that the policy requires is missing."""

    code = "sandbox.unavailable"


class StoreUnavailable(Unavailable):
    """The store did not take the bytes."""

    code = "store.unavailable"


class ObjectMissing(StoreUnavailable):
    """An object is not where it should be; asking again does not help."""

    retry = False


class ObjectChanged(StoreUnavailable):
    """An object has other bytes than were put there, or came back in half."""


class LedgerUnavailable(Unavailable):
    """The verdict could not be recorded, so it was not given."""

    code = "ledger.unavailable"
