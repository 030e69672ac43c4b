"""Every verdict is counted once, in whatever order the ledger's transactions come to their end."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from attachguard.http.metrics import OVERLAP, PAGE, Figures
from attachguard.jobs import Judged
from attachguard.model import Outcome

START = datetime(2026, 11, 1, tzinfo=UTC)


class Book:
    """A register of verdicts that a test writes into."""

    def __init__(self) -> None:
        self.judged: list[Judged] = []

    def judged_since(self, since: datetime, limit: int) -> Sequence[Judged]:
        return sorted((one for one in self.judged if one.at >= since), key=lambda one: one.at)[:limit]

    def oldest_waiting(self) -> datetime | None:
        return None

    def write(self, name: str, seconds: float) -> None:
        at = START + timedelta(seconds=seconds)
        self.judged.append(
            Judged(attachment=name, kind="txt", outcome=Outcome.ACCEPTED, reasons=(), stages={"scan": 0.01}, at=at)
        )


def counted(figures: Figures) -> int:
    text = figures.render({}).decode()
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    return int(sum(one.value for one in samples if one.name == "attachguard_files_total"))


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def figures(book: Book) -> Figures:
    return Figures(book, lambda: START)  # type: ignore[arg-type]  # the two questions that figures ask


def test_what_was_judged_before_this_process_is_not_counted_and_nothing_twice(book: Book, figures: Figures) -> None:
    book.write("before", -1)
    book.write("a", 1)
    assert [counted(figures), counted(figures)] == [1, 1]
    book.write("b", 1)  # at the same moment
    assert [counted(figures), counted(figures)] == [2, 2]


def test_a_transaction_that_ends_late_is_counted_too(book: Book, figures: Figures) -> None:
    book.write("quick", 100)
    assert counted(figures) == 1
    book.write("slow", 100 - OVERLAP.total_seconds() + 1)
    assert [counted(figures), counted(figures)] == [2, 2]


def test_many_are_counted_page_by_page_and_forgotten_when_they_are_old(book: Book, figures: Figures) -> None:
    for number in range(2 * PAGE + 7):
        book.write(str(number), number / 10)
    assert counted(figures) == 2 * PAGE + 7
    book.write("much later", 10_000)
    assert [counted(figures), counted(figures)] == [2 * PAGE + 8] * 2
    assert len(figures._seen) == 1
