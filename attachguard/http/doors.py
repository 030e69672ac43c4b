"""What every route is given: the engine, the gate, and who waits for what."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fastapi import Request

from attachguard.gate import Gate
from attachguard.http.followup import Parcels
from attachguard.http.metrics import Figures
from attachguard.http.probes import Probes
from attachguard.http.waiting import Watcher
from attachguard.service import Service
from attachguard.settings import Settings

MOST_SECONDS = 60
"""The longest that one request waits for a verdict: below what proxies in between allow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """The parts that the HTTP service works with; put together in app.py."""

    settings: Settings
    service: Service
    gate: Gate
    watcher: Watcher
    figures: Figures
    probes: Probes
    parcels: Parcels
    policies: Mapping[str, str]
    """What a caller may name, and what the engine calls it: names only, never a path."""
    receiving: set[tuple[str, str]] = field(default_factory=set)
    """Tenant and idempotency key of what is coming in right now, in this process."""


def doors(request: Request) -> Doors:
    """Give the parts of the application that a request came to."""
    found: Doors = request.app.state.doors
    return found
