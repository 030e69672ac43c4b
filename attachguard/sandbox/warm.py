"""Does once, in the zygote, what every child would otherwise do for the first time: imports and first calls.

Behind the walls nothing can be imported, so a codec or plug-in that is missing here is missing for every file.
"""

import encodings
import importlib
import pkgutil
from collections.abc import Callable

from attachguard.model import Identification, Limits

_NOT_HERE = frozenset({"mbcs", "oem"})
"""Codecs that exist on Windows only."""


def warm(identify: Callable[[bytes, str, Limits], Identification]) -> None:
    """Load every codec and library, and let libmagic read its database."""
    for module in pkgutil.iter_modules(encodings.__path__):
        if module.name not in _NOT_HERE:
            importlib.import_module(f"encodings.{module.name}")
    identify(b"warm\n", "txt", Limits())
