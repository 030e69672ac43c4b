"""`attachguard rescan`: judge again what is stored, watch it, and read what came of it."""

import enum
import getpass
import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from attachguard.adapters.processes import name_process
from attachguard.batches import (
    Batch,
    BatchState,
    Request,
    Schedule,
    Selection,
    Window,
    usual_end,
    usual_mode,
)
from attachguard.bootstrap import open_service
from attachguard.cli import rescan_options as given
from attachguard.cli import rescan_told as told
from attachguard.cli.console import terminal
from attachguard.cli.rescan_progress import Watch
from attachguard.errors import UsageError
from attachguard.rescan_documents import batch_document, estimate_document, report_document, schedule_document
from attachguard.rescan_pages import csv_lines, html_page
from attachguard.service import Service
from attachguard.settings import load_settings

app = typer.Typer(help="Judge again what is stored.", invoke_without_command=True)

_TEND_SECONDS = 1.0
_IDLE_SECONDS = 0.2

Id = Annotated[str, typer.Argument(metavar="BATCH", help="As `rescan list` shows it.")]
Json = Annotated[bool, typer.Option("--json", help="JSON.")]


class Format(enum.StrEnum):
    """What a report is written as."""

    JSON = "json"
    CSV = "csv"
    HTML = "html"


@app.callback()
def rescan(
    context: typer.Context,
    older_than_signatures: given.OlderThanSignatures = False,
    policy_changed: given.PolicyChanged = False,
    build_changed: given.BuildChanged = False,
    older_than: given.OlderThan = None,
    prefix: given.Prefix = "",
    kind: given.Kinds = None,
    tenant: given.Tenants = None,
    verdict: given.Verdicts = None,
    name: given.Names = None,
    names: given.NamesFrom = None,
    everything: given.Everything = False,
    adopt: given.Adopt = None,
    mode: given.How = None,
    on_infected: given.OnHit = None,
    rate: given.Rate = None,
    window: given.Hours = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count and estimate, no more.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Leave it to running workers.")] = False,
    json: Json = False,
) -> None:
    """Judge again what is stored; this process works on it, together with any running workers.

    Exit 1 when a verdict changed, 3 when something could not be judged. Ctrl-C leaves it to the workers: `rescan work`
    goes on here.
    """
    if context.invoked_subcommand is not None:
        return
    selection = Selection(
        older_than_signatures=older_than_signatures,
        policy_changed=policy_changed,
        build_changed=build_changed,
        older_than=given.read_age(older_than) if older_than else None,
        prefix=prefix,
        kinds=tuple(kind or ()),
        tenants=tuple(tenant or ()),
        verdicts=tuple(verdict or ()),
        names=(*(name or ()), *(given.read_names(names) if names else ())),
    )
    if selection == Selection() and not everything and adopt is None:
        raise UsageError("say what is to be judged again: --older-than-signatures, --older-than 30d, ..., or --all")
    request = Request(
        selection=selection,
        source=given.read_place(adopt),
        mode=mode or usual_mode(adopt),
        on_infected=on_infected or usual_end(adopt),
        rate=rate,
        window=Window.parse(window) if window else None,
        actor=getpass.getuser(),
    )
    with open_service(load_settings()) as service:
        if dry_run:
            _estimate(service, request, json)
        elif detach:
            _show(service, service.rescan.begin(request).id, json)
        else:
            _work(service, service.rescan.begin(request).id, json)


@app.command("work")
def work(batch: Id, json: Json = False) -> None:
    """Work on a batch here until it ends. Exit codes are those of `rescan`."""
    with open_service(load_settings()) as service:
        service.rescan.find(batch)
        _work(service, batch, json)


@app.command("watch")
def watch(batch: Id, json: Json = False) -> None:
    """Show how a batch goes on until it ends; workers do it. Exit codes are those of `rescan`."""
    with open_service(load_settings()) as service:
        with Watch(quiet=json) as shown:
            while not _ended(found := service.rescan.find(batch)):
                shown.update(found)
                time.sleep(_TEND_SECONDS)
            shown.update(found)
        _end(service, batch, json)


@app.command("list")
def list_batches(
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")] = 20, json: Json = False
) -> None:
    """List batches, newest first."""
    with open_service(load_settings()) as service:
        found = [batch_document(batch) for batch in service.ledger.batches(limit)]
    if json:
        told.print_document(found)
        return
    table = Table("batch", "state", "mode", "found", "unchanged", "changed", "failed", "begun", box=None)
    for one in found:
        counts = (one.counts.found, one.counts.unchanged, one.counts.changed, one.counts.failed)
        table.add_row(one.id, one.state, one.mode, *map(str, counts), f"{one.created_at:%Y-%m-%d %H:%M} UTC")
    terminal().print(table)


@app.command("show")
def show(batch: Id, json: Json = False) -> None:
    """Show how far a batch is, and what changed or failed so far."""
    with open_service(load_settings()) as service:
        _show(service, batch, json)


@app.command("pause")
def pause(batch: Id) -> None:
    """Hand out no more of a batch."""
    with open_service(load_settings()) as service:
        terminal().print(service.rescan.pause(batch, getpass.getuser()).state.value)


@app.command("resume")
def resume(batch: Id) -> None:
    """Go on with a batch that was paused."""
    with open_service(load_settings()) as service:
        terminal().print(service.rescan.resume(batch, getpass.getuser()).state.value)


@app.command("cancel")
def cancel(batch: Id) -> None:
    """End a batch; what was judged stays judged."""
    with open_service(load_settings()) as service:
        terminal().print(service.rescan.cancel(batch, getpass.getuser()).state.value)


@app.command("report")
def report(
    batch: Id,
    form: Annotated[Format, typer.Option("--format", "-f", help="What it is written as.")] = Format.JSON,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Into this file.")] = None,
) -> None:
    """Write what came of a batch: counts by kind, age and signatures, and all that changed or failed."""
    with open_service(load_settings()) as service:
        if form is Format.CSV:
            service.rescan.find(batch)
            text = "".join(csv_lines(service.ledger.lines(batch)))
        else:
            summary = service.rescan.summary(batch)
            text = html_page(summary) if form is Format.HTML else told.shown(report_document(summary)) + "\n"
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{out} can't be written: {error.strerror}") from error


@app.command("schedule")
def schedule(
    after_signatures: given.AfterSignatures = None,
    settle: given.Settle = None,
    nightly: given.Nightly = None,
    older_than: given.NightlyOlderThan = None,
    not_nightly: given.NotNightly = False,
    rate: given.AnyRate = None,
    window: given.AnyHours = None,
    on_infected: given.OnScheduledHit = None,
    json: Json = False,
) -> None:
    """Show or change what starts batches by itself; options that are not given stay as they are. Times are UTC."""
    with open_service(load_settings()) as service:
        before = service.rescan.plan() or Schedule(after_signatures=False)
        plan = Schedule(
            after_signatures=before.after_signatures if after_signatures is None else after_signatures,
            settle=given.read_age(settle) if settle else before.settle,
            nightly=given.changed(before.nightly, given.NONE if not_nightly else nightly, given.read_clock),
            nightly_older_than=given.changed(before.nightly_older_than, older_than, given.read_age),
            rate=before.rate if rate is None else rate or None,
            window=given.changed(before.window, window, Window.parse),
            on_infected=on_infected or before.on_infected,
        )
        if plan != before:
            service.rescan.set_plan(plan, getpass.getuser())
    if json:
        told.print_document(schedule_document(plan))
    else:
        told.tell_schedule(plan)


def _work(service: Service, batch: str, json: bool) -> None:
    """Work until a batch has ended. Whoever submits meanwhile has workers of their own: no way is made here."""
    try:
        with Watch(quiet=json) as shown:
            _work_through(service, batch, shown)
    except KeyboardInterrupt:
        told.tell_of_workers(batch)
        raise
    _end(service, batch, json)


def _work_through(service: Service, batch: str, shown: Watch) -> None:
    owner = name_process(os.getpid())
    tended = 0.0
    while not _ended(found := service.rescan.find(batch)):
        shown.update(found)
        if found.state is BatchState.PAUSED:
            time.sleep(_TEND_SECONDS)
            continue
        worked = service.rescan.work(owner, only=batch)
        if not worked or time.monotonic() - tended >= _TEND_SECONDS:
            service.rescan.tend()
            tended = time.monotonic()
        if not worked:
            time.sleep(_IDLE_SECONDS)
    shown.update(found)


def _ended(batch: Batch) -> bool:
    return batch.finished_at is not None


def _show(service: Service, batch: str, json: bool) -> None:
    """Tell how far a batch is."""
    if json:
        told.print_summary(service.rescan.summary(batch, told.LINES_OF_JSON))
        return
    summary = service.rescan.summary(batch, told.LINES)
    told.tell(summary)
    if summary.batch.state is BatchState.RUNNING:
        told.tell_of_workers(batch)


def _end(service: Service, batch: str, json: bool) -> None:
    """Tell what came of a batch that ended, and end with the exit code that says so."""
    _show(service, batch, json)
    told.exit_by(service.rescan.find(batch).tally)


def _estimate(service: Service, request: Request, json: bool) -> None:
    estimate = service.rescan.estimate(request)
    if json:
        told.print_document(estimate_document(estimate))
    else:
        told.tell_estimate(estimate)
