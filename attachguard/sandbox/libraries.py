"""Warms the libraries that read hostile bytes, on a page of our own: first calls load, scan and allocate.

pdfium looks through the fonts of the machine at its first text, libmagic reads its database, Pillow its plug-ins.
"""

from PIL import Image

from attachguard.model import Limits
from attachguard.sandbox.inside import Readers
from attachguard.sandbox.programs import PAGE


def warm(readers: Readers) -> None:
    """Let every library do what it does once. An exception here is a bug, and stops the zygote."""
    Image.init()
    limits = Limits()
    readers.identify(b"warm\n", "txt", limits)
    readers.identify(PAGE, "pdf", limits)
    pdf = readers.formats["pdf"]
    pdf.inspect(PAGE, limits)
    pdf.verify(PAGE, PAGE, limits)
