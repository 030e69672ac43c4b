"""One input by its number: who knows the run and the number has the input again."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from attachguard.kinds import BY_EXTENSION
from tests.fuzz.mutate import Piece, broken, grown
from tests.fuzz.seeds import Seed

LARGE = 10 * 1024 * 1024
"""As large as a received file may be."""

LARGE_SHARE = 1 / 100
"""One input in so many is a large one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An input and where it comes from."""

    number: int
    seed: str
    kind: str
    extension: str
    pieces: tuple[Piece, ...]

    @property
    def data(self) -> bytes:
        return b"".join(piece.data * piece.times for piece in self.pieces)


def case(run: str, number: int, seeds: Sequence[Seed], *, large: int = LARGE) -> Case:
    """Make the input of a number. The seeds take turns; some inputs are made `large` bytes long."""
    dice = Random(f"{run}/{number}")
    seed, other = seeds[number % len(seeds)], dice.choice(seeds)
    extension = seed.extension if dice.random() < 0.9 else dice.choice(sorted(BY_EXTENSION))
    if dice.random() < LARGE_SHARE:
        pieces = grown(seed.data, large, dice)
    else:
        pieces = (Piece(broken(seed.data, other.data, seed.kind, dice)),)
    return Case(number=number, seed=seed.name, kind=seed.kind, extension=extension, pieces=pieces)
