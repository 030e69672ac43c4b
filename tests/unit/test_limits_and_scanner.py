"""What attachguard takes is less than what clamd looks at, so that clamd's OK covers all of it."""

import pytest

from attachguard.adapters.clamd_conf import ClamdSettings
from attachguard.model import Limits
from attachguard.policy import available, load_policy

EVERY_POLICY = (Limits(), *(load_policy(name).limits for name in available()))


@pytest.mark.parametrize("limits", EVERY_POLICY)
def test_every_limit_is_strictly_below_clamds_own(limits: Limits) -> None:
    clamd = ClamdSettings()
    assert limits.file_size < clamd.stream_length
    assert limits.file_size < clamd.file_size
    assert limits.member_size < clamd.file_size
    assert limits.inflated_size < clamd.scan_size
    assert limits.parts_size < clamd.scan_size
    assert limits.members < clamd.files
    assert limits.parts < clamd.files
    assert limits.depth < clamd.recursion


@pytest.mark.parametrize("limits", EVERY_POLICY)
def test_a_package_and_all_its_members_are_less_than_clamd_looks_at(limits: Limits) -> None:
    clamd = ClamdSettings()
    assert limits.file_size + limits.inflated_size < clamd.scan_size
    assert limits.members + limits.parts < clamd.files
    assert limits.member_size <= 50 * 1024 * 1024
    assert limits.inflated_size <= 200 * 1024 * 1024
    assert limits.members <= 1000
