"""`attachguard worker` and `attachguard sweep`: the engine on one machine, without a broker."""

import os
from functools import partial
from typing import Annotated

import msgspec
import typer

from attachguard import logs
from attachguard.adapters.processes import name_process
from attachguard.bootstrap import errands, open_service
from attachguard.cli.console import complain, terminal
from attachguard.jobs import Queue
from attachguard.runner import Runner, attendant
from attachguard.settings import load_settings


def worker(
    processes: Annotated[
        int, typer.Option("--processes", "-n", min=1, max=256, help="Worker processes.")
    ] = os.cpu_count() or 1,
    queue: Annotated[
        list[Queue] | None, typer.Option("--queue", "-q", help="Take jobs of this queue only; may be repeated.")
    ] = None,
) -> None:
    """Judge what was submitted, until SIGTERM or Ctrl-C; jobs in hand are finished first.

    Needs no broker: jobs are taken from the ledger. Any number of these may run, on as many machines as share ledger
    and stores.
    """
    settings = load_settings()
    logs.configure()
    Runner(
        lambda: open_service(settings),
        name_process,
        processes=processes,
        queues=queue or tuple(Queue),
        say=complain,
        companions=(attendant(partial(errands, settings), complain),),
    ).run()


def sweep(json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False) -> None:
    """Clear up once: lost workers, overdue jobs, abandoned intents, expired files, orphaned objects.

    Running workers do this by themselves, every hour; it is safe at any time.
    """
    with open_service(load_settings()) as service:
        swept = service.sweep()
    if json:
        print(msgspec.json.encode(swept).decode())  # noqa: T201 - the answer
        return
    console = terminal()
    console.print(f"jobs: {swept.returned} taken back from lost workers, {swept.overdue} out of time")
    console.print(f"jobs: {swept.announced} announced again")
    console.print(f"submissions: {swept.abandoned} abandoned before they came in whole")
    console.print(f"quarantine: {swept.expired} files no longer needed; {swept.orphans} orphaned objects deleted")
