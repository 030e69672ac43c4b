"""Who gets in, who does not, and that nobody is told why."""

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attachguard.access import (
    LINK_SECONDS,
    Admitted,
    Allowance,
    Key,
    Scope,
    allows,
    is_signed,
    key_id,
    link_key,
    matches,
    new_key,
    read_link,
    sign_link,
)
from attachguard.adapters.sql.ledger import SqlLedger
from attachguard.errors import NotAllowed, NotAuthenticated, TooMany, UsageError
from attachguard.gate import ANYBODY, Gate, Rates, check_binding, is_loopback
from tests.contracts.engine_ledger import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[SqlLedger]:
    with closing(SqlLedger(f"sqlite:///{tmp_path}/ledger.sqlite3", clock)) as ledger:
        yield ledger


@pytest.fixture
def gate(ledger: SqlLedger, clock: Clock) -> Gate:
    return Gate(ledger, clock=clock)


def add(ledger: SqlLedger, clock: Clock, *scopes: Scope, **allowance: int) -> tuple[Key, str]:
    key, shown = new_key("shop", "till", scopes or [Scope.SUBMIT], Allowance(**allowance), clock())
    ledger.add_key(key)
    return key, shown


# -- keys ------------------------------------------------------------------------------------------------------


def test_no_two_keys_are_the_same_and_each_has_256_random_bits() -> None:
    shown = {new_key("shop", "", [Scope.READ], Allowance(), datetime.now(UTC))[1] for _ in range(100)}
    assert len(shown) == 100
    assert {len(one.split("_", 2)[2]) for one in shown} == {43}


def test_a_key_of_ours_is_let_in_with_its_tenant_and_scopes(ledger: SqlLedger, gate: Gate, clock: Clock) -> None:
    key, shown = add(ledger, clock, Scope.READ)
    assert gate.admit(shown) == Admitted(tenant="shop", key_id=key.id, scopes=frozenset({Scope.READ}))


@pytest.mark.parametrize(
    "broken",
    [
        lambda shown: shown[:-1],
        lambda shown: shown + "A",
        lambda shown: shown[:-1] + ("A" if shown[-1] != "A" else "B"),
        lambda shown: shown.replace("agk_", "AGK_"),
        lambda shown: "agk_" + "0" * 16 + shown[20:],
        lambda shown: shown + "\n",
        lambda _: "agk_",
        lambda _: "\udcff",
        lambda _: "é" * 64,
    ],
)
def test_anything_else_is_not(ledger: SqlLedger, gate: Gate, clock: Clock, broken: "object") -> None:
    _, shown = add(ledger, clock)
    assert callable(broken)
    with pytest.raises(NotAuthenticated, match="not good here"):
        gate.admit(broken(shown), local=True)


def test_a_revoked_key_is_refused_in_the_words_of_an_unknown_one(ledger: SqlLedger, gate: Gate, clock: Clock) -> None:
    key, shown = add(ledger, clock)
    ledger.revoke_key(key.id)
    with pytest.raises(NotAuthenticated) as revoked:
        gate.admit(shown)
    with pytest.raises(NotAuthenticated) as unknown:
        gate.admit(shown.replace(key.id, "0" * 16))
    assert str(revoked.value) == str(unknown.value)


def test_without_any_key_this_machine_may_do_everything_and_nobody_else_anything(gate: Gate) -> None:
    assert gate.admit(None, local=True) == ANYBODY
    with pytest.raises(NotAuthenticated):
        gate.admit(None, local=False)


def test_from_the_first_key_on_everybody_needs_one_also_when_it_is_revoked(
    ledger: SqlLedger, gate: Gate, clock: Clock
) -> None:
    key, _ = add(ledger, clock)
    ledger.revoke_key(key.id)
    with pytest.raises(NotAuthenticated):
        gate.admit(None, local=True)


def test_a_comparison_without_a_key_is_made_all_the_same() -> None:
    key, shown = new_key("shop", "", [Scope.READ], Allowance(), datetime.now(UTC))
    assert matches(shown, key)
    assert not matches(shown, None)
    assert key_id(shown) == key.id


@pytest.mark.parametrize("wanted", list(Scope))
def test_a_scope_allows_itself_and_admin_allows_all(gate: Gate, wanted: Scope) -> None:
    for held in Scope:
        somebody = Admitted(tenant="shop", key_id="k", scopes=frozenset({held}))
        if held in {wanted, Scope.ADMIN}:
            gate.require(somebody, wanted)
        else:
            with pytest.raises(NotAllowed, match=wanted):
                gate.require(somebody, wanted)
    assert not allows([], wanted)


@pytest.mark.parametrize("tenant", ["", "a b", "../x", "x" * 101, "-x", "ü", "a\n"])
def test_a_tenant_has_a_plain_name(tenant: str) -> None:
    with pytest.raises(UsageError):
        new_key(tenant, "", [Scope.READ], Allowance(), datetime.now(UTC))


def test_a_key_without_a_scope_is_no_key() -> None:
    with pytest.raises(UsageError):
        new_key("shop", "", [], Allowance(), datetime.now(UTC))


# -- rates and quotas ------------------------------------------------------------------------------------------


def test_a_rate_lets_a_burst_through_and_then_as_many_as_it_says() -> None:
    now = [100.0]
    rates = Rates(lambda: now[0])
    for _ in range(6):
        rates.take("k", 6)
    with pytest.raises(TooMany) as refused:
        rates.take("k", 6)
    assert refused.value.seconds == 11  # ten seconds make one token
    rates.take("another key", 6)
    now[0] += 10
    rates.take("k", 6)
    with pytest.raises(TooMany):
        rates.take("k", 6)
    now[0] += 3600
    for _ in range(6):
        rates.take("k", 6)
    with pytest.raises(TooMany):
        rates.take("k", 6)


def test_no_rate_is_no_limit() -> None:
    rates = Rates(lambda: 0.0)
    for _ in range(1000):
        rates.take("k", 0)


def test_threads_share_a_rate() -> None:
    rates, refused = Rates(lambda: 0.0), []

    def take() -> None:
        for _ in range(50):
            try:
                rates.take("k", 100)
            except TooMany as error:
                refused.append(error)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 100


def test_a_wrong_key_uses_up_nobodys_rate(ledger: SqlLedger, gate: Gate, clock: Clock) -> None:
    _, shown = add(ledger, clock, per_minute=1)
    for _ in range(5):
        with pytest.raises(NotAuthenticated):
            gate.admit(shown + "x")
    gate.admit(shown)
    with pytest.raises(TooMany):
        gate.admit(shown)


def test_a_quota_is_over_until_midnight(ledger: SqlLedger, gate: Gate, clock: Clock) -> None:
    _, shown = add(ledger, clock, submissions_per_day=1)
    somebody = gate.admit(shown)
    gate.spend(somebody, 1, 10)
    with pytest.raises(TooMany) as refused:
        gate.spend(somebody, 1, 10)
    assert refused.value.seconds == 24 * 3600 - (5 * 3600 + 6 * 60 + 7)


def test_who_has_no_quota_and_who_needs_no_key_spend_nothing(ledger: SqlLedger, gate: Gate, clock: Clock) -> None:
    key, shown = add(ledger, clock)
    gate.spend(gate.admit(shown), 1, 10**15)
    gate.spend(ANYBODY, 1, 10**15)
    assert ledger.used(key.id) == (0, 0)


# -- links -----------------------------------------------------------------------------------------------------


def test_a_link_is_signed_without_asking_and_lets_a_browser_send_to_one_conversation(
    ledger: SqlLedger, gate: Gate, clock: Clock
) -> None:
    key, shown = add(ledger, clock, Scope.SUBMIT, Scope.QUARANTINE)
    link = sign_link(
        link_key(shown), key_id=key.id, conversation="order 7", policy="strict", count=2, seconds=60, at=clock()
    )
    admitted = gate.admit(link)
    assert admitted.link is not None
    assert (admitted.tenant, admitted.key_id, admitted.scopes) == (
        "shop",
        key.id,
        frozenset({Scope.SUBMIT, Scope.READ}),
    )
    assert (admitted.link.conversation, admitted.link.policy, admitted.link.count) == ("order 7", "strict", 2)
    gate.use(admitted.link)
    gate.use(admitted.link)
    with pytest.raises(NotAllowed):
        gate.use(admitted.link)
    clock.forward(seconds=61)
    with pytest.raises(NotAuthenticated):
        gate.admit(link)


def test_a_link_ends_with_its_key_and_is_no_more_than_its_key(ledger: SqlLedger, gate: Gate, clock: Clock) -> None:
    reader, _ = add(ledger, clock, Scope.READ)
    with pytest.raises(NotAuthenticated):
        gate.admit(sign_link(reader.link_key, key_id=reader.id, conversation="x", at=clock()))
    key, _ = add(ledger, clock)
    link = sign_link(key.link_key, key_id=key.id, conversation="x", at=clock())
    gate.admit(link)
    ledger.revoke_key(key.id)
    with pytest.raises(NotAuthenticated):
        gate.admit(link)


def test_a_link_uses_the_rate_of_its_key(ledger: SqlLedger, gate: Gate, clock: Clock) -> None:
    key, _ = add(ledger, clock, per_minute=1)
    link = sign_link(key.link_key, key_id=key.id, conversation="x", at=clock())
    gate.admit(link)
    with pytest.raises(TooMany):
        gate.admit(link)


def test_one_key_can_not_sign_for_another(ledger: SqlLedger, gate: Gate, clock: Clock) -> None:
    mine, theirs = add(ledger, clock)[0], add(ledger, clock)[0]
    with pytest.raises(NotAuthenticated):
        gate.admit(sign_link(mine.link_key, key_id=theirs.id, conversation="x", at=clock()))


def test_no_character_of_a_link_can_be_changed(clock: Clock) -> None:
    key, _ = new_key("shop", "", [Scope.SUBMIT], Allowance(), clock())
    link = sign_link(key.link_key, key_id=key.id, conversation="order 7", at=clock())
    assert is_signed(link, key)
    for place in range(4, len(link) - 1):  # of the last character, base64 leaves two bits unused
        for other in "Ab0":
            changed = link[:place] + other + link[place + 1 :]
            assert changed == link or not is_signed(changed, key), place


@given(st.text(max_size=200))
def test_what_is_no_link_is_refused_whatever_it_is(text: str) -> None:
    for shown in (text, f"agl_{text}", f"agl_{text}.x"):
        with pytest.raises(NotAuthenticated):
            read_link(shown)
        assert not is_signed(shown, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"seconds": 0},
        {"seconds": LINK_SECONDS + 1},
        {"count": 0},
        {"count": 101},
        {"conversation": ""},
        {"conversation": "x" * 201},
        {"conversation": "a\nb"},
    ],
)
def test_a_link_that_would_live_too_long_or_do_too_much_is_not_signed(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        sign_link(b"k" * 32, **{"key_id": "0" * 16, "conversation": "x", **wrong})  # type: ignore[arg-type]  # a row names fields


def test_the_longest_link_is_still_one() -> None:
    link = sign_link(b"k" * 32, key_id="0" * 16, conversation="\u4e2d" * 200, policy="p" * 100, count=100)
    assert read_link(link).conversation == "\u4e2d" * 200
    assert read_link(link).expires_at <= datetime.now(UTC) + timedelta(seconds=900)


# -- where the service may listen ------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost", "LOCALHOST."])
def test_these_are_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "", "10.0.0.1", "localhost.example.org", "127.0.0.1.nip.io", "2130706433"]
)
def test_these_are_not(host: str) -> None:
    assert not is_loopback(host)


def test_without_keys_nothing_but_loopback_is_listened_on(ledger: SqlLedger, clock: Clock) -> None:
    check_binding("127.0.0.1", ledger)
    with pytest.raises(UsageError, match="keys create"):
        check_binding("0.0.0.0", ledger)
    add(ledger, clock)
    check_binding("0.0.0.0", ledger)
