"""Failures that were found, as text: pieces in hexadecimal, so that nothing hostile lies around as a live file."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tests.fuzz.mutate import Piece

FOLDER = Path(__file__).parent / "found"
"""What was found and is repaired: replayed by test_fuzz.py."""

_LINE = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An input that did what none may do, when it was found."""

    what: str
    """In a sentence."""
    kind: str
    extension: str
    pieces: tuple[Piece, ...]

    @property
    def data(self) -> bytes:
        return b"".join(piece.data * piece.times for piece in self.pieces)


def read(path: Path) -> Found:
    """Read one. Raises KeyError for a key that is missing, ValueError for what is no TOML or no hexadecimal."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return Found(
        what=document["what"],
        kind=document["kind"],
        extension=document["extension"],
        pieces=tuple(Piece(bytes.fromhex(piece["hex"]), piece["times"]) for piece in document["piece"]),
    )


def write(folder: Path, found: Found) -> Path:
    """Write one under a name of its own, and give its place."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(_lines(found))
    path = folder / f"{found.kind}-{sha256(text.encode()).hexdigest()[:12]}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _lines(found: Found) -> Iterable[str]:
    plain = "".join(char if char.isprintable() and char not in '"\\' else "?" for char in found.what)
    yield f'what = "{plain}"\nkind = "{found.kind}"\nextension = "{found.extension}"\n'
    for piece in found.pieces:
        if not piece.data or not piece.times:
            continue
        digits = piece.data.hex()
        yield f'\n[[piece]]\ntimes = {piece.times}\nhex = """\n'
        for start in range(0, len(digits), _LINE):
            yield digits[start : start + _LINE] + "\n"
        yield '"""\n'
