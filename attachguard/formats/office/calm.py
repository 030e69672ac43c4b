"""Cells that hold a number, a date, a word or simple sums: blanked before a sheet is read, since nothing in them acts.

A workbook of ten megabytes has a million of them. They are found by one pattern, which matches whole, well-formed
elements with plain attributes only, and written over with as many spaces: every other byte stays at its place.
"""

import re

_TEXT = rb"[^<>&\]\x00-\x08\x0b\x0c\x0e-\x1f]{0,32767}"
"""No `>`, which text may hold: at the end of a comment or instruction it would be blanked, and what follows unread."""
_SHOWN = rb'<t(?: xml:space="preserve")?>' + _TEXT + rb"</t>"
FUNCTIONS = (
    "ABS|AND|AVERAGE|COUNT|COUNTA|COUNTIF|DATE|IF|IFERROR|INT|LEFT|LEN|MAX|MIN|MOD|MONTH|OR|RIGHT|ROUND|ROUNDDOWN"
    "|ROUNDUP|SUBTOTAL|SUM|SUMIF|SUMPRODUCT|TODAY|TRIM|VLOOKUP|YEAR"
)
"""The functions that most formulas get by with; all of them calculate (functions.py)."""
_FORMULA = rb"<f>(?:[-+*/:$.,;=^% 0-9)]|[A-Z]{1,3}(?![A-Z(._])|(?:" + FUNCTIONS.encode("ascii") + rb")?\(){1,400}</f>"
"""Numbers, cells of the same sheet and those functions: no text, no name of a sheet or file, no bar."""
_CELL = (
    rb'<c(?: r="[A-Z]{1,3}[0-9]{1,7}")?(?: s="[0-9]{1,6}")?(?: t="[a-zA-Z]{1,9}")?'
    rb"(?:/>|>(?:" + _FORMULA + rb")?(?:<v>" + _TEXT + rb"</v>|<is>" + _SHOWN + rb"</is>)?</c>)"
)
_CALM = re.compile(rb"(?:" + _CELL + rb"|<si>" + _SHOWN + rb"</si>){1,500}")
"""ISO/IEC 29500-1 sections 18.3.1.4 (c), 18.3.1.96 (v), 18.4.8 (si) and 18.4.12 (t)."""


def blanked(data: bytes) -> bytes:
    """Write spaces over calm cells and shared strings; the bytes of any other document stay as they are."""
    if b"<c" not in data and b"<si>" not in data:
        return data
    try:
        data.decode("utf-8")  # what is blanked is not read again, and has to be text
    except UnicodeDecodeError:
        return data
    return _CALM.sub(_spaces, data)


def _spaces(found: re.Match[bytes]) -> bytes:
    return b" " * len(found[0])
