"""How large a picture says it is, held against the limits before anybody decodes it, the virus scanner included."""

from collections.abc import Iterator

from attachguard.model import Finding, Limits

ALL_FRAMES = 20
"""All frames together may have so many times Limits.pixels: 100 A4 pages at 300 dpi fit, a film does not."""


def measure(sizes: tuple[tuple[int, int], ...], limits: Limits) -> Iterator[Finding]:
    """Hold what the structure declares against the limits, before anything is decoded."""
    if len(sizes) > limits.frames:
        yield Finding("limit.frames", detail=f"{len(sizes)} frames, limit {limits.frames}")
    for number, (width, height) in enumerate(sizes, 1):
        if width * height > limits.pixels:
            detail = f"{width} x {height} pixels, limit {limits.pixels}"
            yield Finding("limit.pixels", f"frame {number}", detail)
            return
    total = sum(width * height for width, height in sizes)
    if total > limits.pixels * ALL_FRAMES:
        detail = f"{total} pixels in all frames, limit {limits.pixels * ALL_FRAMES}"
        yield Finding("limit.pixels", detail=detail)
