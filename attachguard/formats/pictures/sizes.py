"""How large a picture says it is, held against the limits before anybody decodes it, the virus scanner included."""

from collections.abc import Iterator
from dataclasses import dataclass

from attachguard.model import Finding, Limits

ALL_FRAMES = 20
"""All frames together may have so many times Limits.pixels: 100 A4 pages at 300 dpi fit, a film does not."""

DECODED = 40
"""All pages together may have so many times Limits.pixels in bytes: they are decoded in four seconds (measured)."""

MOVING_FRAME = 4
"""The canvas of an animation may have this part of Limits.pixels: a decoder keeps three of them at a time."""

MOVING_FRAMES = 2
"""All frames of an animation together may have so many times Limits.pixels: a decoder composes each from the last one,
at 50 to 100 million pixels a second (measured). A hundred frames of 1280 x 720 fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """What a structure says about its pixels."""

    frames: tuple[tuple[int, int], ...]
    """Width and height of every frame or page, as declared."""
    moving: bool = False
    """Whether the frames are one animation, and not pages."""
    passes: int = 1
    """How often a decoder goes over all pixels of a frame: the scans of a progressive JPEG."""
    decoded: int = 0
    """Bytes of all frames in memory, where pixels can be wide; 0 where their number says enough."""


def measure(sizes: Sizes, limits: Limits) -> Iterator[Finding]:
    """Hold what the structure declares against the limits, before anything is decoded."""
    moving = sizes.moving and len(sizes.frames) > 1
    if len(sizes.frames) > limits.frames:
        yield Finding("limit.frames", detail=f"{len(sizes.frames)} frames, limit {limits.frames}")
    for number, (width, height) in enumerate(sizes.frames, 1):
        most = limits.pixels // MOVING_FRAME if moving else limits.pixels
        if width * height > most:
            yield Finding("limit.pixels", f"frame {number}", f"{width} x {height} pixels, limit {most}")
            return
    total = sum(width * height for width, height in sizes.frames) * sizes.passes
    most = limits.pixels * (MOVING_FRAMES if moving else ALL_FRAMES)
    if total > most:
        where = "frames" if sizes.passes == 1 else f"{sizes.passes} passes"
        yield Finding("limit.pixels", detail=f"{total} pixels in all {where}, limit {most}")
    elif sizes.decoded > limits.pixels * DECODED:
        yield Finding("limit.pixels", detail=f"{sizes.decoded} bytes in all pages, limit {limits.pixels * DECODED}")
