"""What an object with locks must do after fork(): a lock that another thread held would stay locked for ever."""

import os
from typing import Protocol
from weakref import WeakSet


class Renewable(Protocol):
    """Something that puts fresh locks in place of inherited ones."""

    def after_fork(self) -> None:
        """Put fresh locks in place; runs alone, in the forked child."""
        ...


_objects: "WeakSet[Renewable]" = WeakSet()


def renew_after_fork(renewable: Renewable) -> None:
    """Have `after_fork` called in every forked child, before anything else runs there."""
    _objects.add(renewable)


def _renew() -> None:
    for renewable in list(_objects):
        renewable.after_fork()


os.register_at_fork(after_in_child=_renew)
