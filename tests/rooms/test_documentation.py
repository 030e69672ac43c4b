"""The table in docs/sandbox.md is the one that the attacks give."""

from pathlib import Path

from tests.rooms.attacks import ATTACKS, Attack

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "sandbox.md"
WORDS = {"sandbox.violation": "killed", "refused": "refused"}


def rows() -> dict[str, list[str]]:
    lines = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: row[1:] for row in cells if len(row) == 9}


def shown(attack: Attack) -> list[str]:
    """Level full as a user and as root, and a program."""
    walls = WORDS[attack.comes_to]
    return [walls, walls, WORDS[attack.perl_comes_to] if attack.perl else ""]


def test_every_attack_has_its_row_with_what_comes_of_it() -> None:
    written = rows()
    assert [written.pop("attack")[-3:], written.pop("---")[-1]] == [
        ["level full", "full, service is root", "full, a program"],
        "---",
    ]
    assert {title: cells[-3:] for title, cells in written.items()} == {a.title: shown(a) for a in ATTACKS}


def test_without_walls_every_attack_is_possible_but_those_that_only_root_could_do() -> None:
    written = rows()
    for attack in ATTACKS:
        assert written[attack.title][0] == ("refused" if attack.needs_root else "**possible**")
