"""The nouns hold what they promise: bounded, printable, frozen."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attachguard.model import DETAIL_LENGTH, WHERE_LENGTH, Finding, Outcome, printable


@given(st.text(max_size=2000))
def test_a_finding_is_bounded_and_printable_whatever_a_file_says(text: str) -> None:
    finding = Finding("pdf.launch", where=text, detail=text)
    assert len(finding.where) <= WHERE_LENGTH
    assert len(finding.detail) <= DETAIL_LENGTH
    assert finding.detail.encode().decode() == finding.detail  # no lone surrogate is left
    assert not any(ord(char) < 32 or char in "\u202e\u2028" for char in finding.where + finding.detail)


def test_a_code_that_is_not_in_the_catalogue_does_not_travel() -> None:
    with pytest.raises(ValueError, match="not in the catalogue"):
        Finding("pdf.made_up")


def test_control_characters_are_shown_not_obeyed() -> None:
    assert printable("a\x1b[31mb\u202ec", 100) == "a\\u001b[31mb\\u202ec"


def test_a_long_text_is_cut_visibly() -> None:
    assert printable("x" * 50, 10) == "xxxxxxxxx…"


def test_nouns_are_frozen() -> None:
    finding = Finding("pdf.launch")
    with pytest.raises(dataclasses.FrozenInstanceError):
        finding.code = "pdf.signed"  # type: ignore[misc] # the assignment is the test


def test_malware_is_the_worst_and_not_knowing_is_worse_than_a_refusal() -> None:
    order = sorted(Outcome, key=lambda outcome: outcome.severity)
    assert [o.value for o in order] == ["accepted", "normalized", "rejected", "undetermined", "infected"]
