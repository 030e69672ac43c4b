"""What the ledger promises about callers; each database's tests inherit this."""

import dataclasses
import threading
from datetime import timedelta

import pytest

from attachguard.access import Allowance, Key, Scope, UploadLink, new_key
from attachguard.adapters.sql.ledger import SqlLedger
from tests.contracts.engine_ledger import Clock


def made(clock: Clock, tenant: str = "shop", **allowance: int) -> tuple[Key, str]:
    return new_key(tenant, "till 4", [Scope.SUBMIT, Scope.READ], Allowance(**allowance), clock())


def link(key: Key, clock: Clock, count: int = 2, identity: str = "a" * 32) -> UploadLink:
    return UploadLink(
        id=identity,
        key_id=key.id,
        conversation="order 7",
        policy=None,
        count=count,
        expires_at=clock() + timedelta(minutes=5),
    )


class KeyringContract:
    """Keys are found as they were made, what they use is counted once, and a link does no more than it may."""

    def test_a_key_is_found_as_it_was_made(self, ledger: SqlLedger, clock: Clock) -> None:
        key, _ = made(clock, per_minute=7, bytes_per_day=10**12)
        assert not ledger.has_keys()
        ledger.add_key(key)
        assert ledger.has_keys()
        assert ledger.find_key(key.id) == key
        assert ledger.find_key("0" * 16) is None

    def test_the_key_itself_is_nowhere_in_the_ledger(self, ledger: SqlLedger, clock: Clock) -> None:
        key, shown = made(clock)
        ledger.add_key(key)
        secret = shown.split("_", 2)[2]
        with ledger._database.reading() as connection:
            row = connection.exec_driver_sql("SELECT * FROM api_keys").one()
        assert not [value for value in row if secret in str(value)]

    def test_keys_are_listed_by_tenant(self, ledger: SqlLedger, clock: Clock) -> None:
        ours, _ = made(clock)
        ledger.add_key(ours)
        clock.forward(seconds=1)
        theirs, _ = made(clock, "other-shop")
        ledger.add_key(theirs)
        assert list(ledger.keys()) == [ours, theirs]
        assert list(ledger.keys("shop")) == [ours]

    def test_a_key_is_revoked_once_and_for_all(self, ledger: SqlLedger, clock: Clock) -> None:
        key, _ = made(clock)
        ledger.add_key(key)
        assert ledger.revoke_key(key.id)
        assert not ledger.revoke_key(key.id)
        assert not ledger.revoke_key("0" * 16)
        assert ledger.find_key(key.id) == dataclasses.replace(key, revoked_at=clock())
        assert ledger.has_keys()  # a service that ever had keys does not fall open

    def test_what_a_key_uses_in_a_day_is_counted_up_to_its_quota(self, ledger: SqlLedger, clock: Clock) -> None:
        key, _ = made(clock, submissions_per_day=3, bytes_per_day=100)
        ledger.add_key(key)
        assert ledger.spend(key, 1, 60)
        assert not ledger.spend(key, 1, 41)  # and what was refused does not count
        assert ledger.spend(key, 1, 40)
        assert ledger.spend(key, 1, 0)
        assert not ledger.spend(key, 1, 0)
        assert ledger.used(key.id) == (3, 100)
        clock.forward(days=1)
        assert ledger.used(key.id) == (0, 0)
        assert ledger.spend(key, 1, 100)

    def test_of_many_that_spend_at_once_no_more_than_the_quota_get_through(
        self, ledger: SqlLedger, clock: Clock
    ) -> None:
        key, _ = made(clock, submissions_per_day=5)
        ledger.add_key(key)
        through: list[bool] = []
        at_once([lambda: through.append(ledger.spend(key, 1, 1))] * 8)
        assert sorted(through) == [False] * 3 + [True] * 5
        assert ledger.used(key.id) == (5, 5)

    def test_a_link_makes_no_more_submissions_than_it_may(self, ledger: SqlLedger, clock: Clock) -> None:
        key, _ = made(clock)
        ledger.add_key(key)
        used: list[bool] = []
        at_once([lambda: used.append(ledger.use_link(link(key, clock)))] * 5)
        assert sorted(used) == [False] * 3 + [True] * 2
        assert ledger.use_link(link(key, clock, identity="b" * 32))

    def test_links_that_are_over_are_forgotten(self, ledger: SqlLedger, clock: Clock) -> None:
        key, _ = made(clock)
        ledger.add_key(key)
        ledger.use_link(link(key, clock))
        assert ledger.forget_links() == 0
        clock.forward(minutes=6)
        assert ledger.forget_links() == 1

    @pytest.mark.parametrize("name", ["", "Kasse 4, Bühl"])
    def test_a_key_may_be_called_anything(self, ledger: SqlLedger, clock: Clock, name: str) -> None:
        key, _ = new_key("shop", name, [Scope.ADMIN], Allowance(), clock())
        ledger.add_key(key)
        assert ledger.find_key(key.id) == key


def at_once(calls: "list[object]") -> None:
    threads = [threading.Thread(target=call) for call in calls if callable(call)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
