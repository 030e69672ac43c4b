"""`attachguard doctor`: probe everything a verdict needs."""

import dataclasses
import os
import re
from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from attachguard.adapters.machine import probe as probe_machine
from attachguard.bootstrap import open_service
from attachguard.cli.console import plain, terminal
from attachguard.errors import Unavailable
from attachguard.model import Check
from attachguard.policy import load_policy
from attachguard.settings import VARIABLES, Settings, load_settings


class CheckDocument(msgspec.Struct, frozen=True):
    """One probe's answer."""

    part: str
    name: str
    ok: bool
    required: bool
    detail: str
    reading: str | float | None


class SettingDocument(msgspec.Struct, frozen=True):
    """One setting in force, and where it came from."""

    value: str | None
    source: str


class DoctorDocument(msgspec.Struct, frozen=True):
    """The whole answer of the doctor."""

    ok: bool
    policy: str
    settings: Mapping[str, SettingDocument]
    checks: tuple[CheckDocument, ...]


_PASSWORD = re.compile(r"(://[^:/@\s]{0,200}:)[^@\s]{1,500}(@)")
"""The password in a URL, which is nobody's to see who reads over a shoulder."""


def doctor(json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False) -> None:
    """Probe every part with the real thing. Exit 0 when all that is required is there, else 3."""
    document = _examine(load_settings())
    if json:
        print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())  # noqa: T201 - the answer
    else:
        _show(document, terminal())
    raise typer.Exit(0 if document.ok else Unavailable.exit_code)


def _examine(settings: Settings) -> DoctorDocument:
    policy = load_policy(settings.policy)
    with open_service(settings) as service:
        parts = {"machine": probe_machine(), **service.probe()}
    checks = tuple(_document(part, check) for part, checks in parts.items() for check in checks)
    return DoctorDocument(
        ok=all(check.ok for check in checks if check.required),
        policy=policy.label,
        settings=_settings(settings),
        checks=checks,
    )


def _document(part: str, check: Check) -> CheckDocument:
    return CheckDocument(
        part=part, name=check.name, ok=check.ok, required=check.required, detail=check.detail, reading=check.reading
    )


def _settings(settings: Settings) -> Mapping[str, SettingDocument]:
    values: Mapping[str, object] = dataclasses.asdict(settings)
    return {
        variable: SettingDocument(
            value=None if values[field] is None else _PASSWORD.sub(r"\1***\2", str(values[field])),
            source="environment" if os.environ.get(variable) else "default",
        )
        for field, variable in VARIABLES.items()
    }


def _show(document: DoctorDocument, console: Console) -> None:
    table = Table("", "part", "check", "detail", box=None, header_style="bold")
    for check in document.checks:
        table.add_row(_sign(check), check.part, plain(check.name), plain(check.detail))
    console.print(table)
    _show_settings(document.settings, console)
    missing: Sequence[str] = [check.name for check in document.checks if check.required and not check.ok]
    if missing:
        console.print(f"[bold red]not ready:[/] {plain(', '.join(missing))}")
    else:
        console.print("[bold green]ready[/]: everything that is required is there")


def _show_settings(settings: Mapping[str, SettingDocument], console: Console) -> None:
    table = Table("setting", "value", "from", box=None, header_style="bold")
    for variable, setting in settings.items():
        table.add_row(variable, plain(setting.value or "unset"), setting.source)
    console.print(table)


def _sign(check: CheckDocument) -> str:
    if check.ok:
        return "[green]✓[/]"
    return "[red]✗[/]" if check.required else "[yellow]![/]"
