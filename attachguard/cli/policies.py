"""`attachguard policy`: list, show and lint policies."""

from typing import Annotated

import typer
from rich.table import Table

from attachguard.cli.console import plain, terminal
from attachguard.policy import available, lint, load_policy

app = typer.Typer(help="List, show and check policies.", no_args_is_help=True)


@app.command("list")
def list_policies() -> None:
    """List the policies that ship with attachguard."""
    table = Table("policy", "what it is for", box=None, header_style="bold")
    for name in available():
        policy = load_policy(name)
        table.add_row(policy.label, plain(policy.title))
    terminal().print(table)


@app.command("show")
def show(policy: Annotated[str, typer.Argument(metavar="NAME|PATH")]) -> None:
    """Show what a policy rules, with everything it extends laid under it."""
    loaded = load_policy(policy)
    console = terminal()
    console.print(f"[bold]{loaded.label}[/]  {plain(loaded.title)}")
    console.print(f"sandbox.require = {loaded.require}")
    limits = Table("limit", "", box=None, header_style="bold")
    for field in loaded.limits.__dataclass_fields__:
        if field != "flatten":
            limits.add_row(field, str(getattr(loaded.limits, field)))
    console.print(limits)
    flatten = Table("flatten", "", box=None, header_style="bold")
    for field in loaded.limits.flatten.__dataclass_fields__:
        flatten.add_row(field, str(getattr(loaded.limits.flatten, field)))
    console.print(flatten)
    signatures = Table("signatures", "", box=None, header_style="bold")
    for field in loaded.signatures.__dataclass_fields__:
        signatures.add_row(field, str(getattr(loaded.signatures, field)))
    console.print(signatures)
    names = Table("named", "found, and renamed", box=None, header_style="bold")
    for named, found in sorted(loaded.names.rename.items()):
        names.add_row(named, " ".join(sorted(found)))
    console.print(names)
    console.print(f"names.inert = {' '.join(sorted(loaded.names.inert))}")
    for title, rulings in (("kind", loaded.kinds), ("finding", loaded.rulings)):
        table = Table(title, "ruling", box=None, header_style="bold")
        for name, action in sorted(rulings.items()):
            table.add_row(name, action.name.lower())
        console.print(table)


@app.command("lint")
def check(policy: Annotated[str, typer.Argument(metavar="FILE")]) -> None:
    """Check a policy: mistakes are errors that name the line, what it leaves open is told."""
    label = load_policy(policy).label
    console = terminal()
    open_ends = lint(policy)
    for line in open_ends:
        console.print(plain(line))
    console.print(f"{label}: valid{', rules on everything' if not open_ends else ''}")
