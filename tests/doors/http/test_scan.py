"""Judging without keeping."""

import email
from email.policy import HTTP

import httpx

from tests.doors.http.made import EICAR, pdf, send, text


def test_a_check_says_the_verdict_and_gives_the_bytes_for_a_minute(client: httpx.Client) -> None:
    answer = send(client, ("a.pdf", pdf(javascript="x")), to="/v1/scan")
    assert answer.status_code == 200
    document = answer.json()
    assert document["verdict"] == "normalized"
    place = document["attachments"][0]["delivered"]["path"]
    assert client.get(place).content.startswith(b"%PDF-")
    assert client.get(place).content.startswith(b"%PDF-")
    assert client.get(f"/v1/submissions/{document['submission']}").status_code == 404


def test_a_check_gives_verdict_and_bytes_in_one_answer(client: httpx.Client) -> None:
    answer = send(client, ("a.txt", text("mixed")), to="/v1/scan", headers={"Accept": "multipart/mixed"})
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    first, second = email.message_from_bytes(head + answer.content, policy=HTTP).iter_parts()
    assert b'"verdict":"accepted"' in first.get_payload(decode=True)
    assert second.get_payload(decode=True) == text("mixed")
    assert second["Content-ID"] == "<0>"


def test_a_virus_is_an_answer_too(client: httpx.Client) -> None:
    answer = send(client, ("a.txt", EICAR), to="/v1/scan")
    assert answer.status_code == 200
    assert answer.json()["verdict"] == "infected"
    assert answer.json()["attachments"][0]["delivered"] is None
