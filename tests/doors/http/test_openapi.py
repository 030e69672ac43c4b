"""What the OpenAPI document says is what the service does: schemathesis tries, with every check it has."""

import json
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.doors.http.server import Server

DOCUMENT = Path(__file__).parents[3] / "docs" / "schema" / "openapi.json"


def test_the_committed_document_is_the_one_that_is_served(client: httpx.Client) -> None:
    served = client.get("/v1/openapi.json").json()
    committed = json.loads(DOCUMENT.read_text())
    assert served["paths"] == committed["paths"]
    assert served["components"] == committed["components"]
    assert served["openapi"].startswith("3.1")


def test_every_reference_in_the_document_leads_somewhere() -> None:
    document = json.loads(DOCUMENT.read_text())
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', DOCUMENT.read_text())):
        found = document
        for step in reference.split("/"):
            found = found[step]
        assert found


def test_an_address_tells_all_its_methods(client: httpx.Client) -> None:
    answer = client.options("/v1/attachments/x.0")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "DELETE, GET"


CONFIGURATION = """
[checks]
# A file that is well described may still be refused for what is in it, be pending, or be gone; a policy may not exist.
positive_data_acceptance.expected-statuses = [
  "2xx", "3xx", "400", "401", "403", "404", "409", "410", "413", "415", "422", "423",
]
"""

# What was deleted stays told: its verdict, and that it was deleted.
LEFT_OUT = "use_after_free"


@pytest.mark.slow
def test_schemathesis_finds_no_defect(tmp_path: Path) -> None:
    server = Server(tmp_path / "server")
    made = subprocess.run(
        [sys.executable, "-m", "attachguard", "keys", "create", "shop", "--scope", "admin", "--per-minute", "0"],
        env=server.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    key = re.search(r"agk_[0-9a-f]{16}_[A-Za-z0-9_-]{43}", made.stdout)
    assert key
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    server.start()
    try:
        command = [str(Path(sys.executable).parent / "st"), "run", f"{server.url}/v1/openapi.json", "--checks", "all"]
        options = [
            "--header",
            f"Authorization: Bearer {key[0]}",
            "--exclude-checks",
            LEFT_OUT,
            "--max-examples",
            "20",
            "--seed",
            "1",
            "--max-time",
            "60",
        ]
        done = subprocess.run([*command, *options], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-8000:]
        assert "http.bug" not in server.log.read_text()
    finally:
        server.stop()
