"""What this machine has of the programs, libraries and fonts that attachguard needs, and in which version."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

from attachguard.model import Check

PROGRAMS: Mapping[str, tuple[str, str]] = {
    "clamd": ("--version", "apt-get install clamav-daemon"),
    "pdftocairo": ("-v", "apt-get install poppler-utils"),
}
"""Each program with the option that shows its version and how to get it on Debian and Ubuntu."""

LIBRARIES = ("pikepdf", "pypdfium2", "pillow", "lxml", "olefile", "python-magic", "pyclamd")

FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts")
FONT_FILES = frozenset({".ttf", ".otf", ".ttc", ".pfb", ".t1"})
CHARACTER_MAPS = "/usr/share/poppler/cMap"
"""How poppler finds the letters of Chinese, Japanese and Korean fonts that are not in a document."""

_SECONDS = 10
_ENOUGH_FONTS = 10
"""Fewer font files than this and a PDF without embedded fonts prints as boxes."""


def probe() -> Sequence[Check]:
    """Ask every program for its version, name the libraries' versions, count the fonts."""
    return (*(_program(name) for name in PROGRAMS), *(_library(name) for name in LIBRARIES), _fonts())


def _program(name: str) -> Check:
    option, remedy = PROGRAMS[name]
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        return Check(name=name, ok=False, detail=f"not found; on Debian and Ubuntu: {remedy}")
    try:
        done = subprocess.run([path, option], capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603 - fixed names
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check(name=name, ok=False, detail=f"{path} does not run: {error}")
    lines = (done.stdout + done.stderr).strip().splitlines()
    return Check(name=name, ok=done.returncode == 0, detail=lines[0] if lines else path)


def _library(name: str) -> Check:
    try:
        return Check(name=name, ok=True, detail=metadata.version(name))
    except metadata.PackageNotFoundError:
        return Check(name=name, ok=False, detail=f"not installed; pip install {name}")


def _fonts() -> Check:
    count = sum(path.suffix.lower() in FONT_FILES for folder in FONT_FOLDERS for path in Path(folder).rglob("*"))
    detail = f"{count} font files"
    if count < _ENOUGH_FONTS:
        detail += "; apt-get install fonts-dejavu-core fonts-liberation fonts-noto-cjk, or text may print as boxes"
    mapped = Path(CHARACTER_MAPS).is_dir()
    if not mapped:
        detail += "; apt-get install poppler-data, or Chinese, Japanese and Korean text may be missing in print"
    return Check(name="fonts", ok=count >= _ENOUGH_FONTS and mapped, required=False, detail=detail)
