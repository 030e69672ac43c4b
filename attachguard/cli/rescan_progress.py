"""How a batch goes on, for whoever looks: a bar on a terminal, a line now and then in a log."""

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from attachguard.batches import Batch

LINE_SECONDS = 10.0
"""How often a log gets a line."""


class Watch:
    """Shows a batch on stderr while it goes on."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._bar: Progress | None = None
        self._began = time.monotonic()
        self._first: int | None = None
        self._told = 0.0

    def __enter__(self) -> Self:
        if not self._quiet and sys.stderr.isatty():
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]:.1f}/s"),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[counts]}"),
                console=Console(stderr=True),
            )
            self._bar.add_task("re-scan", total=None, rate=0.0, counts="")
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, batch: Batch) -> None:
        """Show how far it is."""
        if self._quiet:
            return
        done = batch.tally.done
        if self._first is None:
            self._first = done
        rate = (done - self._first) / max(0.001, time.monotonic() - self._began)
        counts = f"{batch.tally.changed} changed, {batch.tally.failed} failed"
        if self._bar is not None:
            total = batch.tally.found if batch.listed else None
            self._bar.update(self._bar.task_ids[0], completed=done, total=total, rate=rate, counts=counts)
        elif time.monotonic() - self._told >= LINE_SECONDS or batch.finished_at is not None:
            self._told = time.monotonic()
            sys.stderr.write(f"{batch.state.value}: {line(batch, rate)}, {counts}\n")
            sys.stderr.flush()


def line(batch: Batch, rate: float) -> str:
    """Say in a few words how far a batch is, and when it will be done."""
    done, found = batch.tally.done, batch.tally.found
    if not batch.listed:
        return f"{done} of {found} found so far, {rate:.1f}/s"
    left = f", {(found - done) / rate:.0f} s left" if rate > 0 and done < found else ""
    return f"{done} of {found}, {rate:.1f}/s{left}"
