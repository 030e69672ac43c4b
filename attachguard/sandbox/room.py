"""The host's side of the room: the port `Sandbox`, kept by a zygote and one locked-up child per job.

This process opens the file, copies its bytes into a memfd and reads an answer; it never parses anything that a
file holds, and nothing here imports a reader (a test looks).
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import Self

from msgspec import structs

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
from attachguard.sandbox import answers, channel, endings, health, wire
from attachguard.sandbox.answers import Said
from attachguard.sandbox.keeper import Keeper
from attachguard.sandbox.memfd import InputBuilder, Output, chunks
from attachguard.sandbox.programs import DRAWN, PAGE, PRINTER
from attachguard.sandbox.settings import RoomSettings
from attachguard.sandbox.wire import Level, Profile

PREVIEW_SIZE = 8 * 1024 * 1024
"""Bytes of the largest preview: a thousand by a thousand pixels that don't compress at all have four."""

PNG = b"\x89PNG\r\n\x1a\n"
"""What every PNG begins with (PNG, third edition, section 5.2): a room that lies may send pixels, but no page."""


class Room:
    """The port `Sandbox`. Safe for threads and for fork; starts its zygote at the first job.

    Close it, or use it in a `with`; a service that dies without doing so leaves no process behind either.
    """

    def __init__(self, settings: RoomSettings | None = None, require: Level = Level.FULL) -> None:
        """`require` is the weakest level that jobs may run at; below it every call raises SandboxUnavailable."""
        self._settings = settings or RoomSettings()
        self._require = require
        self._keeper = Keeper(self._settings, self._settings.command)
        alone = self._settings.porter == self._settings.command
        self._porter = self._keeper if alone else Keeper(self._settings, self._settings.porter)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the zygotes and every job, for good: later calls raise SandboxUnavailable."""
        self._porter.close()
        self._keeper.close()

    # -- the port ----------------------------------------------------------------------------------------------

    def identify(self, attachment: Attachment, limits: Limits) -> Identification:
        """Say what the file is. See ports.Sandbox."""
        self._keeper.begin()  # most files are inspected next
        with self._job() as (source, output):
            job = wire.Identify(extension=_extension(attachment), original=_file(source, attachment), limits=limits)
            said = self._ask(source, output, job, wire.Identified, limits, keeper=self._porter)
        found = said.answer or wire.Identified(kind=None, described="unreadable", magic="", findings=())
        return Identification(
            kind=found.kind,
            described=printable(found.described, 200),
            magic=printable(found.magic, 200),
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
        pages = min(said.answer.pages, limits.pages) if said.answer else 0
        misprints = said.answer is not None and said.answer.misprints
        return Inspection(findings=said.findings, parts=parts, pages=pages, misprints=misprints, peak_rss=said.peak)

    def normalize(self, attachment: Attachment, method: str, parts: Sequence[JudgedPart], limits: Limits) -> Rebuilt:
        """Make a safe copy. See ports.Sandbox. Method `print` starts the printer first, in a room of its own.

        Method `reprint` prints what the reader wrote anew for the printer.
        """
        printed, peak = None, 0
        if method in {"print", "reprint"}:
            printout = self._print(attachment) if method == "print" else self._reprint(attachment, limits)
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
                password=None,
            )
            said = self._ask(source, output, job, wire.Made, limits, pages=attachment.pages)
            span = said.answer.copy if said.answer else None
            copy = None if span is None else output.read(span)
        return Rebuilt(data=copy, findings=said.findings, peak_rss=max(peak, said.peak))

    def unlock(self, attachment: Attachment, password: str, limits: Limits) -> Rebuilt:
        """Open a file with its password. See ports.Sandbox. It travels in the sealed memfd, to one child."""
        with self._job() as (source, output):
            job = wire.Normalize(
                kind=_kind(attachment),
                method=attachment.kind.unlocked_by if attachment.kind else "",
                original=_file(source, attachment),
                printed=None,
                parts=(),
                limits=limits,
                password=password[: wire.PASSWORD_LENGTH],
            )
            said = self._ask(source, output, job, wire.Made, limits)
            opened = None if said.answer is None or said.answer.copy is None else output.read(said.answer.copy)
        return Rebuilt(data=opened, findings=said.findings, peak_rss=said.peak)

    def verify(self, original: Attachment, copy: Attachment, limits: Limits) -> Verification:
        """Compare a copy with its original. See ports.Sandbox."""
        with self._job() as (source, output):
            job = wire.Verify(
                kind=_kind(original),
                original=_file(source, original),
                copy=_file(source, copy),
                limits=limits,
            )
            said = self._ask(source, output, job, wire.Verified, limits, pages=original.pages)
        return Verification(findings=(*said.findings, *self._drawn_blind(copy)), peak_rss=said.peak)

    def preview(self, attachment: Attachment, limits: Limits) -> bytes | None:
        """Draw the first page or picture as PNG. See ports.Drawer."""
        with self._job() as (source, output):
            job = wire.Preview(kind=_kind(attachment), original=_file(source, attachment), limits=limits)
            said = self._ask(source, output, job, wire.Made, limits)
            span = said.answer.copy if said.answer else None
            picture = None if span is None or span.length > PREVIEW_SIZE else output.read(span)
        return picture if picture and picture.startswith(PNG) else None

    def probe(self) -> Sequence[Check]:
        """Attack the walls anew, print a page, and say what stands. Never raises."""
        checks = health.checks(self._keeper, self._require, self._print_page)
        return checks if self._porter is self._keeper else (*checks, health.porter(self._porter, self._require))

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
        self,
        source: InputBuilder,
        output: Output,
        job: wire.Job,
        expected: type[answers.A],
        limits: Limits,
        *,
        pages: int = 0,
        keeper: Keeper | None = None,
    ) -> Said[answers.A]:
        """Have a job done behind the strict walls; how it ended badly comes back as a finding."""
        errand = self._errand(Profile.STRICT, job=source.add(wire.encode(job)), pages=pages)
        ended, done = self._do(errand, source, output, keeper or self._keeper)
        finding = endings.read(ended, errand)
        if done.flooded:
            finding = Finding("sandbox.output", detail="an answer without end")
        if finding is not None:
            return Said(answer=None, findings=(finding,), peak=ended.peak)
        try:
            answer, findings = answers.understand(done.untrusted_answer[1:], expected, limits, output.size)
        except wire.WireError as error:
            finding = Finding("sandbox.crashed", detail=f"no valid answer: {error}")
            return Said(answer=None, findings=(finding,), peak=ended.peak)
        return Said(answer=answer, findings=findings, peak=ended.peak)

    def _print(self, attachment: Attachment) -> Rebuilt:
        """Have the printer print a file; its output is as hostile as its input and goes into another child."""
        with self._job() as (source, output):
            _file(source, attachment)
            return self._printout(source, output, attachment.pages)

    def _reprint(self, attachment: Attachment, limits: Limits) -> Rebuilt:
        """Have the file written anew for the printer, and that printed."""
        prepared = self.normalize(attachment, "prepare", (), limits)
        if prepared.data is None:
            return prepared
        with self._job() as (source, output):
            source.add(prepared.data)
            return self._printout(source, output, attachment.pages)

    def _printout(self, source: InputBuilder, output: Output, pages: int = 0) -> Rebuilt:
        errand = self._errand(Profile.EXEC, program=PRINTER.name, pages=pages)
        if self._level() is not Level.FULL:
            refusal = Finding("copy.failed", detail="no program runs where Landlock is missing")
            return Rebuilt(data=None, findings=(refusal,))
        ended, done = self._do(errand, source, output, self._keeper)
        if done.untrusted_answer[1:2] == wire.NOT_STARTED:
            raise SandboxUnavailable(f"{PRINTER.name} can't be started: {_words(done)}")
        finding = endings.read(ended, errand)
        length = output.written()
        if finding is None and not length:
            finding = Finding("copy.failed", detail=f"{PRINTER.name} printed nothing")
        elif finding is not None and os.WIFEXITED(ended.status):
            finding = Finding("copy.failed", detail=f"{PRINTER.name} gave up: {finding.detail}")
        if finding is not None:
            return Rebuilt(data=None, findings=(finding,), peak_rss=ended.peak)
        return Rebuilt(data=output.read(wire.Span(offset=0, length=length)), peak_rss=ended.peak)

    def _print_page(self) -> str:
        """Print a page of our own; returns what is wrong, or nothing."""
        with self._job() as (source, output):
            source.add(PAGE)
            printout = self._printout(source, output)
        return " ".join(finding.detail for finding in printout.findings)

    def _errand(
        self, profile: Profile, *, job: wire.Span | None = None, program: str = "", pages: int = 0
    ) -> wire.Errand:
        more = pages * self._settings.page
        return wire.Errand(
            profile=profile,
            level=Level.NONE,  # the zygote's own is put in when there is one
            program=program,
            job=job,
            wall=float(self._settings.wall + more),
            cpu=self._settings.cpu + int(more),
            memory=self._settings.memory,
            output=self._settings.output,
        )

    def _level(self) -> Level:
        try:
            with self._keeper.lend() as tenant:
                return tenant.proof.level
        except channel.ZygoteLostError as error:
            raise SandboxUnavailable(str(error)) from error

    def _drawn_blind(self, copy: Attachment) -> Sequence[Finding]:
        """Refuse to vouch for a drawing made without fonts: its text may be missing without a word (measured)."""
        if copy.method not in DRAWN or self._level() is Level.FULL:
            return ()
        return (Finding("copy.unfaithful", detail="drawn where no fonts can be read: Landlock is missing"),)

    def _do(
        self, errand: wire.Errand, source: InputBuilder, output: Output, keeper: Keeper
    ) -> tuple[wire.Ended, channel.Done]:
        """Run an errand, a second time when the machine was short of something.

        Returns how it ended, once the walls had gone up. Raises SandboxUnavailable.
        """
        sealed = source.seal()
        with self._keeper.slot():
            done = self._try(errand, sealed, output, keeper)
            if _deserves_second_try(done, errand):
                output.rewind()
                done = self._try(errand, sealed, output, keeper)
        if isinstance(done.ended, wire.NotForked):
            raise SandboxUnavailable(f"no process could be made: {done.ended.reason}")
        if endings.starved(done.ended, errand):
            raise SandboxUnavailable("the machine is too busy to read a file in time")
        if done.untrusted_answer[:1] != wire.LOCKED:
            raise SandboxUnavailable(f"the walls did not go up: {_words(done)}")
        return done.ended, done

    def _try(self, errand: wire.Errand, source: int, output: Output, keeper: Keeper) -> channel.Done:
        """Run an errand; in a new zygote when the one we had is gone (it holds nothing that could be lost)."""
        try:
            return self._once(errand, source, output, keeper)
        except channel.ZygoteLostError:
            output.rewind()
        try:
            return self._once(errand, source, output, keeper)
        except channel.ZygoteLostError as error:
            raise SandboxUnavailable(str(error)) from error

    def _once(self, errand: wire.Errand, source: int, output: Output, keeper: Keeper) -> channel.Done:
        with keeper.lend() as tenant:
            level = tenant.proof.level
            if level.weaker_than(self._require):
                raise SandboxUnavailable(
                    f"the walls stand at level {level}, required is {self._require}: {tenant.proof.weakness}"
                )
            done = tenant.zygote.run(structs.replace(errand, level=level), source, output.fd)
            tenant.note(done)
            return done


def _deserves_second_try(done: channel.Done, errand: wire.Errand) -> bool:
    """Tell whether the file may have had no part in how this ended: it was not read, or the machine was short."""
    if isinstance(done.ended, wire.NotForked) or done.untrusted_answer[:1] != wire.LOCKED:
        return True
    return endings.starved(done.ended, errand) or endings.out_of_memory(done.ended, errand)


def _words(done: channel.Done) -> str:
    """Read what the child said before it had read anything of the file."""
    return printable(done.untrusted_answer.decode("utf-8", "replace"), 200)


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
