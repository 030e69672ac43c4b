"""Tags out of HTML as browsers see them (WHATWG HTML, section 13.2.5, Tokenization), in linear time.

No tree is built: what acts in a page is visible in its tags. But the tree decides where raw text begins (a <style>
inside <svg> or <select> is none), so `readings` looks at a page in every way a browser might.
"""

import html
import re
from collections.abc import Iterator
from typing import NamedTuple


def words(text: str) -> frozenset[str]:
    """Make a set of the words of a text: the readable way to write down a long list of names."""
    return frozenset(text.split())


HTML_ELEMENTS = words(
    """a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink blockquote
    body br button canvas caption center cite code col colgroup command data datalist dd del details dfn dialog dir
    div dl dt em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header
    hgroup hr html i iframe img input ins isindex kbd keygen label legend li link listing main map mark marquee math
    menu menuitem meta meter nav nobr noembed noframes noscript object ol optgroup option output p param picture
    plaintext portal pre progress q rb rbc rp rt rtc ruby s samp script search section select slot small source
    spacer span strike strong style sub summary sup svg table tbody td template textarea tfoot th thead time title
    tr track tt u ul var video wbr xmp"""
)
"""WHATWG HTML, sections 4 and 16.2: obsolete elements included, since browsers still know them."""

VOID_ELEMENTS = words(
    """area base basefont bgsound br col command embed frame hr img input keygen link meta param source track
    wbr"""
)
"""Elements without content or end tag (WHATWG HTML, sections 13.1.2 and 13.2.6)."""

RAW_ELEMENTS = frozenset({"script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes"})
"""Elements whose content is no markup (WHATWG HTML, section 13.2.6.4), where the tree builder takes them."""

_TELLING_ELEMENTS = (
    "script|style|title|textarea|xmp|iframe|noembed|noframes|noscript|form|frame|object|embed|applet|svg|math|portal"
    "|fencedframe|isindex|body|xml|select|template|link|meta|base|hta:"
)
_TELLING_ATTRIBUTES = (
    "on|src|href|style|background|poster|data(?![-0-9A-Za-z])|action|formaction|image|dynsrc|lowsrc|manifest|ping"
    "|http|content|code|classid|archive|profile|xml|icon|attributionsrc"
)
_DULL_ATTRIBUTE = (
    rf"[\t\n\f\r ]++(?!(?i:{_TELLING_ATTRIBUTES}))[A-Za-z-]++"
    r"(?:=(?:\"[^\"<>&]*+\"|'[^'<>&]*+'|[-0-9A-Za-z#%._]++))?(?=[\t\n\f\r />])"
)
_DULL_VALUE = "(?:(?!behavior)[a-z][a-z-]{0,30}+:[-#A-Za-z0-9.%, ]*+;?+ ?+){0,20}"
_DULL_STYLE = rf"[\t\n\f\r ]++style=(?:\"{_DULL_VALUE}\"|'{_DULL_VALUE}')(?=[\t\n\f\r />])"
"""A style of plain words, numbers and colours: no brackets, so no function and no address."""
_DULL = re.compile(
    r"[^<]*+(?:<(?:/[A-Za-z][^\t\n\f\r />]*+|"
    rf"(?!(?i:{_TELLING_ELEMENTS}))[A-Za-z][^\t\n\f\r />]*+(?:{_DULL_ATTRIBUTE}|{_DULL_STYLE}){{0,20}}"
    r"[\t\n\f\r ]*+/?+)>[^<]*+){0,200}"
)
"""Text, end tags and start tags that by their first letters can say nothing that matters: skipped in one step,
because a table of ten megabytes has a million of them. All prefixes: too much is looked at, never too little."""
OPENER = re.compile(r"<(?:(/?)([A-Za-z][^\t\n\f\r />]*+)|!--|!\[CDATA\[|!|\?|/)")
"""How tags and declarations begin: the slash of an end tag, and the name; neither for a declaration."""
_NOSCRIPT = re.compile("<noscript", re.IGNORECASE)
_COMMENT_END = re.compile(r"--!?>")
_ATTRIBUTE = re.compile(
    r"[\t\n\f\r /]*+(?:(>)|([^\t\n\f\r />][^\t\n\f\r />=]*+)"
    r"(?:[\t\n\f\r ]*+=[\t\n\f\r ]*+(?:\"([^\"]*+)\"|'([^']*+)'|([\"'])|([^\t\n\f\r >]*+)))?)"
)
"""One attribute or the end of the tag: end, name, then its value in double, single, unclosed or no quotes. Every
quantifier of characters is possessive and nothing follows the value, so that no input can make it go back."""
_ORDINARY = re.compile(
    r"(?:[\t\n\f\r ]++[A-Za-z][-A-Za-z0-9:_]*+(?:=(?:\"[^\"]*+\"|'[^']*+'|[^\t\n\f\r \"'<>=`]++))?){0,30}"
    r"[\t\n\f\r ]*+/?+>"
)
"""The rest of a tag as people and programs write it."""
_RAW_END = {name: re.compile(rf"</{name}(?=[\t\n\f\r />])", re.IGNORECASE) for name in RAW_ELEMENTS | {"noscript"}}
_ATTRIBUTES = 1000
"""Attributes of one tag; people and programs write a few dozen."""
_TAGS = 400_000
"""Tags of one page that are looked at closely; a table of ten megabytes in which every cell is a link has no more."""
_UNESCAPABLE = 4000
"""Python refuses to read numbers with more digits than 4300; a character reference never needs them."""


class MarkupError(ValueError):
    """Markup of a shape that nobody writes and that no two readers read alike."""


class Tag(NamedTuple):
    """A start tag."""

    name: str
    """Lower case, with its prefix if it has one."""
    attributes: tuple[tuple[str, str], ...]
    """Lower-case names and unescaped values, in order, doubles included (browsers take the first)."""
    start: int
    """Where `<` stands."""
    raw: str
    """For a start tag whose content is raw text: that text."""


def tags(text: str, raw_elements: frozenset[str] = RAW_ELEMENTS, *, foreign: bool = False) -> Iterator[Tag]:
    """Yield the start tags that could matter, in order; linear. In `foreign` content (SVG, MathML) CDATA is text.

    Left out: end tags, and elements whose name and attributes do nothing by themselves. A tag that the file's end
    cuts off is yielded with what is there: a browser drops it, other readers do not. Raises MarkupError.
    """
    position = count = 0
    while (dull := _DULL.match(text, position)) and (match := OPENER.search(text, dull.end())):
        count += 1
        if count > _TAGS:
            raise MarkupError(f"more than {_TAGS} tags that could matter")
        name = match[2]
        if name is None:
            position = after_declaration(text, match, foreign=foreign)
            continue
        name = name.lower()
        attributes, position = _attributes(text, match.end())
        if match[1]:
            continue
        raw = ""
        if name in raw_elements:
            start = position
            position = end_of_raw(text, name, start)
            raw = text[start:position]
        yield Tag(name, attributes, match.start(), raw)


def readings(text: str) -> Iterator[Iterator[Tag]]:
    """Yield the tags of a page once for every way of reading it that matters; each is linear, at most three.

    The plain way; with scripts switched on, when <noscript> is raw text; and, where raw text or CDATA hold what
    could be tags, as if there was no raw text: that is how they read inside <svg>, <math> and <select>.
    """
    hidden = ["<![CDATA["] if "<![CDATA[" in text else []
    yield _noting(tags(text), hidden)
    if _NOSCRIPT.search(text):
        yield tags(text, RAW_ELEMENTS | {"noscript"})
    if hidden:
        yield tags(text, frozenset({"script"}), foreign=True)


def _noting(found: Iterator[Tag], hidden: list[str]) -> Iterator[Tag]:
    """Pass tags on, and note the raw text (of other elements than scripts) that could hold tags."""
    for tag in found:
        if not hidden and tag.name != "script" and "<" in tag.raw:
            hidden.append(tag.name)
        yield tag


def first_tag(text: str) -> str | None:
    """Name the first start tag when only white space, comments and declarations stand before it; lower case.

    `<!DOCTYPE html>` counts: it is answered with `html`. Linear.
    """
    position = 0
    while (match := OPENER.match(text, _skip_space(text, position))) and match[2] is None:
        if text[match.start() : match.start() + 14].lower() == "<!doctype html":
            return "html"
        position = after_declaration(text, match, foreign=False)
    return match[2].lower() if match and not match[1] else None


_SPACE = re.compile(r"\s*+")


def _skip_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def after_declaration(text: str, match: re.Match[str], *, foreign: bool) -> int:
    """Find the end of a comment, a CDATA section or what browsers call a bogus comment."""
    opener, position = match[0], match.end()
    if opener == "<!--":
        if text.startswith((">", "->"), position):
            return position + 1
        end = _COMMENT_END.search(text, position)
        return end.end() if end else len(text)
    closer = "]]>" if foreign and opener == "<![CDATA[" else ">"
    # A bogus comment may end inside its own opener: `<![CDATA[` has no `>`, so the search can start after it.
    end_at = text.find(closer, position)
    return len(text) if end_at < 0 else end_at + len(closer)


def _attributes(text: str, position: int) -> tuple[tuple[tuple[str, str], ...], int]:
    """Read attributes up to and including the end of the tag. Raises MarkupError."""
    found: list[tuple[str, str]] = []
    while match := _ATTRIBUTE.match(text, position):
        position = match.end()
        end, name, double, single, unclosed, bare = match.groups()
        if end:
            break
        if len(found) == _ATTRIBUTES:
            raise MarkupError(f"a tag has more than {_ATTRIBUTES} attributes")
        if unclosed:
            found.append((name.lower(), unescape(text[position:])))
            return tuple(found), len(text)
        found.append((name.lower(), unescape(double or single or bare or "")))
    else:
        position = len(text)
    return tuple(found), position


def after_tag(text: str, position: int) -> int:
    """Find the end of a tag from behind its name; linear."""
    ordinary = _ORDINARY.match(text, position)
    if ordinary is not None:
        return ordinary.end()
    while match := _ATTRIBUTE.match(text, position):
        position = match.end()
        if match[1]:
            return position
        if match[5]:
            break
    return len(text)


def end_of_raw(text: str, name: str, position: int) -> int:
    """Find where the content of an element ends that is no markup: its end tag, or the end of the text."""
    end = _RAW_END[name].search(text, position)
    return end.start() if end else len(text)


def unescape(value: str) -> str:
    """Replace character references as browsers do."""
    if "&" not in value:
        return value
    if len(value) > _UNESCAPABLE:
        value = _LONG_REFERENCE.sub("\ufffd", value)
    return html.unescape(value)


_LONG_REFERENCE = re.compile(r"&#[0-9]{12,}+;?")
