"""Who is told to print to PDF and send that is not refused again: what real programs print is delivered.

The programs are installed by tools/setup-tests; without one of them these tests fail.
"""

import base64
import io
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.doors.http.made import pdf, png, send
from tests.servers.printers import by_chromium, by_libreoffice, by_librsvg, by_poppler

pytestmark = pytest.mark.servers  # programs that tools/setup-tests installs

PICTURE = f"data:image/png;base64,{base64.b64encode(png()).decode()}"

INVOICE = f"""<!doctype html><html lang="de"><meta charset="utf-8"><title>Rechnung 4711</title>
<style>h1 {{ opacity: .6; transform: rotate(2deg) }} td {{ border: 1px solid; box-shadow: 2px 2px 4px gray }}
p {{ background: linear-gradient(90deg, #fff, #0f08) }} @page {{ size: A4 }}</style>
<h1>Rechnung 4711</h1><p>Größe ✓ 漢字 😀 <a href="https://shop.example/">shop.example</a> <a href="#end">Ende</a></p>
<table><tr><td>1</td><td>Lampe</td><td>19,99 €</td></tr></table><img src="{PICTURE}" alt="Lampe">
<svg width="99" height="50"><circle cx="40" cy="25" r="20" fill="teal" fill-opacity=".4"/></svg>
<h2 id="end" style="page-break-before: always">Ende</h2>"""

FORM = """<!doctype html><meta charset="utf-8"><title>Antrag</title>
<form action="https://shop.example/go" method="post">
<input name="a" value="Zoë"><input type="checkbox" checked><select><option>eins<option>zwei</select>
<textarea>Text</textarea><button>Senden</button></form>"""

SCRIPTED = """<!doctype html><meta charset="utf-8"><title>Script</title><canvas id="c" width="200" height="80"></canvas>
<script>const pen = document.getElementById("c").getContext("2d"); pen.fillStyle = "navy"; pen.fillRect(9, 9, 99, 50);
document.body.append("written by a script")</script>"""

LETTER = """<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:xlink="http://www.w3.org/1999/xlink"
 office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text>
<text:h text:outline-level="1">Lieferschein</text:h>
<text:p>Sehr geehrte Frau Müller, <text:a xlink:href="https://shop.example/">siehe hier</text:a>.
<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body>
<text:p>Eine Fußnote.</text:p></text:note-body></text:note></text:p>
<table:table><table:table-column table:number-columns-repeated="2"/><table:table-row>
<table:table-cell><text:p>Lampe</text:p></table:table-cell><table:table-cell><text:p>19,99</text:p></table:table-cell>
</table:table-row></table:table><text:h text:outline-level="1">Zweiter Teil</text:h><text:p>Ende.</text:p>
</office:text></office:body></office:document>"""

DRAWING = f"""<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
 width="300" height="200">
<defs><radialGradient id="g"><stop offset="0" stop-color="gold"/><stop offset="1" stop-opacity=".2"/></radialGradient>
<filter id="f"><feGaussianBlur stdDeviation="3"/></filter></defs>
<a xlink:href="https://shop.example/"><text x="20" y="40" font-family="DejaVu Sans" font-size="20">Größe</text></a>
<circle cx="150" cy="100" r="60" fill="url(#g)"/><rect x="20" y="90" width="60" height="60" filter="url(#f)"/>
<image x="220" y="20" width="60" height="60" xlink:href="{PICTURE}"/></svg>"""


def scanned(folder: Path) -> bytes:  # noqa: ARG001 - needs no folder
    """What scanning programs write: pictures of pages, and nothing else."""
    out = io.BytesIO()
    pages = [Image.new("RGB", (600, 850), color) for color in ("white", "ivory")]
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=72)
    return out.getvalue()


PRINTED: dict[str, Callable[[Path], bytes]] = {
    "chromium: an invoice": lambda folder: by_chromium(folder, INVOICE),
    "chromium: a form": lambda folder: by_chromium(folder, FORM),
    "chromium: a page with a script": lambda folder: by_chromium(folder, SCRIPTED),
    "libreoffice: a letter": lambda folder: by_libreoffice(folder, LETTER, "fodt"),
    "libreoffice: tagged, with bookmarks": lambda folder: by_libreoffice(
        folder, LETTER, "fodt", {"UseTaggedPDF": True, "ExportBookmarks": True, "ExportNotes": True}
    ),
    "libreoffice: PDF/A-1b": lambda folder: by_libreoffice(folder, LETTER, "fodt", {"SelectPdfVersion": 1}),
    "libreoffice: PDF/A-2b": lambda folder: by_libreoffice(folder, LETTER, "fodt", {"SelectPdfVersion": 2}),
    "libreoffice: a page with a form": lambda folder: by_libreoffice(folder, FORM, "html"),
    "cairo: a drawing": lambda folder: by_librsvg(folder, DRAWING),
    "cairo: a PDF that acts, printed": lambda folder: by_poppler(folder, pdf(javascript="app.alert(1)")),
    "cairo: a browser's page, printed again": lambda folder: by_poppler(folder, by_chromium(folder, INVOICE)),
    "pictures of pages": scanned,
}


@pytest.mark.parametrize("how", PRINTED)
def test_what_was_printed_to_pdf_is_delivered(client: httpx.Client, tmp_path: Path, how: str) -> None:
    data = PRINTED[how](tmp_path)
    answer = send(client, ("printed.pdf", data))
    assert answer.status_code == 201, answer.text
    (file,) = answer.json()["attachments"]
    assert file["verdict"] in {"accepted", "normalized"}, file["reasons"]
    print(how, len(data), file["verdict"], [reason["code"] for reason in file["reasons"]])  # noqa: T201 - a figure
    delivered = client.get(file["links"]["content"]).content
    assert delivered.startswith(b"%PDF-")
    if file["verdict"] == "accepted":
        assert delivered == data


def test_who_is_refused_prints_it_and_sends_that_as_a_retry(client: httpx.Client, tmp_path: Path) -> None:
    refused = send(client, ("portfolio.pdf", pdf(portfolio=True))).json()["files"][0]
    printed = by_poppler(tmp_path, pdf(portfolio=True))
    answer = send(client, ("portfolio.pdf", printed), to=refused["links"]["retries"])
    assert answer.status_code == 201, answer.text
    (file,) = answer.json()["attachments"]
    assert (file["verdict"], file["retry_of"]) == ("accepted", refused["attachment"])
