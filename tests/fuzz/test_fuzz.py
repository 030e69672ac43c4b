"""Broken files: no probe lets an exception out, no inspector raises what the room can't turn into a finding."""

import time
from pathlib import Path
from random import Random

import pytest

from attachguard.formats.contract import Sample
from attachguard.formats.identify import identify
from tests.fuzz.cases import LARGE, case
from tests.fuzz.found import FOLDER, Found, read, write
from tests.fuzz.mutate import DAMAGES, Piece, broken, grown
from tests.fuzz.seeds import Seed, accepted, ours, smallest
from tests.fuzz.targets import LIMITS, PROBES_CPU, look, probes, told
from tests.fuzz.workers import looks

RUN = "the brief run"
ROUNDS = 6
"""How often every accepted sample is broken; `make fuzz` does it for as long as it is told."""

MIB = 1024 * 1024

FOUND = sorted(FOLDER.glob("*.toml"))

# Pillow and others warn about what is broken; in the room nobody hears them.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("position", range(len(accepted())), ids=lambda position: accepted()[position].name)
def test_every_accepted_sample_may_be_broken(position: int) -> None:
    seeds = accepted()
    for number in range(position, ROUNDS * len(seeds), len(seeds)):
        one = case(RUN, number, seeds, large=MIB // 4)
        assert look(one.data, one.extension, one.kind).failures == (), f"input {number}"


@pytest.mark.parametrize("name", sorted(probes()))
def test_no_probe_lets_an_exception_out(name: str) -> None:
    sniff = probes()[name]
    for number in range(3 * len(smallest())):
        one = case(name, number, smallest(), large=MIB // 64)
        sniff(Sample(data=one.data, extension=one.extension, limits=LIMITS))


@pytest.mark.parametrize("kind", [seed.kind for seed in smallest()])
def test_ten_mebibytes_of_one_piece_are_identified_in_time(kind: str) -> None:
    seed = next(seed for seed in smallest() if seed.kind == kind)
    data = b"".join(piece.data * piece.times for piece in grown(seed.data, LARGE, Random(kind)))
    assert LARGE - MIB < len(data) <= LARGE
    began = time.process_time()
    identify(data, seed.extension, LIMITS)
    assert time.process_time() - began < PROBES_CPU


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
def test_what_was_found_once_is_borne(path: Path) -> None:
    found = read(path)
    assert look(found.data, found.extension, found.kind).failures == ()


def test_the_same_dice_break_the_same_files() -> None:
    assert case(RUN, 3, ours()) == case(RUN, 3, ours())
    assert case(RUN, 3, ours()) != case("another run", 3, ours())


def test_every_damage_can_be_done_to_every_file_and_to_the_shortest() -> None:
    for seed in (*smallest(), Seed(name="one byte", kind="txt", extension="txt", data=b"x")):
        for number, damage in enumerate(DAMAGES):
            assert isinstance(damage(seed.data, b"other", Random(number)), bytes)
        for number in range(20):
            assert len(broken(seed.data, b"other", seed.kind, Random(number))) < 20 * len(seed.data) + 10_000


def test_a_finding_is_written_as_text_and_read_again(tmp_path: Path) -> None:
    found = Found(
        what="it stood still", kind="rtf", extension="doc", pieces=(Piece(b"{\\rtf", 1), Piece(bytes(100), 3))
    )
    path = write(tmp_path, found)
    assert read(path) == found
    assert path.read_text().isascii()


def test_what_was_found_is_small_and_no_live_file() -> None:
    assert FOUND
    assert {path.suffix for path in FOLDER.iterdir()} == {".toml"}
    assert max(path.stat().st_size for path in FOUND) < 20_000


def test_an_exception_is_told_by_its_place_in_our_code_and_without_the_bytes() -> None:
    try:
        Sample(data=b"x", extension="txt").shared(lambda sample: sample.data.index(b"secret"))
    except ValueError as error:
        said = told(error)
    assert said.startswith("ValueError at formats/contract.py:")
    assert "secret" not in said


def test_processes_share_the_inputs_and_leave_none_out() -> None:
    numbers = set()
    for number, one in looks(RUN, smallest(), 2):
        assert one.failures == ()
        numbers.add(number)
        if {0, 1, 2, 3, 4, 5} <= numbers:
            break
    assert len(numbers) >= 6
