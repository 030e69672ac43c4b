"""What docs/http.md shows is run as it stands there, by curl, Node, FastAPI, Django and our own client."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from attachguard.client import Client, Refused, ServiceError, Unreachable
from tests.doors.http.made import EICAR, pdf, text
from tests.doors.http.server import Server

PAGE = Path(__file__).parents[3] / "docs" / "http.md"


def example(mark: str) -> str:
    """The code block of the page that begins with this comment."""
    for block in re.findall(r"```\w+\n(.*?)```", PAGE.read_text(), re.DOTALL):
        if block.startswith(mark):
            return str(block)
    raise AssertionError(mark)


def run(command: list[str], server: Server, folder: Path) -> str:
    environment = {**os.environ, "ATTACHGUARD_URL": server.url}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=90)
    return done.stdout


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not here")
def test_the_example_for_curl(server: Server, tmp_path: Path) -> None:
    (tmp_path / "invoice.pdf").write_bytes(pdf())
    assert '"verdict":"accepted"' in run(["sh", "-ec", example("# curl")], server, tmp_path)


@pytest.mark.skipif(not shutil.which("node"), reason="Node is not here")
def test_the_example_for_node(server: Server, tmp_path: Path) -> None:
    (tmp_path / "example.mjs").write_text(example("// node"))
    assert run(["node", "example.mjs"], server, tmp_path).split() == ["201", "accepted"]


def test_the_client_tells_what_was_delivered_what_was_refused_and_what_is_not_known(
    server: Server, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_bytes(text("by the client"))
    (tmp_path / "b.txt").write_bytes(EICAR)
    with Client(server.url, language="fr") as client:
        submission = client.submit([tmp_path / "a.txt", tmp_path / "b.txt"], wait=30, idempotency_key="a client's")
        good, bad = submission.attachments
        assert submission.final
        assert (good.verdict, bad.verdict) == ("accepted", "infected")
        assert client.content(good) == text("by the client")
        assert client.submission(submission.submission) == submission
        with pytest.raises(ServiceError):
            client.content(bad)
        with pytest.raises(Refused) as refused:
            client.submit([tmp_path / "b.txt"], wait=30)
        assert refused.value.status == 422
        assert refused.value.title == "Aucun fichier n\u2019a été accepté"
        assert refused.value.files[0].reasons[0].remedy.steps
    with Client("http://127.0.0.1:9") as nobody, pytest.raises(Unreachable):
        nobody.submission("x")


def test_the_example_for_fastapi(server: Server) -> None:
    import asyncio

    scope: dict[str, object] = {"ATTACHGUARD_URL": server.url}
    exec(compile(example("# fastapi"), "docs/http.md", "exec"), scope)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=scope["app"])  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://example") as client:
            return await client.post("/attach", files=[("files", ("a.txt", text("through another")))])

    answer = asyncio.run(ask())
    assert answer.status_code == 201
    assert answer.json()["attachments"][0]["verdict"] == "accepted"


def test_the_example_for_django_is_valid_python() -> None:
    compile(example("# django"), "docs/http.md", "exec")
