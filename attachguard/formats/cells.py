"""Which cells a spreadsheet program would take for a formula, and which only look like one.

The danger is CSV injection (CWE-1236): DDE, WEBSERVICE, HYPERLINK. Negative numbers, telephone numbers, dates,
amounts of money and rows of dashes begin like formulas and are none that matters: without a name, a bracket or a bar
there is nothing to run.
"""

import re

STARTERS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"
"""What a formula begins with: Excel, LibreOffice, Lotus' `@`, and the wide and small forms Japanese Excel folds."""

_SPACES = "".join(map(chr, (*range(0x09, 0x0E), 0x20, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F)))
_UNSEEN = "\xad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u205f\u2060\u3000\ufeff"
BLANK = f'{_SPACES}{_UNSEEN}"'
"""Passed over by one program or another before a formula begins: white space, what is not seen, and the quotation mark
for readers that quote differently."""

CURRENCIES = (
    "AED|ARS|AUD|BAM|BGN|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EGP|EUR|GBP|GEL|HKD|HRK|HUF|IDR|ILS|INR|ISK|JPY|KRW|MAD|MKD"
    "|MXN|MYR|NOK|NZD|PEN|PHP|PLN|RON|RSD|RUB|SAR|SEK|SGD|THB|TND|TRY|TWD|UAH|USD|VND|ZAR"
)
"""ISO 4217."""

_SPACE = r"[ \xa0\u2009\u202f]{0,3}"
_SIGN = r"[-+\u2212\uff0d\uff0b]"
_MONEY = rf"(?:[€$£¥₺₴₹]|kr\.?|zł|Kč|Ft|Lt|{CURRENCIES}|%|‰|°C?)"
_NUMBER = rf"[0-9][-0-9.,:/'\u2019()\xa0\u2009\u202f ]{{0,48}}(?:[eE]{_SIGN}?[0-9]{{1,4}})?"
_HARMLESS = re.compile(
    rf"{_SIGN}{_SPACE}(?:{_MONEY}{_SPACE})?{_SIGN}?(?:\([0-9]{{1,4}}\)|[.,])?{_SPACE}{_NUMBER}(?:{_SPACE}{_MONEY})?[-+]?{_SPACE}"
)
"""A signed number, amount, percentage, date, time or telephone number. Bounded, and no letter outside of a currency:
the worst it can be is a subtraction."""

_TEXT = re.compile(r'="[\w ./:+-]{0,64}"?')
"""A number that is to stay text, as many exports write it: `="0012"`. The mark at the end may count as BLANK."""

_RULER = re.compile(r"[-+=_*~.\u2212 ]+")
"""A row of dashes, or a lone sign."""

_WORDS = re.compile(r"[-\u2212] [^\W_]+(?:[ ,.;:?/%&\u2013-]{1,2}[^\W_]+){0,60}[ .,;:?%]{0,3}")
"""A dash, a space and words: an item of a list. No bracket, bar, quotation or exclamation mark, hash, dollar or
backslash, without which no function, sheet, file or program can be named."""


POSSIBLE = frozenset(STARTERS + BLANK)
"""What a cell begins with that could be a formula."""
_PLAIN = re.compile(r"-?[0-9]{0,15}(?:[.,][0-9]{1,15})?")
"""What nearly every suspect cell is, told quickly; the empty cell, too."""


def is_formula(cell: str) -> bool:
    """Tell whether a spreadsheet program would run a cell's content as a formula. Linear, bounded in the cell."""
    if cell[:1] not in POSSIBLE or _PLAIN.fullmatch(cell):
        return False
    content = cell.lstrip(BLANK)
    if not content or content[0] not in STARTERS:
        return False
    content = content.rstrip(BLANK)
    return not (
        _TEXT.fullmatch(content)
        or _HARMLESS.fullmatch(content)
        or _RULER.fullmatch(content)
        or _WORDS.fullmatch(content)
    )
