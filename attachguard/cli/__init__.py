"""The command line: one of the doors. It translates and decides nothing."""

from attachguard.cli.main import main

__all__ = ["main"]
