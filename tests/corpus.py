"""Real files of your own in the tests: a folder that ATTACHGUARD_CORPUS names.

It holds `types.csv` with the columns file, set, named, true_type (set `good`: the file really is of its true type;
`nonaccepted`: of no accepted type; `mismatch`, `polyglot`, `edge_good`: as it says) and `pdf.csv` with the columns
file, set; `file` is a path below the folder. Treat every such file as hostile.
"""

import csv
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

VARIABLE = "ATTACHGUARD_CORPUS"

needs_corpus = pytest.mark.skipif(
    not os.environ.get(VARIABLE), reason=f"no folder of real files: {VARIABLE} is not set"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusFile:
    """One labelled file."""

    path: Path
    set: str
    true_type: str
    """The kind it is, `other`, or a note such as `encrypted`."""


def corpus(table: str) -> tuple[CorpusFile, ...]:
    """Read a table of the corpus; empty where there is no corpus."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        return ()
    with (Path(folder) / table).open(encoding="utf-8", newline="") as lines:
        return tuple(
            CorpusFile(path=Path(folder) / row["file"], set=row["set"], true_type=row.get("true_type") or "pdf")
            for row in csv.DictReader(lines)
        )
