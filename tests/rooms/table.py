"""Prints the table of docs/sandbox.md, by attacking: `python -m tests.rooms.table`, as root to see both users."""

import os
import sys
from contextlib import ExitStack

from attachguard.sandbox.wire import Level
from tests.rooms.attacks import ATTACKS, Attack
from tests.rooms.den import ALL, UNPRIVILEGED, Den, Outcome
from tests.rooms.world import open_world

USER = UNPRIVILEGED if os.geteuid() == 0 else 0

COLUMNS: tuple[tuple[str, str, int, Level], ...] = (
    ("no walls", "", USER, Level.FULL),
    ("limits", "limits", USER, Level.FULL),
    ("Landlock", "landlock", USER, Level.FULL),
    ("filter", "filter", USER, Level.FULL),
    ("level no-open", ALL, USER, Level.NO_OPEN),
    ("level full", ALL, USER, Level.FULL),
    ("full, service is root", ALL, 0, Level.FULL),
)
PROGRAM = "full, a program"
WORDS = {
    "sandbox.violation": "killed",
    "sandbox.output": "cut off",
    "silent": "**possible**",
    "possible": "**possible**",
}


def cell(outcome: Outcome) -> str:
    word = outcome.ending.code if outcome.ending else outcome.word or outcome.printed.strip()
    return WORDS.get(word, word)


def by_reader(attack: Attack, den: Den, user: int, level: Level) -> str:
    with open_world() as fill:
        return cell(den.attack(*(fill(word, user) for word in attack.words), level=level))


def by_program(attack: Attack, den: Den) -> str:
    if not attack.perl:
        return ""
    with open_world() as fill:
        return cell(den.perl(f"print(({fill(attack.perl, USER)}) ? 'possible' : 'refused');"))


def main() -> None:
    with ExitStack() as stack:
        dens = [stack.enter_context(Den(layers, user)) for _, layers, user, _ in COLUMNS]
        print_row(["attack", *(name for name, *_ in COLUMNS), PROGRAM])
        print_row(["---"] * (len(COLUMNS) + 2))
        for attack in ATTACKS:
            cells = [
                by_reader(attack, den, user, level) for den, (_, _, user, level) in zip(dens, COLUMNS, strict=True)
            ]
            print_row([attack.title, *cells, by_program(attack, dens[-2])])


def print_row(cells: list[str]) -> None:
    sys.stdout.write("| " + " | ".join(cells) + " |\n")


if __name__ == "__main__":
    main()
