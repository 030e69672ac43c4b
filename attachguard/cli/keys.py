"""`attachguard keys`: who may ask the service, and for what."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from attachguard.access import Allowance, Key, Scope, link_key, new_key, sign_link
from attachguard.access import key_id as id_of
from attachguard.bootstrap import open_keyring
from attachguard.cli.console import plain, terminal
from attachguard.errors import NotFound, UsageError
from attachguard.settings import load_settings

app = typer.Typer(help="API keys: who may ask the service, and for what.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="JSON.")]


class KeyDocument(msgspec.Struct, frozen=True):
    """One key; never the key itself."""

    id: str
    tenant: str
    name: str
    scopes: tuple[str, ...]
    per_minute: int
    submissions_per_day: int
    bytes_per_day: int
    submissions_today: int
    bytes_today: int
    created_at: datetime
    revoked_at: datetime | None


class NewKeyDocument(msgspec.Struct, frozen=True):
    """A new key, shown this once."""

    id: str
    key: str


@app.command("create")
def create(
    tenant: Annotated[str, typer.Argument(help="Whose it is. Tenants never see anything of each other.")],
    name: Annotated[str, typer.Option("--name", help="What you call it.")] = "",
    scope: Annotated[
        list[Scope] | None, typer.Option("--scope", "-s", help="What it is for; may be repeated: submit and read.")
    ] = None,
    per_minute: Annotated[int, typer.Option("--per-minute", min=0, help="Requests; 0: no limit.")] = 600,
    submissions_per_day: Annotated[int, typer.Option("--submissions-per-day", min=0, help="0: no limit.")] = 0,
    bytes_per_day: Annotated[int, typer.Option("--bytes-per-day", min=0, help="0: no limit.")] = 0,
    json: Json = False,
) -> None:
    """Make a key and show it, this once: what is kept is its hash."""
    allowance = Allowance(per_minute=per_minute, submissions_per_day=submissions_per_day, bytes_per_day=bytes_per_day)
    key, shown = new_key(tenant, name, scope or [Scope.SUBMIT, Scope.READ], allowance, datetime.now(UTC))
    with open_keyring(load_settings()) as keyring:
        keyring.add_key(key)
    if json:
        _print(NewKeyDocument(key.id, shown))
        return
    console = terminal()
    console.print(shown)
    console.print("[dim]Keep it now: it is not shown again. `attachguard keys revoke` ends it.[/]")


@app.command("list")
def list_keys(
    tenant: Annotated[str | None, typer.Option("--tenant", help="Of this tenant only.")] = None, json: Json = False
) -> None:
    """List keys, with what they have used today."""
    with open_keyring(load_settings()) as keyring:
        found = [_document(key, keyring.used(key.id)) for key in keyring.keys(tenant)]
    if json:
        _print(found)
        return
    table = Table("id", "tenant", "name", "scopes", "used today", "since", "", box=None, header_style="bold")
    for one in found:
        table.add_row(
            one.id,
            plain(one.tenant),
            plain(one.name, 40),
            " ".join(one.scopes),
            f"{one.submissions_today} submissions, {one.bytes_today} bytes",
            f"{one.created_at:%Y-%m-%d}",
            "revoked" if one.revoked_at else "",
        )
    terminal().print(table)


@app.command("revoke")
def revoke(key: Annotated[str, typer.Argument(metavar="ID", help="As `keys list` shows it.")]) -> None:
    """End a key at once, and every upload link it signed."""
    with open_keyring(load_settings()) as keyring:
        if not keyring.revoke_key(key):
            raise NotFound(f"there is no key {key} that is still good")
    terminal().print(f"revoked {plain(key)}")


@app.command("link")
def link(
    conversation: Annotated[str, typer.Argument(help="The conversation that everything sent by it belongs to.")],
    key: Annotated[str, typer.Option("--key", envvar="ATTACHGUARD_KEY", help="The key that signs.")],
    policy: Annotated[str | None, typer.Option("--policy", help="The policy that judges.")] = None,
    count: Annotated[int, typer.Option("--count", min=1, help="How many submissions it may make.")] = 1,
    seconds: Annotated[int, typer.Option("--seconds", min=1, help="How long it lives.")] = 900,
) -> None:
    """Sign an upload link for a browser. Asks nobody: a backend can do the same (docs/http.md)."""
    identity = id_of(key)
    if identity is None:
        raise UsageError("--key: that is no key")
    print(  # noqa: T201 - the answer
        sign_link(
            link_key(key), key_id=identity, conversation=conversation, policy=policy, count=count, seconds=seconds
        )
    )


def _document(key: Key, used: tuple[int, int]) -> KeyDocument:
    return KeyDocument(
        id=key.id,
        tenant=key.tenant,
        name=key.name,
        scopes=tuple(sorted(key.scopes)),
        per_minute=key.allowance.per_minute,
        submissions_per_day=key.allowance.submissions_per_day,
        bytes_per_day=key.allowance.bytes_per_day,
        submissions_today=used[0],
        bytes_today=used[1],
        created_at=key.created_at,
        revoked_at=key.revoked_at,
    )


def _print(answer: object) -> None:
    print(msgspec.json.format(msgspec.json.encode(answer), indent=2).decode())  # noqa: T201 - the answer
