"""The outside programs that may be started in the room, one row each: nothing else is ever executed."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

INPUT = "{input}"
"""Where a program's arguments name its input: a sealed memfd, by its place in /proc/self/fd."""

FONTS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/etc/fonts",
    "/usr/share/fontconfig",
    "/var/cache/fontconfig",
    "/usr/share/poppler",
)
"""What must be readable to draw text whose font is not in the document; there is nothing of anybody's in it."""

RANDOMNESS = ("/dev/urandom",)
"""qpdf asks for random numbers by name when a document of ISO 32000-2 7.6.4.4 (AES-256) is opened (measured)."""

LOADERS = ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1")
"""The dynamic loaders, which the kernel executes on behalf of every program."""

LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache")
"""What the dynamic loader reads before a program's first instruction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One program: where it may lie, how it is called, what it may read."""

    name: str
    paths: tuple[str, ...]
    """The first that exists is used; never looked up in PATH."""
    arguments: tuple[str, ...]
    """After the name; INPUT stands for the input. Its standard output is the result."""
    package: str
    """What to install when it is missing."""

    def find(self) -> str:
        """Find its file. Raises FileNotFoundError that says what to install."""
        for path in self.paths:
            if os.path.exists(path):
                return path
        raise FileNotFoundError(f"{self.name} is not installed (Debian package {self.package})")


_ALL = (
    Program(
        name="pdftocairo",
        paths=("/usr/bin/pdftocairo", "/usr/local/bin/pdftocairo"),
        arguments=("-pdf", INPUT, "-"),
        package="poppler-utils",
    ),
    Program(
        name="pdftotext",
        paths=("/usr/bin/pdftotext", "/usr/local/bin/pdftotext"),
        arguments=("-q", "-enc", "UTF-8", INPUT, "-"),
        package="poppler-utils",
    ),
)

PROGRAMS: Mapping[str, Program] = MappingProxyType({program.name: program for program in _ALL})
"""Every program by its name."""

PRINTER = PROGRAMS["pdftocairo"]
"""What the method `print` prints with."""

DRAWN = frozenset({"print", "reprint", "raster"})
"""The methods (kinds.Kind.methods) that draw text, and so need fonts."""

PAGE = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R"
    b"/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>endobj\n"
    b"4 0 obj<</Length 32>>stream\nBT /F 9 Tf 9 9 Td (attachguard)Tj\nendstream endobj\n"
    b"trailer<</Root 1 0 R/Size 5>>\n%%EOF\n"
)
"""A page of our own, with text whose font is not in the document, to try the printer and the fonts with."""
