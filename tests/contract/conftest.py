from collections.abc import Iterator

import pytest

from .client import Connection
from .servers import KINDS, STACKS, THREADS, USERS, Server, serving
from .upstream import FaultyUpstream, running

UPSTREAM_TIMEOUT_S = 2.0
"""Long enough for the servers to be late by it only where they should be, whatever other tests run beside."""


@pytest.fixture(scope="session")
def upstream() -> Iterator[FaultyUpstream]:
    with running() as faulty:
        yield faulty


def calling(upstream: FaultyUpstream) -> dict[str, str]:
    """The settings of a service that calls this upstream."""
    return {
        "UPSTREAM_URL": upstream.url + "/",
        "UPSTREAM_TIMEOUT_S": str(UPSTREAM_TIMEOUT_S),
        "MAX_IN_FLIGHT": str(USERS),
    }


@pytest.fixture(scope="session")
def servers(upstream: FaultyUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    settings = {
        **calling(upstream),
        "REQUEST_THREADS": str(THREADS),
        # A service that took its proxy from the environment could not reach the upstream.
        "http_proxy": "http://127.0.0.1:1",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "ALL_PROXY": "http://127.0.0.1:1",
    }
    stacks = {name: STACKS[name] for name in KINDS}
    with serving(stacks, settings, tmp_path_factory.mktemp("servers")) as started:
        yield started


@pytest.fixture(scope="session")
def connections(servers: dict[str, Server]) -> Iterator[dict[str, Connection]]:
    opened = {name: Connection(server.port) for name, server in servers.items()}
    yield opened
    for connection in opened.values():
        connection.close()
