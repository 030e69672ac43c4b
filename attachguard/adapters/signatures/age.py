"""How old the signatures in use are, and what the policy's days make of that.

Only the official daily database tells when it was built. A set of one's own and the demo set have no age: nobody can
say from their files whether something newer exists.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from attachguard.adapters.clamd_live import Live
from attachguard.model import Check, SignatureRules

CLOCKS_APART = timedelta(days=1)
"""clamd tells a build time without its zone, and clocks differ. A build further in the future shows a wrong clock:
then no age can be told."""

HOW_TO_GET = (
    "get the official ones with `attachguard signatures update`, or with freshclam "
    "(Debian, Ubuntu: `apt-get install clamav-freshclam`), or name a folder in ATTACHGUARD_SIGNATURES"
)
HOW_TO_UPDATE = "run `attachguard signatures update`, or see why freshclam does not"


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """What the rules say about the time that passed since the signatures were built."""

    told: str
    seconds: float | None = None
    """None: nobody can tell."""
    warned: bool = False
    refused: bool = False


NO_AGE = Age(told="no age: not the official daily database")


def age_of(built: datetime | None, rules: SignatureRules, now: datetime | None = None) -> Age:
    """Judge the build time of an official daily database; one that can't be read is refused."""
    if built is None:
        return Age(told="the build time can't be read", warned=True, refused=True)
    age = (now or datetime.now(UTC)) - built
    if age < -CLOCKS_APART:
        return Age(told="built in the future: is the clock right?", warned=True, refused=True)
    days = max(0, age.days)
    refused = age > timedelta(days=rules.refuse_after_days)
    warned = refused or age > timedelta(days=rules.warn_after_days)
    told = f"{days} days old"
    if refused:
        told += f", and the policy refuses them after {rules.refuse_after_days}"
    return Age(told=told, seconds=max(0.0, age.total_seconds()), warned=warned, refused=refused)


def signature_age(live: Live, rules: SignatureRules) -> Age:
    """Judge the signatures of a clamd that answers."""
    return NO_AGE if live.version.daily is None else age_of(live.version.built, rules)


def signature_checks(live: Live, rules: SignatureRules) -> Sequence[Check]:
    """Tell doctor which signatures are in use, and how old they are where that can be told."""
    if live.demo:
        detail = f"{live.signatures}: only the demo set, which finds EICAR and no malware; {HOW_TO_GET}"
        return (Check(name="signatures", ok=False, detail=detail, required=False),)
    if live.version.daily is None:
        detail = f"{live.signatures}: no official daily database is loaded; {HOW_TO_GET}"
        return (Check(name="signatures", ok=False, detail=detail, required=False),)
    age = signature_age(live, rules)
    advice = f"; {HOW_TO_UPDATE}" if age.warned else ""
    return (
        Check(name="signatures", ok=True, detail=live.signatures),
        Check(
            name="signature age",
            ok=not age.warned,
            detail=age.told + advice,
            required=age.refused,
            reading=age.seconds,
        ),
    )
