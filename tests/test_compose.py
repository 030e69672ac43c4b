"""docker-compose.yml and the Dockerfile, read: what can be known of them without running them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from attachguard.adapters.celery_queues import CARE
from attachguard.adapters.s3_url import parse_place
from attachguard.adapters.scanners import parse_address
from attachguard.jobs import Queue
from attachguard.settings import VARIABLES

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("api", "worker-scan", "worker-render", "beat")
ENVIRONMENT = dict(
    line.split("=", 1) for line in (ROOT / "deploy" / "engine.env").read_text().splitlines() if not line.startswith("#")
)


def test_everything_that_is_needed_is_there() -> None:
    assert set(SERVICES) == {*OURS, "clamd", "rabbitmq", "postgres", "s3", "buckets"}


def test_every_queue_has_a_worker() -> None:
    listened = {
        queue
        for name in OURS
        for option, value in zip(SERVICES[name]["command"], SERVICES[name]["command"][1:], strict=False)
        if option == "-Q"
        for queue in value.split(",")
    }
    assert listened == {*(queue.value for queue in Queue), CARE}


@pytest.mark.parametrize("name", OURS)
def test_our_services_have_no_privilege_and_write_nowhere_else(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "buckets"])
def test_every_service_starts_again_and_the_others_wait_for_its_health(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    for other, condition in SERVICES[name].get("depends_on", {}).items():
        assert condition["condition"] in {"service_healthy", "service_completed_successfully"}
        assert "healthcheck" in SERVICES[other] or other == "buckets"


def test_images_are_pinned_to_a_version_and_none_is_abandoned() -> None:
    images = {service["image"] for name, service in SERVICES.items() if name not in OURS}
    assert all(re.fullmatch(r"[\w./-]+:\d[\w.-]*", image) for image in images)
    assert not any("minio" in image for image in images)


def test_nothing_is_published_and_no_secret_stands_in_the_file() -> None:
    assert all("ports" not in service for service in SERVICES.values())
    text = (ROOT / "docker-compose.yml").read_text()
    assert re.findall(r"(?:PASSWORD|SECRET_KEY|PASS): (?!\$\{)", text) == []
    asked = set(re.findall(r"\$\{(\w+):\?", text))
    example = (ROOT / "deploy" / "compose.env.example").read_text()
    assert asked == set(re.findall(r"^(\w+)=$", example, re.MULTILINE))


def test_quarantine_and_clean_store_have_credentials_of_their_own() -> None:
    identities = json.loads((ROOT / "deploy" / "seaweedfs.json").read_text())["identities"]
    for identity in identities:
        assert all(action.endswith(f":{identity['name']}") for action in identity["actions"])
    assert {identity["name"] for identity in identities} == {"quarantine", "clean"}


@pytest.mark.parametrize("name", OURS)
def test_every_setting_is_one_of_ours_and_makes_sense(name: str) -> None:
    named = {**ENVIRONMENT, **SERVICES[name]["environment"]}
    assert set(named) <= set(VARIABLES.values())
    assert parse_place(named["ATTACHGUARD_STORE_URL"], "x").bucket == "clean"
    assert parse_place(named["ATTACHGUARD_QUARANTINE_URL"], "x").bucket == "quarantine"
    assert parse_address(named["ATTACHGUARD_CLAMD_URL"])


def test_the_image_is_built_from_hashed_requirements_and_runs_as_nobody_in_particular() -> None:
    lines = (ROOT / "deploy" / "Dockerfile").read_text()
    assert "--require-hashes -r requirements.txt" in lines
    assert lines.rindex("USER attachguard") > lines.rindex("RUN ")
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", lines, re.MULTILINE)
    assert [name for group in copied for name in group.split() if not (ROOT / name).exists()] == []
    assert set(COMPOSE["volumes"]) == {"bytes", "ledger", "messages", "signatures", "state"}
