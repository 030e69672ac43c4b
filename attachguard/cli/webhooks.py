"""`attachguard webhooks`: who is told what happens."""

import uuid
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from attachguard.bootstrap import open_outbox, open_post
from attachguard.cli.console import plain, terminal
from attachguard.errors import NotFound, Unavailable
from attachguard.settings import load_settings
from attachguard.webhooks import OPERATOR, TEST, Happening, Message, Webhook, cloud_event, new_webhook

app = typer.Typer(help="Webhooks: who is told what happens.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="JSON.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="As `webhooks list` shows it.")]


class NotReached(Unavailable):
    """A webhook could not be told."""

    code = "webhook.unreachable"


class WebhookDocument(msgspec.Struct, frozen=True):
    """One webhook; its secret is shown when it is made, and never again."""

    id: str
    tenant: str
    url: str
    events: tuple[str, ...]
    waiting: int
    created_at: datetime
    disabled_at: datetime | None
    disabled_why: str | None


class NewWebhookDocument(msgspec.Struct, frozen=True):
    """A new webhook, with the secret its receiver checks signatures with."""

    id: str
    secret: str


@app.command("add")
def add(
    url: Annotated[str, typer.Argument(help="https://host/path, at a public address.")],
    tenant: Annotated[
        str, typer.Option("--tenant", help="Whose files it is told of; unset: yours, and the engine's own events.")
    ] = OPERATOR,
    event: Annotated[
        list[str] | None, typer.Option("--event", "-e", help="A type, a family such as attachment.*, or *.")
    ] = None,
    json: Json = False,
) -> None:
    """Add a webhook and show its secret, this once."""
    settings = load_settings()
    webhook = new_webhook(tenant, url, event or (), settings.webhook_targets, datetime.now(UTC))
    with open_outbox(settings) as outbox:
        outbox.add_webhook(webhook)
    if json:
        _print(NewWebhookDocument(webhook.id, webhook.secret))
        return
    console = terminal()
    console.print(f"{webhook.id}  {webhook.secret}")
    console.print("[dim]The receiver checks signatures with the secret; it is not shown again.[/]")


@app.command("list")
def list_webhooks(json: Json = False) -> None:
    """List webhooks, and how many messages wait for each."""
    with open_outbox(load_settings()) as outbox:
        waiting = outbox.backlog()
        found = [_document(one, waiting.get(one.id, 0)) for one in outbox.webhooks()]
    if json:
        _print(found)
        return
    table = Table("id", "tenant", "url", "events", "waiting", "", box=None, header_style="bold")
    for one in found:
        state = f"disabled: {one.disabled_why}" if one.disabled_at else ""
        table.add_row(one.id, plain(one.tenant), plain(one.url), " ".join(one.events), str(one.waiting), plain(state))
    terminal().print(table)


@app.command("remove")
def remove(webhook: Id) -> None:
    """Remove a webhook, with what it was still to be told."""
    with open_outbox(load_settings()) as outbox:
        if not outbox.remove_webhook(webhook):
            raise NotFound(f"there is no webhook {webhook}")
    terminal().print(f"removed {plain(webhook)}")


@app.command("test")
def test(webhook: Id) -> None:
    """Send a signed `webhook.test` now, and say what came of it; exit code 3 when it did not arrive."""
    settings = load_settings()
    with open_outbox(settings) as outbox:
        found = next((one for one in outbox.webhooks() if one.id == webhook), None)
    if found is None:
        raise NotFound(f"there is no webhook {webhook}")
    answer = open_post(settings).send(_test_message(found))
    if not answer.good:
        raise NotReached(f"{found.url}: {answer.trouble or f'HTTP status {answer.status}'}")
    terminal().print(f"{plain(found.url)} answered {answer.status}")


def _test_message(webhook: Webhook) -> Message:
    event = uuid.uuid4().hex
    happening = Happening(
        type=TEST, tenant=webhook.tenant, source="/v1/webhooks", subject=webhook.id, data={"webhook": webhook.id}
    )
    body = cloud_event(event, happening, datetime.now(UTC))
    return Message(number=0, event=event, type=TEST, body=body, attempts=1, webhook=webhook)


def _document(webhook: Webhook, waiting: int) -> WebhookDocument:
    return WebhookDocument(
        id=webhook.id,
        tenant=webhook.tenant,
        url=webhook.url,
        events=webhook.wanted,
        waiting=waiting,
        created_at=webhook.created_at,
        disabled_at=webhook.disabled_at,
        disabled_why=webhook.disabled_why,
    )


def _print(answer: object) -> None:
    print(msgspec.json.format(msgspec.json.encode(answer), indent=2).decode())  # noqa: T201 - the answer
