"""Coverage-guided fuzzing with atheris, where it is installed: `python -m tests.fuzz.guided SECONDS [OUT]`.

libFuzzer keeps the inputs that reach new lines of attachguard/formats and goes on from those. The kind that an input
was made from is not known here, so inspection follows identification. A crashing input is left below OUT by libFuzzer
itself, as bytes: look at it in the sandbox only.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["attachguard.formats"]):
    from tests.fuzz.found import Found, write
    from tests.fuzz.mutate import Piece
    from tests.fuzz.seeds import every
    from tests.fuzz.targets import look

ROOM = 256 * 1024
"""Bytes of the largest input."""


def main() -> None:
    seconds, out = int(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "build/fuzz")
    corpus = out / "guided"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(every()):
        (corpus / f"{number:05d}-{seed.kind}").write_bytes(seed.data)

    def one(data: bytes) -> None:
        for failure in look(data, "", "txt").failures:
            what = f"{failure.sort}: {failure.target}: {failure.detail} (guided)"
            path = write(out, Found(what=what, kind="txt", extension="txt", pieces=(Piece(data),)))
            raise AssertionError(f"{what} -> {path}")

    options = (
        f"-max_total_time={seconds}",
        f"-max_len={ROOM}",
        f"-artifact_prefix={out}/",
        "-timeout=30",
        "-rss_limit_mb=2048",
        "-verbosity=1",
    )
    atheris.Setup([sys.argv[0], *options, str(corpus)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
