"""`attachguard check` as a shell sees it: exit codes, words, JSON, and never a traceback."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from attachguard.documents import SubmissionDocument
from samples.makers.pdf_carriers import user_password

CLEAN_TEXT = b"Dear customer, your parcel left us today.\n"
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-" + b"TEST-FILE!$H+H*"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the command in a folder of its own; every run is checked for the manners all of them must have."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "attachguard", *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, **environment},
            timeout=120,
            check=False,
        )
        assert "Traceback" not in done.stderr
        assert "\x1b" not in done.stdout
        return done

    return run


def attachment(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)["attachments"][0]


def test_a_clean_file_is_accepted_with_exit_code_0(run: Run, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_bytes(CLEAN_TEXT)
    done = run("check", "note.txt", "--json")
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert document["verdict"] == "accepted"
    assert document["policy"] == "marketplace@1"
    one = document["attachments"][0]
    assert (one["source"], one["name"], one["kind"], one["size"]) == ("note.txt", "note.txt", "txt", len(CLEAN_TEXT))
    assert Path(one["delivered"]["path"]).read_bytes() == CLEAN_TEXT
    assert list(one["stages"]) == ["limit", "identify", "scan", "inspect", "verify"]
    assert one["peak_rss_mb"] > 0
    assert one["scan"]["engine"].startswith("ClamAV ")


def test_an_infected_file_is_refused_with_exit_code_1_and_says_what_to_do(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_bytes(EICAR)
    done = run("check", "bad.txt")
    assert done.returncode == 1
    assert "infected" in done.stdout
    assert "malware.signature" in done.stdout
    assert "1. " in done.stdout
    assert "→" not in done.stdout


def test_the_reasons_come_in_four_languages(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    messages = {
        language: attachment(run("check", "empty.txt", "--json", "--lang", language))["reasons"][0]["message"]
        for language in ("en", "nl", "de", "fr")
    }
    assert len(set(messages.values())) == 4


def test_without_a_scanner_the_file_is_undetermined_with_exit_code_3(run: Run, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_bytes(CLEAN_TEXT)
    done = run("check", "note.txt", "--json", "--out", "out", ATTACHGUARD_CLAMD_URL=f"unix://{tmp_path}/none.sock")
    assert done.returncode == 3
    one = attachment(done)
    assert (one["verdict"], one["delivered"]) == ("undetermined", None)
    assert one["reasons"][0]["code"] == "scanner.unavailable"
    assert not (tmp_path / "out").exists()


def test_without_signatures_the_file_is_undetermined(run: Run, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_bytes(CLEAN_TEXT)
    (tmp_path / "no signatures").mkdir()
    done = run("check", "note.txt", ATTACHGUARD_SIGNATURES=str(tmp_path / "no signatures"))
    assert done.returncode == 3
    assert "undetermined" in done.stdout


def test_each_prints_a_line_per_file_and_walks_folders(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "a.txt").write_bytes(CLEAN_TEXT)
    (tmp_path / "in" / "b.txt").write_bytes(EICAR)
    (tmp_path / "in" / "deep" / "c.txt").write_bytes(CLEAN_TEXT)
    (tmp_path / "in" / "deep" / "loop").symlink_to(tmp_path / "in", target_is_directory=True)
    done = run("check", "--each", "in", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["source"], line["verdict"]) for line in lines] == [
        ("in/a.txt", "accepted"),
        ("in/b.txt", "infected"),
        ("in/deep/c.txt", "accepted"),
    ]
    assert done.returncode == 1


def test_out_takes_the_delivered_file_and_never_writes_over_one(run: Run, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_bytes(CLEAN_TEXT)
    (tmp_path / "note (2).txt").write_bytes(b"somebody else's\n")
    done = run("check", "note.txt", "--out", ".", "--json")
    assert done.returncode == 0
    assert attachment(done)["delivered"]["path"] == str(tmp_path / "note (3).txt")
    assert (tmp_path / "note (3).txt").read_bytes() == CLEAN_TEXT
    assert (tmp_path / "note (2).txt").read_bytes() == b"somebody else's\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["note (2).txt", "note (3).txt", "note.txt"]


def test_a_file_that_is_not_there_is_one_line_and_exit_code_2(run: Run) -> None:
    done = run("check", "missing.pdf")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip() == "attachguard: missing.pdf can't be read: No such file or directory"


def test_a_file_that_vanishes_does_not_stop_the_others(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(CLEAN_TEXT)
    (tmp_path / "gone.txt").symlink_to("nowhere")
    (tmp_path / "z.txt").write_bytes(CLEAN_TEXT)
    done = run("check", "--each", "--json", "a.txt", "gone.txt", "z.txt")
    assert [json.loads(line)["source"] for line in done.stdout.splitlines()] == ["a.txt", "z.txt"]
    assert "gone.txt can't be read" in done.stderr
    assert done.returncode == 2


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


@pytest.mark.parametrize("make", [make_pipe, make_socket, Path.mkdir])
def test_what_is_no_file_is_refused_at_once(run: Run, tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "thing.pdf")
    done = run("check", "thing.pdf")
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.strip().splitlines()) == 1
    assert "thing.pdf" in done.stderr


def test_a_device_that_never_ends_is_refused(run: Run) -> None:
    done = run("check", "/dev/zero")
    assert done.returncode == 2
    assert "not a regular file" in done.stderr


def test_a_name_with_control_characters_reaches_no_terminal(run: Run, tmp_path: Path) -> None:
    name = "a\x1b[31m\rb\n.txt"
    (tmp_path / name).write_bytes(CLEAN_TEXT)
    done = run("check", name)
    assert done.returncode == 0
    assert "a\\u001b[31m\\u000db\\u000a.txt" in done.stdout
    one = attachment(run("check", name, "--json", "--out", "out"))
    assert one["name"] == name
    assert [path.name for path in (tmp_path / "out").iterdir()] == [one["safe_name"]]


def test_a_name_that_is_no_utf_8_is_carried_as_escapes(run: Run, tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.txt")
    (tmp_path / name).write_bytes(CLEAN_TEXT)
    done = run("check", name, "--json")
    assert done.returncode == 0
    assert attachment(done)["name"] == "caf\\udce9.txt"


def test_ten_mib_of_zeros_are_judged(run: Run, tmp_path: Path) -> None:
    for name in ("zeros.pdf", "zeros.txt"):
        (tmp_path / name).write_bytes(bytes(10 * 2**20))
        done = run("check", name, "--json")
        assert done.returncode == 1
        assert attachment(done)["verdict"] == "rejected"


def test_a_closed_pipe_on_stdout_is_no_traceback(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.txt").write_bytes(CLEAN_TEXT)
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "attachguard", "check", "--each", str(tmp_path), "--json"],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writer)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "nobody reads" in done.stderr


def test_a_folder_without_each_says_what_to_do(run: Run, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    done = run("check", "folder")
    assert done.returncode == 2
    assert "--each" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [("check",), ("check", "--lang", "xx", "a.txt"), ("chekc", "a.txt"), ("check", "--policy", "lax", "a.txt")],
)
def test_what_makes_no_sense_is_exit_code_2(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).returncode == 2


@pytest.mark.parametrize("setting", ["ATTACHGUARD_STORE_URL", "ATTACHGUARD_LEDGER_URL", "ATTACHGUARD_CLAMD_URL"])
def test_a_setting_that_makes_no_sense_names_itself(run: Run, tmp_path: Path, setting: str) -> None:
    (tmp_path / "a.txt").write_bytes(CLEAN_TEXT)
    done = run("check", "a.txt", **{setting: "gopher:nonsense"})
    assert done.returncode == 2
    assert "gopher:nonsense" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_store_that_takes_nothing_is_undetermined(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(CLEAN_TEXT)
    done = run("check", "a.txt", "--json", ATTACHGUARD_STORE_URL=f"file://{tmp_path}/a.txt")
    assert done.returncode == 3
    assert attachment(done)["reasons"][0]["code"] == "store.unavailable"


def test_a_ledger_that_takes_nothing_gives_no_verdict(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(CLEAN_TEXT)
    done = run("check", "a.txt", "--out", "out", ATTACHGUARD_LEDGER_URL=f"sqlite:///{tmp_path}/a.txt/ledger")
    assert (done.returncode, done.stdout) == (3, "")
    assert not (tmp_path / "out").exists()


def test_the_json_is_what_the_schema_says(run: Run, tmp_path: Path) -> None:
    import jsonschema
    import msgspec

    (tmp_path / "a.txt").write_bytes(CLEAN_TEXT)
    (tmp_path / "b.txt").write_bytes(EICAR)
    document = json.loads(run("check", "a.txt", "b.txt", "--json").stdout)
    jsonschema.validate(document, msgspec.json.schema(SubmissionDocument))
    assert [one["verdict"] for one in document["attachments"]] == ["accepted", "infected"]
    assert document["verdict"] == "infected"


def test_a_file_taken_for_another_than_its_name_says_is_told_why(run: Run, tmp_path: Path) -> None:
    (tmp_path / "letter.doc").write_bytes(b"{\\rtf1\\ansi Hello\\par}")
    (tmp_path / "noise.pdf").write_bytes(bytes(range(256)) * 4)
    done = run("check", "letter.doc")
    assert "accepted" in done.stdout
    assert "type.renamed  named letter.doc, is RTF document" in done.stdout
    one = attachment(run("check", "letter.doc", "--json"))
    assert [(fact["code"], fact["detail"]) for fact in one["findings"]] == [
        ("type.renamed", "named letter.doc, is RTF document")
    ]
    refused = run("check", "noise.pdf")
    assert "type.unknown" in refused.stdout
    assert "no format claims it; libmagic: " in refused.stdout


def test_a_password_opens_a_pdf_and_is_shown_nowhere(run: Run, tmp_path: Path) -> None:
    (tmp_path / "locked.pdf").write_bytes(user_password())
    (tmp_path / "password").write_text("geheim\n")
    done = run("check", "locked.pdf", "--json", "--password-file", "password")
    assert (done.returncode, attachment(done)["verdict"]) == (0, "normalized")
    assert pikepdf.open(attachment(done)["delivered"]["path"]).is_encrypted is False
    assert "geheim" not in done.stdout + done.stderr
    assert run("check", "locked.pdf").returncode == 1


def test_a_password_file_that_is_not_there_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(CLEAN_TEXT)
    done = run("check", "a.txt", "--password-file", "nowhere")
    assert done.returncode == 2
    assert "--password-file nowhere can't be read" in done.stderr
