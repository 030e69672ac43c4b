"""The room as a service has it: the real readers, the real printer, all walls up."""

import io
from pathlib import Path
from typing import Literal

import pikepdf
import pytest

from attachguard.findings import FINDINGS
from attachguard.kinds import KINDS
from attachguard.model import Attachment, Limits
from attachguard.ports import Sandbox
from attachguard.sandbox.programs import PAGE
from tests.formats.pdf.test_reprint import highlighted, highlights
from tests.rooms.rooms import attachment_of

LIMITS = Limits()


def copy_of(page: Attachment, sandbox: Sandbox, folder: Path) -> Attachment:
    rebuilt = sandbox.normalize(page, "print", (), LIMITS)
    assert rebuilt.data is not None, rebuilt.findings
    return attachment_of(folder, rebuilt.data, method="print")


def test_a_page_is_recognised_read_printed_and_found_faithful(sandbox: Sandbox, tmp_path: Path) -> None:
    page = attachment_of(tmp_path, PAGE)
    assert sandbox.identify(page, LIMITS).kind == "pdf"
    assert not any(f.code.startswith("sandbox.") for f in sandbox.inspect(page, LIMITS).findings)
    copy = copy_of(page, sandbox, tmp_path)
    assert copy.path.read_bytes().startswith(b"%PDF-")
    (alike,) = sandbox.verify(page, copy, LIMITS).findings
    assert alike.code == "copy.likeness"
    assert float(alike.detail) > 0.9


def test_a_document_is_written_anew_and_printed_again_in_rooms_of_their_own(sandbox: Sandbox, tmp_path: Path) -> None:
    page = attachment_of(tmp_path, highlighted())
    rebuilt = sandbox.normalize(page, "reprint", (), LIMITS)
    assert rebuilt.data is not None, rebuilt.findings
    copy = attachment_of(tmp_path, rebuilt.data, method="reprint")
    assert {finding.code for finding in sandbox.verify(page, copy, LIMITS).findings} == {"copy.likeness"}
    plain = sandbox.normalize(attachment_of(tmp_path, PAGE), "reprint", (), LIMITS)
    assert (plain.data, [finding.code for finding in plain.findings]) == (None, ["copy.failed"])


def test_what_the_printer_is_known_to_lose_is_said_by_inspection(sandbox: Sandbox, tmp_path: Path) -> None:
    seen = [sandbox.inspect(attachment_of(tmp_path, highlights(count)), LIMITS).misprints for count in (1, 2)]
    assert seen == [False, True]


@pytest.mark.parametrize("revision", [4, 6])
def test_a_document_with_a_password_is_opened_whatever_its_cipher(
    sandbox: Sandbox, tmp_path: Path, revision: Literal[4, 6]
) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(PAGE)) as document:
        document.save(out, encryption=pikepdf.Encryption(owner="geheim", user="geheim", R=revision))
    unlocked = sandbox.unlock(attachment_of(tmp_path, out.getvalue()), "geheim", LIMITS)
    assert unlocked.data is not None, unlocked.findings
    assert not pikepdf.open(io.BytesIO(unlocked.data)).is_encrypted


def test_every_check_of_a_healthy_room_is_good(sandbox: Sandbox) -> None:
    assert [check for check in sandbox.probe() if not check.ok] == []


def test_every_kind_refuses_garbage_with_a_finding_and_no_crash(sandbox: Sandbox, tmp_path: Path) -> None:
    for kind in KINDS.values():
        data = b"\x00garbage\xff" * 9
        file = Attachment(
            path=attachment_of(tmp_path, data).path,
            size=len(data),
            sha256="",
            untrusted_name="x",
            safe_name=f"x.{kind.extension}",
            kind=kind,
        )
        codes = {finding.code for finding in sandbox.inspect(file, LIMITS).findings}
        assert codes <= set(FINDINGS)
        assert not any(code.startswith("sandbox.") for code in codes), kind
