"""Sending files over HTTP and asking what became of them."""

import httpx

from tests.doors.http.made import EICAR, WAIT, pdf, png, send, text


def only(response: httpx.Response) -> dict:  # type: ignore[type-arg]
    files: list[dict] = response.json().get("attachments") or response.json()["files"]  # type: ignore[type-arg]
    assert len(files) == 1
    return files[0]


def test_a_clean_file_is_accepted_and_comes_back_byte_for_byte(client: httpx.Client) -> None:
    answer = send(client, ("note.txt", text()))
    assert answer.status_code == 201
    assert answer.headers["preference-applied"] == "wait=60"
    file = only(answer)
    assert (file["status"], file["verdict"], file["kind"]) == ("done", "accepted", "txt")
    content = client.get(file["links"]["content"])
    assert content.content == text()
    assert content.headers["content-disposition"] == 'attachment; filename="note.txt"'
    assert content.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in content.headers["content-security-policy"]
    assert content.headers["content-type"] == "text/plain"


def test_a_pdf_that_acts_is_delivered_as_a_copy_that_does_not(client: httpx.Client) -> None:
    answer = send(client, ("a.pdf", pdf(javascript="app.alert(1)")))
    assert answer.status_code == 201
    file = only(answer)
    assert file["verdict"] == "normalized"
    assert "pdf.javascript" in [reason["code"] for reason in file["reasons"]]
    delivered = client.get(file["links"]["content"]).content
    assert delivered.startswith(b"%PDF-")
    assert b"JavaScript" not in delivered


def test_a_virus_is_refused_with_a_problem_document_that_says_what_to_do(client: httpx.Client) -> None:
    answer = send(client, ("a.txt", EICAR), headers={"Accept-Language": "nl, en;q=0.5"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-language"] == "nl"
    problem = answer.json()
    assert problem["type"] == "urn:attachguard:problem:not-accepted"
    assert problem["title"] == "Geen bestand is geaccepteerd"
    assert [reason["code"] for reason in problem["reasons"]] == ["malware.signature"]
    assert problem["remedy"]["steps"]
    file = only(answer)
    assert file["verdict"] == "infected"
    refused = client.get(f"/v1/attachments/{file['attachment']}/content")
    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:attachguard:problem:withheld"


def test_what_is_good_of_several_files_is_delivered_and_the_rest_is_told(client: httpx.Client) -> None:
    answer = send(client, ("a.txt", text()), ("b.txt", EICAR), ("c.png", png()))
    assert answer.status_code == 201
    assert [one["verdict"] for one in answer.json()["attachments"]] == ["accepted", "infected", "accepted"]
    assert answer.json()["verdict"] == "infected"


def test_without_waiting_the_answer_is_202_and_the_location_tells_the_rest(client: httpx.Client) -> None:
    answer = client.post("/v1/submissions", files=[("files", ("a.txt", text("not waited for")))])
    assert answer.status_code == 202
    assert answer.headers["retry-after"] == "1"
    later = client.get(answer.headers["location"], headers=WAIT)
    assert later.json()["status"] == "done"
    same = client.get(answer.headers["location"], headers={"If-None-Match": later.headers["etag"]})
    assert same.status_code == 304
    assert same.content == b""


def test_files_in_other_fields_are_taken_too(client: httpx.Client) -> None:
    parts = [("invoice", ("a.txt", text("one"))), ("note", (None, b"hello")), ("photo", ("b.png", png()))]
    answer = client.post("/v1/submissions", files=parts, headers=WAIT)
    assert answer.status_code == 201
    assert [one["name"] for one in answer.json()["attachments"]] == ["a.txt", "b.png"]


def test_the_same_key_and_files_give_the_same_submission(client: httpx.Client) -> None:
    key = {"Idempotency-Key": "order-4711"}
    first, second = (send(client, ("a.txt", text("once")), headers=key) for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert second.headers["idempotency-replayed"] == "true"
    other = send(client, ("a.txt", text("twice")), headers=key)
    assert other.status_code == 422
    assert other.json()["type"] == "urn:attachguard:problem:key-reused"


def test_six_files_are_too_many(client: httpx.Client) -> None:
    answer = send(client, *[(f"{number}.txt", text(str(number))) for number in range(6)])
    assert answer.status_code == 413
    assert [reason["code"] for reason in answer.json()["reasons"]] == ["limit.file_count"]


def test_a_file_above_the_limit_is_refused_while_it_is_read(client: httpx.Client) -> None:
    answer = send(client, ("large.txt", b"x" * (10 * 1024 * 1024 + 1)))
    assert answer.status_code == 413
    assert [reason["code"] for reason in answer.json()["reasons"]] == ["limit.file_size"]


def test_a_type_that_is_not_accepted_is_415(client: httpx.Client) -> None:
    answer = send(client, ("a.exe", b"MZ" + bytes(200)))
    assert answer.status_code == 415
    assert only(answer)["verdict"] == "rejected"


def test_a_policy_is_named_and_never_a_path(client: httpx.Client) -> None:
    assert send(client, ("a.txt", text()), to="/v1/submissions?policy=strict").status_code in {201, 422}
    refused = send(client, ("a.txt", text()), to="/v1/submissions?policy=/etc/passwd")
    assert refused.status_code == 400


def test_the_report_is_the_json_of_the_command_line(client: httpx.Client) -> None:
    file = only(send(client, ("a.pdf", pdf(javascript="x"))))
    report = client.get(file["links"]["report"]).json()
    assert report["verdict"] == "normalized"
    assert report["delivered"]["path"] == file["links"]["content"]
    assert {"findings", "stages", "scan", "children", "peak_rss_mb"} <= set(report)


def test_what_was_deleted_is_gone_and_stays_told(client: httpx.Client) -> None:
    file = only(send(client, ("a.txt", text("to be deleted"))))
    here = file["links"]["self"]
    assert client.delete(here).status_code == 204
    assert client.delete(here).status_code == 204
    assert client.get(f"{here}/content").status_code == 410
    told = client.get(here).json()
    assert told["verdict"] == "accepted"
    assert told["removed_at"]
    assert told["delivered"] is None


def test_a_preview_is_a_small_picture_of_the_first_page(client: httpx.Client) -> None:
    for name, data in (("a.pdf", pdf()), ("b.png", png())):
        file = only(send(client, (name, data)))
        preview = client.get(file["links"]["preview"])
        assert preview.status_code == 200
        assert preview.headers["content-type"] == "image/png"
        assert preview.content.startswith(b"\x89PNG")
    file = only(send(client, ("a.txt", text())))
    assert client.get(f"{file['links']['self']}/preview").status_code == 404


def test_what_does_not_exist_is_404_in_every_language(client: httpx.Client) -> None:
    for language, title in (("en", "There is nothing here"), ("de", "Hier ist nichts"), ("nl", "Hier is niets")):
        answer = client.get("/v1/attachments/nothing.0", headers={"Accept-Language": language})
        assert answer.status_code == 404
        assert answer.headers["content-language"] == language
        assert answer.json()["title"] == title


def test_names_come_back_as_they_were_and_are_delivered_harmless(client: httpx.Client) -> None:
    name = "../../etc/pässwörd \u202egnp.txt"
    file = only(send(client, (name, text("a name"))))
    assert file["name"].endswith("gnp.txt")
    assert "/" not in file["safe_name"]
    disposition = client.get(file["links"]["content"]).headers["content-disposition"]
    assert disposition.isascii()
    assert "\u202e" not in file["safe_name"]
