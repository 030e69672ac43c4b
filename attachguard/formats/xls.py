"""Excel 97-2003 workbooks ([MS-XLS]) and their Excel 5 and 95 predecessors."""

import struct
from collections.abc import Iterator, Sequence

from attachguard.formats.contract import Order
from attachguard.formats.formulas import CALLING
from attachguard.formats.harvest import Harvest
from attachguard.formats.office import excel97, ole_rebuild
from attachguard.formats.office.biffformula import calls
from attachguard.formats.office.ole_faithful import differences
from attachguard.formats.ole_inspect import inspect_compound
from attachguard.formats.refusal import Refused
from attachguard.formats.sniffing import xls as sniff
from attachguard.kinds import KINDS
from attachguard.model import Finding, Inspection, Limits, Rebuilt

__all__ = ["KIND", "inspect", "normalize", "sniff", "verify"]

KIND = KINDS["xls"]

# Record numbers of section 2.3, with the section that describes them
BOF = 0x0809  # 2.4.21
FILEPASS = 0x002F  # 2.4.117
BOUNDSHEET = 0x0085  # 2.4.28
LABEL = 0x0018  # 2.4.150, Lbl: a defined name
SUPBOOK = 0x01AE  # 2.4.271
EXTERNSHEET = 0x0017  # 2.4.105; in BIFF5 it names the other workbook itself
CONNECTIONS = frozenset({0x00DC, 0x0803, 0x0802, 0x01AD})  # DbQuery, DBQueryExt, QsiSXTag, Qsi: data from outside

EXTERNNAME = 0x0023  # 2.4.105: a function of an add-in, or what a link to a program gives

FORMULAS = {0x0006: 20, 0x0206: 16, 0x0406: 16, 0x0221: 12, 0x04BC: 8}
"""Formula, as BIFF3 and BIFF4 wrote it, Array, ShrFmla (sections 2.4.127, 2.4.4, 2.4.260): where the tokens' length
stands in the record, with the tokens behind it."""

MACRO_SHEET = 0x0040
"""Type of a substream: an Excel 4 macro sheet (section 2.4.21, dt)."""
MACRO_SHEET_TYPE = 1
"""dt of BoundSheet8 (section 2.4.28)."""

AUTOMATIC = {0x01: "Auto_Open", 0x02: "Auto_Close", 0x0A: "Auto_Activate", 0x0B: "Auto_Deactivate"}
"""Built-in names that Excel runs by itself (section 2.5.114)."""

_SHOWN = ("shown", "hidden", "very hidden", "hidden in an unknown way")
"""hsState of BoundSheet8 (section 2.4.28)."""

_BIFF8 = 0x0600
_SELF, _ADD_IN = 0x0401, 0x3A01
"""virtual path lengths of SupBook that mean this workbook and add-in functions (section 2.4.271)."""
_BUILT_IN = 0x0020
_ENCODED = "\x01"
"""First character of a path to another workbook (section 2.5.277); an application's name has none."""
_SEPARATOR = "\x03"


def inspect(data: bytes, limits: Limits) -> Inspection:
    """Report macros, Excel 4 sheets and names, links, DDE, objects and encryption; hand out the files inside."""
    harvest = Harvest(limits)
    found = inspect_compound(data, harvest)
    if found is not None:
        try:
            for name in ("Workbook", "Book"):
                entry = found.find(name)
                if entry is not None:
                    _workbook(name, found.read(entry), harvest)
        except Refused as refused:
            harvest.take((refused.finding,))
    return harvest.inspection()


def normalize(order: Order) -> Rebuilt:
    """Write a new compound file of the main streams; what acts inside of those leaves no copy."""
    return ole_rebuild.rebuild(
        order, kept=excel97.KEPT, storages=excel97.STORAGES, rewrite=excel97.rewrite, inspect=inspect
    )


def verify(original: bytes, copy: bytes, limits: Limits) -> Sequence[Finding]:
    """Compare the main streams byte by byte but for what was emptied, and see that no other stream is there."""
    del limits  # both were read under the file's own length
    return tuple(differences(original, copy, excel97.KEPT, excel97.STORAGES))


RECORDS = 1_500_000
"""Records of one stream that are read: a sheet of ten megabytes has a million cells at most."""


def records(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """Walk the records of a workbook stream (section 2.1.4): number and body. Linear in the stream."""
    at = 0
    while at + 4 <= len(stream):
        number, size = struct.unpack_from("<HH", stream, at)
        yield number, stream[at + 4 : at + 4 + size]
        at += 4 + size


def _workbook(where: str, stream: bytes, harvest: Harvest) -> None:
    version = 0
    for count, (number, body) in enumerate(records(stream)):
        if count == RECORDS:
            raise Refused("file.malformed", where, f"more than {RECORDS} records")
        if number == BOF and len(body) >= 4:
            version = version or struct.unpack_from("<H", body)[0]
            if struct.unpack_from("<H", body, 2)[0] == MACRO_SHEET:
                harvest.note("ole.xlm", where, "a macro sheet")
        elif not version:
            raise Refused("file.malformed", where, "does not begin like a workbook")
        elif number == FILEPASS:
            harvest.note("file.encrypted", where)
            return  # what follows can't be read
        else:
            _record(where, number, body, version, harvest)
    if not version:
        raise Refused("file.malformed", where, "holds no workbook")


def _record(where: str, number: int, body: bytes, version: int, harvest: Harvest) -> None:
    if number == BOUNDSHEET and len(body) > 5 and body[5] == MACRO_SHEET_TYPE:
        harvest.note("ole.xlm", where, f"a macro sheet, {_SHOWN[body[4] & 3]}")
    elif number == LABEL:
        _defined_name(where, body, version, harvest)
    elif number == SUPBOOK or (number == EXTERNSHEET and version < _BIFF8):
        _link(where, _path(number, body), harvest)
    elif number in CONNECTIONS:
        harvest.note("ole.external", where, "a data connection")
    elif number in FORMULAS and len(body) >= FORMULAS[number] + 2:
        at = FORMULAS[number]
        _formula(where, body[at + 2 : at + 2 + struct.unpack_from("<H", body, at)[0]], version, harvest)
    elif number == EXTERNNAME and version >= _BIFF8 and len(body) > 8:
        _function_name(where, _characters(body[7:], body[6]), harvest)


def _formula(where: str, tokens: bytes, version: int, harvest: Harvest) -> None:
    for called in calls(tokens, is_new=version >= _BIFF8):
        harvest.note("ole.formula" if called != "?" else "file.malformed", where, f"a formula calls {called}")


def _function_name(where: str, name: str, harvest: Harvest) -> None:
    """Look for functions that are called by name: later ones (section 2.5.198.4) and those of add-ins."""
    bare = name.upper().removeprefix("_XLFN.").removeprefix("_XLWS.")
    if bare in CALLING:
        harvest.note("ole.formula", where, bare)


def _defined_name(where: str, body: bytes, version: int, harvest: Harvest) -> None:
    """Look for names that run by themselves (section 2.4.150)."""
    if len(body) < 15:
        return
    flags, length = struct.unpack_from("<H", body)[0], body[3]
    wide = version >= _BIFF8 and len(body) > 14 and body[14] & 0x01
    at = 14 + (version >= _BIFF8) + length * (2 if wide else 1)
    _formula(where, body[at : at + struct.unpack_from("<H", body, 4)[0]], version, harvest)
    text = _characters(body[14:], length) if version >= _BIFF8 else body[14 : 14 + length].decode("latin-1")
    if flags & _BUILT_IN and text and ord(text[0]) in AUTOMATIC:
        harvest.note("ole.xlm", where, AUTOMATIC[ord(text[0])])
    elif text.lower().startswith(tuple(name.lower() for name in AUTOMATIC.values())):
        harvest.note("ole.xlm", where, text)
    _function_name(where, text, harvest)


def _path(number: int, body: bytes) -> str:
    """Give the virtual path of a supporting link; empty for this workbook itself and for add-in functions."""
    if number == SUPBOOK:
        if len(body) < 5:
            return ""
        length = struct.unpack_from("<H", body, 2)[0]
        return "" if length in {_SELF, _ADD_IN} else _characters(body[4:], length)
    return body[1 : 1 + body[0]].decode("latin-1") if len(body) > 1 else ""


def _link(where: str, path: str, harvest: Harvest) -> None:
    """Tell a link to another workbook from one to a program (section 2.5.277): app, separator, topic."""
    if len(path) < 2 or path[0] in "\x02\x03\x04":
        return
    if path.startswith(_ENCODED) and not path[1:].strip(excel97.FORGOTTEN):
        return  # a copy's: which workbook it was, nobody knows any more
    if path.startswith(_ENCODED):
        harvest.note("ole.external", where, path[1:])
    elif _SEPARATOR in path:
        harvest.note("ole.dde", where, path.replace(_SEPARATOR, "|"))
    else:
        harvest.note("ole.external", where, path)


def _characters(body: bytes, length: int) -> str:
    """Decode a string with its flag byte (section 2.5.294): one or two bytes a character."""
    if not body:
        return ""
    if body[0] & 0x01:
        return body[1 : 1 + 2 * length].decode("utf-16-le", errors="replace")
    return body[1 : 1 + length].decode("latin-1")
