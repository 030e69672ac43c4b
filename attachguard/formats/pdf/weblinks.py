"""Links to the web that a copy may have where the policy wants them: read from the original, checked, written anew.

Off unless a policy says `flatten.links = "keep_web"`. What passes is a rectangle and an address; no other action, no
trigger, no appearance, no border.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import pikepdf
from pikepdf import Array, Dictionary, Name

from attachguard.formats.pdf.document import dictionary_at, name_at
from attachguard.formats.pdf.pages import Box

MOST = 500
"""Links of one page that are kept."""

LONGEST = 2000
"""Characters of an address that is kept; longer ones do not fit into a browser's line."""

_ADDRESS = re.compile(r"(?:https?://|mailto:)[!-~]+", re.IGNORECASE)
"""RFC 3986: no blanks, no controls, nothing beyond ASCII, so that what is shown is where it leads."""

_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}\.?")
"""A name with a dot (RFC 1123, section 2.1); no name of the local network, and no number that hides one."""

_MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}")
"""RFC 5321 section 4.1.2, without quotation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebLink:
    """A rectangle of a sheet, in points from its upper left corner (top above bottom), and where it leads."""

    box: Box
    address: str


def is_web(address: str) -> bool:
    """Tell whether an address is one that may stand in a copy: http, https or mailto, and nothing odd about it."""
    if len(address) > LONGEST or not _ADDRESS.fullmatch(address) or "\\" in address:
        return False
    scheme, _, rest = address.partition(":")
    if scheme.lower() == "mailto":
        return _MAILBOX.fullmatch(rest.partition("?")[0]) is not None
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - raises for a port that is none
    except ValueError:
        return False
    host = parts.hostname or ""
    numeric = host.rstrip(".").rpartition(".")[2].isdigit()
    return "@" not in parts.netloc and _HOST.fullmatch(host) is not None and not numeric


def annotations(links: Sequence[WebLink], box: Box, scale: float) -> Array | None:
    """Write links for a page whose shown box, in its own coordinates, is `box`; None when there are none."""
    made = [_annotation(link, box, scale) for link in links[:MOST]]
    return Array(made) if made else None


def _annotation(link: WebLink, box: Box, scale: float) -> Dictionary:
    """Write one link (ISO 32000-2, 12.5.6.5 and 12.6.4.8), clipped to the page."""
    left, right = (min(max(box.left + side * scale, box.left), box.right) for side in (link.box.left, link.box.right))
    # A sheet is measured downwards from its top, a page upwards.
    high, low = (min(max(box.top - side * scale, box.bottom), box.top) for side in (link.box.bottom, link.box.top))
    return Dictionary(
        Type=Name.Annot,
        Subtype=Name.Link,
        Rect=Array([round(left, 2), round(low, 2), round(right, 2), round(high, 2)]),
        Border=Array([0, 0, 0]),
        A=Dictionary(Type=Name.Action, S=Name.URI, URI=pikepdf.String(link.address)),
    )


def addresses_on(page: pikepdf.Object) -> Iterator[str]:
    """Give the addresses of a page's links as qpdf reads them, whatever they are."""
    held = page.get("/Annots")
    for annotation in held if isinstance(held, pikepdf.Array) else ():
        if not isinstance(annotation, pikepdf.Dictionary) or name_at(annotation, "/Subtype") != "/Link":
            continue
        action = dictionary_at(annotation, "/A")
        address = None if action is None or name_at(action, "/S") != "/URI" else action.get("/URI")
        if isinstance(address, pikepdf.String):
            yield bytes(address).decode("latin-1")
