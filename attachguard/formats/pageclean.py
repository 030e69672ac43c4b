"""A page rebuilt from allow-lists: nothing runs, loads or is sent; links lead to the web, a mailbox or a telephone.

nh3 (html5ever) parses as browsers do and writes what is on the lists; a new document with a policy of its own is put
around it. Pages that would make a parser work much harder than their size says are refused first.
"""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import nh3

from attachguard.formats import cssclean
from attachguard.formats.addresses import canonical, scheme
from attachguard.formats.markup import Tag, tags, unescape, words
from attachguard.formats.pagecost import measure
from attachguard.formats.pagepictures import Album
from attachguard.model import Finding, Limits

TAGS = words(
    """a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup data dd
    del details dfn dir div dl dt em fieldset figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i img
    ins kbd label legend li main mark meter nav ol p pre progress q rp rt ruby s samp search section small span
    strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr"""
)
"""Elements that only hold text, tables and pictures (WHATWG HTML, sections 4.3 to 4.9 and 16.2)."""

WITHOUT_CONTENT = words("script style title template svg math xml head object-data noembed noframes iframe applet")
"""Elements whose content goes with them: it is code, or shown only by readers without the element."""

ANYWHERE = words("align bgcolor border class color dir height id lang style title valign width role aria-label")

ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "*": ANYWHERE,
    "a": words("href name"),
    "bdo": words("dir"),
    "br": words("clear"),
    "col": words("span"),
    "colgroup": words("span"),
    "data": words("value"),
    "details": words("open"),
    "dir": words("type compact"),
    "font": words("color face size"),
    "hr": words("noshade size"),
    "img": words("alt hspace src vspace"),
    "li": words("type value"),
    "meter": words("high low max min optimum value"),
    "ol": words("reversed start type compact"),
    "p": words("clear"),
    "progress": words("max value"),
    "table": words("cellpadding cellspacing frame rules summary"),
    "td": words("abbr axis char colspan headers nowrap rowspan scope"),
    "th": words("abbr axis char colspan headers nowrap rowspan scope"),
    "time": words("datetime"),
    "ul": words("type compact"),
}
"""Attributes that describe; the two that lead somewhere, href and src, are looked at below."""

LINK_SCHEMES = frozenset({"http", "https", "mailto", "tel"})

POLICY = "default-src 'none'; img-src data: cid:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""Content Security Policy level 3: what a browser must refuse even if something had slipped through."""

TITLE = 500
"""Characters of a title that are kept."""

_NOSCRIPT = re.compile(r"</?noscript(?=[\t\n\f\r />])[^>]*+>", re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}")
_SHELTER = re.compile("<(?:button|form|listing|marquee|menu|object|select|textarea|xmp)", re.IGNORECASE)
"""Elements in which others may stand that could not stand where they stood alone (WHATWG HTML, 13.2.6.4: the `special`
ones that are not on the list above)."""
_HEADING = re.compile("</?h[1-6][ >]")
_PRE = re.compile(r"<pre(?: [^<>]*+)?>(?=\n)")
"""A parser drops the first line end of a <pre>, and nh3 does not write it again."""
_CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
_BLANK = re.compile(r"\s+")
_SPACE = "\ufdd0"
"""Stands for the no-break space while nh3 works, which takes quadratic time over many of those (measured: 0.15 s for
80,000, 60 s for 1.7 million); no text has it, for `_CONTROL` took it away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The parts of a rebuilt page; each is safe to write as it stands."""

    language: str
    title: str
    styles: str
    body_style: str
    body: str
    """Clean markup in HTML syntax."""
    lost_pictures: int = 0
    """Pictures that the page held itself and that could not be made anew."""


def clean_page(text: str, limits: Limits) -> Page:
    """Rebuild a page from its text. Raises TooMuchError, MarkupError. Time grows with the size only."""
    plain = _CONTROL.sub("", _NOSCRIPT.sub("", text)).replace("&nbsp;", "\xa0")
    measure(plain, limits.xml_depth)
    language, title, sheets, body_style = "", "", [], ""
    for tag in tags(plain):
        if tag.name == "title" and not title:
            title = _BLANK.sub(" ", _CONTROL.sub("", unescape(tag.raw))).strip()[:TITLE].rstrip()
        elif tag.name == "style":
            sheets.append(tag.raw)
        elif tag.name == "body" and not body_style:
            body_style = _body_style(tag)
    language = _language(plain)
    album = Album(limits)
    return Page(
        language=language,
        title=title,
        styles=cssclean.clean_sheet("\n".join(sheets)),
        body_style=_CONTROL.sub("", body_style),
        body=_clean_body(plain, album),
        lost_pictures=album.lost,
    )


def lost_pictures(page: Page) -> tuple[Finding, ...]:
    """Say how many pictures the rebuilt page lacks."""
    return (Finding("lost.pictures", detail=str(page.lost_pictures)),) if page.lost_pictures else ()


def write_html(page: Page) -> str:
    """Write a page as a new HTML document."""
    language = f' lang="{page.language}"' if page.language else ""
    styles = f"<style>\n{page.styles}\n</style>\n" if page.styles else ""
    body = f' style="{html.escape(page.body_style)}"' if page.body_style else ""
    return (
        f'<!DOCTYPE html>\n<html{language}>\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{html.escape(page.title)}</title>\n{styles}</head>\n<body{body}>{page.body}</body>\n</html>\n"
    )


def _clean_body(text: str, album: Album) -> str:
    keeper = _Keeper(album)
    cleaner = _cleaner(keeper.keep)
    body = cleaner.clean(text.replace("\xa0", _SPACE))
    # Where a value was taken away, nh3 changes the order of what is left; without a shelter around them, elements
    # stand where they can't; and of two headings the inner one stays where only a link was between them, while the
    # next reader ends the outer one there. A second reading settles all three.
    if keeper.took_away or _SHELTER.search(text) or _heading_in_heading(body):
        body = cleaner.clean(body)
    return _PRE.sub("\\g<0>\n", _CONTROL.sub("", body.replace(_SPACE, "&nbsp;"))).strip()


def _heading_in_heading(body: str) -> bool:
    """Tell whether a heading begins in another, in what nh3 wrote: every element but the void ones has an end there."""
    is_open = False
    for heading in _HEADING.finditer(body):
        is_end = heading[0][1] == "/"
        if is_open and not is_end:
            return True
        is_open = not is_end
    return False


class _Keeper:
    """Judges the values of listed attributes."""

    def __init__(self, album: Album) -> None:
        self._album = album
        self._styles = cssclean.Styles()
        self.took_away = False

    def keep(self, _tag: str, attribute: str, value: str) -> str | None:
        """Give the value to write, or None where the attribute goes."""
        kept: str | None = value
        if attribute == "href":
            kept = _link(value)
        elif attribute == "src":
            kept = self._picture(value)
        elif attribute == "style":
            kept = self._styles.clean(value) or None
        self.took_away = self.took_away or kept is None
        return kept

    def _picture(self, address: str) -> str | None:
        plain = canonical(address)
        if plain.startswith("data:"):
            return self._album.fresh(address)
        return address if plain.startswith("cid:") else None


def _cleaner(keep: Callable[[str, str, str], str | None]) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(TAGS),
        clean_content_tags=set(WITHOUT_CONTENT),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        attribute_filter=keep,
        url_schemes={*LINK_SCHEMES, "cid", "data"},
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )


def _link(value: str) -> str | None:
    plain = canonical(value)
    kept = plain.startswith("#") or scheme(plain) in LINK_SCHEMES
    return value.strip() if kept else None


def _language(text: str) -> str:
    match = _HTML_LANGUAGE.search(text, 0, 64 * 1024)
    return match[1] if match and _LANGUAGE.fullmatch(match[1]) else ""


_HTML_LANGUAGE = re.compile(r"<html[^>]{0,2000}?\slang=[\"']?([-A-Za-z0-9]{1,40})", re.IGNORECASE)


def _body_style(tag: Tag) -> str:
    values = dict(reversed(tag.attributes))
    pieces = [values.get("style", "")]
    for attribute, name in (("bgcolor", "background-color"), ("text", "color")):
        if attribute in values:
            pieces.insert(0, f"{name}: {values[attribute]}")
    return cssclean.clean_style(";".join(piece for piece in pieces if piece))
