"""`attachguard rescan`: judge again what is stored, watch it, and read what came of it."""

import enum
import getpass
import os
import re
import sys
import time
from datetime import time as time_of_day
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from attachguard.adapters.processes import name_process
from attachguard.batches import (
    Batch,
    BatchState,
    Mode,
    OnInfected,
    Request,
    Schedule,
    Selection,
    Window,
)
from attachguard.bootstrap import open_service
from attachguard.cli.console import plain, terminal
from attachguard.cli.rescan_progress import Watch
from attachguard.errors import Unavailable, UsageError
from attachguard.model import Outcome
from attachguard.rescan_documents import batch_document, estimate_document, report_document, schedule_document
from attachguard.rescan_pages import csv_lines, html_page
from attachguard.service import Service
from attachguard.settings import load_settings

app = typer.Typer(help="Judge again what is stored.", invoke_without_command=True)

_AGE = re.compile(r"([0-9]{1,5})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_TEND_SECONDS = 1.0
_IDLE_SECONDS = 0.2

Id = Annotated[str, typer.Argument(metavar="BATCH", help="As `rescan list` shows it.")]
Json = Annotated[bool, typer.Option("--json", help="JSON.")]
Rate = Annotated[float | None, typer.Option("--rate", metavar="N", help="At most N objects a second, in all.")]
Hours = Annotated[str | None, typer.Option("--window", metavar="22:00-06:00", help="Work in these hours only, UTC.")]


class Format(enum.StrEnum):
    """What a report is written as."""

    JSON = "json"
    CSV = "csv"
    HTML = "html"


@app.callback()
def rescan(
    context: typer.Context,
    older_than_signatures: Annotated[
        bool, typer.Option("--older-than-signatures", help="Last judged with other signatures than today's.")
    ] = False,
    policy_changed: Annotated[
        bool, typer.Option("--policy-changed", help="Last judged under another version of its policy.")
    ] = False,
    build_changed: Annotated[
        bool, typer.Option("--build-changed", help="Last judged by another version of attachguard.")
    ] = False,
    older_than: Annotated[
        str | None, typer.Option("--older-than", metavar="30d", help="Last judged so long ago: s, m, h, d or w.")
    ] = None,
    prefix: Annotated[str, typer.Option("--prefix", help="Keys in the store that begin so.")] = "",
    kind: Annotated[list[str] | None, typer.Option("--kind", help="Of this kind; may be repeated.")] = None,
    tenant: Annotated[list[str] | None, typer.Option("--tenant", help="Of this tenant; may be repeated.")] = None,
    verdict: Annotated[
        list[Outcome] | None, typer.Option("--verdict", help="accepted or normalized; may be repeated.")
    ] = None,
    name: Annotated[
        list[str] | None, typer.Option("--id", help="A submission, attachment or SHA-256; may be repeated.")
    ] = None,
    names: Annotated[Path | None, typer.Option("--ids-from", help="A file with one of these in each line.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that was delivered.")] = False,
    adopt: Annotated[
        str | None, typer.Option("--adopt", metavar="URL", help="A bucket or folder that attachguard did not fill.")
    ] = None,
    mode: Annotated[Mode, typer.Option("--mode", help="How thoroughly.")] = Mode.SCAN,
    on_infected: Annotated[
        OnInfected | None,
        typer.Option("--on-infected", help="What becomes of it; unset: quarantine, tag-only for --adopt."),
    ] = None,
    rate: Rate = None,
    window: Hours = None,
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
        older_than=_age(older_than) if older_than else None,
        prefix=prefix,
        kinds=tuple(kind or ()),
        tenants=tuple(tenant or ()),
        verdicts=tuple(verdict or ()),
        names=(*(name or ()), *(_lines_of(names) if names else ())),
    )
    if selection == Selection() and not everything and adopt is None:
        raise UsageError("say what is to be judged again: --older-than-signatures, --older-than 30d, ..., or --all")
    request = Request(
        selection=selection,
        source=adopt,
        mode=mode,
        on_infected=on_infected or (OnInfected.TAG_ONLY if adopt else OnInfected.QUARANTINE),
        rate=rate,
        window=Window.parse(window) if window else None,
        actor=getpass.getuser(),
    )
    with open_service(load_settings()) as service:
        if dry_run:
            _estimate(service, request, json)
            return
        batch = service.rescan.begin(request)
        if not detach:
            _work(service, batch.id, quiet=json)
        _end(service, batch.id, json=json, ended=not detach)


@app.command("work")
def work(batch: Id, json: Json = False) -> None:
    """Work on a batch here until it ends."""
    with open_service(load_settings()) as service:
        service.rescan.find(batch)
        _work(service, batch, quiet=json)
        _end(service, batch, json=json, ended=True)


@app.command("watch")
def watch(batch: Id) -> None:
    """Show how a batch goes on until it ends; workers do it."""
    with open_service(load_settings()) as service, Watch() as shown:
        while not _ended(found := service.rescan.find(batch)):
            shown.update(found)
            time.sleep(_TEND_SECONDS)
        shown.update(found)


@app.command("list")
def list_batches(
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")] = 20, json: Json = False
) -> None:
    """List batches, newest first."""
    with open_service(load_settings()) as service:
        found = [batch_document(batch) for batch in service.ledger.batches(limit)]
    if json:
        _print(found)
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
        _end(service, batch, json=json, ended=False)


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
            text = html_page(summary) if form is Format.HTML else _shown(report_document(summary)) + "\n"
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{out} can't be written: {error.strerror}") from error


@app.command("schedule")
def schedule(
    after_signatures: Annotated[
        bool | None,
        typer.Option("--after-signatures/--not-after-signatures", help="A batch after new signatures settled."),
    ] = None,
    settle: Annotated[
        str | None, typer.Option("--settle", metavar="10m", help="How long new signatures must stay the same.")
    ] = None,
    nightly: Annotated[
        str | None,
        typer.Option("--nightly", metavar="02:30", help="When what another policy or build judged is judged again."),
    ] = None,
    older_than: Annotated[
        str | None, typer.Option("--older-than", metavar="30d", help="Nightly also what was not judged for so long.")
    ] = None,
    not_nightly: Annotated[bool, typer.Option("--not-nightly", help="No nightly batch.")] = False,
    rate: Rate = None,
    window: Hours = None,
    on_infected: Annotated[OnInfected | None, typer.Option("--on-infected", help="What becomes of it.")] = None,
    json: Json = False,
) -> None:
    """Show or change what starts batches by itself; options that are not given stay as they are. Times are UTC."""
    with open_service(load_settings()) as service:
        before = service.rescan.plan()
        plan = before or Schedule(after_signatures=False)
        changed = Schedule(
            after_signatures=plan.after_signatures if after_signatures is None else after_signatures,
            settle=_age(settle) if settle else plan.settle,
            nightly=None if not_nightly else _clock(nightly) if nightly else plan.nightly,
            nightly_older_than=_age(older_than) if older_than else plan.nightly_older_than,
            rate=rate or plan.rate,
            window=Window.parse(window) if window else plan.window,
            on_infected=on_infected or plan.on_infected,
        )
        if changed != plan:
            service.rescan.set_plan(changed, getpass.getuser())
    document = schedule_document(changed)
    if json:
        _print(document)
        return
    console = terminal()
    for field in document.__struct_fields__:
        value = getattr(document, field)
        console.print(f"{field.replace('_', ' ')}: {'-' if value is None else plain(str(value))}")


def _work(service: Service, batch: str, *, quiet: bool) -> None:
    """Work until a batch has ended. Whoever submits meanwhile has workers of their own: no way is made here."""
    owner = name_process(os.getpid())
    tended = 0.0
    with Watch(quiet=quiet) as shown:
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


def _end(service: Service, batch: str, *, json: bool, ended: bool) -> None:
    """Tell what came of it so far, and end with the exit code that says so."""
    summary = service.rescan.summary(batch, 1000 if json else 20)
    if json:
        _print(report_document(summary))
    else:
        _tell(service, batch)
    tally = summary.batch.tally
    if ended and tally.failed:
        raise typer.Exit(Unavailable.exit_code)
    if ended and tally.changed:
        raise typer.Exit(1)


def _tell(service: Service, batch: str) -> None:
    summary = service.rescan.summary(batch, 20)
    console, tally = terminal(), summary.batch.tally
    found = f"{tally.found}" if summary.batch.listed else f"{tally.found} so far"
    console.print(f"batch {batch}: {summary.batch.state.value}, {tally.done} of {found} objects")
    console.print(f"{tally.unchanged} unchanged, {tally.changed} changed, {tally.failed} could not be judged")
    console.print(f"{tally.scans} contents judged, {tally.bytes} bytes read, {tally.requests} S3 requests")
    for line in summary.lines:
        why = ", ".join(line.reasons) or f"{line.trouble} {line.detail}"
        before = line.before.outcome.value if line.before else "unknown"
        now = line.outcome.value if line.outcome else "?"
        console.print(f"  {line.result.value}: {before} -> {now}  {plain(line.name, 60)}  {plain(why)}")
    if summary.more:
        console.print(f"  and {summary.more} more: attachguard rescan report {batch}")


def _estimate(service: Service, request: Request, json: bool) -> None:
    document = estimate_document(service.rescan.estimate(request))
    if json:
        _print(document)
        return
    console = terminal()
    for kind, number in document.kinds.items():
        console.print(f"  {number:>9}  {plain(kind or 'unknown')}")
    console.print(f"{document.objects} objects, {document.contents} different contents, {document.bytes} bytes")
    console.print(f"about {document.seconds:g} s for one worker, {document.requests} S3 requests")


def _age(text: str) -> timedelta:
    found = _AGE.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!r} is no age: write 30d, 12h, 90m")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _clock(text: str) -> time_of_day:
    try:
        return time_of_day.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no time of day: write 02:30, in UTC") from error


def _lines_of(path: Path) -> tuple[str, ...]:
    try:
        return tuple(line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} can't be read: {error}") from error


def _shown(document: object) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def _print(document: object) -> None:
    print(_shown(document))  # noqa: T201 - the answer
