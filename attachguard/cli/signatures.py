"""`attachguard signatures`: which signatures there are, how old they are, and newer ones."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from attachguard.adapters.clamd_control import reload
from attachguard.adapters.clamd_wire import Address, Deadline
from attachguard.adapters.freshclam import parse_upstream
from attachguard.adapters.scanners import parse_address, usual_addresses
from attachguard.adapters.signature_update import Outcome, Update, last_success, update
from attachguard.adapters.signatures import OFFICIAL_FOLDER, choose_set
from attachguard.adapters.signatures.age import HOW_TO_GET, NO_AGE, Age, age_of
from attachguard.adapters.signatures.contents import contents, daily
from attachguard.cli.console import complain, plain, terminal
from attachguard.errors import ScannerUnavailable, Unavailable
from attachguard.model import SignatureRules
from attachguard.policy import load_policy
from attachguard.settings import Settings, load_settings

app = typer.Typer(help="Show the scanner's signatures, and fetch newer ones.", no_args_is_help=True)

_RELOAD_SECONDS = 10.0


class FileDocument(msgspec.Struct, frozen=True):
    """One database file."""

    name: str
    size: int
    version: int | None
    signatures: int | None
    built: datetime | None


class StatusDocument(msgspec.Struct, frozen=True):
    """What there is, and what the policy says about its age."""

    folder: str
    demo: bool
    fingerprint: str
    age: str
    warned: bool
    refused: bool
    updated: datetime | None
    files: tuple[FileDocument, ...]


class UpdateDocument(msgspec.Struct, frozen=True):
    """What came of an update."""

    folder: str
    outcome: str
    detail: str
    changed: tuple[str, ...]


JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document.")]


@app.command("status")
def status(json: JsonOption = False) -> None:
    """Show the files that a private scanner loads, and their age. Exit 3 when the policy refuses them."""
    settings = load_settings()
    document = _status(settings, load_policy(settings.policy).signatures)
    if json:
        _print(document)
    else:
        _show(document, settings, terminal())
    raise typer.Exit(Unavailable.exit_code if document.refused else 0)


@app.command("update")
def fetch(json: JsonOption = False) -> None:
    """Fetch newer signatures, prove them, and put them in place. Exit 3 when that did not work out."""
    settings = load_settings()
    upstream = parse_upstream(settings.signature_mirror, settings.signature_urls)
    folder = settings.signatures or OFFICIAL_FOLDER
    done = update(folder, upstream)
    if done.changed:
        _tell_running(settings, folder)
    if json:
        _print(UpdateDocument(str(folder), done.outcome.value, done.detail, done.changed))
    else:
        _tell(done, folder)
    raise typer.Exit(0 if done.outcome in {Outcome.UPDATED, Outcome.CURRENT} else Unavailable.exit_code)


def _status(settings: Settings, rules: SignatureRules) -> StatusDocument:
    chosen = choose_set(settings.signatures).current()
    files = contents(chosen)
    official = daily(files)
    age: Age = NO_AGE if official is None else age_of(official.built, rules)
    return StatusDocument(
        folder=str(chosen.folder),
        demo=chosen.demo,
        fingerprint=chosen.fingerprint(),
        age=age.told,
        warned=age.warned,
        refused=age.refused,
        updated=last_success(chosen.folder),
        files=tuple(FileDocument(file.name, file.size, file.version, file.count, file.built) for file in files),
    )


def _show(document: StatusDocument, settings: Settings, console: Console) -> None:
    table = Table("file", "bytes", "version", "signatures", "built", box=None, header_style="bold")
    for file in document.files:
        shown = (file.size, file.version, file.signatures, _moment(file.built))
        table.add_row(plain(file.name), *("" if value is None else str(value) for value in shown))
    console.print(table)
    console.print(f"in {plain(document.folder)}, fingerprint {document.fingerprint[:12]}")
    sign = "[bold red]✗[/]" if document.refused else "[yellow]![/]" if document.warned else "[green]✓[/]"
    console.print(f"{sign} {plain(document.age)}")
    console.print(f"last update of ours: {_moment(document.updated) or 'none'}")
    if document.demo:
        console.print(f"[yellow]![/] the demo's: they find EICAR and no malware; {plain(HOW_TO_GET)}")
    if settings.clamd_url is not None:
        console.print(f"clamd at {plain(settings.clamd_url)} loads its own; `attachguard doctor` asks it")


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%d %H:%M UTC")


def _tell(done: Update, folder: Path) -> None:
    if done.outcome in {Outcome.UPDATED, Outcome.CURRENT}:
        terminal().print(f"[green]✓[/] {done.outcome.value}: {plain(done.detail)}, in {plain(str(folder))}")
        return
    others = f"; new all the same: {', '.join(done.changed)}" if done.changed else ""
    complain(f"{done.outcome.value}: {done.detail}; what there was stays in use{others}")


def _tell_running(settings: Settings, folder: Path) -> None:
    """Have a clamd that loads this folder look at it now. One of ours looks by itself; others may be away."""
    addresses: tuple[Address, ...] = ()
    if settings.clamd_url is not None:
        addresses = (parse_address(settings.clamd_url),)
    elif folder == OFFICIAL_FOLDER:
        addresses = usual_addresses()
    for address in addresses:
        try:
            reload(address, Deadline.after(_RELOAD_SECONDS))
        except ScannerUnavailable:
            continue  # nobody there, or one that takes no RELOAD: its own look (SelfCheck) comes later


def _print(document: msgspec.Struct) -> None:
    print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())  # noqa: T201 - the answer
