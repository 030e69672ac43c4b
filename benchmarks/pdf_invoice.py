"""How much processor time does one invoice take through the whole of `guard`, the scanner's share left out?

    .venv/bin/python -m benchmarks.pdf_invoice [--times N]

A one-page invoice as it is (delivered byte for byte), and with a script (printed, compared and examined again).
Counted is what this process, the room and its children use, from /proc; the scanner only nods.
"""

import argparse
import io
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from attachguard.adapters.memory import MemoryLedger, MemoryStore
from attachguard.model import Check, Outcome, ScanIdentity, ScanResult, Upload
from attachguard.pipeline import guard
from attachguard.policy import load_policy
from attachguard.ports import Kit
from attachguard.sandbox.room import Room
from samples.makers.pdf import invoice
from samples.makers.pdf_actions import javascript_on_opening

DOCUMENTS = (("clean", invoice, Outcome.ACCEPTED), ("flattened", javascript_on_opening, Outcome.NORMALIZED))


class Nodding:
    """A scanner that takes no time and finds nothing."""

    def scan(self, path: Path) -> ScanResult:
        """Nod at a file that is there."""
        assert path.exists()
        return ScanResult(hit=None, identity=ScanIdentity(engine="none", signatures="none", at=datetime.now(UTC)))

    def probe(self) -> Sequence[Check]:
        """Say nothing."""
        return ()


def used(pid: int) -> float:
    """Read the processor seconds of a process and of its children that have ended (proc(5), fields 14 to 17)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def children() -> list[int]:
    """Name the processes this one has started: the room."""
    pid = os.getpid()
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def main() -> None:
    """Measure, and print a line per document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20)
    times = parser.parse_args().times
    policy = load_policy()
    with Room() as room:
        kit = Kit(scanner=Nodding(), sandbox=room, store=MemoryStore(), ledger=MemoryLedger())
        for name, make, wanted in DOCUMENTS:
            data = make()

            def judge(data: bytes = data) -> Outcome:
                return guard(Upload(untrusted_name="a.pdf", open=lambda: io.BytesIO(data)), policy, kit).outcome

            assert judge() is wanted  # the room is up, and warm
            before, began = time.process_time() + sum(map(used, children())), time.perf_counter()
            outcomes = {judge() for _ in range(times)}
            cpu = time.process_time() + sum(map(used, children())) - before
            assert outcomes == {wanted}
            print(f"{name:10} {1000 * cpu / times:6.1f} ms CPU {1000 * (time.perf_counter() - began) / times:8.1f} ms")


if __name__ == "__main__":
    main()
