"""Who asks, and what they may: the one dependency that every route declares."""

from collections.abc import Callable

from fastapi import Request

from attachguard.access import Admitted, Scope
from attachguard.gate import is_loopback
from attachguard.http.doors import doors


def authenticated(scope: Scope) -> Callable[[Request], Admitted]:
    """Make the dependency of a route: `caller: Annotated[Admitted, Depends(authenticated(Scope.READ))]`.

    Raises NotAuthenticated, NotAllowed, TooMany, LedgerUnavailable.
    """

    def caller(request: Request) -> Admitted:
        gate = doors(request).gate
        admitted = gate.admit(_shown(request), local=_is_local(request))
        gate.require(admitted, scope)
        return admitted

    return caller


def _shown(request: Request) -> str | None:
    kind, _, shown = request.headers.get("authorization", "").partition(" ")
    return shown.strip() if kind.lower() == "bearer" else None


def _is_local(request: Request) -> bool:
    """Tell whether the server listens on loopback only, as far as this connection shows."""
    server = request.scope.get("server")
    return server is not None and is_loopback(server[0])
