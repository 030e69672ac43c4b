"""What docs/http.md shows is run as it stands there, by curl, Node, FastAPI, Django and our own client."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A service that asks for keys, and the key of a shop."""

    url: str
    key: str


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    server = Server(tmp_path_factory.mktemp("shop"))
    command = [sys.executable, "-m", "attachguard", "keys", "create", "shop", "--scope", "submit", "--scope", "read"]
    made = subprocess.run(command, env=server.environment(), capture_output=True, text=True, check=True)
    key = re.search(r"agk_[0-9a-f]{16}_[A-Za-z0-9_-]{43}", made.stdout)
    assert key
    server.start()
    yield Shop(url=server.url, key=key[0])
    assert server.stop() == 0


def run(command: list[str], shop: Shop, folder: Path) -> str:
    environment = {**os.environ, "ATTACHGUARD_URL": shop.url, "ATTACHGUARD_KEY": shop.key}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=90)
    return done.stdout


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not here")
def test_the_example_for_curl(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "invoice.pdf").write_bytes(pdf())
    assert '"verdict":"accepted"' in run(["sh", "-ec", example("# curl")], shop, tmp_path)


@pytest.mark.skipif(not shutil.which("node"), reason="Node is not here")
def test_the_example_for_node(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "example.mjs").write_text(example("// node"))
    assert run(["node", "example.mjs"], shop, tmp_path).split() == ["201", "accepted"]


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


def test_the_example_for_fastapi(shop: Shop) -> None:
    import asyncio

    scope: dict[str, object] = {"ATTACHGUARD_URL": shop.url, "ATTACHGUARD_KEY": shop.key}
    exec(compile(example("# fastapi"), "docs/http.md", "exec"), scope)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=scope["app"])  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://example") as client:
            return await client.post("/attach", files=[("files", ("a.txt", text("through another")))])

    answer = asyncio.run(ask())
    assert answer.status_code == 201
    assert answer.json()["attachments"][0]["verdict"] == "accepted"


DJANGO = """
import io, json, os, sys
import django
from django.conf import settings
from django.test import Client as Browser
from django.urls import path

ATTACHGUARD_URL, ATTACHGUARD_KEY = os.environ["ATTACHGUARD_URL"], os.environ["ATTACHGUARD_KEY"]
{example}
urlpatterns = [path("attach", attach)]
settings.configure(
    ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], LANGUAGE_CODE="nl", USE_I18N=True,
    FILE_UPLOAD_MAX_MEMORY_SIZE=100,  # larger ones lie in a file
)
django.setup()
for name, size in (("small.txt", 10), ("large.txt", 100_000)):
    file = io.BytesIO(b"a note " * (size // 7))
    file.name = name
    answer = Browser().post("/attach", {{"file": file}})
    print(answer.status_code, json.dumps(answer.json()))
virus = io.BytesIO(bytes.fromhex(sys.argv[1]))
virus.name = "virus.txt"
answer = Browser().post("/attach", {{"file": virus}})
print(answer.status_code, json.dumps(answer.json()))
ATTACHGUARD_URL = "http://127.0.0.1:9"
virus.seek(0)
answer = Browser().post("/attach", {{"file": virus}})
print(answer.status_code, json.dumps(answer.json()))
"""


def test_the_example_for_django(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "project.py").write_text(DJANGO.format(example=example("# django")))
    lines = run([sys.executable, "project.py", EICAR.hex()], shop, tmp_path).splitlines()
    statuses, answers = zip(*(line.split(" ", 1) for line in lines), strict=True)
    assert statuses == ("200", "200", "422", "503")
    small, large, virus, away = map(json.loads, answers)
    assert small["status"] == large["status"] == "done"
    with httpx.Client(base_url=shop.url, headers={"Authorization": f"Bearer {shop.key}"}) as client:
        for told, name in ((small, "small.txt"), (large, "large.txt")):
            (file,) = client.get(f"/v1/submissions/{told['submission']}").json()["attachments"]
            assert (file["name"], file["verdict"]) == (name, "accepted")
    assert virus["error"] == "Geen bestand is geaccepteerd"
    assert virus["steps"]
    assert away == {"error": "try again in a moment"}
