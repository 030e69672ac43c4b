"""What a front end must show and know beforehand: policies, limits, reasons in words."""

import dataclasses
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from attachguard.access import Admitted, Scope
from attachguard.documents import ReasonDocument, reason_documents
from attachguard.findings import FINDINGS, TROUBLES
from attachguard.http import shapes
from attachguard.http.answers import write_tagged
from attachguard.http.auth import authenticated_or_linked
from attachguard.http.doors import doors
from attachguard.http.find import policy_for
from attachguard.http.languages import language_of
from attachguard.kinds import KINDS
from attachguard.policy import Policy
from attachguard.remedies.catalogue import spoken

router = APIRouter(tags=["catalogue"])

Reader = Annotated[Admitted, Depends(authenticated_or_linked(Scope.READ))]


class PolicyDocument(msgspec.Struct, frozen=True):
    """One policy that a submission may name."""

    name: str
    version: int
    title: str
    default: bool
    retry_days: int
    limits: dict[str, int]
    kinds: dict[str, str]
    findings: dict[str, str]


class PoliciesDocument(msgspec.Struct, frozen=True):
    """Every policy a submission may name."""

    policies: tuple[PolicyDocument, ...]


class AcceptedDocument(msgspec.Struct, frozen=True):
    """One type of file that is accepted."""

    kind: str
    title: str
    media_type: str
    extensions: tuple[str, ...]


class LimitsDocument(msgspec.Struct, frozen=True):
    """What a front end tells before anybody chooses a file. Sizes in bytes."""

    policy: str
    file_size: int
    file_count: int
    total_size: int
    accepted: tuple[AcceptedDocument, ...]
    accept: str
    """For the `accept` attribute of an HTML file input."""


class ReasonsDocument(msgspec.Struct, frozen=True):
    """Every reason there is, in words."""

    language: str
    reasons: tuple[ReasonDocument, ...]


@router.get("/v1/policies", **shapes.document(PoliciesDocument, "Every policy."))
def policies(request: Request, caller: Reader) -> Response:  # noqa: ARG001 - the dependency lets in or refuses
    """List the policies that a submission may name."""
    parts = doors(request)
    listed = tuple(
        _policy(parts.service.policy(place), default=place == parts.settings.policy)
        for _, place in sorted(parts.policies.items())
    )
    return write_tagged(request, PoliciesDocument(listed))


@router.get("/v1/limits", **shapes.document(LimitsDocument, "The limits of a policy."))
def limits(request: Request, caller: Reader, policy: Annotated[str | None, Query(max_length=100)] = None) -> Response:
    """Tell what may be sent."""
    parts = doors(request)
    loaded = parts.service.policy(policy_for(parts, caller, policy))
    accepted = tuple(
        AcceptedDocument(kind.name, kind.title, kind.media_type, kind.extensions)
        for kind in KINDS.values()
        if loaded.kinds.get(kind.name) is not None and loaded.kinds[kind.name].name != "REJECT"
    )
    return write_tagged(
        request,
        LimitsDocument(
            policy=loaded.label,
            file_size=loaded.limits.file_size,
            file_count=loaded.limits.file_count,
            total_size=loaded.limits.total_size,
            accepted=accepted,
            accept=",".join(f".{extension}" for one in accepted for extension in one.extensions),
        ),
    )


@router.get("/v1/reasons", **shapes.document(ReasonsDocument, "Every reason, in words."))
def reasons(
    request: Request,
    caller: Reader,  # noqa: ARG001 - the dependency lets in or refuses
    lang: Annotated[
        str | None, Query(max_length=35, description="en, nl, de or fr; unset: as Accept-Language.")
    ] = None,
) -> Response:
    """Put every reason into words, with what to do about it."""
    language = spoken(lang) if lang else language_of(request)
    document = ReasonsDocument(language, reason_documents([*FINDINGS, *TROUBLES], language))
    return write_tagged(request, document, headers={"Content-Language": language})


def _policy(policy: Policy, *, default: bool) -> PolicyDocument:
    return PolicyDocument(
        name=policy.name,
        version=policy.version,
        title=policy.title,
        default=default,
        retry_days=policy.retry_days,
        limits={name: value for name, value in dataclasses.asdict(policy.limits).items() if isinstance(value, int)},
        kinds={name: action.name.lower() for name, action in sorted(policy.kinds.items())},
        findings={code: action.name.lower() for code, action in sorted(policy.rulings.items())},
    )
