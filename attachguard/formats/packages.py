"""Inspecting an office package, whatever is in it: read the table of contents, look, and stop where it is refused."""

from collections.abc import Callable

from attachguard.formats.harvest import Harvest
from attachguard.formats.refusal import Refused
from attachguard.formats.zip import Package, read_package
from attachguard.model import Inspection, Limits


def inspect_package(data: bytes, limits: Limits, look: Callable[[Package, Harvest], None]) -> Inspection:
    """Have `look` report what is in a package.

    Reading stops at the first limit or contradiction; what was seen until then is reported with it.
    """
    harvest = Harvest(limits)
    whole = read_package(data, limits)
    if whole is None:
        harvest.note("file.malformed", detail="no package")
        return harvest.inspection()
    harvest.take(whole.findings)
    try:
        look(whole, harvest)
    except Refused as refused:
        harvest.take((refused.finding,))
    return harvest.inspection()
