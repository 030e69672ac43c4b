"""`attachguard explain`: what a code means and what to do about it."""

from typing import Annotated

import typer

from attachguard.cli.console import Language, plain, terminal
from attachguard.errors import UsageError
from attachguard.findings import FINDINGS, TROUBLES
from attachguard.policy import load_policy
from attachguard.remedies.catalogue import remedy
from attachguard.settings import load_settings


def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", help="A reason code, such as pdf.javascript.")],
    lang: Annotated[Language, typer.Option("--lang", help="Language of the explanation.")] = Language.EN,
) -> None:
    """Say what a reason code means, how the policy rules on it and what the sender can do."""
    if code not in FINDINGS and code not in TROUBLES:
        raise UsageError(f"there is no code {code!r}{_near(code)}")
    text = remedy(code, lang)
    console = terminal()
    console.print(f"[bold]{code}[/]  {plain(text.message)}")
    console.print(f"[dim]{plain(_ruling(code))}[/]")
    console.print(f"{plain(text.title)}:")
    for number, step in enumerate(text.steps, start=1):
        console.print(f"  {number}. {plain(step)}")


def _ruling(code: str) -> str:
    if code in TROUBLES:
        return "A failing of ours: the file is undetermined, nothing is delivered, trying again later helps."
    policy = load_policy(load_settings().policy)
    action = policy.rulings.get(code)
    return f"Policy {policy.label}: {action.name.lower() if action is not None else 'reject (no ruling)'}"


def _near(code: str) -> str:
    family = code.partition(".")[0]
    known = sorted(name for name in (*FINDINGS, *TROUBLES) if name.startswith(f"{family}."))
    return f"; of this family there are {', '.join(known)}" if known else "; docs/findings.md lists them all"
