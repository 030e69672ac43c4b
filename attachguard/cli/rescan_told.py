"""What `attachguard rescan` says of a batch, for people and as JSON; and with which exit code it ends."""

import msgspec
import typer

from attachguard.batches import BatchState, Estimate, Line, Schedule, Summary, Tally
from attachguard.cli.console import plain, terminal
from attachguard.errors import Unavailable
from attachguard.rescan_documents import estimate_document, report_document, schedule_document

LINES = 20
"""So much of what changed or failed is shown; all of it is in the report."""

LINES_OF_JSON = 1000


def tell(summary: Summary) -> None:
    """Say how far a batch is, and what changed or failed so far."""
    console, batch, tally = terminal(), summary.batch, summary.batch.tally
    more = "" if batch.listed or batch.finished_at else ", and more are being listed"
    console.print(f"batch {batch.id}: {batch.state.value}, {tally.done} of {tally.found} objects{more}")
    if batch.state is BatchState.DONE and not tally.found:
        console.print("there is nothing stored that this selects")
        return
    console.print(f"{tally.unchanged} unchanged, {tally.changed} changed, {tally.failed} could not be judged")
    console.print(f"{tally.scans} contents judged, {tally.bytes} bytes read, {tally.requests} S3 requests")
    for line in summary.lines:
        console.print(f"  {_said(line)}")
    if summary.more:
        console.print(f"  and {summary.more} more: attachguard rescan report {batch.id}")


def tell_of_workers(batch: str) -> None:
    """Say who goes on with a batch that nobody works on here."""
    terminal().print(f"running workers go on with it, or you: attachguard rescan work {batch}")


def tell_estimate(estimate: Estimate) -> None:
    """Say what a batch would do."""
    document, console = estimate_document(estimate), terminal()
    for kind, number in document.kinds.items():
        console.print(f"  {number:>9}  {plain(kind or 'unknown')}")
    console.print(f"{document.objects} objects, {document.contents} different contents, {document.bytes} bytes")
    console.print(f"about {document.seconds:g} s for one worker, {document.requests} S3 requests")


def tell_schedule(schedule: Schedule) -> None:
    """Say what starts batches by itself."""
    document, console = schedule_document(schedule), terminal()
    if not schedule.after_signatures and schedule.nightly is None:
        console.print("nothing starts by itself: --after-signatures, --nightly 02:30")
    for field in document.__struct_fields__:
        console.print(f"{field.replace('_', ' ')}: {_value(getattr(document, field))}")


def print_document(document: object) -> None:
    """Print the answer as JSON."""
    print(shown(document))  # noqa: T201 - the answer


def print_summary(summary: Summary) -> None:
    """Print what a batch amounts to as JSON."""
    print_document(report_document(summary))


def shown(document: object) -> str:
    """Write a document as JSON for people."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def exit_by(tally: Tally) -> None:
    """End with 3 when something could not be judged, with 1 when a verdict changed."""
    if tally.failed:
        raise typer.Exit(Unavailable.exit_code)
    if tally.changed:
        raise typer.Exit(1)


def _said(line: Line) -> str:
    why = ", ".join(line.reasons) or f"{line.trouble} {line.detail}"
    before = line.before.outcome.value if line.before else "unknown"
    now = line.outcome.value if line.outcome else "?"
    return f"{line.result.value}: {before} -> {now}  {plain(line.name, 60)}  {plain(why)}"


def _value(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case _:
            return plain(str(value))
