"""A verdict as people read it on a terminal."""

from rich.console import Console
from rich.padding import Padding

from attachguard.cli.console import plain
from attachguard.documents import AttachmentDocument, FindingDocument, ReasonDocument, submission_document
from attachguard.model import SubmissionVerdict

STYLES = {
    "accepted": ("bold green", "✓"),
    "normalized": ("bold cyan", "✓"),
    "rejected": ("bold yellow", "✗"),
    "infected": ("bold red", "✗"),
    "undetermined": ("bold magenta", "?"),
}
"""Colour and sign of each verdict; the sign alone tells fine from refused where there are no colours."""


def show(verdict: SubmissionVerdict, console: Console, language: str) -> None:
    """Print each file with its verdict, the reasons, what to do, and where what is delivered lies."""
    document = submission_document(verdict, language)
    for attachment in document.attachments:
        _show_attachment(attachment, console, level=0)


def _show_attachment(attachment: AttachmentDocument, console: Console, level: int) -> None:
    style, sign = STYLES[attachment.verdict]
    kind = attachment.kind or "unknown type"
    name = attachment.source or attachment.name
    head = f"[{style}]{sign} {attachment.verdict}[/]  {plain(name)}  [dim]{kind}, {attachment.size} bytes[/]"
    _print(console, head, level * 4)
    for reason in attachment.reasons:
        _show_reason(reason, attachment, console, level)
    for fact in _about_the_type(attachment):
        _print(console, f"[dim]{fact.code}  {plain(fact.detail, 200)}[/]", level * 4 + 4)
    if attachment.likeness is not None:
        _print(console, f"[dim]copy.likeness  {attachment.likeness} at the least alike page[/]", level * 4 + 4)
    if attachment.delivered:
        _print(console, f"→ {plain(attachment.delivered.path)}", level * 4 + 4)
    for child in attachment.children:
        _show_attachment(child, console, level + 1)


def _about_the_type(attachment: AttachmentDocument) -> list[FindingDocument]:
    """Give what identification said that decided nothing: why a file is taken for another than its name says."""
    said = {reason.code for reason in attachment.reasons}
    return [fact for fact in attachment.findings if fact.code.startswith("type.") and fact.code not in said]


def _show_reason(reason: ReasonDocument, attachment: AttachmentDocument, console: Console, level: int) -> None:
    facts = [finding for finding in attachment.findings if finding.code == reason.code]
    details = "; ".join(" ".join(filter(None, (fact.where, fact.detail))) for fact in facts[:3])
    tail = f" [dim]({plain(details, 200)})[/]" if details.strip() else ""
    _print(console, f"[bold]{reason.code}[/]  {plain(reason.message)}{tail}", level * 4 + 4)
    if attachment.verdict in {"accepted", "normalized"}:
        return  # nothing is asked of the sender
    _print(console, f"{plain(reason.remedy.title)}:", level * 4 + 6)
    for number, step in enumerate(reason.remedy.steps, start=1):
        _print(console, f"{number}. {plain(step)}", level * 4 + 8)


def _print(console: Console, text: str, indent: int) -> None:
    console.print(Padding(text, (0, 0, 0, indent), expand=False))
