"""A policy: limits, accepted kinds and what each finding means. `judge` is pure; loading names the line.

A policy is a TOML file (policies/README.md). What it does not rule on is rejected.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import MappingProxyType

from attachguard.errors import PolicyError
from attachguard.findings import FINDINGS
from attachguard.kinds import KINDS, Kind
from attachguard.model import Action, Finding, Flatten, Limits, Mismatch, SignatureRules
from attachguard.policy_file import INERT_AS, Source, read_source

DEFAULT = "marketplace"

REDRAWN = frozenset({"file.malformed", "type.trailing_data", "type.truncated", "part.rejected", "part.normalized"}) | {
    code for code in FINDINGS if code.startswith("pdf.")
}
"""Findings about an original that say nothing about pages drawn anew from it. Malware, passwords, limits, doubts about
the type and what broke the room are not among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a policy rules on a set of findings."""

    action: Action
    deciding: tuple[Finding, ...]
    """The findings whose ruling is the action; empty when everything is kept, or when the policy wants a copy of
    every file of this kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What becomes of a file whose name says another kind than its bytes are; a pair that is not here is a mismatch."""

    rename: Mapping[str, frozenset[str]]
    """By the kind a name says: the kinds as which such a file is treated, under their own extension."""
    inert: frozenset[str]
    """Kinds that stay plain text where the name says `.txt`: a text editor shows them as they are."""

    def code(self, mismatch: Mismatch) -> str:
        """Give the finding that a mismatch is under this policy."""
        named, found = mismatch.named.name, mismatch.found.name
        if named == INERT_AS and found in self.inert:
            return "type.inert"
        return "type.renamed" if found in self.rename.get(named, ()) else "type.mismatch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a file may be and what each finding means.

    `rulings` says `keep`, `normalize` or `reject` per finding code; a code it does not have is rejected. `kinds`
    says the same for a file in which nothing is found; a kind it does not have is rejected.
    """

    name: str
    version: int
    title: str
    limits: Limits
    kinds: Mapping[str, Action]
    copies: Mapping[str, str]
    """By kind: the one way in which its copies are made; where it says nothing, all of the kind's are tried."""
    rulings: Mapping[str, Action]
    names: Names
    require: str
    """The layers a room must have: `full` or `no-open`."""
    signatures: SignatureRules
    """What the scanner's signatures must be like."""
    retry_days: int = 7
    """Days for which a refused file can be tried again by another method; what is held is never held longer than the
    quarantine holds it."""
    method: str = ""
    """The only method by which a copy is made; empty: those of the kind, best first."""

    @property
    def label(self) -> str:
        """Name and version, as every verdict carries it: `marketplace@1`."""
        return f"{self.name}@{self.version}"

    def judge(self, kind: Kind | None, findings: Iterable[Finding]) -> Judgement:
        """Rule on what was found: the strictest ruling wins, an unknown code or kind is a no.

        `kind` is None as long as nobody has looked: then the findings speak alone.
        """
        ruled = [(self.rulings.get(finding.code, Action.REJECT), finding) for finding in findings]
        if kind is not None and kind.name not in self.kinds:
            ruled.append((Action.REJECT, Finding("type.not_accepted", detail=kind.title)))
        base = self.kinds.get(kind.name, Action.REJECT) if kind is not None else Action.KEEP
        action = max((base, *(ruling for ruling, _ in ruled)))
        if action is Action.KEEP:
            return Judgement(action=action, deciding=())
        return Judgement(action=action, deciding=tuple(finding for ruling, finding in ruled if ruling is action))

    def methods(self, kind: Kind) -> tuple[str, ...]:
        """Name the ways to make a copy of a kind, best first: those it has, but for what the policy leaves out."""
        if self.method:
            return tuple(method for method in kind.methods if method == self.method)
        if kind.name in self.copies:
            return (self.copies[kind.name],)
        if self.limits.flatten.method != "raster" or "raster" not in kind.methods:
            return kind.methods
        return tuple(method for method in kind.methods if method == "raster")

    def for_normalized(self) -> "Policy":
        """Give the policy for our own copies: what would be normalized in a stranger's file must not be there."""
        harder = {code: _harden(action) for code, action in self.rulings.items()}
        return dataclasses.replace(
            self,
            rulings=MappingProxyType(harder),
            kinds=MappingProxyType(dict.fromkeys(self.kinds, Action.KEEP)),
        )

    def for_retry(self, method: str) -> "Policy":
        """Give the policy for a file whose sender wants a copy made by one method, whatever was found.

        What such a copy can't have any more (REDRAWN) is no reason to refuse the original; the copy itself is held to
        everything. Malware stays malware. An empty method changes nothing.
        """
        if not method:
            return self
        softer = {
            code: Action.NORMALIZE if code in REDRAWN and action is Action.REJECT else action
            for code, action in self.rulings.items()
        }
        kinds = {
            name: Action.NORMALIZE if method in KINDS[name].methods else action for name, action in self.kinds.items()
        }
        return dataclasses.replace(self, rulings=MappingProxyType(softer), kinds=MappingProxyType(kinds), method=method)


def _harden(action: Action) -> Action:
    return Action.REJECT if action is Action.NORMALIZE else action


def available() -> tuple[str, ...]:
    """Name the policies that ship with attachguard."""
    return tuple(sorted(p.name.removesuffix(".toml") for p in _shipped().iterdir() if p.name.endswith(".toml")))


def load_policy(name_or_path: str = DEFAULT) -> Policy:
    """Load a shipped policy by its name, or any policy by the path of its file.

    Raises PolicyError, which names the file and the line, for a file that is missing or wrong: unknown keys, codes
    or kinds, values of the wrong type, a policy that extends itself.
    """
    return _build(_resolve(name_or_path, seen=()))


def _shipped() -> resources.abc.Traversable:
    """Find policies/ in a wheel (inside the package) or beside the package in a checkout."""
    packaged = resources.files("attachguard") / "policies"
    if packaged.is_dir():
        return packaged
    return Path(__file__).resolve().parent.parent / "policies"


def _resolve(name_or_path: str, seen: tuple[str, ...]) -> Source:
    """Read a policy and lay it over the one it extends."""
    if name_or_path in seen:
        raise PolicyError(f"policy {name_or_path!r} extends itself: {' -> '.join((*seen, name_or_path))}")
    source = _read(name_or_path)
    if source.extends is None:
        return source
    return source.over(_resolve(source.extends, (*seen, name_or_path)))


def _read(name_or_path: str) -> Source:
    if name_or_path in available():
        return read_source(f"policy {name_or_path}", (_shipped() / f"{name_or_path}.toml").read_bytes())
    path = Path(name_or_path)
    if path.suffix != ".toml" and not path.exists():
        raise PolicyError(
            f"there is no policy called {name_or_path!r}: name one of {', '.join(available())}, or the path of a file"
        )
    try:
        return read_source(str(path), path.read_bytes())
    except OSError as error:
        raise PolicyError(f"policy {path} can't be read: {error.strerror}") from error


def _build(source: Source) -> Policy:
    missing = [key for key in ("name", "version", "title") if getattr(source, key) is None]
    if missing:
        raise PolicyError(f"{source.label}: {missing[0]} is missing")
    return Policy(
        name=source.name or "",
        version=source.version or 0,
        title=source.title or "",
        limits=Limits(**source.limits, flatten=_flatten(source)),
        kinds=MappingProxyType(dict(source.kinds)),
        copies=MappingProxyType(dict(source.copies)),
        rulings=MappingProxyType(dict(source.rulings)),
        names=Names(rename=MappingProxyType(dict(source.rename)), inert=source.inert or frozenset()),
        require=source.require or "full",
        signatures=SignatureRules(**source.signatures),
        retry_days=source.retries.get("days", 7),
    )


def _flatten(source: Source) -> Flatten:
    usual = Flatten()
    return Flatten(links=source.links or usual.links, dpi=source.dpi or usual.dpi, method=source.method or usual.method)


def lint(name_or_path: str) -> tuple[str, ...]:
    """Say what a valid policy leaves open: codes and kinds it does not rule on (rejected), a warning never given."""
    policy = load_policy(name_or_path)
    codes = [f"no ruling on {code}: it is rejected" for code in FINDINGS if code not in policy.rulings]
    kinds = [f"kind {name} is not named: it is rejected" for name in KINDS if name not in policy.kinds]
    unmade = [
        f"kind {name} is ruled normalize, and no safe copy can be made of it: every such file is rejected"
        for name, action in policy.kinds.items()
        if action is Action.NORMALIZE and not KINDS[name].methods
    ]
    days = policy.signatures
    unwarned = days.warn_after_days >= days.refuse_after_days
    late = ["signatures are refused before anybody is warned: warn_after_days must be below refuse_after_days"]
    return (*codes, *kinds, *unmade, *(late if unwarned else ()))
