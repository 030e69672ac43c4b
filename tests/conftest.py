"""What all tests stand on: a state folder of their own, and one private scanner for the whole run."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import hypothesis
import pytest

from attachguard.adapters.scanners import open_scanner
from attachguard.adapters.signatures import demo_set
from attachguard.policy import Policy, load_policy
from attachguard.ports import Sandbox, Scanner
from attachguard.sandbox.room import Room
from attachguard.sandbox.wire import Level
from tests.servers.ceph import Ceph
from tests.servers.postgres import Postgres
from tests.servers.rabbitmq import RabbitMq
from tests.servers.redis import Redis
from tests.servers.swift import Swift

# The same examples on every run: a build says the same of the same code. New ones are sought by `make fuzz`, and a
# busy machine is no defect.
hypothesis.settings.register_profile("suite", derandomize=True, deadline=None)
hypothesis.settings.load_profile("suite")

SETTINGS_PREFIX = "ATTACHGUARD_"
CORPUS = "ATTACHGUARD_CORPUS"


@pytest.fixture(scope="session", autouse=True)
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the tests away from the settings and the state of whoever runs them."""
    folder = tmp_path_factory.mktemp("state")
    before = dict(os.environ)
    for name in before:
        if name.startswith(SETTINGS_PREFIX) and name != CORPUS:
            del os.environ[name]
    os.environ["XDG_STATE_HOME"] = str(folder)
    yield folder
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def scanner() -> Iterator[Scanner]:
    """A real clamd with the shipped signatures."""
    with open_scanner(None, demo_set().folder) as scanner:
        yield scanner


@pytest.fixture(scope="session")
def sandbox(policy: Policy) -> Iterator[Sandbox]:
    """The real room."""
    with Room(require=Level(policy.require)) as room:
        yield room


@pytest.fixture(scope="session")
def policy() -> Policy:
    return load_policy("marketplace")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL; every test asks it for a database of its own."""
    with closing(Postgres()) as server:
        server.start()
        yield server


@pytest.fixture(scope="session")
def swift() -> Iterator[Swift]:
    """A real OpenStack Swift with its S3 interface, over TLS; every test asks it for a bucket of its own."""
    with closing(Swift()) as server:
        server.start()
        yield server


@pytest.fixture(scope="session")
def ceph() -> Iterator[Ceph]:
    """A real Ceph gateway, over TLS; every test asks it for a bucket of its own."""
    with closing(Ceph()) as server:
        server.start()
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    """A real Redis with its append-only file."""
    with closing(Redis()) as server:
        server.start()
        yield server


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMq]:
    """A real RabbitMQ node."""
    with closing(RabbitMq()) as server:
        server.start()
        yield server


SERVERS = frozenset({"postgres", "swift", "ceph", "redis", "rabbitmq"})
"""Fixtures that start a real server. What asks for one is marked `servers` and has a suite of its own."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs real servers, and the faults of the engine, which start their own."""
    for item in items:
        asked = set(getattr(item, "fixturenames", ()))
        if asked & SERVERS or "faults/engine" in item.nodeid:
            item.add_marker("servers")
