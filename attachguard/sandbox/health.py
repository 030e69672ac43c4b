"""What doctor and health show of the room: the walls, attacked anew, and the printer, tried."""

import os
import time
from collections.abc import Callable, Iterator

from attachguard.errors import SandboxUnavailable
from attachguard.model import Check
from attachguard.sandbox import channel
from attachguard.sandbox.keeper import Keeper, Tenant
from attachguard.sandbox.programs import PRINTER
from attachguard.sandbox.wire import Level


def checks(keeper: Keeper, require: Level, print_page: Callable[[], str]) -> tuple[Check, ...]:
    """Probe the room. `print_page` prints a page and returns what is wrong with it, or "". Never raises."""
    keeper.prove_anew()
    try:
        with keeper.lend() as tenant:
            walls = tuple(_walls(tenant, require))
            level = tenant.proof.level
    except (channel.ZygoteLostError, OSError) as error:
        return (Check(name="level", ok=False, detail=str(error)),)
    if level.weaker_than(require):
        return walls
    return (*walls, _printer(level, print_page))


def porter(keeper: Keeper, require: Level) -> Check:
    """Probe the small zygote that says what files are: its walls are the same. Never raises."""
    keeper.prove_anew()
    try:
        with keeper.lend() as tenant:
            proof, hello = tenant.proof, tenant.zygote.hello
    except (channel.ZygoteLostError, OSError) as error:
        return Check(name="porter", ok=False, detail=str(error))
    return Check(
        name="porter",
        ok=not proof.level.weaker_than(require),
        detail=f"{proof.level}, required {require}; pid {hello.pid}, {tenant.jobs} jobs, {tenant.crashes} crashes",
    )


def _walls(tenant: Tenant, require: Level) -> Iterator[Check]:
    proof, hello = tenant.proof, tenant.zygote.hello
    yield Check(
        name="level",
        ok=not proof.level.weaker_than(require),
        detail=f"{proof.level}, required {require}" + (f"; {proof.weakness}" if proof.weakness else ""),
        reading=proof.level.value,
    )
    yield Check(
        name="attacks",
        ok=bool(proof.acts),
        detail=f"refused just now: {', '.join(proof.acts) or 'nothing'}; deadly: execute a program",
    )
    yield Check(
        name="filter",
        ok=bool(hello.filters),
        detail=", ".join(hello.filters) or f"no table of system calls for {os.uname().machine}",
    )
    yield Check(
        name="landlock",
        ok=hello.landlock > 0,
        detail=f"ABI {hello.landlock}" if hello.landlock else "not there",
        required=require is Level.FULL,
    )
    yield Check(
        name="identity",
        ok=True,
        detail=f"files are read by user {hello.identity}, the service is user {os.geteuid()}",
    )
    yield Check(
        name="zygote",
        ok=hello.threads == 1,
        detail=f"pid {hello.pid}, {hello.threads} thread, {time.monotonic() - tenant.zygote.born:.0f} s old, "
        f"{tenant.jobs} jobs, {tenant.crashes} crashes",
    )


def _printer(level: Level, print_page: Callable[[], str]) -> Check:
    if level is not Level.FULL:
        return Check(name="printer", ok=False, detail=f"no program runs at level {level}")
    try:
        wrong = print_page()
    except SandboxUnavailable as error:
        wrong = str(error)
    return Check(name="printer", ok=not wrong, detail=wrong or f"{PRINTER.name} printed a page")
