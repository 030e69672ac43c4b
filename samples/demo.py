"""The main job on every sample: `python -m samples.demo [DIR]`. Exit 0 when each got what its case demands, else 1.

Samples are built below `build/samples`, what is delivered lands below `build/demo`; DIR stands for `build`. The
scanner is the one the settings of the environment name.
"""

import dataclasses
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from attachguard import (
    AttachguardError,
    Kit,
    Outcome,
    Policy,
    Settings,
    SubmissionVerdict,
    Verdict,
    load_policy,
    load_settings,
    open_kit,
)
from attachguard.model import printable
from attachguard.policy import DEFAULT
from samples.build import build
from samples.cases import Case, CaseError
from samples.compare import differences, is_identical
from samples.judge import judge

STYLES = {
    Outcome.ACCEPTED: "green",
    Outcome.NORMALIZED: "cyan",
    Outcome.REJECTED: "yellow",
    Outcome.INFECTED: "bold red",
    Outcome.UNDETERMINED: "magenta",
}
WIDTH = 160
"""Columns of the table where there is no terminal to fit it to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One case, its answer, and what of the answer is not as demanded."""

    case: Case
    built: Path
    verdict: SubmissionVerdict
    differences: tuple[str, ...]


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "build").absolute()
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    try:
        return run(folder, console)
    except (CaseError, AttachguardError) as error:
        console.print(f"[bold red]demo:[/] {_shown(str(error))}")
        return 1


def run(folder: Path, console: Console) -> int:
    """Build, judge, show. Raises CaseError for a wrong case, AttachguardError when a part of ours can't work."""
    began = time.perf_counter()
    samples = folder / "samples"
    cases = build(samples)
    policies = {name: load_policy(name) for name in (DEFAULT, *(case.policy for case in cases))}
    with open_kit(_settings(folder / "demo"), policies[DEFAULT]) as kit:
        judged = tuple(_judged(case, samples, policies[case.policy], kit) for case in _followed(cases, console))
        console.print(table(judged))
        _warn(kit, console)
    wrong = [line for row in judged for line in row.differences]
    for line in wrong:
        console.print(f"[bold red]✗[/] {_shown(line)}", soft_wrap=True)
    console.print(summary(judged, time.perf_counter() - began))
    console.print(f"Delivered files lie below {_shown(str(folder / 'demo' / 'clean'))}.")
    return 1 if wrong else 0


def _settings(folder: Path) -> Settings:
    """Take the scanner from the environment, and keep the demo's files and verdicts to the demo."""
    folder.mkdir(parents=True, exist_ok=True)
    return dataclasses.replace(
        load_settings(), store_url=f"file://{folder}/clean", ledger_url=f"sqlite:///{folder}/ledger.sqlite3"
    )


def _judged(case: Case, samples: Path, policy: Policy, kit: Kit) -> Judged:
    built = samples / case.name
    verdict = judge(case, built, policy, kit)
    return Judged(case=case, built=built, verdict=verdict, differences=differences(case, verdict, built))


def _followed(cases: Sequence[Case], console: Console) -> Iterator[Case]:
    """Show on a terminal how far it is."""
    columns = (TextColumn("{task.description:<40}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("judging", total=len(cases))
        for case in cases:
            progress.update(task, description=case.name)
            yield case
            progress.advance(task)


def table(judged: Sequence[Judged]) -> Table:
    """Show per file: name, found type, verdict, reasons, what was delivered, time."""
    shown = Table(title="The samples, each through the whole pipeline", show_lines=False, expand=False)
    shown.add_column("case", style="bold", no_wrap=True)
    shown.add_column("file", overflow="fold")
    shown.add_column("type")
    shown.add_column("verdict")
    shown.add_column("reasons", overflow="fold")
    shown.add_column("delivered", overflow="fold")
    shown.add_column("seconds", justify="right")
    for row in judged:
        sign = "" if not row.differences else "[bold red]✗[/] "
        for number, (file, verdict) in enumerate(zip(row.case.files, row.verdict.verdicts, strict=True)):
            shown.add_row(
                sign + row.case.name if number == 0 else "",
                _shown(file.name, 40),
                verdict.attachment.kind.name if verdict.attachment.kind else "-",
                f"[{STYLES[verdict.outcome]}]{verdict.outcome}[/]",
                ", ".join(dict.fromkeys(reason.code for reason in verdict.reasons)),
                _delivered(verdict, row.built / file.stored_as),
                f"{verdict.seconds:.2f}",
            )
    return shown


def _delivered(verdict: Verdict, sent: Path) -> str:
    if verdict.delivered is None:
        return "[dim]nothing[/]"
    how = "as sent" if is_identical(verdict, sent) else "a safe copy"
    renamed = verdict.delivered.name != verdict.attachment.untrusted_name
    return f"{how}: {_shown(verdict.delivered.name, 40)}" if renamed else how


def _warn(kit: Kit, console: Console) -> None:
    """Say loudly what of the scanner is not as it should be where real files are judged."""
    weak = [check for check in kit.scanner.probe() if not check.ok]
    for check in weak:
        loud = check.required or check.name == "signatures"
        text = f"{check.name}: {check.detail}"
        console.print(Panel(_shown(text), title="NOT FOR REAL FILES YET", style="bold red") if loud else _shown(text))


def summary(judged: Sequence[Judged], seconds: float) -> str:
    """Say in one line how many there were of each verdict, and how many cases got what they demand."""
    words = Counter(verdict.outcome for row in judged for verdict in row.verdict.verdicts)
    counted = ", ".join(f"[{STYLES[word]}]{words[word]} {word}[/]" for word in Outcome if words[word])
    right = sum(not row.differences for row in judged)
    as_demanded = "all as demanded" if right == len(judged) else f"{len(judged) - right} not as demanded"
    return f"{words.total()} files in {len(judged)} cases: {counted}; {as_demanded}, in {seconds:.1f} seconds."


def _shown(text: str, length: int = 400) -> str:
    return escape(printable(text, length))


if __name__ == "__main__":
    sys.exit(main())
