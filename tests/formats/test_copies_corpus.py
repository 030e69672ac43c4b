"""Real pictures and texts, where there are some: they are delivered, and their copies show the same."""

from collections.abc import Mapping

import pytest

from tests.corpus import corpus, needs_corpus
from tests.formats.fidelity import KINDS, PAGES, Judged, judged

pytestmark = [needs_corpus, pytest.mark.corpus]

DELIVERED = 0.995
WORDS = 0.995
SHOWABLE = 0.97
"""Some of the good files come out of the test suites of decoders, and are of a sort that no program opens."""


@pytest.fixture(scope="module")
def files() -> Mapping[str, list[Judged]]:
    found: dict[str, list[Judged]] = {kind: [] for kind in sorted(KINDS)}
    for file in corpus("types.csv"):
        if file.set in {"good", "edge_good"} and file.true_type in KINDS:
            extension = file.path.suffix.removeprefix(".").lower()
            found[file.true_type].append(judged(file.true_type, file.path.read_bytes(), extension))
    return found


def test_good_files_are_delivered(files: Mapping[str, list[Judged]]) -> None:
    every = [one for several in files.values() for one in several]
    showable = [one for one in every if one.showable]
    assert len(showable) >= SHOWABLE * len(every)
    assert sum(one.delivered for one in showable) >= DELIVERED * len(showable)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_copy_is_made_of_every_good_file_and_believed(kind: str, files: Mapping[str, list[Judged]]) -> None:
    assert [one for one in files[kind] if one.showable and not one.copied] == []


@pytest.mark.parametrize("kind", sorted(KINDS - PAGES))
def test_copies_show_the_same_pixels_text_cells_or_data(kind: str, files: Mapping[str, list[Judged]]) -> None:
    assert {one.likeness for one in files[kind]} <= {1.0}


@pytest.mark.parametrize("kind", sorted(PAGES))
def test_copies_of_pages_keep_their_words(kind: str, files: Mapping[str, list[Judged]]) -> None:
    assert all(one.likeness >= WORDS for one in files[kind])
