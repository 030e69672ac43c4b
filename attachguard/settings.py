"""Typed settings from the environment; no logic, and every one has a default that works on one machine."""

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from attachguard.errors import UsageError
from attachguard.policy import DEFAULT
from attachguard.webhooks import Targets

_DEFAULTS: Mapping[str, int] = {
    "job_lease": 30,
    "job_seconds": 300,  # five files, each through several rooms of 15 s and a scan of 60 s at worst
    "job_deadline": 3600,
    "quarantine_days": 30,
    "sweep_grace": 24 * 3600,  # longer than any upload and any attempt
}


class Secret:
    """A setting that is never shown."""

    def __init__(self, value: str) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "(set)"


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
    """Where delivered files go: `file:///folder`, or `s3://bucket/prefix?endpoint=https://host`."""
    quarantine_url: str
    """Where files wait for their verdict, and rejected ones for their release, written like the above."""
    ledger_url: str
    """Where verdicts and jobs are recorded: `sqlite:////path` by default, or `postgresql://user:password@host/name`."""
    store_access_key: str | None = None
    store_secret_key: Secret | None = None
    """S3 keys of the clean store; unset: boto3 looks where it always does."""
    quarantine_access_key: str | None = None
    quarantine_secret_key: Secret | None = None
    """S3 keys of the quarantine."""
    adopt_access_key: str | None = None
    adopt_secret_key: Secret | None = None
    """S3 keys of foreign places that `rescan --adopt` goes through."""
    broker_url: str | None = None
    """Celery's broker, `amqp://host` or `redis://host`; unset: workers look into the ledger by themselves."""
    cors_origins: tuple[str, ...] = ()
    """Origins whose pages may ask the HTTP service from a browser, with blanks between them; unset: none."""
    webhook_targets: Targets = Targets.PUBLIC
    """Where webhooks may be: `public` addresses by https, or `any`, also this machine and its network, also by http."""
    job_lease: int = _DEFAULTS["job_lease"]
    """Seconds that a job stays with a worker that shows no sign of life."""
    job_seconds: int = _DEFAULTS["job_seconds"]
    """Seconds that one attempt may take."""
    job_deadline: int = _DEFAULTS["job_deadline"]
    """Seconds after which a submission that is still pending is `undetermined`."""
    quarantine_days: int = _DEFAULTS["quarantine_days"]
    """Days that what was not delivered is held for review."""
    sweep_grace: int = _DEFAULTS["sweep_grace"]
    """Seconds an object must have lain that nothing refers to before it is deleted."""


VARIABLES: Mapping[str, str] = {
    "clamd_url": "ATTACHGUARD_CLAMD_URL",
    "signatures": "ATTACHGUARD_SIGNATURES",
    "signature_mirror": "ATTACHGUARD_SIGNATURE_MIRROR",
    "signature_urls": "ATTACHGUARD_SIGNATURE_URLS",
    "policy": "ATTACHGUARD_POLICY",
    "store_url": "ATTACHGUARD_STORE_URL",
    "quarantine_url": "ATTACHGUARD_QUARANTINE_URL",
    "ledger_url": "ATTACHGUARD_LEDGER_URL",
    "store_access_key": "ATTACHGUARD_STORE_ACCESS_KEY",
    "store_secret_key": "ATTACHGUARD_STORE_SECRET_KEY",
    "quarantine_access_key": "ATTACHGUARD_QUARANTINE_ACCESS_KEY",
    "quarantine_secret_key": "ATTACHGUARD_QUARANTINE_SECRET_KEY",
    "adopt_access_key": "ATTACHGUARD_ADOPT_ACCESS_KEY",
    "adopt_secret_key": "ATTACHGUARD_ADOPT_SECRET_KEY",
    "broker_url": "ATTACHGUARD_BROKER_URL",
    "cors_origins": "ATTACHGUARD_CORS_ORIGINS",
    "webhook_targets": "ATTACHGUARD_WEBHOOK_TARGETS",
    "job_lease": "ATTACHGUARD_JOB_LEASE",
    "job_seconds": "ATTACHGUARD_JOB_SECONDS",
    "job_deadline": "ATTACHGUARD_JOB_DEADLINE",
    "quarantine_days": "ATTACHGUARD_QUARANTINE_DAYS",
    "sweep_grace": "ATTACHGUARD_SWEEP_GRACE",
}
"""The environment variable of every field."""


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; an empty variable counts as unset. Raises UsageError for what is no number."""
    home = state_folder(environment)

    def read(field: str) -> str | None:
        return environment.get(VARIABLES[field]) or None

    def secret(field: str) -> Secret | None:
        value = read(field)
        return Secret(value) if value else None

    def number(field: str, default: int) -> int:
        value = read(field)
        if value is None:
            return default
        if not value.isdecimal() or int(value) < 1:
            raise UsageError(f"{VARIABLES[field]}={value!r}: must be a whole number above 0")
        return int(value)

    targets = read("webhook_targets") or Targets.PUBLIC
    if targets not in set(Targets):
        raise UsageError(f"{VARIABLES['webhook_targets']}={targets!r}: must be one of {', '.join(Targets)}")
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
        store_access_key=read("store_access_key"),
        store_secret_key=secret("store_secret_key"),
        quarantine_access_key=read("quarantine_access_key"),
        quarantine_secret_key=secret("quarantine_secret_key"),
        adopt_access_key=read("adopt_access_key"),
        adopt_secret_key=secret("adopt_secret_key"),
        broker_url=read("broker_url"),
        cors_origins=_origins(read("cors_origins") or ""),
        webhook_targets=Targets(targets),
        job_lease=number("job_lease", _DEFAULTS["job_lease"]),
        job_seconds=number("job_seconds", _DEFAULTS["job_seconds"]),
        job_deadline=number("job_deadline", _DEFAULTS["job_deadline"]),
        quarantine_days=number("quarantine_days", _DEFAULTS["quarantine_days"]),
        sweep_grace=number("sweep_grace", _DEFAULTS["sweep_grace"]),
    )


def _origins(text: str) -> tuple[str, ...]:
    """Read origins (RFC 6454): scheme, host and port, nothing behind them. `*` would be everybody, and is none."""
    for one in text.split():
        parts = urlsplit(one)
        if parts.scheme not in {"http", "https"} or one != f"{parts.scheme}://{parts.netloc}" or "*" in one:
            raise UsageError(f"{VARIABLES['cors_origins']}: {one!r} is no origin such as https://shop.example")
    return tuple(text.split())


def state_folder(environment: Mapping[str, str]) -> Path:
    """Name the folder for what must outlive a call (XDG Base Directory: state)."""
    if base := environment.get("XDG_STATE_HOME"):
        return Path(base).absolute() / "attachguard"
    home = environment.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir
    return Path(home).absolute() / ".local" / "state" / "attachguard"
