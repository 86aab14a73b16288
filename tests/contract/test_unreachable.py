"""An upstream that cannot be reached: it does not accept a connection in time, or refuses it."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from .cases import FAILED, LATE, problem
from .client import Connection, Request
from .servers import KINDS, STACKS, Server, serving

TARGETS = ("/weather?city=Paris", "/aggregated-data/1", "/aggregated-data/1?strategy=sequential")


class FullListener:
    """A port that accepts no further connection, because its queue is full and nothing empties it."""

    def __init__(self) -> None:
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        self.port: int = self._listener.getsockname()[1]
        self._queued = [socket.socket() for _ in range(8)]
        for client in self._queued:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", self.port))

    def close(self) -> None:
        for sock in (*self._queued, self._listener):
            sock.close()


@pytest.fixture(scope="module")
def listener() -> Iterator[FullListener]:
    full = FullListener()
    yield full
    full.close()


@pytest.fixture(scope="module")
def stranded(listener: FullListener, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    settings = {
        "UPSTREAM_URL": f"http://127.0.0.1:{listener.port}",
        "UPSTREAM_TIMEOUT_S": "1",
        # One request's worth of connections, so that further requests wait for the pool.
        "MAX_IN_FLIGHT": "1",
    }
    folder: Path = tmp_path_factory.mktemp("stranded")
    with serving({name: STACKS[name] for name in KINDS}, settings, folder) as started:
        yield started


def answers(servers: dict[str, Server], target: str, times: int = 1) -> dict[str, list[object]]:
    """The answers of each server to `times` concurrent requests."""
    with ExitStack() as stack:
        opened = {
            name: [stack.enter_context(Connection(server.port)) for _ in range(times)]
            for name, server in servers.items()
        }
        for connections in opened.values():
            for connection in connections:
                connection.send(Request("GET", target))
        return {name: [c.receive().parsed for c in connections] for name, connections in opened.items()}


@pytest.mark.parametrize("target", TARGETS)
def test_a_connection_that_is_not_accepted_is_a_504(target: str, stranded: dict[str, Server]) -> None:
    assert answers(stranded, target) == {name: [problem(504, LATE)] for name in stranded}


def test_waiting_for_the_pool_is_a_504(stranded: dict[str, Server]) -> None:
    assert answers(stranded, TARGETS[0], times=8) == {name: [problem(504, LATE)] * 8 for name in stranded}


@pytest.mark.parametrize("target", TARGETS)
def test_a_connection_that_is_refused_is_a_502(
    target: str, stranded: dict[str, Server], listener: FullListener
) -> None:
    listener.close()
    assert answers(stranded, target) == {name: [problem(502, FAILED)] for name in stranded}


@pytest.fixture(scope="module")
def astray(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    folder: Path = tmp_path_factory.mktemp("astray")
    with serving({name: STACKS[name] for name in KINDS}, {"UPSTREAM_URL": "http://no.invalid"}, folder) as started:
        yield started


def test_a_host_that_is_not_known_is_a_502(astray: dict[str, Server]) -> None:
    assert answers(astray, TARGETS[0]) == {name: [problem(502, FAILED)] for name in astray}
