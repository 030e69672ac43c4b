"""What a sender is told about a finding or a trouble: what was found, and what to do about it.

The texts stand in one TOML file per language beside this module, a table per code. They are read once and checked
while they are read; tests/unit/test_remedies.py holds them to every code of findings.py in every language.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

LANGUAGES = ("en", "nl", "de", "fr")
"""The languages there are texts in; the first one is spoken to everyone else."""

_KEYS = frozenset({"message", "title", "steps"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """One finding or trouble in the words of the person who sent the file. Plain text, no markup."""

    message: str
    """What was found: one sentence, at most 200 characters."""
    title: str
    """What to do about it, in a few words: at most 60 characters, no full stop."""
    steps: tuple[str, ...]
    """How to do it: one to four short steps in their order, each at most 200 characters."""


def remedy(code: str, language: str) -> Remedy:
    """Tell what a code means and what to do about it, in the language or its nearest relative.

    `language` is a tag such as `nl`, `nl-BE` or `nl_BE.UTF-8`; English answers for a language without texts.
    Raises KeyError for a code of neither findings.FINDINGS nor findings.TROUBLES.
    """
    return texts(spoken(language))[code]


def spoken(language: str) -> str:
    """Name the language of LANGUAGES in which a tag is answered: the tag's primary part (RFC 5646) or English."""
    primary = re.split(r"[-_.@]", language.strip(), maxsplit=1)[0].lower()
    return primary if primary in LANGUAGES else LANGUAGES[0]


@cache
def texts(language: str) -> Mapping[str, Remedy]:
    """Read all texts of one of LANGUAGES, by code.

    Raises ValueError, naming the file and the code, for a table whose keys are not exactly those of a Remedy, or
    with a text that is empty or no text.
    """
    name = f"{language}.toml"
    document = tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
    return MappingProxyType({code: parse(table, f"{name}: {code}") for code, table in document.items()})


def parse(table: object, place: str) -> Remedy:
    """Make a Remedy of one table of a TOML file; `place` names it in the ValueError that a mistake raises."""
    if not isinstance(table, dict) or table.keys() != _KEYS:
        raise ValueError(f"{place}: needs exactly the keys {', '.join(sorted(_KEYS))}")
    steps = table["steps"]
    if not isinstance(steps, list) or not steps:
        raise ValueError(f"{place}: steps must be a list of at least one text")
    return Remedy(
        message=_text(table["message"], f"{place}: message"),
        title=_text(table["title"], f"{place}: title"),
        steps=tuple(_text(step, f"{place}: step {number}") for number, step in enumerate(steps, start=1)),
    )


def _text(value: object, place: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{place} must be a text that is not empty")
    return value
