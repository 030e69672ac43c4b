"""The host's side of the room: the port `Sandbox`, kept by a zygote and one locked-up child per job.

This process opens the file, copies its bytes into a memfd and reads an answer; it never parses anything that a
file holds, and nothing here imports a reader (a test looks).
"""

import contextlib
import os
import sys
import threading
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self

from attachguard.errors import SandboxUnavailable
from attachguard.model import (
    Attachment,
    Check,
    Finding,
    Identification,
    Inspection,
    JudgedPart,
    Limits,
    Part,
    Rebuilt,
    Verification,
    printable,
)
from attachguard.sandbox import answers, channel, endings, wire
from attachguard.sandbox.answers import Said
from attachguard.sandbox.memfd import InputBuilder, Output, chunks
from attachguard.sandbox.programs import PRINTER
from attachguard.sandbox.wire import Level, Profile

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomSettings:
    """How much a job may use, and how the room is kept. The figures are measured ones: docs/sandbox.md."""

    wall: float = 15.0
    """Seconds until a job is killed."""
    cpu: int = 10
    """Seconds of processor time."""
    memory: int = 1024 * MIB
    """Bytes of address space of one job. Times `jobs`, it must fit into the machine or container."""
    output: int = 64 * MIB
    """Bytes that a job may make."""
    jobs: int = field(default_factory=lambda: max(2, os.cpu_count() or 1))
    """Jobs at the same time; more wait."""
    recycle_jobs: int = 500
    """Jobs after which a new zygote, with a new address layout, takes over."""
    recycle_crashes: int = 5
    """Crashes of readers after which one does: who guesses addresses has to guess anew."""
    patience: float = 60.0
    """Seconds to wait for a zygote to come up."""
    command: tuple[str, ...] = field(default_factory=lambda: channel.command(sys.executable))
    """How the zygote is started. Only tests, which bring readers of their own, have a reason to change it."""


class Room:
    """The port `Sandbox`. Safe for threads and for fork; starts its zygote at the first job.

    Close it, or use it in a `with`; a service that dies without doing so leaves no process behind either.
    """

    def __init__(self, settings: RoomSettings | None = None, require: Level = Level.FULL) -> None:
        """`require` is the weakest level that jobs may run at; below it every call raises SandboxUnavailable."""
        self._settings = settings or RoomSettings()
        self._require = require
        self._zygote: channel.Zygote | None = None
        self._begin()
        _ROOMS.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the zygote and every job; the next call starts anew."""
        with self._lock:
            zygote, self._zygote = self._zygote, None
        if zygote is not None:
            zygote.close()

    # -- the port ----------------------------------------------------------------------------------------------

    def identify(self, attachment: Attachment, limits: Limits) -> Identification:
        """Say what the file is. See ports.Sandbox."""
        with self._job() as (source, output):
            job = wire.Identify(extension=_extension(attachment), original=_file(source, attachment), limits=limits)
            said = self._ask(source, output, job, wire.Identified, limits)
        found = said.answer or wire.Identified(kind=None, described="unreadable", magic="", findings=())
        return Identification(
            kind=found.kind,
            described=found.described,
            magic=found.magic,
            findings=said.findings,
            peak_rss=said.peak,
        )

    def inspect(self, attachment: Attachment, limits: Limits) -> Inspection:
        """Say what is in the file. See ports.Sandbox."""
        with self._job() as (source, output):
            job = wire.Inspect(kind=_kind(attachment), original=_file(source, attachment), limits=limits)
            said = self._ask(source, output, job, wire.Inspected, limits)
            parts = tuple(
                Part(
                    where=part.where,
                    untrusted_name=part.untrusted_name,
                    declared_type=part.declared_type,
                    data=output.read(part.data),
                )
                for part in (said.answer.parts if said.answer else ())
            )
        return Inspection(findings=said.findings, parts=parts, peak_rss=said.peak)

    def normalize(self, attachment: Attachment, method: str, parts: Sequence[JudgedPart], limits: Limits) -> Rebuilt:
        """Make a safe copy. See ports.Sandbox. Method `print` starts the printer first, in a room of its own."""
        printed, peak = None, 0
        if method == "print":
            printout = self._print(attachment)
            if printout.data is None:
                return printout
            printed, peak = printout.data, printout.peak_rss
        with self._job() as (source, output):
            job = wire.Normalize(
                kind=_kind(attachment),
                method=method,
                original=_file(source, attachment),
                printed=None if printed is None else source.add(printed),
                parts=tuple(_part(source, part) for part in parts),
                limits=limits,
            )
            said = self._ask(source, output, job, wire.Made, limits)
            span = said.answer.copy if said.answer else None
            copy = None if span is None else output.read(span)
        return Rebuilt(data=copy, findings=said.findings, peak_rss=max(peak, said.peak))

    def verify(self, original: Attachment, copy: Attachment, limits: Limits) -> Verification:
        """Compare a copy with its original. See ports.Sandbox."""
        with self._job() as (source, output):
            job = wire.Verify(
                kind=_kind(original),
                original=_file(source, original),
                copy=_file(source, copy),
                limits=limits,
            )
            said = self._ask(source, output, job, wire.Verified, limits)
        return Verification(findings=said.findings, peak_rss=said.peak)

    def probe(self) -> Sequence[Check]:
        """Say how strong the walls are. Never raises."""
        try:
            with self._using() as zygote:
                return (Check(name="sandbox", ok=True, detail=f"zygote {zygote.pid} is warm"),)
        except (SandboxUnavailable, channel.ZygoteLostError) as error:
            return (Check(name="sandbox", ok=False, detail=str(error)),)

    # -- one job -----------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _job(self) -> Iterator[tuple[InputBuilder, Output]]:
        """Lend the two memfds of one job. What the machine can't give is no fact about a file."""
        try:
            with InputBuilder() as source, Output(self._settings.output) as output:
                yield source, output
        except OSError as error:
            raise SandboxUnavailable(f"the bytes can't be brought into the room: {error}") from error

    def _ask(
        self, source: InputBuilder, output: Output, job: wire.Job, expected: type[answers.A], limits: Limits
    ) -> Said[answers.A]:
        """Have a job done behind the strict walls; how it ended badly comes back as a finding."""
        errand = self._errand(Profile.STRICT, job=source.add(wire.encode(job)))
        ended, untrusted = self._do(errand, source, output)
        finding = endings.read(ended, errand)
        if finding is not None:
            return Said(answer=None, findings=(finding,), peak=ended.peak)
        try:
            answer, findings = answers.understand(untrusted, expected, limits, output.size)
        except wire.WireError as error:
            finding = Finding("sandbox.crashed", detail=f"no valid answer: {error}")
            return Said(answer=None, findings=(finding,), peak=ended.peak)
        return Said(answer=answer, findings=findings, peak=ended.peak)

    def _print(self, attachment: Attachment) -> Rebuilt:
        """Have the printer print the file; its output is as hostile as its input and goes into another child."""
        with self._job() as (source, output):
            _file(source, attachment)
            errand = self._errand(Profile.EXEC, program=PRINTER.name)
            ended, _ = self._do(errand, source, output)
            finding = endings.read(ended, errand)
            data = output.read(wire.Span(offset=0, length=output.written()))
        if finding is None and not data:
            finding = Finding("copy.failed", detail=f"{PRINTER.name} printed nothing")
        elif finding is not None and finding.code == "sandbox.crashed" and os.WIFEXITED(ended.status):
            finding = Finding("copy.failed", detail=f"{PRINTER.name} gave up: {finding.detail}")
        return Rebuilt(
            data=data if finding is None else None,
            findings=() if finding is None else (finding,),
            peak_rss=ended.peak,
        )

    def _errand(self, profile: Profile, *, job: wire.Span | None = None, program: str = "") -> wire.Errand:
        return wire.Errand(
            profile=profile,
            level=Level.FULL,
            program=program,
            job=job,
            wall=float(self._settings.wall),
            cpu=self._settings.cpu,
            memory=self._settings.memory,
            output=self._settings.output,
        )

    def _do(self, errand: wire.Errand, source: InputBuilder, output: Output) -> tuple[wire.Ended, bytes]:
        """Run an errand, a second time when the machine was short of something.

        Returns how it ended and the untrusted answer without its marker. Raises SandboxUnavailable.
        """
        sealed = source.seal()
        with self._slots:
            done = self._try(errand, sealed, output)
            if isinstance(done.ended, wire.NotForked) or endings.machine_was_short(done.ended, errand):
                output.rewind()
                done = self._try(errand, sealed, output)
        if isinstance(done.ended, wire.NotForked):
            raise SandboxUnavailable(f"no process could be made: {done.ended.reason}")
        return done.ended, _unmarked(done)

    def _try(self, errand: wire.Errand, source: int, output: Output) -> channel.Done:
        """Run an errand; in a new zygote when the one we had is gone (it holds nothing that could be lost)."""
        try:
            return self._once(errand, source, output)
        except channel.ZygoteLostError:
            output.rewind()
        try:
            return self._once(errand, source, output)
        except channel.ZygoteLostError as error:
            raise SandboxUnavailable(str(error)) from error

    def _once(self, errand: wire.Errand, source: int, output: Output) -> channel.Done:
        with self._using() as zygote:
            done = zygote.run(errand, source, output.fd)
            if isinstance(done.ended, wire.Ended) and endings.crashed(done.ended):
                zygote.crashes += 1
            return done

    # -- the zygote --------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Begin without a zygote: at first, and in a forked copy of the service."""
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(self._settings.jobs)
        self._zygote = None

    def _leave_to_parent(self) -> None:
        """In a forked copy of the service: its zygote is the parent's, and no lock of the parent's is free."""
        zygote = self._zygote
        self._begin()
        if zygote is not None:
            zygote.forget()

    @contextlib.contextmanager
    def _using(self) -> Iterator[channel.Zygote]:
        """Lend the zygote, started when there is none; the last user of a retired one ends it."""
        zygote = self._enter()
        try:
            yield zygote
        except BaseException:
            # Lost, or left in the middle of a job: it is not asked again.
            zygote.retired = True
            raise
        finally:
            self._exit(zygote)

    def _enter(self) -> channel.Zygote:
        with self._lock:
            if self._zygote is None:
                self._zygote = channel.Zygote(self._settings.command, self._settings.patience)
            self._zygote.users += 1
            self._zygote.jobs += 1
            return self._zygote

    def _exit(self, zygote: channel.Zygote) -> None:
        with self._lock:
            zygote.users -= 1
            if self._worn(zygote) and self._zygote is zygote:
                self._zygote = None
                zygote.retired = True
            over = zygote.retired and zygote.users == 0
        if over:
            zygote.close()

    def _worn(self, zygote: channel.Zygote) -> bool:
        return (
            zygote.retired
            or zygote.jobs >= self._settings.recycle_jobs
            or zygote.crashes >= self._settings.recycle_crashes
        )


def _unmarked(done: channel.Done) -> bytes:
    """Take the marker off the answer. Raises SandboxUnavailable when the file was never read."""
    marker, rest = done.untrusted_answer[:1], done.untrusted_answer[1:]
    if marker != wire.LOCKED:
        reason = done.untrusted_answer.decode("utf-8", "replace")
        raise SandboxUnavailable(f"the walls did not go up: {printable(reason, 200)}")
    return rest


_ROOMS: "weakref.WeakSet[Room]" = weakref.WeakSet()


def _leave_all_to_parent() -> None:
    for room in list(_ROOMS):
        room._leave_to_parent()  # noqa: SLF001 - the same class, a module-level hook


os.register_at_fork(after_in_child=_leave_all_to_parent)


def _kind(attachment: Attachment) -> str:
    if attachment.kind is None:
        raise ValueError("the kind of the attachment is not known yet: identify comes first")
    return attachment.kind.name


def _extension(attachment: Attachment) -> str:
    _, dot, extension = attachment.safe_name.rpartition(".")
    return extension.lower() if dot else ""


def _file(source: InputBuilder, attachment: Attachment) -> wire.Span:
    with open(attachment.path, "rb") as file:
        return source.copy(chunks(file))


def _part(source: InputBuilder, part: JudgedPart) -> wire.PartIn:
    return wire.PartIn(
        where=part.where,
        outcome=part.outcome,
        safe_name=part.safe_name,
        data=None if part.data is None else source.add(part.data),
    )
