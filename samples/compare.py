"""The whole expected answer beside the whole answer that was given: one line for every difference."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from attachguard import Finding, SubmissionVerdict, Verdict
from attachguard.kinds import KINDS, Kind
from samples.cases import Case, ExpectedDelivery, ExpectedFile

KIND_OF_MEDIA_TYPE = {kind.media_type: kind.name for kind in KINDS.values()}


def differences(case: Case, verdict: SubmissionVerdict, built: Path) -> tuple[str, ...]:
    """Say what of a verdict is not as the case demands; `built` is the folder with the case's files."""
    lines = [
        *_differ("verdict", case.verdict, verdict.outcome),
        *_differ("reasons", _listed(case.reasons), _codes(verdict.reasons)),
        *_differ("number of files", len(case.files), len(verdict.verdicts)),
    ]
    for file, got in zip(case.files, verdict.verdicts, strict=False):
        lines += [f"{file.stored_as}: {line}" for line in _file_differences(file, got, built / file.stored_as)]
    return tuple(f"{case.name}: {line}" for line in lines)


def _file_differences(file: ExpectedFile, got: Verdict, sent: Path) -> Iterator[str]:
    if got.trouble:
        # Nothing else was found out: the one line that says why is worth more than ten that follow from it.
        yield f"verdict: expected {file.verdict}, got {got.outcome} ({got.trouble.code}: {got.trouble.detail})"
        return
    yield from _differ("verdict", file.verdict, got.outcome)
    yield from _differ("kind", file.kind, _kind_name(got.attachment.kind))
    yield from _differ("findings", _listed(file.findings), _codes(got.original.findings))
    yield from _differ("reasons", _listed(file.reasons), _codes(got.reasons))
    expected = [f"{child.verdict} {child.kind}".strip() for child in file.children]
    yield from _differ("files inside", sorted(expected), sorted(child_word(child) for child in got.original.children))
    yield from _delivery_differences(file.delivered, got, sent)


def _delivery_differences(expected: ExpectedDelivery | None, got: Verdict, sent: Path) -> Iterator[str]:
    if expected is None or got.delivered is None:
        yield from _differ(
            "delivered", "something" if expected else "nothing", "something" if got.delivered else "nothing"
        )
        return
    yield from _differ("delivered name", expected.name, got.delivered.name)
    yield from _differ("delivered kind", expected.kind, KIND_OF_MEDIA_TYPE.get(got.delivered.media_type, ""))
    yield from _differ("delivered byte for byte", expected.identical, is_identical(got, sent))


def is_identical(verdict: Verdict, sent: Path) -> bool:
    """Tell whether the file in the store, not only its record, is what was sent."""
    if verdict.delivered is None:
        return False
    stored = Path(verdict.delivered.location).read_bytes()
    digest = hashlib.sha256(stored).hexdigest()
    if (digest, len(stored)) != (verdict.delivered.sha256, verdict.delivered.size):
        raise AssertionError(f"the store holds something else than {verdict.delivered} says")
    return stored == sent.read_bytes()


def child_word(child: Verdict) -> str:
    """Describe the verdict on a file inside in two words."""
    return f"{child.outcome} {_kind_name(child.attachment.kind)}".strip()


def _kind_name(kind: Kind | None) -> str:
    return kind.name if kind else ""


def _codes(findings: Iterable[Finding]) -> str:
    return _listed({finding.code for finding in findings})


def _listed(codes: Iterable[str]) -> str:
    return ", ".join(sorted(codes)) or "none"


def _differ(what: str, expected: object, got: object) -> Iterator[str]:
    if expected != got:
        yield f"{what}: expected {expected or 'none'}, got {got or 'none'}"
