"""Files and requests for the tests of the HTTP door."""

import base64
import io

import httpx
import pikepdf
from PIL import Image

WAIT = {"Prefer": "wait=60"}

EICAR = base64.b64decode("WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1URVNULUZJTEUhJEgrSCo=")


def text(words: str = "a clean note") -> bytes:
    return f"{words}\n".encode()


def png(side: int = 40) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), "teal").save(out, "PNG")
    return out.getvalue()


def pdf(javascript: str = "", password: str = "", *, portfolio: bool = False) -> bytes:
    out = io.BytesIO()
    document = pikepdf.new()
    document.add_blank_page(page_size=(300, 200))
    page = document.pages[0]
    page.Contents = document.make_stream(b"0 0 1 rg 20 20 200 100 re f")
    if javascript:
        action = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=javascript)
        document.Root.OpenAction = document.make_indirect(action)
    if portfolio:
        document.Root.Collection = pikepdf.Dictionary(Type=pikepdf.Name.Collection)
    if password:
        document.save(out, encryption=pikepdf.Encryption(owner=password, user=password, R=4))
    else:
        document.save(out)
    return out.getvalue()


def send(
    client: httpx.Client,
    *files: tuple[str, bytes],
    headers: dict[str, str] | None = None,
    to: str = "/v1/submissions",
) -> httpx.Response:
    parts = [("files", (name, data, "application/octet-stream")) for name, data in files]
    return client.post(to, files=parts, headers={**WAIT, **(headers or {})})
