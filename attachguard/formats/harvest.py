"""What an inspection gathers: one finding per code and place, and the files inside, both bounded."""

from collections.abc import Iterable

from attachguard.formats.refusal import Refused
from attachguard.model import WHERE_LENGTH, Finding, Inspection, Limits, Part

PER_CODE = 5
"""Findings of one code that are kept; the sixth says nothing that the first five did not."""

MARKS = 5_000_000
"""Tags and attributes of XML in one package that are read: some seconds of work (measured: 0.7 microseconds each). A
letter of ten thousand pages has as many; simple cells of a workbook are not counted."""


class Harvest:
    """Collects the facts about one file while its format reads it."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._findings: list[Finding] = []
        self._noted: set[tuple[str, str, str]] = set()
        self._counts: dict[str, int] = {}
        self._parts: list[Part] = []
        self._size = 0
        self._marks = MARKS

    def note(self, code: str, where: str = "", detail: str = "") -> None:
        """Add a fact, unless it is there already or there are enough of its kind."""
        count = self._counts.get(code, 0)
        if count < PER_CODE and (code, where, detail) not in self._noted:
            self._noted.add((code, where, detail))
            self._findings.append(Finding(code, where, detail))
            self._counts[code] = count + 1

    def take(self, findings: Iterable[Finding]) -> None:
        """Add facts that others stated."""
        for finding in findings:
            self.note(finding.code, finding.where, finding.detail)

    def count_marks(self, where: str, content: bytes) -> None:
        """Count the tags and attributes of XML before it is read. Raises Refused: limit.xml_elements."""
        self._marks -= content.count(b"<") + content.count(b"=")
        if self._marks < 0:
            raise Refused("limit.xml_elements", where, f"more than {MARKS} tags and attributes")

    def hand_out(self, where: str, untrusted_name: str, data: bytes, declared_type: str | None = None) -> None:
        """Add a file found inside; past the limits only the fact that there are too many is kept.

        A place that is too long or taken already is cut and numbered: the parent's rebuild finds the part by it.
        """
        self._size += len(data)
        if len(self._parts) >= self.limits.parts:
            self.note("limit.parts", where, f"more than {self.limits.parts}")
        elif self._size > self.limits.parts_size:
            self.note("limit.parts_size", where, f"more than {self.limits.parts_size} bytes")
        else:
            part = Part(where=self._place(where), untrusted_name=untrusted_name, declared_type=declared_type, data=data)
            self._parts.append(part)

    def _place(self, where: str) -> str:
        if len(where) <= WHERE_LENGTH and all(part.where != where for part in self._parts):
            return where
        return f"{where[: WHERE_LENGTH - 10]} #{len(self._parts) + 1}"

    def inspection(self) -> Inspection:
        """Give what was gathered."""
        return Inspection(findings=tuple(self._findings), parts=tuple(self._parts))
