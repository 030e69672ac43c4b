"""Programs that print to PDF, as sellers have them: Chromium, LibreOffice, and cairo behind librsvg and poppler."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.servers.process import find_program

SECONDS = 120


def by_chromium(folder: Path, page: str) -> bytes:
    """Print a page as the browser's "Save as PDF" does."""
    source, printed = folder / "page.html", folder / "chromium.pdf"
    source.write_text(page, encoding="utf-8")
    program = shutil.which("chromium") or find_program("chromium-headless-shell")
    # Root has no sandbox in Chromium; the page is the test's own.
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={folder}/chromium",
        "--no-pdf-header-footer",
    ]
    _run(program, *options, f"--print-to-pdf={printed}", source.as_uri())
    return printed.read_bytes()


def by_libreoffice(folder: Path, document: str, suffix: str, options: Mapping[str, object] | None = None) -> bytes:
    """Export a document as LibreOffice's "Export as PDF" does, with options of its export filter."""
    source = folder / f"document.{suffix}"
    source.write_text(document, encoding="utf-8")
    asked = {
        name: {"type": _TYPES[type(value)], "value": str(value).lower()} for name, value in (options or {}).items()
    }
    form = f"pdf:writer_pdf_Export:{json.dumps(asked)}" if asked else "pdf"
    home = f"-env:UserInstallation=file://{folder}/libreoffice"
    _run(
        find_program("soffice"),
        "--headless",
        "--norestore",
        home,
        *("--convert-to", form),
        "--outdir",
        str(folder),
        str(source),
    )
    return (folder / "document.pdf").read_bytes()


_TYPES = {bool: "boolean", int: "long", str: "string"}


def by_librsvg(folder: Path, drawing: str) -> bytes:
    """Have cairo write a drawing."""
    source, printed = folder / "drawing.svg", folder / "drawing.pdf"
    source.write_text(drawing, encoding="utf-8")
    _run(find_program("rsvg-convert"), "-f", "pdf", "-o", str(printed), str(source))
    return printed.read_bytes()


def by_poppler(folder: Path, document: bytes) -> bytes:
    """Print a PDF to PDF, as document viewers on Linux do: poppler reads, cairo writes."""
    source, printed = folder / "before.pdf", folder / "after.pdf"
    source.write_bytes(document)
    _run(find_program("pdftocairo"), "-pdf", str(source), str(printed))
    return printed.read_bytes()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)
