"""Typed settings from the environment; no logic, and every one has a default that works on one machine."""

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from attachguard.policy import DEFAULT


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the parts are. Each field is read from `ATTACHGUARD_<FIELD>` (upper case)."""

    clamd_url: str | None = None
    """`unix:///path` or `tcp://host:port`; unset: the system's clamd where it answers, else a private child."""
    signatures: Path | None = None
    """Database folder of the private clamd child; unset: the official one if installed, else the demo's."""
    signature_mirror: str | None = None
    """Where `signatures update` gets the official database; unset: from ClamAV; `none`: from nowhere."""
    signature_urls: str | None = None
    """Further database files for `signatures update`, with blanks between the addresses."""
    policy: str = DEFAULT
    """Name of a shipped policy, or the path of a policy file."""
    store_url: str
    """Where delivered files go: `file:///folder`."""
    quarantine_url: str
    """Where files wait for their verdict, and rejected ones for their release: `file:///folder`."""
    ledger_url: str
    """Where verdicts are recorded: an SQLAlchemy URL, `sqlite:////path` by default."""


VARIABLES: Mapping[str, str] = {
    "clamd_url": "ATTACHGUARD_CLAMD_URL",
    "signatures": "ATTACHGUARD_SIGNATURES",
    "signature_mirror": "ATTACHGUARD_SIGNATURE_MIRROR",
    "signature_urls": "ATTACHGUARD_SIGNATURE_URLS",
    "policy": "ATTACHGUARD_POLICY",
    "store_url": "ATTACHGUARD_STORE_URL",
    "quarantine_url": "ATTACHGUARD_QUARANTINE_URL",
    "ledger_url": "ATTACHGUARD_LEDGER_URL",
}
"""The environment variable of every field."""


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; an empty variable counts as unset."""
    home = state_folder(environment)

    def read(field: str) -> str | None:
        return environment.get(VARIABLES[field]) or None

    signatures = read("signatures")
    return Settings(
        clamd_url=read("clamd_url"),
        signatures=Path(signatures) if signatures else None,
        signature_mirror=read("signature_mirror"),
        signature_urls=read("signature_urls"),
        policy=read("policy") or DEFAULT,
        store_url=read("store_url") or f"file://{home}/clean",
        quarantine_url=read("quarantine_url") or f"file://{home}/quarantine",
        ledger_url=read("ledger_url") or f"sqlite:///{home}/ledger.sqlite3",
    )


def state_folder(environment: Mapping[str, str]) -> Path:
    """Name the folder for what must outlive a call (XDG Base Directory: state)."""
    if base := environment.get("XDG_STATE_HOME"):
        return Path(base).absolute() / "attachguard"
    home = environment.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir
    return Path(home).absolute() / ".local" / "state" / "attachguard"
