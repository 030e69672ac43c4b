"""Finds out how strong the walls are, by having forbidden acts attempted through the real zygote.

Everything goes the way a job goes; only the job is to break out. A level is believed when every act failed and the
deadly one was deadly.
"""

import os
import signal
from dataclasses import dataclass

from attachguard.model import Limits, printable
from attachguard.sandbox import answers, channel, endings, wire
from attachguard.sandbox.memfd import InputBuilder, Output
from attachguard.sandbox.wire import Level

_WALL = 10.0
_CPU = 5
_OUTPUT = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What the attempts showed."""

    level: Level
    acts: tuple[str, ...]
    """The acts that were refused, at that level."""
    weakness: str
    """Why the level is not a stronger one; empty at level full."""


def prove(zygote: channel.Zygote, memory: int) -> Proof:
    """Try the levels, strongest first. Raises channel.ZygoteLostError when the zygote does not survive that."""
    weaknesses = []
    for level in (Level.FULL, Level.NO_OPEN):
        try:
            acts = _acts_refused(zygote, level, memory)
            _trespass_is_deadly(zygote, level, memory)
        except _BreachError as breach:
            weaknesses.append(f"{level}: {breach}")
        else:
            return Proof(level=level, acts=acts, weakness="; ".join(weaknesses))
    return Proof(level=Level.NONE, acts=(), weakness="; ".join(weaknesses))


class _BreachError(Exception):
    """A wall does not stand; the message says which."""


def _acts_refused(zygote: channel.Zygote, level: Level, memory: int) -> tuple[str, ...]:
    ended, done = _attempt(zygote, wire.Probe(service=os.getpid()), level, memory)
    marker, untrusted = done.untrusted_answer[:1], done.untrusted_answer[1:]
    if marker != wire.LOCKED:
        raise _BreachError(printable(done.untrusted_answer.decode("utf-8", "replace"), 200))
    try:
        probed, _ = answers.understand(untrusted, wire.Probed, Limits(), _OUTPUT)
    except wire.WireError as error:
        raise _BreachError(f"no valid answer, wait status {ended.status}") from error
    if probed is None or ended.status != 0:
        raise _BreachError(f"the attempts ended with wait status {ended.status}")
    possible = [act.name for act in probed.acts if not act.refused]
    if possible:
        raise _BreachError(f"it was possible to {', '.join(possible)}")
    return tuple(act.name for act in probed.acts)


def _trespass_is_deadly(zygote: channel.Zygote, level: Level, memory: int) -> None:
    ended, _ = _attempt(zygote, wire.Trespass(), level, memory)
    if not os.WIFSIGNALED(ended.status) or os.WTERMSIG(ended.status) != signal.SIGSYS:
        raise _BreachError("it was possible to execute a program")


def _attempt(zygote: channel.Zygote, job: wire.Job, level: Level, memory: int) -> tuple[wire.Ended, channel.Done]:
    """Have a job attempted. A machine too busy or too full to do so proves nothing: that raises ZygoteLostError."""
    with InputBuilder() as source, Output(_OUTPUT) as output:
        place = source.add(wire.encode(job))
        errand = wire.Errand(
            profile=wire.Profile.STRICT,
            level=level,
            program="",
            job=place,
            wall=_WALL,
            cpu=_CPU,
            memory=memory,
            output=_OUTPUT,
        )
        done = zygote.run(errand, source.seal(), output.fd)
    if isinstance(done.ended, wire.NotForked) or done.ended.killed or endings.out_of_memory(done.ended, errand):
        raise channel.ZygoteLostError("the walls could not be tried in time")
    return done.ended, done
