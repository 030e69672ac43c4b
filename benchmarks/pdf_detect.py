"""How well is what acts in a PDF found? Reading the structure beside searching for the usual words.

    .venv/bin/python -m benchmarks.pdf_detect [FOLDER]

Harmful documents are made here: every danger, hidden in every way that keeps it working. Harmless ones are made too:
documents that speak of every danger and hold none. A FOLDER of PDFs (default: the `pdf` folder of what
ATTACHGUARD_CORPUS names) is counted by what both rules say of it, and every difference is shown, for people to judge.
The rule of words is the usual one: any of /JS /JavaScript /AA /OpenAction /Launch /EmbeddedFile /RichMedia /XFA
/SubmitForm /ImportData /GoToR /GoToE /URI /AcroForm anywhere in the bytes.
"""

import io
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name
from rich.console import Console
from rich.table import Table

from attachguard.formats.pdf import inspect
from attachguard.model import Limits
from tests.formats.pdf.made import annotate, attach, hello, new, saved, updated

WORDS = re.compile(
    rb"/(?:JS|JavaScript|AA|OpenAction|Launch|EmbeddedFile|RichMedia|XFA|SubmitForm|ImportData|GoToR|GoToE|URI|AcroForm)"
    rb"(?![A-Za-z])"
)
HARMFUL = frozenset(
    {"pdf.javascript", "pdf.launch", "pdf.open_action", "pdf.additional_actions", "pdf.embedded_file"}
    | {"pdf.xfa_dynamic", "pdf.rich_media", "pdf.submit_form", "pdf.import_data", "pdf.remote_goto"}
    | {"pdf.external_stream", "pdf.uri_scheme", "pdf.action", "pdf.portfolio", "pdf.xfa"}
)
ACTIONS = ("JavaScript", "Launch", "GoToR", "GoToE", "SubmitForm", "ImportData", "Rendition", "Movie", "Sound")


def dangers() -> Iterator[tuple[str, pikepdf.Pdf]]:
    """Give a document for every danger, written plainly."""
    for kind in ACTIONS:
        pdf = new()
        annotate(pdf, Subtype=Name.Link, A=pdf.make_indirect(Dictionary(S=Name(f"/{kind}"), F="x", JS="1")))
        yield kind, pdf
    for address in ("file:///etc/passwd", "javascript:alert(1)", "\\\\server\\share"):
        pdf = new()
        annotate(pdf, Subtype=Name.Link, A=pdf.make_indirect(Dictionary(S=Name.URI, URI=address)))
        yield f"link to {address}", pdf
    pdf = new()
    pdf.Root["/OpenAction"] = pdf.make_indirect(Dictionary(S=Name.JavaScript, JS="1"))
    yield "OpenAction", pdf
    pdf = new()
    pdf.pages[0].obj["/AA"] = Dictionary(O=pdf.make_indirect(Dictionary(S=Name.JavaScript, JS="1")))
    yield "AA", pdf
    pdf = new()
    attach(pdf, "a.exe", b"MZ")
    yield "attachment", pdf
    pdf = new()
    annotate(pdf, Subtype=Name.RichMedia)
    yield "RichMedia", pdf
    pdf = new()
    pdf.Root["/AcroForm"] = Dictionary(Fields=Array([]), XFA=Array(["template", pdf.make_stream(b"<template/>")]))
    yield "XFA", pdf


def _escaped(data: bytes) -> bytes:
    """Write the telling names with escapes; lengths change, so the table is written anew by qpdf's repair."""
    return re.sub(WORDS, lambda found: b"/" + b"".join(b"#%02x" % byte for byte in found.group()[1:]), data)


def _packed(pdf: pikepdf.Pdf) -> bytes:
    return saved(pdf, packed=True)


def _orphaned(pdf: pikepdf.Pdf) -> bytes:
    """Leave the danger in the file with nothing that leads to it in the newest revision."""
    data = saved(pdf)
    with pikepdf.open(io.BytesIO(data)) as opened:
        root, pages = opened.Root.objgen[0], opened.Root["/Pages"].objgen[0]
        replaced = {item.objgen[0]: b"null" for item in opened.objects if _tells(item)}
    return updated(data, {**replaced, root: b"<</Type/Catalog/Pages %d 0 R>>" % pages}, root=root)


def _tells(item: object) -> bool:
    return (
        isinstance(item, (pikepdf.Dictionary, pikepdf.Stream))
        and "/Pages" not in item
        and WORDS.search((item.stream_dict if isinstance(item, pikepdf.Stream) else item).unparse(resolved=True))
        is not None
    )


def _locked(pdf: pikepdf.Pdf) -> bytes:
    return saved(pdf, packed=True, encryption=pikepdf.Encryption(user="", owner="secret"))


WAYS: Mapping[str, Callable[[pikepdf.Pdf], bytes]] = {
    "plain": saved,
    "escaped names": lambda pdf: _escaped(saved(pdf)),
    "object streams": _packed,
    "owner password": _locked,
    "older revision": _orphaned,
}


def harmful() -> Iterator[tuple[str, bytes]]:
    """Give every danger in every way."""
    for way, write in WAYS.items():
        for kind, pdf in dangers():
            yield f"{kind}, {way}", write(pdf)


def harmless() -> Iterator[tuple[str, bytes]]:
    """Give documents that hold nothing harmful, whatever they say."""
    yield "plain", hello()
    yield "packed", saved(new(), packed=True)
    for word in (*ACTIONS, "OpenAction", "AA", "JS", "EmbeddedFile", "RichMedia", "XFA", "URI", "AcroForm"):
        yield f"page says {word}", hello(content=b"BT /F 12 Tf 72 700 Td (/%b) Tj ET" % word.encode())
        pdf = new()
        pdf.docinfo["/Title"] = pikepdf.String(f"<< /S /{word} >>")
        yield f"title says {word}", saved(pdf)
    pdf = new()
    pdf.Root["/OpenAction"] = Array([pdf.pages[0].obj, Name.Fit])
    yield "opens at a page", saved(pdf)
    for address in ("https://shop.example", "mailto:a@shop.example", "tel:+3120", "www.shop.example"):
        pdf = new()
        annotate(pdf, Subtype=Name.Link, A=Dictionary(S=Name.URI, URI=address))
        yield f"link to {address}", saved(pdf)
    pdf = new()
    annotate(pdf, Subtype=Name.Widget, FT=Name.Tx, T="name", V="Jansen")
    pdf.Root["/AcroForm"] = Dictionary(Fields=Array(list(pdf.pages[0].obj["/Annots"])))
    yield "plain form", saved(pdf)
    pdf = new()
    annotate(pdf, Subtype=Name.Link, A=Dictionary(S=Name.GoTo, D=Array([pdf.pages[0].obj, Name.Fit])))
    yield "link to a page", saved(pdf)
    pdf = new()
    pdf.pages[0].obj["/AA"] = Dictionary(O=Dictionary(S=Name.GoTo, D=Array([pdf.pages[0].obj, Name.Fit])))
    yield "turns to a page by itself", saved(pdf)


def by_structure(data: bytes) -> bool:
    return any(finding.code in HARMFUL for finding in inspect(data, Limits()).findings)


def by_words(data: bytes) -> bool:
    return WORDS.search(data) is not None


def main() -> None:
    """Count, and print the table."""
    bad, good = list(harmful()), list(harmless())
    console = Console(width=120)
    table = Table(title=f"{len(bad)} harmful and {len(good)} harmless documents made here")
    for heading in ("rule", "precision", "recall", "missed", "false alarms", "ms CPU/file"):
        table.add_column(heading, justify="left" if heading == "rule" else "right")
    for name, rule in (("structure", by_structure), ("words", by_words)):
        began = time.process_time()
        missed = [label for label, data in bad if not rule(data)]
        alarms = [label for label, data in good if rule(data)]
        spent = (time.process_time() - began) / (len(bad) + len(good))
        found = len(bad) - len(missed)
        precision = found / max(1, found + len(alarms))
        table.add_row(
            name,
            f"{precision:.2f}",
            f"{found / len(bad):.2f}",
            str(len(missed)),
            str(len(alarms)),
            f"{1000 * spent:.2f}",
        )
        if name == "structure":
            for label in (*missed, *alarms):
                console.print(f"wrong: {label}", markup=False)
    console.print(table)
    corpus = os.environ.get("ATTACHGUARD_CORPUS")
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(corpus) / "pdf" if corpus else None
    if folder is not None:
        compare(folder, console)


def compare(folder: Path, console: Console) -> None:
    """Show where the two rules disagree about real files."""
    counts = {(a, b): 0 for a in (True, False) for b in (True, False)}
    for path in sorted(folder.glob("*.pdf")):
        data = path.read_bytes()
        structure, words = by_structure(data), by_words(data)
        counts[structure, words] += 1
        if structure and not words:
            console.print(f"only by structure: {path.name}", markup=False)
    console.print(
        f"real files: both {counts[True, True]}, structure alone {counts[True, False]}, "
        f"words alone {counts[False, True]}, neither {counts[False, False]}"
    )


if __name__ == "__main__":
    main()
