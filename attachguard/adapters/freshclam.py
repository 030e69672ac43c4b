"""freshclam, which fetches signatures: where from, how it is run, and what its answers mean.

It works in a folder of its own that nobody scans with. What becomes of what it fetched is decided in
signature_update.py: its own word that all went well is not enough.
"""

import enum
import ipaddress
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from attachguard.adapters.clamd_program import SEARCH_PATH, ClamdProgram
from attachguard.adapters.signatures import DATABASE_SUFFIXES, OFFICIAL_FILES
from attachguard.errors import ScannerUnavailable, UsageError
from attachguard.model import printable

FETCH_SECONDS = 1800.0
"""For one run: the whole official database (some 250 MB) over a slow line, and its test."""

NOT_OFFICIAL = "none"
"""Instead of a mirror: only the custom addresses are fetched."""

OFFICIAL_MIRROR = "database.clamav.net"
OFFICIAL_NAMES: tuple[str, ...] = ("daily", "main", "bytecode")

_URL = re.compile(r"[!$-~]{1,500}")
"""Printable ASCII without blanks, quotes and #: an address must stay one word of freshclam.conf."""

_REFUSED: Mapping[int, str] = {
    # freshclam's return codes (libfreshclam.h, fc_error_t): what was fetched is no good
    6: "an empty file was fetched",
    7: "what was fetched is no database, or its signature is wrong",
    8: "what was fetched does not load",
}
_UNREACHABLE: Mapping[int, str] = {
    # the same: nothing could be fetched
    5: "no connection",
    11: "nothing could be fetched",
    12: "the mirror has not got all files yet",
    14: "the update failed",
    17: "the mirror does not serve us",
    18: "the mirror asks us to come later",
}

_PASSED_ON = ("http_proxy", "https_proxy", "no_proxy", "all_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE")
"""Variables that tell freshclam (libcurl) how this network is left, in either case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """Where signatures come from."""

    official: bool = True
    mirror: str | None = None
    """A mirror of one's own for the official files; None: ClamAV's."""
    custom: tuple[str, ...] = ()
    """Addresses of further database files."""


class Answer(enum.Enum):
    """How one run ended."""

    DONE = "done"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """What came of one run."""

    answer: Answer
    detail: str


def parse_upstream(mirror: str | None, urls: str | None) -> Upstream:
    """Read ATTACHGUARD_SIGNATURE_MIRROR and ATTACHGUARD_SIGNATURE_URLS (addresses with blanks between them).

    The official files are signed and may come by any way. Custom ones are not, and a line in them can make a scanner
    blind: they come by https, or from this machine. Raises UsageError that says what to write instead.
    """
    custom = tuple((urls or "").split())
    for url in custom:
        _check_custom(url)
    names = [_name(url) for url in custom]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"two addresses of signatures end in {twice[0]!r}: one file would replace the other")
    if mirror == NOT_OFFICIAL:
        if not custom:
            raise UsageError("neither official nor custom signatures are to be fetched: name an address")
        return Upstream(official=False, custom=custom)
    if mirror is not None and (_host(mirror, {"http", "https"}) is None):
        raise UsageError(f"the signature mirror {mirror!r} must be http://host or https://host, or {NOT_OFFICIAL!r}")
    return Upstream(mirror=mirror, custom=custom)


def _check_custom(url: str) -> None:
    host = _host(url, {"http", "https"})
    if host is None:
        raise UsageError(f"the address of signatures {url!r} must be https://host/file")
    if urlsplit(url).scheme == "http" and not _is_loopback(host):
        raise UsageError(f"the address of signatures {url!r} must be https: such files are not signed")
    name = _name(url)
    if Path(name).suffix.lower() not in DATABASE_SUFFIXES or name.startswith(".") or "?" in url:
        raise UsageError(f"the address of signatures {url!r} must end in the name of a database file, such as site.ndb")
    if name in OFFICIAL_FILES or Path(name).stem in OFFICIAL_NAMES:
        raise UsageError(f"the address of signatures {url!r} has the name of an official file; name a mirror for those")


def _host(url: str, schemes: set[str]) -> str | None:
    """Tell the host of an address that is one; None for anything else."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in schemes and _URL.fullmatch(url) and parts.username is None and parts.port != 0
    except ValueError:
        return None
    return parts.hostname if good else None


def _name(url: str) -> str:
    return urlsplit(url).path.rpartition("/")[2]


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def find_freshclam() -> str:
    """Find the program. Raises ScannerUnavailable that says how to get it."""
    path = shutil.which("freshclam", path=f"{os.environ.get('PATH', '')}:{SEARCH_PATH}")
    if path is None:
        raise ScannerUnavailable(
            "the program freshclam is not installed (Debian, Ubuntu: `apt-get install clamav-freshclam`)"
        )
    return path


def freshclam_conf(folder: Path, upstream: Upstream) -> str:
    """Write freshclam.conf for a freshclam that works in `folder`."""
    lines = [
        f"DatabaseDirectory {folder}",
        f"DatabaseMirror {OFFICIAL_MIRROR}",
        "Foreground yes",
        "MaxAttempts 1",  # a timer comes again; freshclam itself would sleep in between
        "ConnectTimeout 30",
        "TestDatabases yes",  # a broken file is refused by itself, the others are taken
        "Bytecode yes",
    ]
    if upstream.mirror is not None:
        lines += [f"PrivateMirror {upstream.mirror}", "DNSDatabaseInfo no", "ScriptedUpdates no"]
    lines += [f"DatabaseCustomURL {url}" for url in upstream.custom]
    return "".join(f"{line}\n" for line in lines)


def fetch(program: ClamdProgram, folder: Path, upstream: Upstream, *, seconds: float = FETCH_SECONDS) -> list[Fetch]:
    """Bring `folder` up to date: the official files, then each custom one by itself, so that none waits for another.

    `folder` must belong to the user of `program` and hold what there is already. Raises ScannerUnavailable when
    freshclam can't be run.
    """
    freshclam = find_freshclam()
    runs = [(OFFICIAL_NAMES, replace(upstream, custom=()))] if upstream.official else []
    runs += [(("custom",), replace(upstream, custom=(url,))) for url in upstream.custom]
    return [_run(program, freshclam, _configured(folder, source), names, seconds) for names, source in runs]


def _configured(folder: Path, upstream: Upstream) -> Path:
    conf = folder / "freshclam.conf"
    conf.write_text(freshclam_conf(folder, upstream), "utf-8")
    conf.chmod(0o644)
    return conf


def _run(program: ClamdProgram, freshclam: str, conf: Path, names: tuple[str, ...], seconds: float) -> Fetch:
    which = [f"--update-db={name}" for name in names]
    command = program.contained(freshclam, f"--config-file={conf}", "--stdout", "--no-warnings", *which)
    try:
        done = subprocess.run(  # noqa: S603 - the program found above, our own configuration
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=conf.parent,
            env={"TZ": "UTC", "LC_ALL": "C", "PATH": "/usr/bin:/bin", **_network()},
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Fetch(answer=Answer.UNREACHABLE, detail=f"freshclam was not done in {seconds:.0f} s")
    except OSError as error:
        raise ScannerUnavailable(f"freshclam can't be run: {error}") from error
    return _understood(done.returncode, done.stdout[-20_000:].decode("latin-1"))


def _network() -> Mapping[str, str]:
    names = {*_PASSED_ON, *(name.upper() for name in _PASSED_ON)}
    return {name: os.environ[name] for name in sorted(names) if name in os.environ}


def _understood(status: int, said: str) -> Fetch:
    """Say what a return code means; raises ScannerUnavailable for one that tells of a fault of ours."""
    if status == 0:
        return Fetch(answer=Answer.DONE, detail="up to date")
    lines = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR: ")]
    words = printable((lines or said.splitlines() or ["it said nothing"])[0].strip(), 200)
    for answer, meanings in ((Answer.REFUSED, _REFUSED), (Answer.UNREACHABLE, _UNREACHABLE)):
        if status in meanings:
            return Fetch(answer=answer, detail=f"{meanings[status]}: {words}")
    raise ScannerUnavailable(f"freshclam failed (status {status}): {words}")
