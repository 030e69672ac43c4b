"""The cases, read from `<case>/expected.toml` into nouns; a key or word that nobody knows is an error."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from attachguard.findings import FINDINGS
from attachguard.kinds import KINDS
from attachguard.model import Outcome
from attachguard.policy import DEFAULT
from samples.makers import MAKERS, Recipe

HERE = Path(__file__).resolve().parent


class CaseError(Exception):
    """An expected.toml is wrong; the message names the file and the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedDelivery:
    """What the recipient has to get."""

    name: str
    kind: str
    identical: bool
    """True: byte for byte what was sent. False: a copy, which must differ."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ExpectedChild:
    """The verdict on a file inside the file."""

    verdict: Outcome
    kind: str
    """Empty when it is of no accepted kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedFile:
    """One file of a submission, how it is made, and what has to be said about it."""

    name: str
    recipe: Recipe
    declared_type: str | None
    password: str | None
    """Sent along with the file."""
    verdict: Outcome
    kind: str
    """Empty when it is of no accepted kind, or was refused before anybody looked."""
    reasons: frozenset[str]
    findings: frozenset[str]
    delivered: ExpectedDelivery | None
    children: tuple[ExpectedChild, ...]
    stored_as: str
    """Its name in the build folder: the sender's, unless no disk should have to bear that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One submission and the whole answer it has to get."""

    name: str
    title: str
    policy: str
    verdict: Outcome
    reasons: frozenset[str]
    files: tuple[ExpectedFile, ...]


def load_cases(folder: Path = HERE) -> tuple[Case, ...]:
    """Load every case below a folder, in the order of their names. Raises CaseError."""
    return tuple(load_case(path) for path in sorted(folder.glob("*/expected.toml")))


def load_case(path: Path) -> Case:
    """Load one case. Raises CaseError, which names what is wrong."""
    try:
        table = _Table(str(path), tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise CaseError(f"{path}: {error}") from error
    submission = table.table("submission")
    case = Case(
        name=path.parent.name,
        title=table.text("title"),
        policy=table.text("policy", DEFAULT),
        verdict=submission.outcome(),
        reasons=submission.codes("reasons"),
        files=tuple(_file(row, number) for number, row in enumerate(table.tables("file"), 1)),
    )
    submission.done()
    table.done()
    names = {file.stored_as for file in case.files}
    if not names:
        raise CaseError(f"{path}: there is no [[file]]")
    if len(names) < len(case.files):
        raise CaseError(f"{path}: two files have one name")
    return case


def _file(row: "_Table", number: int) -> ExpectedFile:
    name = row.text("name")
    delivered = row.table("delivered") if row.has("delivered") else None
    file = ExpectedFile(
        name=name,
        recipe=_recipe(row),
        declared_type=row.text("declared_type") if row.has("declared_type") else None,
        password=row.text("password") if row.has("password") else None,
        verdict=row.outcome(),
        kind=row.kind(),
        reasons=row.codes("reasons"),
        findings=row.codes("findings"),
        delivered=_delivery(delivered, name) if delivered else None,
        children=tuple(sorted(_child(child) for child in row.tables("children"))),
        stored_as=_plain(name, number),
    )
    row.done()
    return file


def _recipe(row: "_Table") -> Recipe:
    """Read `make` and its parameters; a parameter that is a table with `make` is made itself."""
    maker = row.text("make")
    if maker not in MAKERS:
        raise CaseError(f"{row.place}: there is no maker {maker!r}")
    values: dict[str, str | int | Recipe] = {}
    if row.has("with"):
        table = row.table("with")
        for key in table.names():
            values[key] = _part(table.table(key)) if table.is_table(key) else table.scalar(key)
    return Recipe(maker=maker, parameters=values)


def _part(row: "_Table") -> Recipe:
    recipe = _recipe(row)
    row.done()
    return recipe


def _delivery(row: "_Table", name: str) -> ExpectedDelivery:
    delivery = ExpectedDelivery(name=row.text("name", name), kind=row.kind(), identical=row.flag("identical"))
    row.done()
    return delivery


def _child(row: "_Table") -> ExpectedChild:
    child = ExpectedChild(verdict=row.outcome(), kind=row.kind())
    row.done()
    return child


def _plain(name: str, number: int) -> str:
    """Give the name a file is built under: its own when any disk and screen can bear it, else a number."""
    harmless = name.isascii() and name.isprintable() and not set(name) & set('/\\:*?"<>|') and len(name) < 100
    return name if harmless and not name.startswith((".", "-")) else f"file-{number}"


class _Table:
    """A TOML table that remembers which of its keys were asked for."""

    def __init__(self, place: str, values: Mapping[str, object]) -> None:
        self.place = place
        self._values = values
        self._left = set(values)

    def has(self, key: str) -> bool:
        return key in self._values

    def is_table(self, key: str) -> bool:
        return isinstance(self._values.get(key), dict)

    def names(self) -> tuple[str, ...]:
        return tuple(self._values)

    def text(self, key: str, default: str | None = None) -> str:
        value = self._take(key, default)
        if not isinstance(value, str):
            raise CaseError(f"{self.place}: {key} has to be a text")
        return value

    def flag(self, key: str) -> bool:
        value = self._take(key, None)
        if not isinstance(value, bool):
            raise CaseError(f"{self.place}: {key} has to be true or false")
        return value

    def scalar(self, key: str) -> str | int:
        value = self._take(key, None)
        if not isinstance(value, str | int):
            raise CaseError(f"{self.place}: {key} has to be a text or a whole number")
        return value

    def outcome(self) -> Outcome:
        word = self.text("verdict")
        if word not in set(Outcome):
            raise CaseError(f"{self.place}: {word!r} is no verdict")
        return Outcome(word)

    def kind(self) -> str:
        name = self.text("kind", "")
        if name and name not in KINDS:
            raise CaseError(f"{self.place}: {name!r} is no kind")
        return name

    def codes(self, key: str) -> frozenset[str]:
        value = self._take(key, [])
        if not isinstance(value, list) or not all(isinstance(code, str) and code in FINDINGS for code in value):
            raise CaseError(f"{self.place}: {key} has to be a list of codes of the catalogue, not {value!r}")
        return frozenset(value)

    def table(self, key: str) -> "_Table":
        value = self._take(key, None)
        if not isinstance(value, dict):
            raise CaseError(f"{self.place}: {key} has to be a table")
        return _Table(f"{self.place}: {key}", value)

    def tables(self, key: str) -> tuple["_Table", ...]:
        value = self._take(key, [])
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise CaseError(f"{self.place}: {key} has to be a list of tables")
        return tuple(_Table(f"{self.place}: {key} {number}", row) for number, row in enumerate(value, 1))

    def done(self) -> None:
        """Raise CaseError when a key is left that nobody asked for."""
        if self._left:
            raise CaseError(f"{self.place}: nobody knows {', '.join(sorted(self._left))}")

    def _take(self, key: str, default: object) -> object:
        self._left.discard(key)
        value = self._values.get(key, default)
        if value is None:
            raise CaseError(f"{self.place}: {key} is missing")
        return value
