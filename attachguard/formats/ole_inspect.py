"""What inspecting doc and xls has in common: macros, objects and controls, told by their storages and streams."""

from attachguard.formats.harvest import Harvest
from attachguard.formats.ole import Compound, Entry, has_macros, payloads, read_compound
from attachguard.formats.refusal import Refused

_STORAGES: tuple[tuple[str, str, str], ...] = (
    ("mbd", "ole.embedded", "an object"),
    ("lnk", "ole.external", "a linked object"),
)
"""Beginnings of names of root storages in workbooks ([MS-XLS] sections 2.1.7.7 and 2.1.7.9)."""

_STREAMS: tuple[tuple[str, str, str], ...] = (
    ("ctls", "ole.embedded", "ActiveX controls"),  # [MS-XLS] section 2.1.7.5
    ("\x03ocx", "ole.embedded", "an ActiveX control"),  # [MS-DOC] section 2.1.10: OCXNAME, OCXDATA
    ("\x01ole10native", "ole.embedded", "a packaged file"),  # [MS-OLEDS] section 2.3.6
    ("equation native", "ole.embedded", "an equation object"),  # its editor is attacked to this day
)
"""Beginnings of names of streams, anywhere in the file."""


def inspect_compound(data: bytes, harvest: Harvest) -> Compound | None:
    """Note macros and objects, hand out the files inside; None (and a finding) when the directory can't be read."""
    found = read_compound(data)
    if found is None or found.reader is None:
        harvest.note("file.malformed", "OLE directory", "can't be read")
        return None
    harvest.take(found.findings)
    macros = has_macros(found)
    if macros is not None:
        harvest.note("ole.macros", "/".join(macros.path))
    for entry in found.entries:
        _entry(entry, harvest)
    try:
        for where, name, content in payloads(found, harvest.limits):
            harvest.note("ole.embedded", where, name)
            harvest.hand_out(where, name, content)
    except Refused as refused:
        harvest.take((refused.finding,))
    return found


def _entry(entry: Entry, harvest: Harvest) -> None:
    where = "/".join(entry.path)
    if len(entry.path) == 2 and entry.path[0].lower() == "objectpool":  # [MS-DOC] section 2.1.10; often empty
        harvest.note("ole.embedded", where, "an object")
    for beginning, code, described in _STREAMS:
        if entry.is_stream and entry.size and entry.name.startswith(beginning):
            harvest.note(code, where, described)
    for beginning, code, described in _STORAGES:
        if not entry.is_stream and len(entry.path) == 1 and entry.name.startswith(beginning):
            harvest.note(code, where, described)
