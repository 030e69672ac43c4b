"""Which formulas a copy may keep: those that only calculate with cells of the same file.

Where a formula may not stay, the value that was last calculated does.
"""

import re
from collections.abc import Collection

from attachguard.formats.formulas import formula_findings
from attachguard.formats.office.functions import CALCULATING, PREFIXES

LENGTH = 32_768
"""Characters of a formula that are read; Excel itself stops at 8192 (18.17.2.1)."""

_QUOTED = re.compile(r"""("[^"]*")|('[^']*')""")
_CALL = re.compile(r"(?<![\w.])([^\W\d][\w.]*)[ \t\r\n]*\(")
_FUTURE = re.compile(r"(?:_XL[A-Z]{2,4}\.){1,4}")
_MORE = re.compile(r"[\[('\"|]")
"""A formula without any of these only calculates with numbers and cells, as most do."""
_PARAMETER = "_XLPM."
"""Beginning of the names of a LAMBDA's own parameters ([MS-XLSX] section 2.2.2)."""
_OTHER_BOOK = re.compile(r"\[[^\[\]]{0,260}\][^\[\](),+*/^&<>=\"]{0,255}!")
"""`[1]Sheet!A1`: a sheet of another file by its number or name (section 18.17.2.3)."""


def only_calculates(formula: str, gone_sheets: Collection[str] = ()) -> bool:
    """Say whether a formula calls calculating functions only and stays in its file; linear in the formula.

    `gone_sheets` are names, in lower case, of sheets that the copy does not have.
    """
    if not gone_sheets and len(formula) <= LENGTH and not _MORE.search(formula):
        return True
    if len(formula) > LENGTH or any(True for _ in formula_findings(formula)):
        return False
    bare = _QUOTED.sub(_harmless, formula)
    if "[" in bare and _OTHER_BOOK.search(bare):
        return False
    if gone_sheets and any(f"{name}!" in formula.lower().replace("'", "") for name in gone_sheets):
        return False
    return all(_is_known(found.group(1).upper()) for found in _CALL.finditer(bare))


def leaves_file(formula: str) -> bool:
    """Say whether an OpenDocument formula names a cell of another file (ODF 1.3 part 4 section 5.8)."""
    return "'#" in formula or "file:" in formula.lower() or "://" in _QUOTED.sub(_sheet_only, formula)


def _harmless(found: re.Match[str]) -> str:
    """Empty strings; in a sheet's name, nothing that reads like a call may be left."""
    return '""' if found[1] else found[0].replace("(", "_").replace('"', "_")


def _sheet_only(found: re.Match[str]) -> str:
    return '""' if found[1] else found[0]


def _is_known(called: str) -> bool:
    name = _FUTURE.sub("", called, count=1)
    if called.startswith(_PARAMETER) or name == "HYPERLINK" or name in CALCULATING:
        return True
    for prefix in PREFIXES:
        if name.startswith(prefix):
            return name.removeprefix(prefix) in CALCULATING
    return False
