"""Which language an answer is in: what the caller asks for, out of those there are texts in (RFC 9110, 12.5.4)."""

from fastapi import Request

from attachguard.remedies.catalogue import LANGUAGES

_MOST = 20
"""Ranges of an Accept-Language that are looked at: no person speaks more, and nobody is made to read longer lists."""


def language_of(request: Request) -> str:
    """Choose the language of an answer; English where none of ours is wanted."""
    return choose(request.headers.get("accept-language", ""))


def choose(header: str) -> str:
    """Choose from an Accept-Language header: the highest weight wins, the first of equals; `q=0` is a no."""
    best, weight = LANGUAGES[0], 0.0
    for part in header.split(",")[:_MOST]:
        tag, _, parameters = part.strip().partition(";")
        found = _known(tag)
        q = _weight(parameters)
        if found and q > weight:
            best, weight = found, q
    return best


def _known(tag: str) -> str | None:
    primary = tag.strip().partition("-")[0].lower()
    if primary == "*":
        return LANGUAGES[0]
    return primary if primary in LANGUAGES else None


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        found = float(value.strip()[:5])
    except ValueError:
        return 0.0
    return found if 0 <= found <= 1 else 0.0
