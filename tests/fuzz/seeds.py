"""What the fuzzer begins with: good files of every kind, which it then breaks."""

from dataclasses import dataclass
from functools import cache

from attachguard.kinds import BY_EXTENSION, KINDS
from attachguard.model import Outcome
from samples.build import bytes_of
from samples.cases import load_cases
from tests.corpus import corpus
from tests.formats.every_kind import GOOD

LARGEST = 256 * 1024
"""Bytes of the largest seed: what breaks a reader seldom needs more, and small ones are tried more often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """One file to break."""

    name: str
    kind: str
    extension: str
    data: bytes


@cache
def smallest() -> tuple[Seed, ...]:
    """The smallest good file of every kind."""
    return tuple(
        Seed(name=f"good/{kind}", kind=kind, extension=KINDS[kind].extension, data=GOOD[kind]) for kind in sorted(GOOD)
    )


@cache
def ours() -> tuple[Seed, ...]:
    """The smallest good files and every sample of an accepted kind, also those that the policy refuses."""
    sampled = [
        Seed(name=f"{case.name}/{file.name}", kind=file.kind, extension=file.name.rpartition(".")[2].lower(), data=data)
        for case in load_cases()
        for file in case.files
        if file.kind and len(data := bytes_of(case, file)) <= LARGEST
    ]
    return (*smallest(), *sampled)


@cache
def accepted() -> tuple[Seed, ...]:
    """The smallest good files and every sample that is delivered byte for byte."""
    names = {
        f"{case.name}/{file.name}" for case in load_cases() for file in case.files if file.verdict is Outcome.ACCEPTED
    }
    return tuple(seed for seed in ours() if seed in smallest() or seed.name in names)


@cache
def every() -> tuple[Seed, ...]:
    """Ours, and the real files of accepted kinds where ATTACHGUARD_CORPUS names a folder of them."""
    real = [
        Seed(name=f"corpus/{file.path.name}", kind=file.true_type, extension=extension, data=file.path.read_bytes())
        for file in (*corpus("types.csv"), *corpus("pdf.csv"))
        if file.true_type in KINDS
        and (extension := file.path.suffix.removeprefix(".").lower()) in BY_EXTENSION
        and 0 < file.path.stat().st_size <= LARGEST
    ]
    return (*ours(), *real)
