"""Which signatures a private clamd loads: a folder that was named, the official ones, or the small set for demos.

`demo.ndb` holds one signature, the one of the EICAR test file, as hexadecimal text (so that no scanner takes this
folder for a virus). It proves that the whole chain works and finds no malware at all.
"""

import hashlib
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from attachguard.errors import ScannerUnavailable

OFFICIAL_FOLDER = Path("/var/lib/clamav")
"""Where freshclam keeps the official database, unless told otherwise (freshclam.conf, DatabaseDirectory)."""

OFFICIAL_FILES = frozenset({"main.cvd", "main.cld", "daily.cvd", "daily.cld"})

DATABASE_SUFFIXES = frozenset(
    {
        # libclamav/readdb.h, CLI_DBEXT: what clamd loads from its database folder
        ".cat", ".cbc", ".cdb", ".cfg", ".cld", ".crb", ".cud", ".cvd", ".db", ".fp", ".ftm", ".gdb", ".hdb",
        ".hdu", ".hsb", ".hsu", ".idb", ".ign", ".ign2", ".imp", ".info", ".ioc", ".ldb", ".ldu", ".mdb", ".mdu",
        ".msb", ".msu", ".ndb", ".ndu", ".pdb", ".pwdb", ".sfp", ".wdb", ".yar", ".yara",
        ".sign",  # since 1.5 a database's signature lies beside it
    }
)  # fmt: skip

CANARY = "zz-attachguard-canary.ndb"
"""The name under which each private clamd gets a signature of its own; it belongs to no set."""

COPY_LIMIT = 16 * 1024 * 1024
"""A set of at most this many bytes is copied; a larger one is linked to, where it lies."""


Stamp = tuple[tuple[str, int, int], ...]
"""Name, size and modification time of every file of a set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureSet:
    """Database files that belong together."""

    folder: Path
    demo: bool = False
    """True for the set that finds EICAR and nothing else."""

    def current(self) -> "SignatureSet":
        """Be the source of itself: a folder that was named is the one to use."""
        return self

    def files(self) -> tuple[Path, ...]:
        """List the database files, by name. Raises ScannerUnavailable when there is none."""
        try:
            found = sorted(
                path
                for path in self.folder.iterdir()
                if path.suffix.lower() in DATABASE_SUFFIXES
                and path.name != CANARY
                and not path.name.startswith(".")
                and path.is_file()
            )
        except OSError as error:
            raise ScannerUnavailable(f"the signature folder can't be read: {error}") from error
        if not found:
            raise ScannerUnavailable(
                f"there are no signature files in {self.folder}; "
                f"fetch the official ones with `freshclam` or name a folder that has some"
            )
        return tuple(found)

    def fingerprint(self) -> str:
        """Compute the SHA-256 over the sorted (name, size, SHA-256) of the files: changes whenever anything changes.

        Reads every byte: about a second for the official database. Raises ScannerUnavailable.
        """
        whole = hashlib.sha256()
        try:
            for path in self.files():
                with path.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                    size = file.tell()
                whole.update(f"{path.name}\0{size}\0{digest}\n".encode(errors="surrogateescape"))
        except OSError as error:
            raise ScannerUnavailable(f"a signature file can't be read: {error}") from error
        return whole.hexdigest()

    def stamp(self) -> Stamp:
        """Tell name, size and time of every file: cheap to compare. Raises ScannerUnavailable."""
        try:
            found = [(path.name, path.stat()) for path in self.files()]
        except OSError as error:
            raise ScannerUnavailable(f"a signature file can't be read: {error}") from error
        return tuple((name, status.st_size, status.st_mtime_ns) for name, status in found)

    def lay_out(self, target: Path) -> "SignatureSet":
        """Put the files into an empty folder for one clamd; returns the set as it lies there.

        A small set is copied, so that it can't change while it is in use and can be read by the user clamd runs
        as; links to a large one stay as true as its own folder. Raises ScannerUnavailable.
        """
        files = self.files()
        try:
            small = sum(path.stat().st_size for path in files) <= COPY_LIMIT
            for path in files:
                if small:
                    shutil.copyfile(path, target / path.name)
                    (target / path.name).chmod(0o644)
                else:
                    (target / path.name).symlink_to(path.resolve())
        except OSError as error:
            raise ScannerUnavailable(f"a signature file can't be read: {error}") from error
        return SignatureSet(folder=target, demo=self.demo)


def demo_set() -> SignatureSet:
    """Name the set that travels with attachguard: EICAR only."""
    return SignatureSet(folder=Path(__file__).parent, demo=True)


class SignatureSource(Protocol):
    """Where the set to use comes from."""

    def current(self) -> SignatureSet:
        """Name the set that is to be used now."""
        ...


class OfficialOrDemo:
    """The official database as soon as there is one, and from then on; the demo set before."""

    def __init__(self, official: Path) -> None:
        """Look into that folder each time, until the official database is there."""
        self._official = SignatureSet(folder=official)
        self._arrived = False

    def current(self) -> SignatureSet:
        """Look whether the official database has arrived. There is no way back from it to a lesser one."""
        self._arrived = self._arrived or any((self._official.folder / name).is_file() for name in OFFICIAL_FILES)
        return self._official if self._arrived else demo_set()


def choose_set(folder: Path | None, official: Path = OFFICIAL_FOLDER) -> SignatureSource:
    """Choose the folder that was named; else the official database where there is one; else the demo set."""
    if folder is None:
        return OfficialOrDemo(official)
    return demo_set() if folder == demo_set().folder else SignatureSet(folder=folder)


class SignatureWatch:
    """Notices that the files on disk are no longer those in use, once they have come to rest."""

    def __init__(self, signatures: SignatureSource, *, every: float) -> None:
        """Look at most once in `every` seconds."""
        self._signatures = signatures
        self._every = every
        self._next = 0.0
        self._seen: Stamp = ()
        self._refused: Stamp = ()

    def news(self, in_use: Stamp) -> bool:
        """Tell whether there is another set than that in use, unchanged since the last look and not refused."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._every
        try:
            stamp = self._signatures.current().stamp()
        except ScannerUnavailable:
            return False  # it is just being exchanged, or gone: what is loaded goes on
        rested, self._seen = stamp == self._seen, stamp
        return rested and stamp not in (in_use, self._refused)

    def refuse(self) -> None:
        """Don't report the set that was last seen again."""
        self._refused = self._seen
