"""Warms the libraries that read hostile bytes, on a page of our own: first calls load, scan and allocate.

pdfium looks through the fonts of the machine at its first text, libmagic reads its database, Pillow its plug-ins.
"""

import pkgutil
import sys

import PIL
from PIL import Image

from attachguard.model import Limits
from attachguard.sandbox.inside import Readers
from attachguard.sandbox.programs import PAGE

PLUGINS = frozenset({"Bmp", "Gif", "Jpeg", "Mpo", "Png", "Ppm", "Tiff"})
"""Pillow's plug-ins for what we accept; Pillow itself asks for Mpo beside Jpeg, and for Ppm in any case."""

NOT_NEEDED = frozenset({"PIL._imagingft"})
"""Fonts for drawing text: FreeType and HarfBuzz, which nothing here calls."""


def leave_out() -> None:
    """Forbid the import of what no accepted file needs: what is not loaded can't be attacked.

    Call it before any reader is imported. Children become cheaper, too: a fork copies the map of every library, and
    AVIF, WebP and the fonts bring seventeen. None in `sys.modules` makes an import fail with ImportError (Python
    reference, 5.3.1), which Pillow allows for.
    """
    plugins = {module.name for module in pkgutil.iter_modules(PIL.__path__) if module.name.endswith("ImagePlugin")}
    others = {f"PIL.{name}" for name in plugins if name.removesuffix("ImagePlugin") not in PLUGINS}
    for name in others | NOT_NEEDED:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # that is how an import is forbidden


def warm(readers: Readers) -> None:
    """Let every library do what it does once. An exception here is a bug, and stops the zygote."""
    Image.init()
    limits = Limits()
    readers.identify(b"warm\n", "txt", limits)
    readers.identify(PAGE, "pdf", limits)
    pdf = readers.formats["pdf"]
    pdf.inspect(PAGE, limits)
    pdf.verify(PAGE, PAGE, limits)
