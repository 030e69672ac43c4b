"""How many faults were injected in this run: each a question to a clamd that dies, lies, hangs or can't look."""

_counts: list[int] = []


def injected(count: int = 1) -> None:
    """Count faults whose answer was as it has to be."""
    _counts.append(count)


def total() -> int:
    """Sum them up."""
    return sum(_counts)
