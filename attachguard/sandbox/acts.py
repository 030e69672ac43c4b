"""The forbidden acts, attempted on purpose behind the walls: the proof that the walls stand, on this machine, now.

Each act is harmless where it succeeds. A wall is believed because the act fails, never because of a version number.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from attachguard.sandbox import wire

ACTS: Mapping[str, object] = MappingProxyType({})


def attempt(names: Sequence[str], service: int) -> tuple[wire.Act, ...]:
    """Attempt the named acts."""
    return tuple(wire.Act(name=name, refused=False, how=str(service)) for name in names)
