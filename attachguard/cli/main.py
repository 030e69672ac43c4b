"""The `attachguard` command, and the one place that turns what goes wrong into an exit code and a line."""

import sys
from typing import Annotated

import typer

from attachguard.cli import (
    check,
    doctor,
    engine,
    explain,
    keys,
    policies,
    quarantine,
    rescan,
    serve,
    signatures,
    webhooks,
)
from attachguard.cli.console import complain
from attachguard.cli.output import Listened
from attachguard.errors import AttachguardError
from attachguard.version import __version__

INTERRUPTED = 130
"""What a shell expects of a program that Ctrl-C ended (128 + SIGINT)."""

app = typer.Typer(
    name="attachguard",
    help="Judge what people attach: deliver what is safe, flatten what is not.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("check")(check.check)
app.command("explain")(explain.explain)
app.command("doctor")(doctor.doctor)
app.command("worker")(engine.worker)
app.command("sweep")(engine.sweep)
app.command("serve")(serve.serve)
app.add_typer(policies.app, name="policy")
app.add_typer(signatures.app, name="signatures")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(rescan.app, name="rescan")
app.add_typer(keys.app, name="keys")
app.add_typer(webhooks.app, name="webhooks")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"attachguard {__version__}")  # noqa: T201 - this is the answer
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line. Exit codes: 0 fine, 1 something refused, 2 usage, 3 no verdict could be given."""
    sys.stdout = Listened.over(sys.stdout)
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except AttachguardError as error:
        complain(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        complain("interrupted; what was not printed was not judged")
        sys.exit(INTERRUPTED)
