"""What in a style sheet acts or loads. Looks for too much rather than too little; linear."""

import re
from collections.abc import Iterator

from attachguard.formats.addresses import loads, shown

_RUNNING = re.compile(
    r"expression[\s]{0,64}\(|(?<![-\w])behavior\s{0,64}:(?!\s{0,64}url\(\s{0,64}[\"']?#)|-moz-binding|javascript:"
)
"""Internet Explorer's expressions and behaviors (not its built-in ones, `#default#VML`), Mozilla's XBL."""

_LOADING = re.compile(
    r"@import|image-set\s{0,64}\(|(?<![-\w])image\s{0,64}\(|(?<![-\w])src\s{0,64}\(|cross-fade\s{0,64}\(|alphaimageloader"
)
"""CSS Cascading 5 section 2, CSS Images 4 section 2, and a filter of Internet Explorer."""

_POSSIBLE = re.compile(r"[\\@]|/\*|expression|behavior|-moz-binding|javascript|image|src|cross-fade|url", re.IGNORECASE)
"""Without one of these, nothing below is there: most style attributes are done with this."""

_URL = re.compile(r"url\(\s{0,64}[\"']?([^\"')\s]{0,200})")
_PICTURE = re.compile(r"data:image/[^\"'()\s<>]++", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})(?:\r\n|[ \t\r\n\f])?|(.))", re.DOTALL)


def dangers(css: str) -> Iterator[tuple[str, str]]:
    """Yield (finding code, detail) for what runs (`html.script`) or loads from elsewhere (`html.remote`).

    A style sheet is read three times, since what is a comment depends on strings, and a name can be written with
    escapes: as it is, with escapes resolved, and without comments.
    """
    if not _POSSIBLE.search(css):
        return
    seen = set()
    lowered = css.lower()
    plain = _ESCAPE.sub(_resolve, lowered) if "\\" in lowered else lowered
    bare = without_comments(plain) if "/*" in plain else plain
    for text in dict.fromkeys((lowered, plain, bare)):
        for danger in _dangers(text):
            if danger not in seen:
                seen.add(danger)
                yield danger


def pictures(css: str) -> Iterator[str]:
    """Yield the pictures that a style sheet holds itself, as addresses."""
    if not _POSSIBLE.search(css):
        return
    plain = _ESCAPE.sub(_resolve_as_is, css) if "\\" in css else css
    for found in _PICTURE.finditer(plain):
        yield found[0]


def without_comments(css: str) -> str:
    """Cut comments (CSS Syntax 3, section 4.3.2) without regard to strings; an open one reaches to the end."""
    pieces, position = [], 0
    while (start := css.find("/*", position)) >= 0:
        pieces.append(css[position:start])
        end = css.find("*/", start + 2)
        position = len(css) if end < 0 else end + 2
    pieces.append(css[position:])
    return "".join(pieces)


def _dangers(text: str) -> Iterator[tuple[str, str]]:
    running = _RUNNING.search(text)
    if running:
        yield "html.script", f"style {running[0].strip()}"
    loading = _LOADING.search(text)
    if loading:
        yield "html.remote", f"style {loading[0].strip()}"
    for url in _URL.finditer(text):
        if loads(url[1]):
            yield "html.remote", f"style url {shown(url[1])}"
            return


def _resolve(match: re.Match[str]) -> str:
    return _resolve_as_is(match).lower()


def _resolve_as_is(match: re.Match[str]) -> str:
    """Replace an escape (CSS Syntax 3, section 4.3.7)."""
    if match[1] is None:
        return match[2]
    number = int(match[1], 16)
    return chr(number) if 0 < number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"
