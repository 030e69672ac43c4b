"""Formulas that call programs or addresses, in the notations of Excel and OpenFormula."""

import re
from collections.abc import Iterator

CALLING = frozenset(
    {"WEBSERVICE", "RTD", "CALL", "REGISTER", "REGISTER.ID", "EXEC", "IMAGE", "COM.MICROSOFT.WEBSERVICE", "FOPEN"}
)
"""Functions that load an address, a library or a server (ISO/IEC 29500-1 section 18.17.7, [MS-XLSX] section 2.3.3,
ODF 1.3 part 4); RUN and the like exist on macro sheets only, which are a finding by themselves."""

_QUOTED = re.compile(r"""("[^"]*")|'[^']*'""")
"""Text, and names of sheets: a quotation mark inside the one does not begin the other."""
_FUNCTION = re.compile(r"(?:_XL[A-Z]{2}\.){0,4}([A-Z][A-Z0-9.]*+)[ \t\r\n]*+\(")
_DDE = re.compile(r"[A-Z0-9_'\])]\|.*!", re.DOTALL)


def formula_findings(formula: str) -> Iterator[tuple[str, str]]:
    """Give (`dde` | `call`, detail) for what a formula does beyond calculating. Linear in the formula."""
    plain = _QUOTED.sub(_without_content, formula).upper()
    if "|" in plain and _DDE.search(plain[plain.index("|") - 1 if plain.index("|") else 0 :]):
        yield "dde", formula[:100]
    for found in _FUNCTION.finditer(plain):
        name = found.group(1)
        if name == "DDE":
            yield "dde", formula[:100]
        elif name in CALLING:
            yield "call", name


def _without_content(found: re.Match[str]) -> str:
    return '""' if found[1] else found[0].replace("(", "_").replace('"', "_")
