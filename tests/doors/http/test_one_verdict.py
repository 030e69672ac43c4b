"""A file gets one verdict, whichever door it comes through: command line, library, HTTP to keep, HTTP to check."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from attachguard import guard, load_policy, load_settings, open_kit, upload_from_path
from tests.doors.http.made import EICAR, pdf, png, send, text

FILES = {
    "clean.txt": text(),
    "acts.pdf": pdf(javascript="app.alert(1)"),
    "virus.txt": EICAR,
    "picture.png": png(),
    "program.exe": b"MZ" + bytes(300),
    "locked.pdf": pdf(password="secret"),
}


@pytest.mark.parametrize("name", FILES)
def test_one_file_through_all_doors(client: httpx.Client, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name])
    command = [sys.executable, "-m", "attachguard", "check", "--json", str(path)]
    done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, check=False)
    by_command = json.loads(done.stdout)["attachments"][0]
    policy = load_policy()
    with open_kit(load_settings(), policy) as kit:
        by_library = guard(upload_from_path(str(path)), policy, kit)
    sent = send(client, (name, FILES[name])).json()
    by_submission = (sent.get("attachments") or sent["files"])[0]
    by_check = send(client, (name, FILES[name]), to="/v1/scan").json()["attachments"][0]
    assert {
        by_command["verdict"],
        by_library.outcome.value,
        by_submission["verdict"],
        by_check["verdict"],
    } == {by_command["verdict"]}
    codes = [reason["code"] for reason in by_command["reasons"]]
    assert codes == [reason["code"] for reason in by_submission["reasons"]]
    assert codes == [reason["code"] for reason in by_check["reasons"]]
