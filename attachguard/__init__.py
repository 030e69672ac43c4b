"""attachguard: judge what people attach, deliver what is safe, flatten what is not.

The public names; `guard` judges one file, `guard_all` the files of a submission. They are loaded when first used:
the room imports this package too, and must not carry the host's half (database, scanner client) in its memory.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from attachguard.version import __version__

if TYPE_CHECKING:
    from attachguard.bootstrap import open_kit, open_service
    from attachguard.errors import AttachguardError, Unavailable, UploadUnreadable, UsageError
    from attachguard.model import Action, Finding, Limits, Outcome, Submission, SubmissionVerdict, Upload, Verdict
    from attachguard.pipeline import guard, guard_all
    from attachguard.policy import Policy, load_policy
    from attachguard.ports import Kit
    from attachguard.settings import Settings, load_settings
    from attachguard.uploads import upload_from_path

_HOMES = {
    "bootstrap": ("open_kit", "open_service"),
    "errors": ("AttachguardError", "Unavailable", "UploadUnreadable", "UsageError"),
    "model": ("Action", "Finding", "Limits", "Outcome", "Submission", "SubmissionVerdict", "Upload", "Verdict"),
    "pipeline": ("guard", "guard_all"),
    "policy": ("Policy", "load_policy"),
    "ports": ("Kit",),
    "settings": ("Settings", "load_settings"),
    "uploads": ("upload_from_path",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Action",
    "AttachguardError",
    "Finding",
    "Kit",
    "Limits",
    "Outcome",
    "Policy",
    "Settings",
    "Submission",
    "SubmissionVerdict",
    "Unavailable",
    "Upload",
    "UploadUnreadable",
    "UsageError",
    "Verdict",
    "__version__",
    "guard",
    "guard_all",
    "load_policy",
    "load_settings",
    "open_kit",
    "open_service",
    "upload_from_path",
]


def __getattr__(name: str) -> object:
    """Load a public name from its module when it is first asked for (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
