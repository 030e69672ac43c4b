"""Does once, in the zygote, what every child would otherwise do for the first time: imports and first calls.

Behind the walls nothing can be imported, so a codec or plug-in that is missing here is missing for every file.
"""

import encodings
import importlib
import pkgutil

_NOT_HERE = frozenset({"mbcs", "oem"})
"""Codecs that exist on Windows only."""


def codecs() -> None:
    """Import every codec of the standard library."""
    for module in pkgutil.iter_modules(encodings.__path__):
        if module.name not in _NOT_HERE:
            importlib.import_module(f"encodings.{module.name}")
