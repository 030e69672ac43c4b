"""What clamd passes as OK without having looked: each has its finding, from clamd or from us, and none is clean."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from attachguard.adapters.clamd_probes import eicar
from attachguard.adapters.memory import MemoryLedger, MemoryStore
from attachguard.model import Attachment, Limits, Outcome
from attachguard.pipeline import guard
from attachguard.policy import Policy
from attachguard.ports import Kit, Sandbox, Scanner
from attachguard.stages.scan import scan
from attachguard.uploads import upload_from_path
from samples.makers import excel97, ooxml, word97
from tests.faults.scanner import limits_made as made

MIB = made.MIB
FOUND = "malware.signature"
LIMIT = "scanner.limits_exceeded"
LOCKED = "file.encrypted"
MACROS = "scanner.macros"
BROKEN = "scanner.broken"
OK = None
INFECTED, REJECTED, NORMALIZED, ACCEPTED = Outcome.INFECTED, Outcome.REJECTED, Outcome.NORMALIZED, Outcome.ACCEPTED


@dataclass(frozen=True)
class Row:
    """One file: what the scanner makes of it, and the whole verdict under an accepted name."""

    name: str
    make: Callable[[], bytes]
    scanner: str | None
    outcome: Outcome
    extension: str = "docx"


ROWS = (
    # -- what it looks into
    Row("eicar", eicar, FOUND, INFECTED, "txt"),
    Row("eicar in a zip", lambda: made.nested(1), FOUND, REJECTED),
    Row("gzipped three times", made.thrice_gzipped, FOUND, REJECTED, "txt"),
    Row("tar.xz", made.tar_xz, FOUND, REJECTED, "txt"),
    Row("tar.bz2", made.tar_bz2, FOUND, REJECTED, "txt"),
    Row("member of a document", made.document_with_eicar, FOUND, INFECTED),
    Row("attached to a mail", made.mail, FOUND, INFECTED, "eml"),
    Row("data: address in a page", made.page, FOUND, INFECTED, "html"),
    Row("deflated in a pdf", lambda: made.pdf_with_stream(eicar(), 1), FOUND, INFECTED, "pdf"),
    Row("deflated twice in a pdf", lambda: made.pdf_with_stream(eicar(), 2), FOUND, INFECTED, "pdf"),
    Row("zip behind 2 MiB", made.zip_behind_two_mib, FOUND, REJECTED, "txt"),
    Row("pdf and zip", made.pdf_and_zip, FOUND, REJECTED, "pdf"),
    Row("zip of 1,200 files", lambda: made.files(1200), FOUND, REJECTED),
    Row("zip, member of 30 MiB", lambda: made.member_of(30 * MIB), FOUND, REJECTED),
    # -- where it stops, and says so
    Row("15 zips deep", lambda: made.nested(15), LIMIT, REJECTED),
    Row("16 zips deep", lambda: made.nested(16), LIMIT, REJECTED),
    Row("40 zips deep", lambda: made.nested(40), LIMIT, REJECTED),
    Row("file of 30 MiB", lambda: made.at_the_end(30 * MIB), LIMIT, REJECTED, "txt"),
    Row("zip of 12,000 files", lambda: made.files(12_000), LIMIT, REJECTED),
    Row("pdf, stream of 70 MiB", lambda: made.pdf_with_stream(made.at_the_end(70 * MIB), 1), LIMIT, REJECTED, "pdf"),
    Row("encrypted zip", made.locked_zip, LOCKED, REJECTED),
    Row("encrypted zip in a zip", made.locked_in_a_zip, LOCKED, REJECTED),
    Row("encrypted 7z", made.locked_7z, LOCKED, REJECTED, "txt"),
    Row("pdf with a user password", made.user_password, LOCKED, REJECTED, "pdf"),
    Row("doc with macros", made.old_document_with_macros, MACROS, NORMALIZED, "doc"),
    Row("docm", made.document_with_macros, MACROS, REJECTED),
    Row("broken program", made.broken_program, BROKEN, REJECTED, "txt"),
    Row("broken gif", made.broken_gif, BROKEN, REJECTED, "gif"),
    # -- what it passes as OK without having looked, or whatever is in it: what stops these is ours
    Row("zip, member of 65 MiB", lambda: made.member_of(65 * MIB), OK, REJECTED),
    Row("document, member of 65 MiB", lambda: made.document_with_member_of(65 * MIB), OK, REJECTED),
    Row("pdf, attachment of pikepdf", made.pdf_with_attachment, OK, INFECTED, "pdf"),
    Row("pdf with an owner password", made.owner_password, OK, NORMALIZED, "pdf"),
    Row("docx with a password", ooxml.docx_with_password, OK, REJECTED),
    Row("doc with a password", word97.letter_with_password, OK, REJECTED, "doc"),
    Row("xls with a password", excel97.price_list_with_password, OK, REJECTED, "xls"),
    Row("odt with macros", made.open_document_with_macros, OK, NORMALIZED, "odt"),
    Row("broken jpeg", made.broken_jpeg, OK, REJECTED, "jpg"),
    Row("document without its end record", made.without_end_record, OK, REJECTED),
    Row("document without its directory", made.without_directory, OK, REJECTED),
    Row("document with an unknown method", made.with_unknown_method, OK, REJECTED),
    Row("empty file", bytes, OK, REJECTED, "txt"),
    # -- text that would have to be turned into something else by its reader first
    Row("eicar in base64", made.in_base64, OK, ACCEPTED, "txt"),
    Row("eicar in UTF-16", made.in_utf_16, OK, ACCEPTED, "txt"),
    Row("eicar backwards", made.backwards, OK, ACCEPTED, "txt"),
)

SLOW_ROWS = (
    Row("file of 110 MiB", lambda: made.at_the_end(110 * MIB), LIMIT, REJECTED, "txt"),
    Row("zip, member of 70 MiB", lambda: made.member_of(70 * MIB), OK, REJECTED),
    Row("zip, member of 90 MiB", lambda: made.member_of(90 * MIB), OK, REJECTED),
    Row("zip, member of 130 MiB", lambda: made.member_of(130 * MIB), OK, REJECTED),
    Row("gz of 70 MiB", lambda: made.gz_of(70 * MIB), LIMIT, REJECTED, "txt"),
    Row("xz of 70 MiB", lambda: made.xz_of(70 * MIB), LIMIT, REJECTED, "txt"),
    Row("bz2 of 70 MiB", lambda: made.bz2_of(70 * MIB), LIMIT, REJECTED, "txt"),
    Row("tgz of 70 MiB", lambda: made.tgz_of(70 * MIB), LIMIT, REJECTED, "txt"),
    Row("17 zips deep", lambda: made.nested(17), LIMIT, REJECTED),
    Row("20 zips deep", lambda: made.nested(20), LIMIT, REJECTED),
    Row("zip of 12 times 10 MiB", lambda: made.large_files(12), FOUND, REJECTED),
    Row("zip of 60 times 10 MiB", lambda: made.large_files(60), LIMIT, REJECTED),
    Row("bomb of two levels", made.two_level_bomb, LIMIT, REJECTED),
)


def by_name(rows: tuple[Row, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows, ids=[row.name for row in rows])


@pytest.fixture
def kit(scanner: Scanner, sandbox: Sandbox) -> Kit:
    return Kit(scanner=scanner, sandbox=sandbox, store=MemoryStore(), ledger=MemoryLedger())


def holds(row: Row, folder: Path, policy: Policy, kit: Kit) -> None:
    data = row.make()
    path = folder / f"file.{row.extension}"
    path.write_bytes(data)
    sent = Attachment(
        path=path,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        untrusted_name=path.name,
        safe_name=path.name,
    )
    found = [finding.code for finding in scan(sent, Limits(), kit).findings]
    verdict = guard(upload_from_path(str(path)), policy, kit)
    assert (found, verdict.outcome) == ([row.scanner] if row.scanner else [], row.outcome)


@by_name(ROWS)
def test_each_has_its_finding_and_its_verdict(row: Row, tmp_path: Path, policy: Policy, kit: Kit) -> None:
    holds(row, tmp_path, policy, kit)


@pytest.mark.slow
@by_name(SLOW_ROWS)
def test_each_large_one_has_its_finding_and_its_verdict(row: Row, tmp_path: Path, policy: Policy, kit: Kit) -> None:
    holds(row, tmp_path, policy, kit)


def test_nothing_that_carries_the_test_virus_in_a_form_a_reader_unpacks_is_delivered_as_it_came() -> None:
    assert {row.name for row in (*ROWS, *SLOW_ROWS) if row.outcome is ACCEPTED} == {
        "eicar in base64",
        "eicar in UTF-16",
        "eicar backwards",
    }
