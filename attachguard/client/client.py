"""The client: one connection pool, synchronous, on httpx."""

import hashlib
import ssl
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import httpx
import msgspec

from attachguard.client.documents import Attachment, Submission

SECONDS = 30.0
"""How long an answer may take, beside the time that is asked to be waited."""


class ServiceError(Exception):
    """The service answered with a problem document (RFC 9457). `retry_after`: seconds, where it is worth it."""

    def __init__(self, status: int, kind: str, title: str, retry_after: int | None = None) -> None:
        super().__init__(f"{status}: {title}")
        self.status, self.kind, self.title, self.retry_after = status, kind, title, retry_after


class Refused(ServiceError):  # noqa: N818 - named for what happened
    """No file was accepted: `files` says what was found in each, and what can be done about it."""

    files: tuple[Attachment, ...] = ()


class Unreachable(Exception):  # noqa: N818 - named for what is the case
    """The service did not answer, or broke off: nothing is known. Ask again with the same idempotency key."""


class _Problem(msgspec.Struct, frozen=True):
    type: str = "about:blank"
    title: str = "no reason given"
    files: tuple[Attachment, ...] = ()


class Client:
    """Talks to one service. Thread-safe, as httpx.Client is; close it, or use it in a `with`."""

    def __init__(
        self, url: str, key: str | None = None, *, language: str = "en", verify: ssl.SSLContext | bool = True
    ) -> None:
        """`key`: an API key or upload link; `language`: of reasons and remedies.

        `verify`: a TLS context for a service, or a store it redirects to, whose certificate an authority of your own
        signed.
        """
        headers = {"Accept-Language": language, **({"Authorization": f"Bearer {key}"} if key else {})}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=SECONDS, verify=verify)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def submit(
        self,
        files: Sequence[str | Path | tuple[str, IO[bytes]]],
        *,
        wait: int = 0,
        policy: str | None = None,
        idempotency_key: str | None = None,
    ) -> Submission:
        """Send files: paths, or names with open streams. With `wait`, the verdicts may be there already.

        Else ask `submission` later. Raises Refused when no file was accepted, ServiceError, Unreachable, OSError for
        a file that can't be read.
        """
        headers = {"Prefer": f"wait={wait}"} if wait else {}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        with ExitStack() as stack:
            parts = [("files", _part(file, stack)) for file in files]
            answer = self._ask("POST", "/v1/submissions", wait, headers, policy=policy, files=parts)
        return msgspec.json.decode(answer.content, type=Submission)

    def submission(self, submission: str, *, wait: int = 0) -> Submission:
        """Ask where a submission is. Raises ServiceError, Unreachable."""
        headers = {"Prefer": f"wait={wait}"} if wait else {}
        answer = self._ask("GET", f"/v1/submissions/{submission}", wait, headers)
        return msgspec.json.decode(answer.content, type=Submission)

    def content(self, attachment: Attachment) -> bytes:
        """Fetch what was delivered, checked. Raises ServiceError when nothing was, or other bytes came; Unreachable."""
        if attachment.delivered is None:
            raise ServiceError(403, "not-delivered", f"{attachment.safe_name} was not delivered")
        data = self._ask("GET", attachment.delivered.path, 0, {}).content
        if hashlib.sha256(data).hexdigest() != attachment.delivered.sha256:
            raise ServiceError(502, "wrong-bytes", "the bytes that came are not those that were judged")
        return data

    def _ask(
        self,
        method: str,
        path: str,
        wait: int,
        headers: Mapping[str, str],
        *,
        policy: str | None = None,
        files: object = None,
    ) -> httpx.Response:
        params = {"policy": policy} if policy else None
        try:
            answer = self._http.request(
                method,
                path,
                headers=dict(headers),
                params=params,
                files=files,  # type: ignore[arg-type]  # httpx's own union of tuples
                timeout=SECONDS + wait,
                follow_redirects=True,
            )
        except httpx.HTTPError as error:
            raise Unreachable(f"{method} {path}: {error}") from error
        if answer.status_code >= 400:
            raise _error(answer)
        return answer


def _part(file: str | Path | tuple[str, IO[bytes]], stack: ExitStack) -> tuple[str, IO[bytes]]:
    if isinstance(file, tuple):
        return file
    return Path(file).name, stack.enter_context(Path(file).open("rb"))


def _error(answer: httpx.Response) -> ServiceError:
    try:
        problem = msgspec.json.decode(answer.content, type=_Problem)
    except msgspec.MsgspecError:
        problem = _Problem()
    after = answer.headers.get("retry-after", "")
    kind = Refused if problem.files else ServiceError
    error = kind(answer.status_code, problem.type, problem.title, int(after) if after.isdecimal() else None)
    if isinstance(error, Refused):
        error.files = problem.files
    return error
