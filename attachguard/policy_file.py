"""Reads one policy file strictly: every unknown key, code, kind or value is an error that names its line."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Generic, TypeVar

from attachguard.errors import PolicyError
from attachguard.findings import FINDINGS
from attachguard.kinds import KINDS
from attachguard.model import Action, Limits, Links, SignatureRules

_ACTIONS: Mapping[str, Action] = {action.name.lower(): action for action in Action}
_SIZE = re.compile(r"(\d{1,12}) ?(B|KiB|MiB|GiB)")
_UNITS: Mapping[str, int] = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_LIMITS = frozenset(field.name for field in fields(Limits)) - {"flatten"}
_FLATTEN = frozenset({"links", "method", "dpi"})
_METHODS = frozenset({"print", "raster"})
_LEAST_DPI, _MOST_DPI = 100, 300
_SIGNATURES = frozenset(field.name for field in fields(SignatureRules))
_LEVELS = frozenset({"full", "no-open"})
_MOST_DAYS = 3650
_MOST_HOURS = 24
"""A clean answer of yesterday says little about what is known today."""
INERT_AS = "txt"
"""The one kind that others can be shown as without acting: text."""

_HEADER = re.compile(r"\s*\[([A-Za-z_]+)(?:\.\"?([A-Za-z0-9_.-]+)\"?)?\]")
_KEY = re.compile(r"\s*\"?([A-Za-z0-9_.-]+)\"?\s*=")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One policy file as it was read, before the one it extends is laid under it."""

    label: str
    """How messages call the file."""
    name: str | None = None
    version: int | None = None
    title: str | None = None
    extends: str | None = None
    limits: Mapping[str, int]
    kinds: Mapping[str, Action]
    copies: Mapping[str, str]
    rulings: Mapping[str, Action]
    rename: Mapping[str, frozenset[str]]
    inert: frozenset[str] | None = None
    require: str | None = None
    signatures: Mapping[str, int]
    retries: Mapping[str, int]
    links: Links | None = None
    method: str | None = None
    dpi: int | None = None

    def over(self, base: "Source") -> "Source":
        """Lay this file over the one it extends: what is written here wins."""
        return replace(
            self,
            limits={**base.limits, **self.limits},
            kinds={**base.kinds, **self.kinds},
            copies={**base.copies, **self.copies},
            rulings={**base.rulings, **self.rulings},
            rename={**base.rename, **self.rename},
            inert=base.inert if self.inert is None else self.inert,
            require=self.require or base.require,
            signatures={**base.signatures, **self.signatures},
            links=self.links or base.links,
            method=self.method or base.method,
            dpi=self.dpi or base.dpi,
            retries={**base.retries, **self.retries},
        )


def read_source(label: str, data: bytes) -> Source:
    """Read one policy file. Raises PolicyError naming `label` and the line."""
    try:
        text = data.decode()
        document = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise PolicyError(f"{label}: not UTF-8 text (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{label}: {error}") from error
    return _Reader(label, text).read(document)


@dataclass(frozen=True, slots=True)
class _Value(Generic[T]):
    """One sort of value: how to read it (None: it is not one) and what to tell who wrote something else."""

    read: Callable[[object], T | None]
    must: str


@dataclass(frozen=True, slots=True)
class _Reader:
    label: str
    text: str

    def read(self, document: Mapping[str, object]) -> Source:
        top = self._table(document, "", _TOP)
        names = self._table(top.get("names", {}), "names", frozenset({"inert", "rename"}))
        flatten = self._table(top.get("flatten", {}), "flatten", _FLATTEN)
        source = Source(
            label=self.label,
            name=self._one("", "name", top.get("name"), _TEXT),
            version=self._one("", "version", top.get("version"), _COUNT),
            title=self._one("", "title", top.get("title"), _TEXT),
            extends=self._one("", "extends", top.get("extends"), _TEXT),
            limits=self._section(top, "limits", _LIMITS, _BOUND),
            kinds=self._section(top, "kinds", frozenset(KINDS), _RULING),
            copies=self._section(top, "copies", frozenset(KINDS), _TEXT),
            rulings=self._section(top, "findings", frozenset(FINDINGS), _RULING),
            rename=self._section(names, "rename", frozenset(KINDS), _KINDS),
            inert=self._one("names", "inert", names.get("inert"), _KINDS),
            require=self._section(top, "sandbox", frozenset({"require"}), _LEVEL).get("require"),
            signatures=self._signatures(top),
            links=self._one("flatten", "links", flatten.get("links"), _LINKS),
            method=self._one("flatten", "method", flatten.get("method"), _METHOD),
            dpi=self._one("flatten", "dpi", flatten.get("dpi"), _DPI),
            retries=self._section(top, "retries", frozenset({"days"}), _DAYS),
        )
        self._check_names(source)
        self._check_copies(source)
        return source

    def _check_names(self, source: Source) -> None:
        """Refuse what can't be meant: a kind that is itself, or is to be renamed and to stay what it is called."""
        for named, kinds in source.rename.items():
            if named in kinds:
                raise self._error("rename", named, f"{named} under its own name is no mismatch")
        inert = source.inert or frozenset()
        if INERT_AS in inert:
            raise self._error("names", "inert", f"{INERT_AS} under its own name is no mismatch")
        if both := sorted(inert & source.rename.get(INERT_AS, frozenset())):
            raise self._error("names", "inert", f"{both[0]} can't be inert and renamed too")

    def _check_copies(self, source: Source) -> None:
        """Refuse a way to make a copy that the kind does not have, or that another table chooses."""
        for kind, method in source.copies.items():
            if "raster" in KINDS[kind].methods:
                raise self._error("copies", kind, f"how copies of {kind} are made is said in [flatten]")
            if method not in (methods := KINDS[kind].methods):
                raise self._error("copies", kind, f"{kind} = {method!r}: must be one of {', '.join(methods)}")

    def _signatures(self, top: Mapping[str, object]) -> Mapping[str, int]:
        table = self._table(top.get("signatures", {}), "signatures", _SIGNATURES)
        read_values = {
            key: self._one("signatures", key, value, _HOURS if key == "reuse_hours" else _DAYS)
            for key, value in table.items()
        }
        return {key: value for key, value in read_values.items() if value is not None}

    def _section(self, top: Mapping[str, object], name: str, known: frozenset[str], sort: _Value[T]) -> Mapping[str, T]:
        table = self._table(top.get(name, {}), name, known)
        read_values = {key: self._one(name, key, value, sort) for key, value in table.items()}
        return {key: value for key, value in read_values.items() if value is not None}

    def _table(self, value: object, section: str, known: frozenset[str]) -> Mapping[str, object]:
        if not isinstance(value, dict):
            raise self._error("", section, f"[{section}] must be a table")
        for key in value:
            if key not in known:
                near = f"; known here: {', '.join(sorted(known))}" if len(known) < 20 else ""
                raise self._error(section, key, f"unknown {_WHAT.get(section, 'key')} {key!r}{near}")
        return value

    def _one(self, section: str, key: str, value: object, sort: _Value[T]) -> T | None:
        if value is None:
            return None
        result = sort.read(value)
        if result is None:
            raise self._error(section, key, f"{key} = {value!r}: {sort.must}")
        return result

    def _error(self, section: str, key: str, message: str) -> PolicyError:
        line = self._line(section, key)
        return PolicyError(f"{self.label}, line {line}: {message}" if line else f"{self.label}: {message}")

    def _line(self, section: str, key: str) -> int:
        """Find the line of a key: tomllib does not keep it. 0 when it is written in a form not foreseen here."""
        current = ""
        for number, line in enumerate(self.text.splitlines(), start=1):
            if header := _HEADER.match(line):
                current = header[2] or header[1]
                if (section, key) in {("", header[1]), (header[1], header[2])}:
                    return number
            elif (found := _KEY.match(line)) and (current, found[1]) == (section, key):
                return number
        if (section, key) != ("names", "rename") and "rename" in {section, key}:
            return self._line("names", "rename")  # written as an inline table
        return 0


_TOP = frozenset(
    {"name", "version", "title", "extends", "limits", "sandbox", "signatures", "retries", "flatten", "kinds", "copies"}
    | {"findings", "names"}
    | {"findings"}
)
_WHAT: Mapping[str, str] = {
    "findings": "finding code",
    "kinds": "kind",
    "copies": "kind",
    "limits": "limit",
    "rename": "kind",
}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 1 else None


def _days(value: object) -> int | None:
    days = _count(value)
    return days if days is not None and days <= _MOST_DAYS else None


def _hours(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_HOURS else None


def _size(value: object) -> int | None:
    if isinstance(value, str) and (match := _SIZE.fullmatch(value)):
        value = int(match[1]) * _UNITS[match[2]]
    return _count(value)


def _action(value: object) -> Action | None:
    return _ACTIONS.get(value) if isinstance(value, str) else None


def _level(value: object) -> str | None:
    return value if isinstance(value, str) and value in _LEVELS else None


def _links(value: object) -> Links | None:
    return Links(value) if isinstance(value, str) and value in frozenset(Links) else None


def _method(value: object) -> str | None:
    return value if isinstance(value, str) and value in _METHODS else None


def _dpi(value: object) -> int | None:
    dpi = _count(value)
    return dpi if dpi is not None and _LEAST_DPI <= dpi <= _MOST_DPI else None


def _kinds(value: object) -> frozenset[str] | None:
    if not isinstance(value, list) or not all(isinstance(name, str) and name in KINDS for name in value):
        return None
    return frozenset(value) if len(set(value)) == len(value) else None


_TEXT = _Value(_text, "must be a text that is not empty")
_COUNT = _Value(_count, "must be a whole number from 1 on")
_BOUND = _Value(_size, 'must be a whole number from 1 on, or a size such as "10 MiB"')
_DAYS = _Value(_days, f"must be a whole number of days from 1 to {_MOST_DAYS}")
_HOURS = _Value(_hours, f"must be a whole number of hours from 0 (never) to {_MOST_HOURS}")
_RULING = _Value(_action, 'must be "keep", "normalize" or "reject"')
_LEVEL = _Value(_level, 'must be "full" or "no-open"')
_LINKS = _Value(_links, 'must be "drop" or "keep_web"')
_METHOD = _Value(_method, 'must be "print" or "raster"')
_DPI = _Value(_dpi, f"must be a whole number from {_LEAST_DPI} to {_MOST_DPI}")
_KINDS = _Value(_kinds, "must be a list of different kinds")
