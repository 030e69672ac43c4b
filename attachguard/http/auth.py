"""Who asks, and what they may: the one dependency that every route declares."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute

from attachguard.access import Admitted, Scope
from attachguard.errors import NotAllowed
from attachguard.gate import is_loopback
from attachguard.http.doors import doors

PASSED_ON = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
"""Headers of a proxy (RFC 7239, RFC 9110 section 7.6.3): whoever sent the request is somewhere else."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a route asks of a caller. Call it with a request, as FastAPI does."""

    scope: Scope
    links: bool
    """True: a browser with an upload link may use it too, for its conversation."""

    def __call__(self, request: Request) -> Admitted:
        """Let a caller in. Raises NotAuthenticated, NotAllowed, TooMany, LedgerUnavailable."""
        gate = doors(request).gate
        caller = gate.admit(_shown(request), local=_is_local(request))
        if caller.link and not self.links:
            raise NotAllowed("an upload link is not for that")
        gate.require(caller, self.scope)
        return caller


def authenticated(scope: Scope) -> Rule:
    """Make the rule of a route for keys: `caller: Annotated[Admitted, Depends(authenticated(Scope.READ))]`."""
    return Rule(scope, links=False)


def authenticated_or_linked(scope: Scope) -> Rule:
    """Make the rule of a route for keys and for upload links; the route holds links to their conversation."""
    return Rule(scope, links=True)


def rules(routers: Iterable[APIRouter]) -> Mapping[tuple[str, str], Rule | None]:
    """List every route by path and method, with its rule; None: it is open to all."""
    return {
        (route.path, method): next(_rules_of(route), None)
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


def _rules_of(route: APIRoute) -> Iterator[Rule]:
    for dependency in route.dependant.dependencies:
        if isinstance(dependency.call, Rule):
            yield dependency.call


def _shown(request: Request) -> str | None:
    """Read the key or link. Anything else in its place is shown too, and refused: it is not taken for nothing."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    kind, _, shown = header.partition(" ")
    return shown.strip() or "-" if kind.lower() == "bearer" else "-"


def _is_local(request: Request) -> bool:
    """Tell whether a request comes from a program on this machine, as far as can be told.

    Not from elsewhere by way of a proxy; not from a web page in a browser on this machine, be it under a name of its
    own that leads here (DNS rebinding) or from its own site to ours.
    """
    ends = (request.scope.get("server"), request.scope.get("client"))
    if not all(end is not None and is_loopback(end[0]) for end in ends):
        return False
    if any(name in request.headers for name in PASSED_ON):
        return False
    origin = request.headers.get("origin")
    return _names_loopback(f"//{request.headers.get('host', '')}") and (origin is None or _names_loopback(origin))


def _names_loopback(url: str) -> bool:
    try:
        return is_loopback(urlsplit(url).hostname or "")
    except ValueError:
        return False
