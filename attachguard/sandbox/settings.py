"""How much a job in the room may use, and how the room is kept."""

import os
import sys
from dataclasses import dataclass, field

from attachguard.sandbox import channel

MIB = 1024 * 1024

PORTER = "porter"
"""The word by which the small zygote is started (start.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomSettings:
    """How much a job may use, and how the room is kept. The figures are measured ones: docs/sandbox.md."""

    wall: float = 15.0
    """Seconds until a job is killed, not counting those in which it waits for a processor (up to 3 times as many)."""
    cpu: int = 10
    """Seconds of processor time."""
    page: float = 0.1
    """Seconds more, of both, for each page that is printed, drawn or compared (measured: 0.01 to 0.05)."""
    memory: int = 1024 * MIB
    """Bytes of address space of one job. Times `jobs`, it must fit into the machine or container."""
    output: int = 64 * MIB
    """Bytes that a job may make."""
    jobs: int = field(default_factory=lambda: max(2, os.cpu_count() or 1))
    """Jobs at the same time; more wait."""
    recycle_jobs: int = 500
    """Jobs after which a new zygote, with a new address layout, takes over."""
    recycle_crashes: int = 5
    """Crashes of readers after which one does: who guesses addresses has to guess anew."""
    prove_every: float = 300.0
    """Seconds after which the walls are attacked again before the next job."""
    patience: float = 60.0
    """Seconds to wait for a zygote to come up."""
    command: tuple[str, ...] = field(default_factory=lambda: channel.command(sys.executable))
    """How the zygote is started. Only tests, which bring readers of their own, have a reason to change it."""
    porter: tuple[str, ...] = field(default_factory=lambda: channel.command(sys.executable, PORTER))
    """How the small zygote is started that only says what a file is; the same as `command`: one for everything."""
