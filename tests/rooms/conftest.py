"""Dens, kept for a module each, and a world worth attacking."""

from collections.abc import Callable, Iterator

import pytest

from tests.rooms.den import ALL, USERS, Den
from tests.rooms.world import open_world


@pytest.fixture(scope="module")
def den() -> Iterator[Callable[[str, int], Den]]:
    """Zygotes by their walls and their user; started when first asked for."""
    dens: dict[tuple[str, int], Den] = {}

    def find(layers: str = ALL, user: int = USERS[0]) -> Den:
        if (layers, user) not in dens:
            dens[layers, user] = Den(layers, user)
        return dens[layers, user]

    yield find
    for each in dens.values():
        each.zygote.close()


@pytest.fixture
def world() -> Iterator[Callable[[str, int], str]]:
    with open_world() as fill:
        yield fill
