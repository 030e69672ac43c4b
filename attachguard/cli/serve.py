"""`attachguard serve`: the HTTP service with its own workers, in one command."""

import os
from functools import partial
from typing import Annotated

import typer

from attachguard import logs
from attachguard.adapters.bell import Bell
from attachguard.adapters.processes import name_process
from attachguard.bootstrap import errands, open_keyring, open_service
from attachguard.cli.console import complain
from attachguard.gate import check_binding
from attachguard.runner import Runner, attendant
from attachguard.settings import load_settings


def serve(
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0: any that is free.")] = 8080,
    processes: Annotated[
        int, typer.Option("--processes", "-n", min=1, max=256, help="Worker processes.")
    ] = os.cpu_count() or 1,
) -> None:
    """Serve HTTP and judge what comes, until SIGTERM or Ctrl-C; jobs in hand are finished first.

    No settings are needed: without keys it only listens to this machine, with a scanner of its own where none runs.
    """
    from attachguard.http.serving import listen, serve_on  # noqa: PLC0415 - takes a while to load

    settings = load_settings()
    logs.configure()
    with open_keyring(settings) as keyring:
        check_binding(host, keyring)
        open_to_all = not keyring.has_keys()
    listener, bell = listen(host, port), Bell()
    shown = f"[{host}]" if ":" in host else host
    note = " (no keys: everybody on this machine may use it, nobody else)" if open_to_all else ""
    complain(f"http://{shown}:{listener.getsockname()[1]}{note}")
    Runner(
        lambda: open_service(settings, bell),
        name_process,
        processes=processes,
        say=complain,
        wait=bell.wait,
        companions=(serve_on(listener, settings), attendant(partial(errands, settings), complain)),
    ).run()
