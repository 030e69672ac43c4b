"""`attachguard quarantine`: look through what was not delivered, have it judged again, delete it."""

import getpass
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from attachguard.bootstrap import open_service
from attachguard.cli.console import plain, terminal
from attachguard.quarantine_documents import held_document
from attachguard.settings import load_settings

app = typer.Typer(help="Review what was not delivered.", no_args_is_help=True)

Attachment = Annotated[str, typer.Argument(metavar="ATTACHMENT", help="As `quarantine list` shows it.")]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why; it is recorded.")]
Reviewer = Annotated[
    str | None, typer.Option("--reviewer", metavar="NAME", help="Who wants it; unset: the user of this machine.")
]
Json = Annotated[bool, typer.Option("--json", help="JSON.")]


@app.command("list")
def list_held(
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many.")] = 100,
    json: Json = False,
) -> None:
    """List the files that were not delivered and are still there, newest first."""
    with open_service(load_settings()) as service:
        held = [held_document(one) for one in service.held(limit)]
    if json:
        _print(held)
        return
    table = Table("attachment", "verdict", "name", "bytes", "reasons", "since", box=None, header_style="bold")
    for one in held:
        table.add_row(
            one.attachment,
            one.verdict or "",
            plain(one.name, 60),
            str(one.size),
            ", ".join(one.reasons),
            f"{one.at:%Y-%m-%d %H:%M} UTC",
        )
    terminal().print(table)


@app.command("show")
def show(attachment: Attachment, json: Json = False) -> None:
    """Show one file: its verdict, and everything that happened to its submission."""
    with open_service(load_settings()) as service:
        held = service.held_file(attachment)
        document = held_document(held, service.ledger.events(held.submission))
    if json:
        _print(document)
        return
    console = terminal()
    console.print(f"[bold]{document.attachment}[/]  {plain(document.name)}")
    verdict = document.verdict or "no verdict"
    console.print(
        f"{verdict}, {document.size} bytes, sha256 {document.sha256}, {document.state}, bytes {document.bytes}"
    )
    for reason in document.reasons:
        console.print(f"  {reason}")
    for event in document.events:
        console.print(f"[dim]{event.at:%Y-%m-%d %H:%M:%S}[/] {event.what} {plain(event.actor)} {plain(event.detail)}")


@app.command("release")
def release(
    attachment: Attachment,
    note: Note,
    reviewer: Reviewer = None,
    policy: Annotated[
        str | None, typer.Option("--policy", metavar="NAME|PATH", help="Judge under this policy instead.")
    ] = None,
) -> None:
    """Have a file judged again, as a submission of its own; nothing is let through unjudged."""
    with open_service(load_settings()) as service:
        receipt = service.release(attachment, reviewer or getpass.getuser(), note, policy)
    terminal().print(f"submitted again as {receipt.submission}: a worker judges it")


@app.command("delete")
def delete(attachment: Attachment, note: Note, reviewer: Reviewer = None) -> None:
    """Delete a file from quarantine; its verdict and the audit stay."""
    with open_service(load_settings()) as service:
        service.delete(attachment, reviewer or getpass.getuser(), note)
    terminal().print(f"deleted {plain(attachment)}")


def _print(answer: object) -> None:
    print(msgspec.json.format(msgspec.json.encode(answer), indent=2).decode())  # noqa: T201 - the answer
