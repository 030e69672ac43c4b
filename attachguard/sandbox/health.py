"""What doctor and health show of the room: the walls, attacked anew; the printer, tried; the fonts, counted."""

import itertools
import os
import time
from collections.abc import Callable, Iterator

from attachguard.errors import SandboxUnavailable
from attachguard.model import Check
from attachguard.sandbox import channel
from attachguard.sandbox.keeper import Keeper, Tenant
from attachguard.sandbox.programs import FONTS, PRINTER
from attachguard.sandbox.wire import Level

_FONT_FILES = frozenset({".ttf", ".otf", ".ttc", ".pfb"})
_ENOUGH = 10_000
"""Directory entries looked at when fonts are counted."""


def checks(keeper: Keeper, require: Level, print_page: Callable[[], str]) -> tuple[Check, ...]:
    """Probe the room. `print_page` prints a page and returns what is wrong with it, or "". Never raises."""
    keeper.prove_anew()
    try:
        with keeper.lend() as tenant:
            walls = tuple(_walls(tenant, require))
            level = tenant.proof.level
    except (channel.ZygoteLostError, OSError) as error:
        return (Check(name="sandbox.level", ok=False, detail=str(error)),)
    if level.weaker_than(require):
        return walls
    return (*walls, _printer(level, print_page), _fonts())


def _walls(tenant: Tenant, require: Level) -> Iterator[Check]:
    proof, hello = tenant.proof, tenant.zygote.hello
    yield Check(
        name="sandbox.level",
        ok=not proof.level.weaker_than(require),
        detail=f"{proof.level}, required {require}" + (f"; {proof.weakness}" if proof.weakness else ""),
    )
    yield Check(
        name="sandbox.attacks",
        ok=bool(proof.acts),
        detail=f"refused just now: {', '.join(proof.acts) or 'nothing'}; deadly: execute a program",
    )
    yield Check(
        name="sandbox.filter",
        ok=bool(hello.filters),
        detail=", ".join(hello.filters) or f"no table of system calls for {os.uname().machine}",
    )
    yield Check(
        name="sandbox.landlock",
        ok=hello.landlock > 0,
        detail=f"ABI {hello.landlock}" if hello.landlock else "not there",
        required=require is Level.FULL,
    )
    yield Check(
        name="sandbox.identity",
        ok=True,
        detail=f"files are read by user {hello.identity}, the service is user {os.geteuid()}",
    )
    yield Check(
        name="sandbox.zygote",
        ok=hello.threads == 1,
        detail=f"pid {hello.pid}, {hello.threads} thread, {time.monotonic() - tenant.zygote.born:.0f} s old, "
        f"{tenant.jobs} jobs, {tenant.crashes} crashes",
    )


def _printer(level: Level, print_page: Callable[[], str]) -> Check:
    if level is not Level.FULL:
        return Check(name="sandbox.printer", ok=False, detail=f"no program runs at level {level}")
    try:
        wrong = print_page()
    except SandboxUnavailable as error:
        wrong = str(error)
    return Check(name="sandbox.printer", ok=not wrong, detail=wrong or f"{PRINTER.name} printed a page")


def _fonts() -> Check:
    entries = itertools.islice((name for folder in FONTS for name in _names(folder)), _ENOUGH)
    count = sum(os.path.splitext(name)[1].lower() in _FONT_FILES for name in entries)
    return Check(
        name="sandbox.fonts",
        ok=count > 0,
        detail=f"{count} font files; text without its own font is drawn with these",
        required=False,
    )


def _names(folder: str) -> Iterator[str]:
    for _, _, files in os.walk(folder):
        yield from files
