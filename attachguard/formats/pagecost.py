"""What a page would cost a browser's parser, counted before it is given to one.

html5ever builds a tree of what browsers would build, which can be far larger than the page: formatting that was never
closed is opened again in every block, and deep nesting and long runs of character references take quadratic time.
"""

import re
from dataclasses import dataclass, field

from attachguard.formats.markup import (
    OPENER,
    RAW_ELEMENTS,
    VOID_ELEMENTS,
    after_declaration,
    after_tag,
    end_of_raw,
    words,
)

FORMATTING = words("a b big code em font i nobr s small strike strong tt u")
"""Elements that a parser opens again in every block until they are closed (WHATWG HTML, section 13.2.4.3)."""

FREELY_ENDED = words("p li dt dd option optgroup tr td th thead tbody tfoot colgroup caption rp rt body html head")
"""Elements that end by themselves when their like begins, so that leaving them open nests nothing."""

REOPENED = 500_000
"""Elements a parser may have to open again in all; people's pages are far below."""

ELEMENTS = 500_000
"""Elements of a page that is rebuilt: each costs the parser some 400 bytes (measured)."""

REFERENCES = 250_000
"""Character references of a page that is rebuilt (measured: 3 s for as many in a row, and quadratic)."""

OPENERS = 3 * ELEMENTS
"""Less-than signs of a page that is rebuilt: one that begins no tag is written as a reference."""

MARKS = 2_500_000
"""Quotation marks and slashes of a page that is rebuilt: one that stands in a tag where none belongs is an error that
the parser remembers (measured: 920 MiB for ten million). A table of ten megabytes has 1,600,000."""

ROOTS = 100
"""Start tags of html and body: a parser looks through the attributes of all of them at each (measured: 33 s for
40,000)."""

ROOT_ELEMENTS = frozenset({"html", "body"})

SCOPES = words("table object applet marquee template select desc foreignobject mi mo mn ms mtext annotation-xml")
"""Elements that an end tag inside of them does not reach out of (WHATWG HTML, sections 13.2.4.2 and 13.2.6.4.16)."""

EMPTY_ENDS = frozenset({"p", "br"})
"""Elements that an end tag without a start makes (WHATWG HTML, section 13.2.6.4.7)."""

_FREE = "|".join(sorted(FREELY_ENDED - ROOT_ELEMENTS - EMPTY_ENDS))
_VOID = "|".join(sorted(VOID_ELEMENTS))
_FLAT = re.compile(
    rf"(?:<(?:/?(?:{_FREE})|(?:{_VOID}))(?=[\t\n\f\r />])(?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*>[^<]*+){{1,1000}}",
    re.IGNORECASE,
)
"""Tags that nest nothing, in a row: rows of tables, items of lists, pictures; none with a `<` in a value."""
_FOREIGN = re.compile("<(?:svg|math|select)", re.IGNORECASE)
"""Elements in which raw text may be markup (see markup.readings)."""


class TooMuchError(ValueError):
    """A page so deeply nested, or of so many pieces, that reading it costs far more than its size."""


def weigh(text: str) -> None:
    """Count references and tags, whatever they are. Raises TooMuchError; linear, and the first thing to do."""
    if text.count("&") > REFERENCES:
        raise TooMuchError(f"more than {REFERENCES} character references")
    if text.count("<") > OPENERS:
        raise TooMuchError(f"more than {OPENERS} tags")
    if sum(map(text.count, "\"'/")) > MARKS:
        raise TooMuchError(f"more than {MARKS} quotation marks and slashes")


def measure(text: str, depth: int) -> None:
    """Count nesting, elements and references. Raises TooMuchError; linear. Counts too much rather than too little.

    An end tag counts only where every reading of the page has one: not in the value of an attribute, not in raw text.
    """
    weigh(text)
    count, position, quiet, section_end = _Count(), 0, 0, 0
    is_foreign = _FOREIGN.search(text) is not None
    raw_ends: dict[str, int] = {}
    while match := OPENER.search(text, position):
        flat = None if count.unclosed else _FLAT.match(text, match.start())
        if flat is not None:
            position = flat.end()
            count.elements += text.count("<", *flat.span()) - text.count("</", *flat.span())
            count.check(depth)
            continue
        name = (match[2] or "").lower()
        position = after_tag(text, match.end()) if name else after_declaration(text, match, foreign=False)
        if not name:
            count.elements += 1  # a node of the tree, too
            if is_foreign and match[0] == "<![CDATA[":  # text up to `]]>`, or markup after the first `>`
                if section_end < position:
                    section_end = _next(text, "]]>", match.end())
                quiet = max(quiet, section_end)
        elif match[1]:
            if match.start() >= quiet:
                count.end(name)
        else:
            count.start(name)
            if name in RAW_ELEMENTS:
                if raw_ends.get(name, 0) < position:
                    raw_ends[name] = end_of_raw(text, name, position)
                # Inside of <svg> and <select> it may be markup: what begins there counts, what ends does not.
                quiet = max(quiet, raw_ends[name])
                position = position if is_foreign else raw_ends[name]
        count.check(depth)


def _next(text: str, wanted: str, position: int) -> int:
    found = text.find(wanted, position)
    return len(text) if found < 0 else found


@dataclass(slots=True)
class _Count:
    nested: int = 0
    unclosed: int = 0
    """Formatting elements that are open."""
    elements: int = 0
    reopened: int = 0
    roots: int = 0
    paragraphs: int = 0
    """Those whose end tag has not come."""
    _frames: list[tuple[str, dict[str, int]]] = field(default_factory=lambda: [("", {})])
    """What is open, by name, in each element that end tags do not reach out of; the innermost last."""

    def start(self, name: str) -> None:
        self.elements += 1
        self.roots += name in ROOT_ELEMENTS
        if name in FORMATTING:
            self.unclosed += 1
        else:
            self.reopened += self.unclosed
            if name == "p":
                self.paragraphs += 1
            if name in VOID_ELEMENTS or name in FREELY_ENDED:
                return
            self.nested += 1
        if name in SCOPES:
            self._frames.append((name, {}))
            return
        opened = self._frames[-1][1]
        opened[name] = opened.get(name, 0) + 1

    def check(self, depth: int) -> None:
        """Raise TooMuchError when there is too much of anything."""
        if self.nested + self.unclosed > depth:
            raise TooMuchError(f"nested more than {depth} deep")
        if self.roots > ROOTS:
            raise TooMuchError(f"more than {ROOTS} beginnings of a page")
        if self.reopened > REOPENED or self.elements > ELEMENTS:
            raise TooMuchError(f"more than {ELEMENTS} elements")

    def end(self, name: str) -> None:
        if name in EMPTY_ENDS:
            self.elements += not (name == "p" and self.paragraphs)
            self.paragraphs = max(0, self.paragraphs - (name == "p"))
        scope, opened = self._frames[-1]
        if name == scope:
            self._frames.pop()
            outer = self._frames[-1][1]
            for left, number in opened.items():  # closed with it, as browsers do; but an end tag may still come
                outer[left] = outer.get(left, 0) + number
        elif opened.get(name):
            opened[name] -= 1
        else:
            return
        if name in FORMATTING:
            self.unclosed -= 1
        else:
            self.nested -= 1
