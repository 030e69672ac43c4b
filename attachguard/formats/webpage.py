"""What a page does: one look at the tags for HTML, XHTML and the HTML bodies of mail.

The findings are facts about tags and attributes, each with its line. An attribute is looked at on every element: a
browser that ignores it there is luck, not a rule.
"""

import re
from collections.abc import Callable, Iterator, Mapping

from attachguard.formats import css
from attachguard.formats.addresses import CLICKABLE, RUNNING, canonical, loads, scheme, set_loads, shown
from attachguard.formats.harvest import PER_CODE, Harvest
from attachguard.formats.markup import MarkupError, Tag, readings, tags, words
from attachguard.formats.pagepictures import Album
from attachguard.formats.places import Places

EMBEDDING = words("iframe frame frameset object embed applet portal fencedframe svg math xml")
"""Elements that hold a document, program or drawing of their own (WHATWG HTML section 4.8; `xml`: data islands)."""

LOADING = words(
    "src background poster dynsrc lowsrc data code codebase archive classid manifest ping profile icon attributionsrc"
)
"""Attributes whose address is fetched without a click (WHATWG HTML, index of attributes, and obsolete ones)."""

LOADING_SETS = words("srcset imagesrcset")

SENDING = words("action formaction")

PASSIVE_RELATIONS = words(
    """alternate author bookmark canonical copyright contents glossary help index license me next nofollow prev previous
    privacy-policy profile pingback search section self shortlink start terms-of-service toc up amphtml edituri
    wlwmanifest schema.dc schema.dcterms"""
)
"""Relations of <link> that fetch nothing; one other word in `rel` is enough to be suspected of it."""

METADATA = words("link meta base")

SILENT = words("class id name alt title width height align valign border lang dir rel target color size face colspan")
"""The commonest attributes that only describe."""

REFRESHING = words("refresh location")

DANGERS: Mapping[str, str] = {
    "script": "html.script",
    "form": "html.form",
    "isindex": "html.form",
    "hta:application": "html.script",
}
"""Elements that are a finding by themselves."""


CONDITIONALS = 10_000
"""Conditional comments of one page; newsletters have some dozens."""

_CONDITIONAL = re.compile(r"<!--\[if[^\]]{0,200}\]>")
"""The beginning of a comment that Internet Explorer and Outlook read as markup ("About conditional comments")."""

_IMPORT = re.compile(r"<\?import(?=[\s/])", re.IGNORECASE)
"""Internet Explorer's instruction to load a behavior for elements of a prefix."""

TELLING = EMBEDDING | METADATA | frozenset(DANGERS) | {"style"}
"""Elements that may be a finding without any attribute."""


class Remarks:
    """Passes facts about a page on to a harvest, and asks for a place only while it is wanted."""

    def __init__(self, harvest: Harvest, album: Album) -> None:
        self._harvest = harvest
        self._album = album
        self._counts: dict[str, int] = {}

    def about(self, tag: Tag, place: Callable[[Tag], str]) -> None:
        """Look at one start tag."""
        if not tag.attributes and tag.name not in TELLING:
            return
        for code, detail in (*facts(tag), *self._album.facts(tag)):
            count = self._counts[code] = self._counts.get(code, 0) + 1
            if count <= PER_CODE:
                self._harvest.note(code, place(tag), detail)


def inspect_page(text: str, harvest: Harvest) -> None:
    """Note everything in a page that runs, loads, sends, leads away or embeds. Linear; never raises."""
    places, album = Places(text), Album(harvest.limits)
    try:
        for reading in readings(text):
            remarks = Remarks(harvest, album)
            for tag in reading:
                remarks.about(tag, lambda tag: places.line(tag.start))
        for start, inside in _conditional(text):
            remarks = Remarks(harvest, album)
            for tag in tags(inside):
                if tag.name != "xml":  # Word's notes to itself, in nearly every mail that it wrote
                    remarks.about(tag, lambda tag, start=start: places.line(start + tag.start))  # type: ignore[misc]
    except MarkupError as error:
        harvest.note("file.malformed", detail=str(error))
    found = _IMPORT.search(text)
    if found:
        harvest.note("html.script", places.line(found.start()), "<?import>")


def _conditional(text: str) -> Iterator[tuple[int, str]]:
    """Yield the place and the content of comments that some readers take for markup, at most CONDITIONALS."""
    position = 0
    for _ in range(CONDITIONALS):
        opener = _CONDITIONAL.search(text, position)
        if opener is None:
            return
        end = text.find("-->", opener.end())
        position = len(text) if end < 0 else end
        yield opener.end(), text[opener.end() : position]
    raise MarkupError(f"more than {CONDITIONALS} conditional comments")


def facts(tag: Tag) -> Iterator[tuple[str, str]]:
    """Yield (finding code, detail) for what one start tag does."""
    name = tag.name
    if name in DANGERS:
        yield DANGERS[name], f"<{name}>"
    if name in EMBEDDING:
        yield "html.embedded", f"<{name}>"
    if name == "style":
        yield from css.dangers(tag.raw)
    if name in METADATA:
        yield from _metadata(name, tag.attributes)
    for attribute, value in tag.attributes:
        if attribute not in SILENT:
            yield from _attribute(name, attribute, value)


def _metadata(name: str, attributes: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
    values = dict(reversed(attributes))  # of doubles, browsers take the first
    if name == "link" and "href" in values:
        relations = set(values.get("rel", "stylesheet").lower().split())
        if not relations <= PASSIVE_RELATIONS and loads(values["href"]):
            yield "html.remote", f"<link> {shown(values['href'])}"
    elif name == "meta" and values.get("http-equiv", "").strip().lower() in REFRESHING:
        yield "html.refresh", shown(values.get("content", ""))
    elif name == "base" and "href" in values:
        yield "html.remote", f"<base> {shown(values['href'])}"


def _attribute(name: str, attribute: str, value: str) -> Iterator[tuple[str, str]]:
    local = attribute.rpartition(":")[2]
    if local.startswith("on") and len(local) > 2:
        yield "html.handler", f"{local} of <{name}>"
    elif local == "style":
        yield from css.dangers(value)
    elif local == "srcdoc":
        yield "html.embedded", f"srcdoc of <{name}>"
    elif local in SENDING:
        yield "html.form", f"{local} {shown(value)}"
    elif local in LOADING:
        yield from _loading(name, local, value)
    elif local in LOADING_SETS and set_loads(value):
        yield "html.remote", f"{local} of <{name}>"
    elif local == "href" and name not in ("link", "base"):
        yield from _link(name, value)


def _loading(name: str, attribute: str, value: str) -> Iterator[tuple[str, str]]:
    if scheme(canonical(value)) in RUNNING:
        yield "html.script", f"{attribute} {shown(value)}"
    elif loads(value):
        yield "html.remote", f"{attribute} of <{name}> {shown(value)}"


def _link(name: str, value: str) -> Iterator[tuple[str, str]]:
    kind = scheme(canonical(value))
    if kind in RUNNING:
        yield "html.script", f"link {shown(value)}"
    elif name not in ("a", "area"):
        if loads(value):
            yield "html.remote", f"href of <{name}> {shown(value)}"
    elif kind not in CLICKABLE:
        yield "html.link", shown(value)
