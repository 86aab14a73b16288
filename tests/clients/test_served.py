"""The service with each client answers as the contract says; and each client can be profiled."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from bench.plan.config import StackTable
from bench.run.host.signals import StopRequest
from bench.run.testbed.upstream import running_upstream
from examples.clients.profiles import COUNTED, PARTS
from examples.clients.upstreams import CLIENTS
from tests.contract.cases import Case, cases
from tests.contract.client import Connection
from tests.contract.servers import ROOT, Server, serving, start, stop
from tests.contract.test_contract import ask_all, check
from tests.contract.upstream import running

pytestmark = [pytest.mark.live, pytest.mark.slow]

SERVICE = StackTable(
    argv=[
        *("uvicorn", "--factory", "examples.clients.app:create_app"),
        *("--host", "127.0.0.1", "--port", "{port}", "--timeout-keep-alive", "75", "--no-access-log"),
    ],
    env={"UPSTREAM_CLIENT": "httpx"},
)
FAULTS = ("status five hundred", "redirected", "not json", "reset", "closed in the head", "truncated", "mute")
CASES = [
    case
    for case in cases()
    if case.name.startswith("weather in ") or case.name in {f"weather: {fault}" for fault in FAULTS}
]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    folder = tmp_path_factory.mktemp("clients")
    with running() as upstream, ExitStack() as stack:
        settings = {"UPSTREAM_URL": upstream.url, "UPSTREAM_TIMEOUT_S": "1", "MAX_IN_FLIGHT": "10"}
        yield {
            name: server
            for client in CLIENTS
            for name, server in stack.enter_context(
                serving({client: SERVICE}, {**settings, "CLIENT": client}, folder)
            ).items()
        }


@pytest.fixture(scope="module")
def connections(servers: dict[str, Server]) -> Iterator[dict[str, Connection]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(Connection(server.port)) for name, server in servers.items()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_service_answers_the_same_with_every_client(case: Case, connections: dict[str, Connection]) -> None:
    check(case, ask_all(connections, case.request))


def test_an_unknown_client_ends_the_service_with_one_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = start(SERVICE, 9, {"CLIENT": "curl"}, log)
    try:
        assert process.wait(30) != 0
    finally:
        stop(process)
    assert f"CLIENT='curl': must be one of {', '.join(CLIENTS)}" in log.read_text().splitlines()
    assert "Traceback" not in log.read_text()


def profiled(*argv: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        (sys.executable, "-m", "examples.clients.profile_client", *argv, "--seconds", "1"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Each client with 50 calls at once."""
    log = tmp_path_factory.mktemp("upstream") / "log"
    with running_upstream(None, 1, (), log, StopRequest()) as upstream:
        done = {client: profiled(client, "50", "--upstream", upstream.url) for client in CLIENTS}
    assert {client: one.stderr for client, one in done.items() if one.returncode} == {}
    return {client: json.loads(one.stdout) for client, one in done.items()}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_profile_says_where_the_time_of_a_client_went(client: str, profiles: dict[str, Any]) -> None:
    found = profiles[client]
    assert (found["client"], found["concurrency"], found["failed"]) == (client, 50, 0)
    assert found["calls"] > 50
    assert 0 < found["cpu_s"] < found["wall_s"] + 0.2
    assert sum(one["samples"] for one in found["spent"]) > 5
    assert {one["place"]["part"] for one in found["spent"]} <= set(PARTS)
    assert found["counted_calls"] > 0
    assert set(found["counted"]) <= set(COUNTED)
    assert bool(found["counted"]) == (client not in {"httpx-aiohttp", "aiohttp"})


def test_httpx_with_its_default_limits_opens_connections_all_the_time(profiles: dict[str, Any]) -> None:
    opened = {client: found["connections"] / found["calls"] for client, found in profiles.items()}
    assert opened["httpx"] > 0.4
    assert opened["httpx-1000"] < 0.1
    assert opened["httpx-aiohttp"] < 0.1


def test_a_profile_of_an_upstream_that_is_not_there_says_so() -> None:
    done = profiled("aiohttp", "1", "--upstream", "http://127.0.0.1:9")
    assert done.returncode == 1
    assert done.stderr == "aiohttp: no call was answered by http://127.0.0.1:9\n"
