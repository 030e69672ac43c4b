"""The public names are the documented ones, and loading the package loads nothing else."""

import subprocess
import sys

import pytest

import attachguard


def test_every_public_name_can_be_had() -> None:
    assert all(getattr(attachguard, name) is not None for name in attachguard.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="gaurd"):
        attachguard.gaurd  # noqa: B018 - the access is the test


def test_importing_the_package_loads_neither_half() -> None:
    code = "import sys, attachguard; print(sorted(m for m in sys.modules if m.startswith('attachguard')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['attachguard', 'attachguard.version']"
