"""Real PDFs of your own: every one that readers open gets a copy that passes the gate."""

import io
import subprocess

import pikepdf
import pytest

from attachguard.formats.contract import Order, Sample
from attachguard.formats.pdf import inspect, normalize, sniff
from attachguard.formats.pdf.pdfium import opens
from attachguard.model import Limits
from tests.corpus import CorpusFile, corpus, needs_corpus
from tests.formats.pdf.made import against, printed

LIMITS = Limits()


def readers_that_open(data: bytes) -> int:
    """How many of pdfium, qpdf and poppler open a file without a password."""
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            by_qpdf = len(pdf.pages) > 0
    except pikepdf.PikepdfError:
        by_qpdf = False
    info = subprocess.run(["pdfinfo", "-"], input=data, capture_output=True, check=False, timeout=60)
    return int(opens(data)) + int(by_qpdf) + int(info.returncode == 0)


def _print(data: bytes, method: str) -> bytes | None:
    """What the printing program makes of a document, or of the same written anew for it."""
    if method == "reprint":
        written = normalize(Order(original=data, method="prepare", printed=None, parts=(), limits=LIMITS)).data
        return None if written is None else printed(written)
    return printed(data) if method == "print" else None


def way_of(data: bytes) -> str:
    """By which method a document gets a copy that passes, `none` where it gets none."""
    for method in ("print", "reprint", "raster"):
        print_of_it = _print(data, method)
        made = normalize(Order(original=data, method=method, printed=print_of_it, parts=(), limits=LIMITS))
        if made.data is not None and not against(data, made.data, LIMITS):
            assert not {f.code for f in inspect(made.data, LIMITS).findings} - {"pdf.hidden_text"}
            return method
    return "none"


@needs_corpus
@pytest.mark.slow
@pytest.mark.corpus
def test_valid_documents_get_a_faithful_copy_and_most_of_them_a_print() -> None:
    files = [(file, file.path.read_bytes()) for file in corpus("pdf.csv")]
    valid = [(file, data) for file, data in files if sniff(Sample(data, "pdf")) and readers_that_open(data) > 1]
    ways = {file.path.name: way_of(data) for file, data in valid}
    without = [name for name, way in ways.items() if way == "none"]
    assert len(without) <= 0.01 * len(ways), without
    drawn = [name for name, way in ways.items() if way == "raster"]
    assert len(drawn) <= 0.10 * len(ways), drawn


@needs_corpus
@pytest.mark.corpus
@pytest.mark.parametrize("file", corpus("pdf.csv"), ids=lambda file: file.path.name)
def test_every_file_is_inspected_without_an_exception(file: CorpusFile) -> None:
    data = file.path.read_bytes()
    sniff(Sample(data, "pdf"))
    inspect(data, LIMITS)
