"""What runs behind the walls: reads one job, calls one function of one format, writes one answer.

Imported by the zygote only. It opens no file: everything comes from the input memfd and goes to the output memfd.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from attachguard.formats.contract import Format, Order
from attachguard.model import WHERE_LENGTH, Finding, Identification, Inspection, JudgedPart, Limits, Rebuilt
from attachguard.sandbox import acts, memfd, wire
from attachguard.sandbox.programs import PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """The code that reads hostile bytes."""

    identify: Callable[[bytes, str, Limits], Identification]
    formats: Mapping[str, Format]
    previews: Mapping[str, Callable[[bytes, Limits], bytes]] = field(default_factory=dict)
    """How the first page or picture of a kind is drawn as PNG."""


def real_readers() -> Readers:
    """Import and warm every reader: behind the walls, nothing can be imported any more."""
    from attachguard.sandbox import libraries  # noqa: PLC0415 - tests bring other readers

    libraries.leave_out()
    from attachguard.formats import identify, preview, registry  # noqa: PLC0415 - they import every library

    readers = Readers(identify=identify.identify, formats=registry.BY_KIND, previews=preview.PREVIEWS)
    libraries.warm(readers)
    return readers


def porter() -> Readers:
    """Import and warm what says what a file is, and nothing else.

    A fork costs what the process is large, and a parser that is not there can't be attacked.
    """
    from attachguard.formats import identify  # noqa: PLC0415 - as above

    limits = Limits()
    for sample, extension in ((REHEARSAL, "txt"), (PAGE, "pdf")):
        identify.identify(sample, extension, limits)
    return Readers(identify=identify.identify, formats={})


REHEARSAL = b"A rehearsal.\n"


class OutputFullError(Exception):
    """More was made than the output memfd takes."""


class Sink:
    """Where made bytes go: a memfd that does not grow."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._size = os.fstat(fd).st_size
        self._used = 0

    def put(self, data: bytes) -> wire.Span:
        """Write bytes; returns their place. Raises OutputFullError."""
        if self._used + len(data) > self._size:
            raise OutputFullError
        span = wire.Span(offset=self._used, length=len(data))
        view = memoryview(data)
        while view:
            written = os.pwrite(self._fd, view, self._used)
            self._used += written
            view = view[written:]
        return span


class Source:
    """The input memfd: a job and the bytes it speaks of."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def bytes_at(self, span: wire.Span) -> bytes:
        """Read a place."""
        return memfd.read(self._fd, span)


def serve(place: wire.Span | None, source_fd: int, sink_fd: int, answer_fd: int, readers: Readers) -> None:
    """Do the one job of this process and write its answer."""
    if place is None:
        raise ValueError("an errand of the strict profile without a job")
    source = Source(source_fd)
    job = wire.JOB.read(source.bytes_at(place))
    view = memoryview(wire.encode(answer(job, source, Sink(sink_fd), readers)))
    while view:
        view = view[os.write(answer_fd, view) :]


def rehearse(readers: Readers) -> None:
    """Do a job of our own from end to end, to touch the memory that a job touches.

    Not more than that: every page that was touched must be given back when the child ends.
    """
    limits, nothing = Limits(), wire.Span(offset=0, length=0)
    if "txt" in readers.formats:
        wire.JOB.read(wire.encode(wire.Inspect(kind="txt", original=nothing, limits=limits)))
        findings = pack(readers.formats["txt"].inspect(REHEARSAL, limits).findings)
        wire.encode(wire.Inspected(findings=findings, parts=(), pages=0))
    else:  # the porter, whose jobs are all alike
        wire.JOB.read(wire.encode(wire.Identify(extension="txt", original=nothing, limits=limits)))
        findings = pack(readers.identify(REHEARSAL, "txt", limits).findings)
        wire.encode(wire.Identified(kind="txt", described="", magic="", findings=findings))


def answer(job: wire.Job, source: Source, sink: Sink, readers: Readers) -> wire.Answer:
    """Do a job and say what came of it; what a reader raises is a fact about the file."""
    try:
        return _do(job, source, sink, readers)
    except MemoryError:
        return wire.Exhausted(code="sandbox.memory")
    except OutputFullError:
        return wire.Exhausted(code="sandbox.output")
    except Exception as error:  # noqa: BLE001 - the room's boundary: a reader may raise anything at hostile bytes
        return _broken(job, type(error).__name__)


def _do(job: wire.Job, source: Source, sink: Sink, readers: Readers) -> wire.Answer:
    match job:
        case wire.Identify():
            return _identify(job, source, readers)
        case wire.Inspect():
            found = readers.formats[job.kind].inspect(source.bytes_at(job.original), job.limits)
            return _inspected(found, sink)
        case wire.Normalize():
            return _made(readers.formats[job.kind].normalize(_order(job, source)), sink)
        case wire.Verify():
            original, copy = source.bytes_at(job.original), source.bytes_at(job.copy)
            return wire.Verified(findings=pack(readers.formats[job.kind].verify(original, copy, job.limits)))
        case wire.Preview():
            drawn = readers.previews[job.kind](source.bytes_at(job.original), job.limits)
            return wire.Made(copy=sink.put(drawn), findings=())
        case wire.Probe():
            return wire.Probed(acts=acts.attempt(job.service))
        case wire.Trespass():
            return acts.execute()


def _identify(job: wire.Identify, source: Source, readers: Readers) -> wire.Identified:
    found = readers.identify(source.bytes_at(job.original), job.extension, job.limits)
    return wire.Identified(
        kind=found.kind,
        described=sayable(found.described, 200),
        magic=sayable(found.magic, 200),
        findings=pack(found.findings),
    )


def _inspected(found: Inspection, sink: Sink) -> wire.Inspected:
    places = {part.where for part in found.parts}
    if len(places) < len(found.parts) or any(sayable(place, WHERE_LENGTH) != place for place in places):
        raise ValueError("a part's place must be short and its own: the rebuild finds it by that")
    parts = tuple(
        wire.PartOut(
            where=part.where,
            untrusted_name=sayable(part.untrusted_name, wire.NAME_LENGTH),
            declared_type=None if part.declared_type is None else sayable(part.declared_type, 200),
            data=sink.put(part.data),
        )
        for part in found.parts
    )
    return wire.Inspected(findings=pack(found.findings), parts=parts, pages=found.pages, misprints=found.misprints)


def _order(job: wire.Normalize, source: Source) -> Order:
    return Order(
        original=source.bytes_at(job.original),
        method=job.method,
        printed=None if job.printed is None else source.bytes_at(job.printed),
        parts=tuple(
            JudgedPart(
                where=part.where,
                outcome=part.outcome,
                safe_name=part.safe_name,
                data=None if part.data is None else source.bytes_at(part.data),
            )
            for part in job.parts
        ),
        limits=job.limits,
        password=job.password,
    )


def _made(rebuilt: Rebuilt, sink: Sink) -> wire.Made:
    copy = None if rebuilt.data is None else sink.put(rebuilt.data)
    return wire.Made(copy=copy, findings=pack(rebuilt.findings))


def _broken(job: wire.Job, error: str) -> wire.Answer:
    """Say that a reader gave up, by the name of its exception: the message could hold the file's own words."""

    def because(code: str) -> tuple[wire.FindingOut, ...]:
        return (wire.FindingOut(code=code, where="", detail=error[:200]),)

    match job:
        case wire.Identify():
            return wire.Identified(kind=None, described="unreadable", magic="", findings=because("file.malformed"))
        case wire.Inspect():
            return wire.Inspected(findings=because("file.malformed"), parts=(), pages=0)
        case wire.Normalize() | wire.Preview():
            return wire.Made(copy=None, findings=because("copy.failed"))
        case wire.Verify():
            return wire.Verified(findings=because("copy.unfaithful"))
        case wire.Probe() | wire.Trespass():
            # Trespass comes here when the program is missing or was refused with an error.
            return wire.Probed(acts=(wire.Act(name="probe", refused=False, how=error),))


def pack(findings: Sequence[Finding]) -> tuple[wire.FindingOut, ...]:
    """Bring findings over the wire: each once, at most wire.FINDINGS, and no code lost to a crowd of another.

    A file with ten thousand links has one finding of every code that it earned, then as many as there is room for.
    """
    unique = list(dict.fromkeys(findings))
    if len(unique) > wire.FINDINGS:
        first = set({finding.code: finding for finding in reversed(unique)}.values())
        room = wire.FINDINGS - len(first)
        rest = set([finding for finding in unique if finding not in first][:room])
        unique = [finding for finding in unique if finding in first or finding in rest]
    return tuple(wire.FindingOut(code=f.code, where=f.where, detail=f.detail) for f in unique)


def sayable(text: str, length: int) -> str:
    """Cut to length, and replace what is not Unicode text (lone surrogates), which no message can hold."""
    return text[:length].encode("utf-8", "replace").decode("utf-8")
