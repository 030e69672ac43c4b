"""A refused file gets another chance, for as long as it is held; a virus gets none."""

import httpx
import pytest

from tests.doors.http.made import EICAR, WAIT, pdf, send, text


def refused(client: httpx.Client, name: str, data: bytes) -> dict:  # type: ignore[type-arg]  # JSON
    answer = send(client, (name, data))
    assert answer.status_code in {415, 422}, answer.text
    file: dict = answer.json()["files"][0]  # type: ignore[type-arg]  # JSON
    return file


def retry(client: httpx.Client, file: dict, **wish: str) -> httpx.Response:  # type: ignore[type-arg]  # JSON
    return client.post(f"/v1/attachments/{file['attachment']}/retries", json=wish, headers=WAIT)


def test_a_pdf_with_a_password_is_delivered_once_the_password_is_told(client: httpx.Client) -> None:
    file = refused(client, "locked.pdf", pdf(password="geheim-4711"))
    assert [reason["code"] for reason in file["reasons"]] == ["file.encrypted"]
    assert "password" in file["retry"]["methods"]
    wrong = retry(client, file, method="password", password="wrong")
    assert wrong.status_code == 422
    right = retry(client, file, method="password", password="geheim-4711")
    assert right.status_code == 201, right.text
    again = right.json()["attachments"][0]
    assert again["retry_of"] == file["attachment"]
    assert client.get(again["links"]["content"]).content.startswith(b"%PDF-")


def test_a_password_stands_nowhere(client: httpx.Client, server: object) -> None:
    from tests.doors.http.server import Server

    assert isinstance(server, Server)
    file = refused(client, "locked.pdf", pdf(password="nirgendwo-0815"))
    assert retry(client, file, method="password", password="nirgendwo-0815").status_code == 201
    written = [path for path in server.folder.rglob("*") if path.is_file()]
    assert any(path.name.startswith("ledger") for path in written)
    assert [path for path in written if b"nirgendwo-0815" in path.read_bytes()] == []


@pytest.mark.parametrize("method", ["flatten", "raster"])
def test_what_the_policy_refuses_in_a_pdf_can_be_drawn_anew_and_the_same_wish_is_one_retry(
    client: httpx.Client, method: str
) -> None:
    file = refused(client, "portfolio.pdf", pdf(portfolio=True))
    assert method in file["retry"]["methods"]
    first, second = retry(client, file, method=method), retry(client, file, method=method)
    assert first.status_code == second.status_code == 201, first.text
    assert first.json() == second.json()
    assert first.json()["attachments"][0]["verdict"] == "normalized"


def test_a_virus_can_not_be_flattened(client: httpx.Client) -> None:
    file = refused(client, "a.txt", EICAR)
    assert file["retry"] is None
    answer = retry(client, file, method="flatten")
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:attachguard:problem:retry-not-possible"


def test_another_file_after_a_refusal_always_works_and_the_same_one_too(client: httpx.Client) -> None:
    file = refused(client, "a.txt", EICAR)
    answer = send(client, ("b.txt", text("better")), to=f"/v1/attachments/{file['attachment']}/retries")
    assert answer.status_code == 201
    assert answer.json()["attachments"][0]["retry_of"] == file["attachment"]
    assert send(client, ("a.txt", EICAR)).status_code == 422
    assert send(client, ("a.txt", text("and on it goes"))).status_code == 201


def test_what_was_delivered_needs_no_retry_and_what_is_gone_has_none(client: httpx.Client) -> None:
    good = send(client, ("a.txt", text("good"))).json()["attachments"][0]
    assert retry(client, good, method="flatten").status_code == 422
    bad = refused(client, "locked.pdf", pdf(password="x"))
    assert client.delete(f"/v1/attachments/{bad['attachment']}").status_code == 204
    assert retry(client, bad, method="password", password="x").status_code == 410


@pytest.mark.parametrize("wish", [{}, {"method": "magic"}, {"method": "password"}, {"method": "flatten", "x": "y"}])
def test_a_wish_that_makes_no_sense_is_400(client: httpx.Client, wish: dict[str, str]) -> None:
    file = refused(client, "a.txt", EICAR)
    assert retry(client, file, **wish).status_code == 400
