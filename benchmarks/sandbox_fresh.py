"""One job in a fresh interpreter behind the same walls: what sandbox.py compares the room with.

Imports as little as it can: the walls, and pdfium only when there is a page to draw.
"""

import os
import sys

from attachguard.sandbox import jail, wire

TRIVIAL = b"trivial"


def main() -> None:
    data = sys.stdin.buffer.read()
    made = data
    errand = wire.Errand(
        profile=wire.Profile.STRICT,
        level=wire.Level.FULL,
        program="",
        job=None,
        wall=15.0,
        cpu=10,
        memory=2**30,
        output=2**26,
    )
    layers = jail.EVERY_LAYER - {jail.Layer.IDENTITY}  # in bubblewrap there is nobody else to become
    walls = jail.prepare({}, layers)
    if data != TRIVIAL:
        import pypdfium2  # noqa: PLC0415 - a trivial job does without
        from PIL import ImageFile  # noqa: PLC0415 - pdfium's binding imports it late, behind the walls

        assert ImageFile

    jail.settle(os.getppid(), layers)
    jail.limit(errand, layers)
    jail.shut(errand.profile, errand.level, walls.rulesets[""], layers)
    if data != TRIVIAL:
        document = pypdfium2.PdfDocument(data)
        made = document[0].render(scale=100 / 72).to_pil().convert("RGB").tobytes()
    while made:
        made = made[os.write(1, made) :]
    os._exit(0)


if __name__ == "__main__":
    main()
