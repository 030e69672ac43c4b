"""Formulas that call programs or addresses, in the notations of Excel and OpenFormula."""

import re
from collections.abc import Iterator

from attachguard.formats.links import is_plain_link

CALLING = frozenset(
    word
    for line in (
        "WEBSERVICE RTD CALL REGISTER REGISTER.ID EXEC IMAGE COM.MICROSOFT.WEBSERVICE FOPEN SQL.REQUEST",
        # DDE as Excel 4 spells it
        "INITIATE EXECUTE POKE REQUEST",
        # Python in Excel, which runs at a computing centre
        "PY",
        # Google Sheets, which opens the same files
        "IMPORTDATA IMPORTFEED IMPORTHTML IMPORTRANGE IMPORTXML",
    )
    for word in line.split()
)
"""Functions that load an address, a library or a server (ISO/IEC 29500-1 section 18.17.7, [MS-XLSX] section 2.3.3,
ODF 1.3 part 4); RUN and the like exist on macro sheets only, which are a finding by themselves."""

_QUOTED = re.compile(r"""("[^"]*")|'[^']*'""")
"""Text, and names of sheets: a quotation mark inside the one does not begin the other."""
_FUNCTION = re.compile(r"(?:_XL[A-Z]{2}\.){0,4}([A-Z][A-Z0-9.]*+)[ \t\r\n]*+\(")
_DDE = re.compile(r"[\w.'\])]\|.*!", re.DOTALL)
_LINK = re.compile(r"""HYPERLINK[ \t\r\n]*\([ \t\r\n]*(?:"([^"]*)"|)""", re.IGNORECASE)

_CELL = re.compile(r"(?<=[A-Z$])[0-9]{1,7}(?![\w(.])")
SHAPES = 10_000
"""Shapes of formulas that are remembered."""


def shape_of(formula: str) -> str:
    """Give a formula with other numbers of rows: what holds for one cell of a column holds for all of them."""
    return _CELL.sub("1", formula)


def formula_findings(formula: str) -> Iterator[tuple[str, str]]:
    """Give (`dde` | `call` | `link`, detail) for what a formula does beyond calculating. Linear in the formula.

    `link`: a HYPERLINK whose address does not begin, written out, with the web, mail, telephone or a place in the file.
    """
    plain = _QUOTED.sub(_without_content, formula).upper()
    if "|" in plain and _DDE.search(plain[plain.index("|") - 1 if plain.index("|") else 0 :]):
        yield "dde", formula[:100]
    for found in _FUNCTION.finditer(plain):
        name = found.group(1)
        if name == "DDE":
            yield "dde", formula[:100]
        elif name in CALLING:
            yield "call", name
    for found in _LINK.finditer(formula):
        if found[1] is None or not is_plain_link(found[1]):
            yield "link", formula[found.start() : found.start() + 100]


def _without_content(found: re.Match[str]) -> str:
    return '""' if found[1] else found[0].replace("(", "_").replace('"', "_")
