"""Links to the web in copies, where a policy wants them: verified ones only, where they were, and nothing else."""

import io

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as some
from pikepdf import Array, Dictionary, Name

from attachguard.formats.pdf.weblinks import is_web
from attachguard.model import Flatten, Limits, Links
from tests.formats.pdf.made import add_page, against, annotate, codes, copy_of, new, rastered, rebuilt, saved, script

KEEPING = Limits(flatten=Flatten(links=Links.KEEP_WEB))
WEB = "https://shop.example/order?id=1"


def link(pdf: pikepdf.Pdf, address: str, rectangle: tuple[int, int, int, int] = (100, 500, 300, 540)) -> None:
    action = Dictionary(S=Name.URI, URI=pikepdf.String(address))
    annotate(pdf, Subtype=Name.Link, A=action, Rect=Array([*rectangle]), Border=Array([0, 0, 0]))


def acting() -> pikepdf.Pdf:
    pdf = new()
    pdf.Root["/OpenAction"] = script(pdf)
    return pdf


def linked(address: str) -> bytes:
    pdf = acting()
    link(pdf, address)
    return saved(pdf)


def copies(data: bytes, limits: Limits = KEEPING) -> list[bytes]:
    """Both copies of a document, each as faithful as a gate wants it."""
    made = [rebuilt(data, limits).data, rastered(data, limits).data]
    whole = [copy for copy in made if copy is not None]
    assert len(whole) == 2
    assert [against(data, copy, limits) for copy in whole] == [[], []]
    return whole


def links_of(copy: bytes, page: int = 0) -> list[tuple[str, list[float]]]:
    with pikepdf.open(io.BytesIO(copy)) as pdf:
        return [
            (str(one.A.URI), [float(side) for side in one.Rect]) for one in pdf.pages[page].obj.get("/Annots", Array())
        ]


def test_without_the_policys_word_a_copy_has_no_links() -> None:
    for copy in copies(linked(WEB), Limits()):
        assert links_of(copy) == []
    assert "lost.links" in {finding.code for finding in rebuilt(linked(WEB)).findings}


def test_links_to_the_web_are_where_they_were_in_both_copies() -> None:
    for copy in copies(linked(WEB)):
        ((address, rectangle),) = links_of(copy)
        assert address == WEB
        assert rectangle == pytest.approx([100, 500, 300, 540], abs=1)
    assert "lost.links" not in {finding.code for finding in rebuilt(linked(WEB), KEEPING).findings}


def test_a_copy_with_links_is_clean_and_copying_it_again_changes_nothing() -> None:
    for copy in copies(linked(WEB)):
        assert codes(copy, KEEPING) <= {"pdf.hidden_text"}
    once = copy_of(linked(WEB), KEEPING)
    assert links_of(copy_of(once, KEEPING)) == links_of(once)


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ({"/Rotate": 90}, [500, 312, 540, 512]),
        ({"/CropBox": Array([50, 100, 550, 700])}, [50, 400, 250, 440]),
        ({"/UserUnit": 2}, [200, 1000, 600, 1080]),
        ({"/MediaBox": Array([-100, -100, 512, 692])}, [200, 600, 400, 640]),
    ],
    ids=["turned", "cropped", "in larger units", "moved"],
)
def test_a_link_follows_its_page(keys: dict[str, object], wanted: list[float]) -> None:
    pdf = acting()
    link(pdf, WEB)
    for key, value in keys.items():
        pdf.pages[0].obj[key] = value
    for copy in copies(saved(pdf)):
        with pikepdf.open(io.BytesIO(copy)) as made:
            left, bottom = (float(side) for side in list(made.pages[0].obj.MediaBox)[:2])
        ((_, rectangle),) = links_of(copy)
        moved = [rectangle[0] - left, rectangle[1] - bottom, rectangle[2] - left, rectangle[3] - bottom]
        assert moved == pytest.approx(wanted, abs=2)


def test_every_page_has_its_own_links() -> None:
    pdf = acting()
    add_page(pdf)
    link(pdf, WEB)
    for copy in copies(saved(pdf)):
        assert [len(links_of(copy, page)) for page in (0, 1)] == [1, 0]


def test_other_actions_and_their_triggers_are_not_taken_for_links() -> None:
    pdf = acting()
    annotate(pdf, Subtype=Name.Link, A=script(pdf))
    annotate(pdf, Subtype=Name.Link, A=Dictionary(S=Name.Launch, F=pikepdf.String("https://a.example/x.exe")))
    annotate(pdf, Subtype=Name.Link, A=Dictionary(S=Name.URI, URI=pikepdf.String(WEB), Next=script(pdf)))
    for copy in copies(saved(pdf)):
        assert [address for address, _ in links_of(copy)] == [WEB]
        assert codes(copy, KEEPING) <= {"pdf.hidden_text"}
    assert "lost.links" in {finding.code for finding in rebuilt(saved(pdf), KEEPING).findings}


GOOD = [
    "http://a.example",
    "https://a.example:8443/b?c=d#e",
    "HTTPS://A.EXAMPLE/",
    "mailto:info@a.example",
    "mailto:info@a.example?subject=Order%201",
    "https://xn--bcher-kva.example/",
]
BAD = [
    "",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "tel:112",
    "ftp://a.example",
    "data:text/html,x",
    "//a.example",
    "https://",
    "https://user:secret@a.example/",
    "https://paypal.example@a.example/",
    "https://a.example\\@b.example/",
    "https://localhost/",
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://a.example:port/",
    "https://a.example/ b",
    "https://a.example/\u202etxt",
    "https://a.example/\n",
    "https://b\u00fccher.example/",
    "mailto:",
    "mailto:nobody",
    "https://a.example/" + "x" * 2000,
]


@pytest.mark.parametrize("address", GOOD)
def test_an_ordinary_address_may_stay(address: str) -> None:
    assert is_web(address)


@pytest.mark.parametrize("address", BAD)
def test_an_odd_address_may_not(address: str) -> None:
    assert not is_web(address)
    for copy in copies(linked(address)):
        assert links_of(copy) == []


@given(some.text(max_size=60))
def test_an_address_that_stays_is_plain(text: str) -> None:
    address = f"https://{text}"
    assert not is_web(address) or (address.isascii() and address.isprintable() and " " not in address)


PLANTS = {
    "another address": lambda one: one.A.__setitem__("/URI", pikepdf.String("https://evil.example/")),
    "another scheme": lambda one: one.A.__setitem__("/URI", pikepdf.String("file:///etc/passwd")),
    "another action": lambda one: one.A.__setitem__("/S", Name.Launch),
    "an action behind it": lambda one: one.A.__setitem__("/Next", Dictionary(S=Name.JavaScript)),
    "a trigger": lambda one: one.__setitem__("/AA", Dictionary()),
    "an appearance": lambda one: one.__setitem__("/AP", Dictionary()),
    "another kind of annotation": lambda one: one.__setitem__("/Subtype", Name.Stamp),
}


@pytest.mark.parametrize("plant", sorted(PLANTS))
def test_a_link_that_was_changed_is_refused(plant: str) -> None:
    original = linked(WEB)
    with pikepdf.open(io.BytesIO(copy_of(original, KEEPING))) as pdf:
        PLANTS[plant](pdf.pages[0].obj.Annots[0])
        changed = saved(pdf)
    assert {finding.code for finding in against(original, changed, KEEPING)} == {"copy.unsafe"}


def test_a_link_is_refused_where_the_policy_drops_them() -> None:
    original = linked(WEB)
    assert {finding.code for finding in against(original, copy_of(original, KEEPING))} == {"copy.unsafe"}
