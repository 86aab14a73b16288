"""Every stack of bench.toml keeps the contract, but for what it is there to show."""

import http.client
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from statistics import quantiles
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings

from .cases import Case
from .client import Answer, Connection, Request
from .conftest import calling
from .orders import JSON
from .servers import KINDS, REFERENCE, STACKS, Server, serving
from .test_contract import ALL, QUICK, SLOW, check, sizes_agree
from .test_orders import bodies
from .test_property import EXAMPLES, requests, summary
from .upstream import FaultyUpstream

pytestmark = pytest.mark.slow

MORE = {name: stack for name, stack in STACKS.items() if name not in KINDS}

SLOW_UPSTREAM = ("*: mute*", "*: dripping*", "*: the first fails, *", "*: the first hangs, *")
NO_TIMEOUT = "the printed code has no total timeout"
AS_PRINTED = "the printed code reads a body of any size, and decodes and follows what its client does by itself"
LARGE = ("weather: too large*", "weather: half gzipped", "weather: gzipped and more")
EXCEPTIONS: dict[str, dict[str, str]] = {
    "flask-article": {
        **dict.fromkeys(SLOW_UPSTREAM, NO_TIMEOUT),
        **dict.fromkeys((*LARGE, "weather: *redirect*"), AS_PRINTED),
        **dict.fromkeys(("weather: early hints*", "weather: several interim answers"), "http.client takes no 103"),
    },
    "fastapi-article": {"*: dripping*": NO_TIMEOUT, **dict.fromkeys(LARGE, AS_PRINTED)},
    "fastapi-blocking": dict.fromkeys(SLOW_UPSTREAM, "its event loop waits for one call after another"),
    "fastapi-hypercorn": {"/compute*offload=process*": "its worker is a daemon, which may start no process"},
    "flask-waitress": {"/%2F*health*": "it takes several slashes at the begin of a path for one"},
    "flask-uwsgi": {
        **dict.fromkeys(("*/.", "*/..", "/./*", "/x/../*"), "it takes the dots out of a path"),
        **dict.fromkeys(("*%", "*%2", "/health%[?]*"), "it drops a percent sign without two digits"),
        **dict.fromkeys(
            ("/process", "POST with a body nowhere", "POST /orders[/%]*"),
            "it closes a connection after a body that nobody read, unsaid",
        ),
        "orders: chunked*": "it gives a chunked body to no application",
    },
}
"""By stack: cases that it answers in another way, as patterns of their names, and why. Slow ones are not asked."""


def plain(target: str) -> bool:
    return "%" not in target and "." not in target


ASKED: dict[str, Callable[[Request], bool]] = {
    "flask-article": lambda request: "weather" not in unquote(request.target),
    "fastapi-article": lambda request: "weather" not in unquote(request.target),
    "fastapi-hypercorn": lambda request: "offload" not in unquote(request.target),
    "flask-waitress": lambda request: not unquote(request.target).startswith("//"),
    "flask-uwsgi": lambda request: request.target == "/orders" or (plain(request.target) and request.body is None),
}
"""By stack with exceptions: the generated requests that these are not about. No generated request is a slow one."""

PER_CALL = ("flask-article", "flask-async", "fastapi-article")

IMPATIENT = ("fastapi-run",)
"""They close a connection that has been idle for 5 s, so each request is sent over a new one."""

TOGETHER = 5
"""So many stacks are asked at a time: with more, the machine is too busy for their timeouts."""

TIMEOUT_S = "4"
"""Of a call to the upstream. A machine that runs other tests beside may be late by a second; then 504 is right."""

ACKNOWLEDGED_AT_ONCE = 30
"""Requests of a new connection: Linux acknowledges its first packets without delay."""

DELAYED_S = 0.035
"""Linux delays an acknowledgement by at least 40 ms."""

FEWER = settings(
    max_examples=EXAMPLES // 5,
    deadline=None,
    print_blob=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def excepted(stack: str, case: Case) -> bool:
    return any(fnmatchcase(case.name, pattern) for pattern in EXCEPTIONS.get(stack, {}))


def installed(program: str) -> bool:
    return shutil.which(program, path=str(Path(sys.executable).parent)) is not None


@pytest.fixture(scope="module")
def every(upstream: FaultyUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    """The servers of all stacks whose program is installed, and of the reference."""
    there = {name: stack for name, stack in MORE.items() if installed((stack.argv or [""])[0])}
    with serving(
        {REFERENCE: STACKS[REFERENCE], **there},
        {**calling(upstream), "UPSTREAM_TIMEOUT_S": TIMEOUT_S},
        tmp_path_factory.mktemp("stacks"),
    ) as started:
        yield started


@pytest.fixture
def opened(every: dict[str, Server]) -> Iterator[dict[str, Connection]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(Connection(server.port)) for name, server in every.items()}


def send(connection: Connection, request: Request) -> bool:
    """Whether all of it could be sent."""
    try:
        connection.send(request)
    except OSError:
        connection.close()
        return False
    return True


def receive(connection: Connection) -> Answer | None:
    """The answer; None where there was none that is HTTP. The next request is then sent over a new connection."""
    try:
        return connection.receive()
    except (OSError, http.client.HTTPException):
        return None


def answers(opened: dict[str, Connection], request: Request) -> dict[str, Answer | None]:
    """The answer of each stack; TOGETHER of them work concurrently."""
    found: dict[str, Answer | None] = {}
    for name in IMPATIENT:
        if name in opened:
            opened[name].close()
    for group in batched(opened):
        sent = [name for name in group if send(opened[name], request)]
        found |= {name: receive(opened[name]) if name in sent else None for name in group}
    return found


def batched(names: Iterable[str]) -> Iterator[list[str]]:
    """The names, TOGETHER at a time."""
    left = iter(names)
    while group := list(islice(left, TOGETHER)):
        yield group


@pytest.fixture(scope="module")
def answered(every: dict[str, Server]) -> dict[str, dict[str, Answer | None]]:
    """The answers of all stacks to all cases, by case and stack, but to slow cases that a stack does not keep."""
    with ExitStack() as stack:
        opened = {name: stack.enter_context(Connection(server.port)) for name, server in every.items()}
        found = {case.name: answers(opened, case.request) for case in QUICK}
    for group in batched(every):
        for case, waited in slow_answers({name: every[name] for name in group}).items():
            found.setdefault(case, {}).update(waited)
    return found


def slow_answers(servers: dict[str, Server]) -> dict[str, dict[str, Answer | None]]:
    """The answers to the slow cases, by case and stack: all are asked before any answer is read."""
    with ExitStack() as stack:
        asked = {
            case.name: {
                name: stack.enter_context(Connection(server.port, timeout_s=120))
                for name, server in servers.items()
                if not excepted(name, case)
            }
            for case in SLOW
        }
        for case in SLOW:
            for connection in asked[case.name].values():
                connection.send(case.request)
        return {
            case: {name: receive(connection) for name, connection in connections.items()}
            for case, connections in asked.items()
        }


@pytest.mark.parametrize("name", MORE)
def test_a_stack_answers_as_written(name: str, answered: dict[str, dict[str, Answer | None]]) -> None:
    program = (MORE[name].argv or [""])[0]
    if not installed(program):
        pytest.skip(f"{program} is not installed: pip install -r requirements.lock")
    asked = [case for case in ALL if name in answered[case.name]]
    wrong = [case for case in asked if not keeps(case, answered[case.name][name])]
    assert {case.name: answered[case.name][name] for case in wrong if not excepted(name, case)} == {}
    for pattern in EXCEPTIONS.get(name, {}):
        matching = [case for case in ALL if fnmatchcase(case.name, pattern)]
        assert matching, f"{pattern} matches no case"
        # Slow ones were not asked: some would take for ever.
        assert any(case in wrong or case.slow for case in matching), f"{pattern} is no exception any more"


def keeps(case: Case, answer: Answer | None) -> bool:
    """Whether it is the answer of the contract."""
    if answer is None:
        return False
    try:
        check(case, {"it": answer})
    except (AssertionError, ValueError):
        return False
    return True


@pytest.mark.parametrize("name", MORE)
def test_a_stack_opens_a_connection_for_each_call_only_where_that_is_what_it_shows(
    name: str, every: dict[str, Server], upstream: FaultyUpstream
) -> None:
    if name not in every:
        pytest.skip("its program is not installed")
    before, calls = upstream.connections, 10
    with Connection(every[name].port) as connection:
        for _ in range(calls):
            assert connection.ask(Request("GET", "/weather?city=Paris")).status == 200
    opened = upstream.connections - before
    assert opened == calls if name in PER_CALL else opened <= MORE[name].workers


def mostly_longer_than_s(port: int) -> float:
    """What three of four answers over one connection take longer than; its first ones do not count."""
    took_s = []
    with Connection(port) as connection:
        for _ in range(2 * ACKNOWLEDGED_AT_ONCE):
            begin = time.monotonic()
            connection.ask(Request("GET", "/health"))
            took_s.append(time.monotonic() - begin)
    return quantiles(took_s[ACKNOWLEDGED_AT_ONCE:], n=4)[0]


@pytest.mark.parametrize("name", STACKS)
def test_no_stack_holds_an_answer_back(name: str, every: dict[str, Server], servers: dict[str, Server]) -> None:
    """As Nagle's algorithm does with a second small packet, until the first one is acknowledged."""
    started = {**every, **servers}
    if name not in started:
        pytest.skip("its program is not installed")
    assert mostly_longer_than_s(started[name].port) < DELAYED_S


def test_an_answer_that_is_held_back_is_noticed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving_badly = threading.Thread(target=answer_in_two_packets, args=(listener,))
        serving_badly.start()
        assert mostly_longer_than_s(listener.getsockname()[1]) > DELAYED_S
        serving_badly.join()


def answer_in_two_packets(listener: socket.socket) -> None:
    """Answers the requests of one connection, without TCP_NODELAY."""
    connection, _ = listener.accept()
    with connection:
        while connection.recv(10_000):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n")
            connection.sendall(b"x")


@FEWER
@given(request=requests().filter(lambda request: not request.target.startswith("//")))
def test_all_stacks_agree_on_every_request(request: Request, opened: dict[str, Connection]) -> None:
    """A leading // is outside the contract."""
    agree(request, opened)


@FEWER
@given(body=bodies())
def test_all_stacks_agree_on_every_document(body: bytes, opened: dict[str, Connection]) -> None:
    agree(Request("POST", "/orders", body, JSON), opened)


def agree(request: Request, opened: dict[str, Connection]) -> None:
    """Fail where two stacks differ."""
    asked = {name: one for name, one in opened.items() if name not in ASKED or ASKED[name](request)}
    found = {name: answer for name, answer in answers(asked, request).items() if answer is not None}
    assert found.keys() == asked.keys()
    assert {name: summary(answer) for name, answer in found.items()} == dict.fromkeys(found, summary(found[REFERENCE]))
    assert sizes_agree(found)
