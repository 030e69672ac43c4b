"""A zygote of hostile readers, spoken to below the port, so that walls can be taken away."""

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from attachguard.model import Finding, Limits
from attachguard.sandbox import answers, channel, endings, wire
from attachguard.sandbox.memfd import InputBuilder, Output
from attachguard.sandbox.wire import Level, Profile

MIB = 1024 * 1024
START = Path(__file__).with_name("hostile_start.py")
ALL = "limits,identity,landlock,filter"
UNPRIVILEGED = 4242
USERS = (UNPRIVILEGED, 0) if os.geteuid() == 0 else (0,)
"""Whom the service runs as: 0 is whoever runs the tests, so as root both kinds of service are tested."""


def command(layers: str = ALL, user: int = 0) -> tuple[str, ...]:
    return (sys.executable, "-I", str(START), layers, str(user))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an attack ended."""

    ending: Finding | None
    """A bad end, as a finding."""
    word: str
    """`possible` or `refused`, when the attacker lived to tell; `silent` when it left without a word."""
    detail: str
    printed: str
    ended: wire.Ended


class Den:
    """The zygote, for the length of a `with`."""

    def __init__(self, layers: str = ALL, user: int = 0) -> None:
        self.zygote = channel.Zygote(command(layers, user), 60.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.zygote.close()

    def spare(self) -> int:
        """The process id of the child that was forked in advance, once there is one."""
        while not (children := self.children()):
            time.sleep(0.001)
        return children[0]

    def end_spare(self) -> None:
        """Have no child forked in advance, so that the next job's is forked for it."""
        os.kill(self.spare(), signal.SIGKILL)
        while self.children():
            time.sleep(0.001)

    def children(self) -> list[int]:
        pid = self.zygote.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def attack(self, *words: str, level: Level = Level.FULL, wall: float = 10.0) -> Outcome:
        """Have a reader do what the words say."""
        return self._run("\n".join(words).encode(), Profile.STRICT, level, wall)

    def perl(self, program: str, wall: float = 10.0) -> Outcome:
        """Have the executed program be this one."""
        return self._run(program.encode(), Profile.EXEC, Level.FULL, wall)

    def _run(self, data: bytes, profile: Profile, level: Level, wall: float) -> Outcome:
        strict = profile is Profile.STRICT
        with InputBuilder() as source, Output(MIB) as output:
            original = source.add(data)
            job = wire.Inspect(kind="pdf", original=original, limits=Limits())
            errand = wire.Errand(
                profile=profile,
                level=level,
                program="" if strict else "pdftocairo",
                job=source.add(wire.encode(job)) if strict else None,
                wall=wall,
                cpu=1,
                memory=1024 * MIB,
                output=MIB,
            )
            done = self.zygote.run(errand, source.seal(), output.fd)
            printed = output.read(wire.Span(offset=0, length=output.written())).decode()
        assert isinstance(done.ended, wire.Ended)
        assert done.untrusted_answer[:1] == wire.LOCKED, done.untrusted_answer
        ending = endings.read(done.ended, errand)
        if not strict or ending is not None:
            return Outcome(ending=ending, word="", detail="", printed=printed, ended=done.ended)
        if done.untrusted_answer == wire.LOCKED:
            return Outcome(ending=None, word="silent", detail="", printed="", ended=done.ended)
        answer, findings = answers.understand(done.untrusted_answer[1:], wire.Inspected, Limits(), MIB)
        assert answer is not None
        (said,) = findings
        return Outcome(ending=None, word=said.where, detail=said.detail, printed="", ended=done.ended)
