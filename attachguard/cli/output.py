"""A stdout that says so when nobody reads it any more."""

import io
import os
from typing import Self, TextIO

from attachguard.errors import UsageError


class OutputClosedError(UsageError):
    """Whoever read the output went away: what was not printed is not known."""


class Listened(io.TextIOWrapper):
    """Raises OutputClosedError where a closed pipe would be a BrokenPipeError.

    Libraries on the way answer that one on their own, with exit code 1: that of a file that was refused.
    """

    @classmethod
    def over(cls, stream: TextIO) -> Self:
        """Take over a text stream's bytes, encoding and manners."""
        return cls(
            stream.buffer,
            encoding=stream.encoding,
            errors="backslashreplace",  # a name in any language is shown somehow on every terminal
            line_buffering=True,
        )

    def write(self, text: str, /) -> int:
        """Write like any text stream. Raises OutputClosedError."""
        try:
            return super().write(text)
        except BrokenPipeError as error:
            raise self._closed() from error

    def flush(self) -> None:
        """Flush like any text stream. Raises OutputClosedError."""
        try:
            super().flush()
        except BrokenPipeError as error:
            raise self._closed() from error

    def _closed(self) -> OutputClosedError:
        # What is still buffered goes nowhere, so that Python's own flush at exit has nothing to complain about.
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, self.fileno())
        os.close(sink)
        return OutputClosedError("nobody reads the output any more: what was not printed is not known to be judged")
