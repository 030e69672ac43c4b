"""What acts or loads in SVG pictures inside office files: programs that draw pictures run none of it, browsers do."""

from collections.abc import Iterator, Mapping

from attachguard.formats.xmlscan import local

NAMESPACE = "http://www.w3.org/2000/svg"

ACTIVE = frozenset({"script", "foreignObject", "handler", "listener", "iframe", "embed", "object"})
"""Elements that run, or hold a page (SVG 1.1 sections 18 and 23.3, SVG Tiny 1.2 section 15)."""

_PLAIN = ("#", "data:image/png", "data:image/jpeg", "data:image/gif")
"""Beginnings of addresses that load nothing: a place in the same picture, a picture written out."""


def svg_dangers(name: str, attributes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Give (`script` | `external`, detail) for what an element of a picture does; `name` is `namespace local`."""
    if not name.startswith(NAMESPACE):
        return
    tag = local(name)
    if tag in ACTIVE:
        yield "script", f"{tag} in a picture"
    for key, value in attributes.items():
        attribute = local(key)
        if attribute.startswith("on") and len(attribute) > 2:
            yield "script", f"{attribute} in a picture"
        elif attribute == "href" and tag != "a" and value.strip() and not value.strip().lower().startswith(_PLAIN):
            yield "external", f"{tag}: {value}"
        elif attribute == "href" and value.strip().lower().startswith(("javascript:", "vbscript:", "data:text")):
            yield "script", f"{tag}: {value}"
