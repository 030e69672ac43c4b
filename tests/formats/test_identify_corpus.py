"""Identification at its targets, on real files: who is let in, who bounces, how long it takes."""

import time
from pathlib import Path

import pytest

from attachguard.formats.identify import identify
from attachguard.kinds import BY_EXTENSION, KINDS
from attachguard.model import Action, Limits
from attachguard.policy import Policy
from tests.corpus import CorpusFile, corpus, needs_corpus

pytestmark = [needs_corpus, pytest.mark.corpus]

PERFECT = frozenset({"docx", "gif", "jpeg", "pdf", "png", "xlsx"})
"""Kinds of which no good file may bounce."""

TEXTUAL = frozenset({"csv", "eml", "html", "txt", "xhtml", "xml"})

LIMITS = Limits()


def extension_of(path: Path) -> str:
    return path.suffix.removeprefix(".").lower()


def taken_as(file: CorpusFile, extension: str, policy: Policy) -> str | None:
    """The kind a file is let in as under an extension; the name is not held against it."""
    found = identify(file.path.read_bytes(), extension, LIMITS)
    rejected = any(policy.judge(None, [finding]).action is Action.REJECT for finding in found.findings)
    return None if rejected else found.kind


def good(group: str) -> list[CorpusFile]:
    return [
        file
        for file in corpus("types.csv")
        if file.set == group and file.true_type in KINDS and extension_of(file.path) in BY_EXTENSION
    ]


def test_good_files_are_let_in_as_what_they_are(policy: Policy) -> None:
    files = good("good")
    wrong = {file: taken_as(file, extension_of(file.path), policy) for file in files}
    wrong = {file: kind for file, kind in wrong.items() if kind != file.true_type}
    assert len(wrong) <= 0.005 * len(files), wrong
    assert [file for file in wrong if file.true_type in PERFECT] == []


def test_good_files_with_quirks_are_let_in(policy: Policy) -> None:
    files = good("edge_good")
    wrong = [file for file in files if taken_as(file, extension_of(file.path), policy) != file.true_type]
    assert len(wrong) <= 0.02 * len(files), wrong


def test_what_is_not_accepted_is_let_in_under_no_name_but_as_text(policy: Policy) -> None:
    strangers = [file for file in corpus("types.csv") if file.set.endswith("nonaccepted") and file.true_type == "other"]
    slipped = [
        (file.path.name, kind.extension, taken)
        for file in strangers
        for kind in KINDS.values()
        if (taken := taken_as(file, kind.extension, policy)) is not None
        and taken not in TEXTUAL
        and not _misnamed(file)
    ]
    assert slipped == []


def test_files_that_are_two_things_are_let_in_as_neither(policy: Policy) -> None:
    both = [file for file in corpus("types.csv") if file.set == "polyglot" and file.true_type == "poly"]
    taken = {file: taken_as(file, extension_of(file.path), policy) for file in both}
    named = {file: kind for file, kind in taken.items() if kind is not None and kind in _kinds_named(file)}
    assert named == {}


def test_identification_takes_little_time() -> None:
    times = []
    for file in good("good"):
        data = file.path.read_bytes()
        began = time.process_time()
        identify(data, extension_of(file.path), LIMITS)
        times.append(time.process_time() - began)
    times.sort()
    assert times[len(times) // 2] < 0.002
    assert times[int(len(times) * 0.99)] < 0.05


def _misnamed(file: CorpusFile) -> bool:
    """A Word 97 document that somebody called .docm is of an accepted type after all."""
    return extension_of(file.path) == "docm" and file.path.read_bytes().startswith(b"\xd0\xcf\x11\xe0")


def _kinds_named(file: CorpusFile) -> set[str]:
    extension = extension_of(file.path)
    return {BY_EXTENSION[extension].name} if extension in BY_EXTENSION else set()
