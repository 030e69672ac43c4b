"""Build every sample below a folder: `python -m samples.build [DIR]`.

The same bytes in every run and place: nothing asks a clock, chance, the locale or the file system. What compresses
(zlib, libjpeg, qpdf) may do so differently in another version; the locked ones make the bytes the same everywhere.
"""

import sys
from pathlib import Path

from samples.cases import Case, CaseError, ExpectedFile, load_cases
from samples.makers import make

DEFAULT_FOLDER = Path("build/samples")


def build(into: Path) -> tuple[Case, ...]:
    """Write the files of every case to `into/<case>/` and give the cases. Raises CaseError for a wrong recipe."""
    cases = load_cases()
    for case in cases:
        folder = into / case.name
        folder.mkdir(parents=True, exist_ok=True)
        for file in case.files:
            (folder / file.stored_as).write_bytes(bytes_of(case, file))
    return cases


def bytes_of(case: Case, file: ExpectedFile) -> bytes:
    """Make one file of a case. Raises CaseError when its maker does not take the parameters."""
    try:
        return make(file.recipe)
    except (TypeError, KeyError) as error:
        raise CaseError(f"{case.name}: {file.name}: {file.recipe.maker} can't be made like this: {error}") from error


def main() -> int:
    into = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_FOLDER
    cases = build(into)
    sys.stdout.write(f"{sum(len(case.files) for case in cases)} files in {len(cases)} cases built below {into}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
