"""Every attack of the table, behind the walls and without them: a wall that stops nothing has no test to hide in."""

import os
from collections.abc import Callable

import pytest

from attachguard.sandbox.wire import Level
from tests.rooms.attacks import ATTACKS, BY_TITLE, Attack
from tests.rooms.den import ALL, USERS, Den, Outcome

Find = Callable[[str, int], Den]
World = Callable[[str, int], str]

AS_USERS = [pytest.param(user, id="root" if user == 0 and os.geteuid() == 0 else "user") for user in USERS]
TITLES = [attack.title for attack in ATTACKS]
FOR_PROGRAMS = [attack.title for attack in ATTACKS if attack.perl]


def strictly(attack: Attack, den: Den, world: World, user: int) -> Outcome:
    return den.attack(*(world(word, user) for word in attack.words))


def by_program(attack: Attack, den: Den, world: World, user: int) -> Outcome:
    return den.perl(f"print(({world(attack.perl, user)}) ? 'possible' : 'refused');")


@pytest.mark.parametrize("user", AS_USERS)
@pytest.mark.parametrize("title", TITLES)
def test_a_reader_that_was_taken_over_is_stopped(title: str, user: int, den: Find, world: World) -> None:
    attack, here = BY_TITLE[title], den(ALL, user)
    here.end_spare()
    outcome = strictly(attack, here, world, user)
    assert (outcome.ending.code if outcome.ending else outcome.word) == attack.comes_to, outcome.detail


@pytest.mark.parametrize("user", AS_USERS)
@pytest.mark.parametrize("title", TITLES)
def test_so_is_one_whose_process_was_made_in_advance(title: str, user: int, den: Find, world: World) -> None:
    attack, here = BY_TITLE[title], den(ALL, user)
    assert here.spare()
    outcome = strictly(attack, here, world, user)
    assert (outcome.ending.code if outcome.ending else outcome.word) == attack.comes_to, outcome.detail


@pytest.mark.parametrize("user", AS_USERS)
@pytest.mark.parametrize("title", TITLES)
def test_without_walls_the_same_reader_succeeds(title: str, user: int, den: Find, world: World) -> None:
    attack = BY_TITLE[title]
    outcome = strictly(attack, den("", user), world, user)
    possible = "silent" if attack.words == ("execute",) else "possible"
    if attack.needs_root and (user or os.geteuid()):
        possible = "refused"
    assert (outcome.ending, outcome.word) == (None, possible), outcome.detail


@pytest.mark.parametrize("user", AS_USERS)
@pytest.mark.parametrize("title", FOR_PROGRAMS)
def test_a_program_that_was_taken_over_is_stopped(title: str, user: int, den: Find, world: World) -> None:
    attack = BY_TITLE[title]
    outcome = by_program(attack, den(ALL, user), world, user)
    assert (outcome.ending.code if outcome.ending else outcome.printed) == attack.perl_comes_to


@pytest.mark.parametrize("user", AS_USERS)
@pytest.mark.parametrize("title", FOR_PROGRAMS)
def test_without_walls_the_same_program_succeeds(title: str, user: int, den: Find, world: World) -> None:
    outcome = by_program(BY_TITLE[title], den("", user), world, user)
    assert (outcome.ending, outcome.printed.strip()) == (None, "possible")


@pytest.mark.parametrize("user", AS_USERS)
def test_names_and_sizes_of_files_can_be_probed_which_is_a_residual_risk(user: int, den: Find) -> None:
    assert den(ALL, user).attack("stat", "/etc/passwd").word == "possible"


@pytest.mark.parametrize("user", AS_USERS)
def test_a_child_has_no_descriptor_but_its_own(user: int, den: Find) -> None:
    assert den(ALL, user).attack("descriptors").word == "refused"


@pytest.mark.parametrize("user", AS_USERS)
def test_fonts_can_be_read_and_nothing_beside_them(user: int, den: Find) -> None:
    here = den(ALL, user)
    assert here.attack("list_folder", "/usr/share/fonts").word == "possible"
    assert here.attack("list_folder", "/usr/share").word == "refused"
    assert here.attack("list_folder", "/usr/share/fonts", level=Level.NO_OPEN).word == "refused"


@pytest.mark.parametrize("user", AS_USERS)
def test_a_program_reads_fonts_and_its_libraries_too(user: int, den: Find) -> None:
    tries = "".join(
        f"print opendir(my $f, '{path}') ? 1 : 0;" for path in ("/usr/share/fonts", "/usr/lib", "/etc", "/")
    )
    assert den(ALL, user).perl(tries).printed == "1100"


def test_a_child_made_in_advance_does_one_job_only(den: Find) -> None:
    here = den(ALL, 0)
    spare = here.spare()
    assert here.attack("who").detail == str(spare)
    assert here.attack("who").detail != str(spare)


def test_the_input_cannot_be_changed_even_without_walls(den: Find) -> None:
    assert den("", 0).attack("change_input").word == "refused"


def test_the_output_cannot_grow_even_without_walls(den: Find) -> None:
    assert den("", 0).attack("grow_output").word == "refused"


@pytest.mark.parametrize(
    ("layers", "title", "comes_to"),
    [
        ("landlock", "send by UDP", "possible"),
        ("landlock", "change the mode of a file of the same user", "possible"),
        ("landlock", "hold memory in memfds", "possible"),
        ("filter", "read /etc/passwd", "possible"),
        ("filter", "write a file", "possible"),
        ("filter", "take 1.5 GiB of memory", "possible"),
    ],
)
def test_no_single_wall_would_do(layers: str, title: str, comes_to: str, den: Find, world: World) -> None:
    assert strictly(BY_TITLE[title], den(layers, 0), world, 0).word == comes_to
