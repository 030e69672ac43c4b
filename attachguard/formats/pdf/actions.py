"""What acts: actions, scripts and triggers (ISO 32000-2, 12.6). One narrow function per danger."""

import re
from collections.abc import Iterator

import pikepdf

from attachguard.formats.pdf.document import CONTAINERS, dictionary_at, name_at, text_at
from attachguard.formats.pdf.tables import (
    ACTION_CODES,
    HARMLESS_ACTIONS,
    HARMLESS_NAMED,
    SILENT_ACTIONS,
    WEB_SCHEMES,
)
from attachguard.formats.pdf.walk import Entry
from attachguard.model import Finding

_CHAIN = 100
"""Actions that are followed in one chain of /Next; a longer one acts."""

_ACTION_KEYS = ("/A", "/PA", "/OpenAction")
"""Where an action stands (12.6.3); those of /AA and /Next are looked at by their own functions."""

_INVISIBLE = re.compile(r"[\x00-\x20\x7f]+")
"""What browsers leave out of an address before they read its scheme (WHATWG URL, 4.4)."""

_SCHEME = re.compile(r"([^:/?#]{0,100}):(\d*)")


def javascript(entry: Entry) -> Iterator[Finding]:
    """Tell of scripts: an action of that type, or the key /JS wherever it stands (12.6.4.17)."""
    if name_at(entry.keys, "/S") == "/JavaScript" or "/JS" in entry.keys:
        yield Finding("pdf.javascript", entry.where)


def known_actions(entry: Entry) -> Iterator[Finding]:
    """Tell of actions that reach out of the document, by their type, also where nothing leads to them."""
    kind = name_at(entry.keys, "/S")
    code = ACTION_CODES.get(kind)
    if code and code != "pdf.javascript":
        yield Finding(code, entry.where, kind.removeprefix("/"))
    if kind == "/Thread" and "/F" in entry.keys:
        yield Finding("pdf.remote_goto", entry.where, "Thread in another file")
    if kind == "/Named" and name_at(entry.keys, "/N") not in HARMLESS_NAMED:
        yield Finding("pdf.action", entry.where, f"Named {name_at(entry.keys, '/N')}")


def unknown_actions(entry: Entry) -> Iterator[Finding]:
    """Tell of actions of a type that no list has, where actions stand."""
    for action in _actions_of(entry.keys):
        kind = name_at(action, "/S")
        if kind and kind not in ACTION_CODES and kind not in HARMLESS_ACTIONS:
            yield Finding("pdf.action", entry.where, kind)
    if name_at(entry.keys, "/Type") == "/Action":
        kind = name_at(entry.keys, "/S")
        if kind not in ACTION_CODES and kind not in HARMLESS_ACTIONS:
            yield Finding("pdf.action", entry.where, kind or "of no kind")


def open_action(entry: Entry) -> Iterator[Finding]:
    """Tell of an action at opening that does more than to choose a view (7.7.2, /OpenAction)."""
    action = dictionary_at(entry.keys, "/OpenAction")
    if action is not None and _acts(action):
        yield Finding("pdf.open_action", entry.where, name_at(action, "/S"))


def additional_actions(entry: Entry) -> Iterator[Finding]:
    """Tell of triggers that run an action by themselves (12.6.3)."""
    triggers = dictionary_at(entry.keys, "/AA")
    if triggers is None:
        return
    for action in triggers.values():
        if isinstance(action, (pikepdf.Dictionary, pikepdf.Stream)) and _acts(action):
            yield Finding("pdf.additional_actions", entry.where, name_at(action, "/S"))


def uri_scheme(entry: Entry) -> Iterator[Finding]:
    """Tell of addresses that are not for the web, mail or telephone (12.6.4.8), and of such a base for all."""
    if name_at(entry.keys, "/S") == "/URI":
        yield from _foreign_scheme(text_at(entry.keys, "/URI"), entry.where)
    base = dictionary_at(entry.keys, "/URI")
    if base is not None:
        yield from _foreign_scheme(text_at(base, "/Base"), entry.where)


def _foreign_scheme(address: str, where: str) -> Iterator[Finding]:
    plain = _INVISIBLE.sub("", address[:5000]).lower()
    if plain.startswith(("\\", "//")):
        yield Finding("pdf.uri_scheme", where, "a network path")
        return
    found = _SCHEME.match(plain)
    if not found:
        return
    scheme, port = found.groups()
    if scheme not in WEB_SCHEMES and not (port and "." in scheme):
        yield Finding("pdf.uri_scheme", where, scheme)


def _actions_of(keys: pikepdf.Object) -> Iterator[pikepdf.Object]:
    for key in _ACTION_KEYS:
        action = dictionary_at(keys, key)
        if action is not None:
            yield action
    triggers = dictionary_at(keys, "/AA")
    for container in (triggers, keys.get("/Next")):
        if not isinstance(container, CONTAINERS):
            continue
        held = container if isinstance(container, pikepdf.Array) else container.values()
        yield from (item for item in held if isinstance(item, (pikepdf.Dictionary, pikepdf.Stream)))
    following = dictionary_at(keys, "/Next")
    if following is not None:
        yield following


def _acts(action: pikepdf.Object) -> bool:
    """Whether an action or one that follows it does more than to choose a view."""
    waiting = [action]
    for _ in range(_CHAIN):
        if not waiting:
            return False
        current = waiting.pop()
        if name_at(current, "/S") not in SILENT_ACTIONS:
            return True
        following = current.get("/Next")
        if isinstance(following, pikepdf.Array):
            waiting.extend(item for item in following if isinstance(item, pikepdf.Dictionary))
        elif isinstance(following, pikepdf.Dictionary):
            waiting.append(following)
    return True


ACTING = (
    javascript,
    known_actions,
    unknown_actions,
    open_action,
    additional_actions,
    uri_scheme,
)
"""One function per danger, all asked about every dictionary."""
