"""The upstream on real sockets."""

import json
import signal
import socket
import time

import pytest

from upstream.delays import Delay

from .conftest import StartsUpstream
from .process import TOKEN, Upstream, ask

GET_WEATHER = b"GET /weather/Oslo HTTP/1.1\r\nHost: x\r\n\r\n"


def received(connection: socket.socket, count: int = 1) -> bytes:
    """The bytes received until `count` answers are complete or the connection is closed."""
    data = b""
    while data.count(b"HTTP/1.1 ") < count or not data.endswith((b"}", b"]")):
        part = connection.recv(65536)
        if not part:
            break
        data += part
    return data


def test_every_route_answers_json_of_its_shape(shared: Upstream) -> None:
    status, body = shared.get("/weather/London")
    assert (status, json.loads(body).keys()) == (200, {"city": 0, "temp_c": 0}.keys())
    assert json.loads(shared.get("/users/7")[1]) == {"id": 7, "name": "User 7"}
    for route in ("/orders", "/reviews"):
        status, body = shared.get(route)
        assert status == 200
        assert len(json.loads(body)) == 3


@pytest.mark.parametrize("path", ["/weather/S%C3%A3o%20Paulo", "/users/0012", "/orders", "/reviews"])
def test_the_same_path_has_the_same_body_under_any_prefix_and_query(shared: Upstream, path: str) -> None:
    bodies = {shared.get(asked) for asked in (path, path, f"{path}?x=1", f"/arm-1{path}", f"/arm-2{path}")}
    assert len(bodies) == 1
    assert bodies.pop()[0] == 200


@pytest.mark.parametrize(
    "path", ["/", "/weather", "/weather/a/b", "/users/x", "/users/%C2%B2", "/orders/1", "/a/b/orders", "/nothing"]
)
def test_an_unknown_route_is_404_and_not_in_the_ledger(shared: Upstream, path: str) -> None:
    before = shared.control("GET", "/ledger")
    assert shared.get(path)[0] == 404
    assert shared.control("GET", "/ledger") == before


def test_only_get_is_served_and_counted(shared: Upstream) -> None:
    assert ask(shared.port, "POST", "/posted/orders")[0] == 404
    assert "posted" not in shared.control("GET", "/ledger")[1]


def test_two_prefixes_have_separate_ledgers_and_the_same_delays(start: StartsUpstream) -> None:
    upstream = start("--delay=users=lognormal:0.03:1.0", "--seed=5")
    expected_s = [Delay(0.03, 1.0).seconds(5, "users", number) for number in range(8)]
    for prefix in ("arm-0", "arm-1"):
        for wanted_s in expected_s:
            begun_s = time.monotonic()
            assert upstream.get(f"/{prefix}/users/1")[0] == 200
            assert time.monotonic() - begun_s >= wanted_s - 0.002
    assert upstream.get("/users/1")[0] == 200
    _, ledger = upstream.control("GET", "/ledger")
    assert {prefix: found["routes"]["users"]["hits"] for prefix, found in ledger.items()} == {
        "arm-0": 8,
        "arm-1": 8,
        "": 1,
    }
    # The delay error is taken from the due time of the entry's own sequence, so a small median confirms the delays.
    assert all(found["routes"]["users"]["delay_error_s"]["p50"] < 0.01 for found in ledger.values())


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "x", TOKEN[:-1]])
def test_the_control_port_refuses_a_missing_or_wrong_token(shared: Upstream, token: str | None) -> None:
    shared.get("/guarded/orders")
    for method, path in (("GET", "/ledger"), ("POST", "/reset")):
        status, answer = shared.control(method, path, token)
        assert status == 401
        assert "token" in answer["detail"]
    assert "guarded" in shared.control("GET", "/ledger")[1]


def test_a_token_counts_for_one_request_only(shared: Upstream) -> None:
    with socket.create_connection(("127.0.0.1", shared.control_port), timeout=10) as connection:
        connection.sendall(b"GET /ledger HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + TOKEN.encode() + b"\r\n\r\n")
        assert received(connection).startswith(b"HTTP/1.1 200")
        connection.sendall(b"GET /ledger HTTP/1.1\r\nHost: x\r\n\r\n")
        assert received(connection).startswith(b"HTTP/1.1 401")


def test_a_reset_returns_the_ledger_and_empties_it(shared: Upstream) -> None:
    shared.control("POST", "/reset")
    for _ in range(3):
        shared.get("/orders")
    status, before = shared.control("POST", "/reset")
    assert (status, before[""]["routes"]["orders"]["hits"]) == (200, 3)
    assert shared.control("GET", "/ledger") == (200, {})


def test_the_control_port_has_no_other_route_and_the_service_port_no_control(shared: Upstream) -> None:
    for method, path in (("GET", "/reset"), ("POST", "/ledger"), ("GET", "/")):
        assert shared.control(method, path)[0] == 404
    assert shared.get("/ledger")[0] == 404


def test_a_connection_is_kept_alive_over_many_requests(shared: Upstream) -> None:
    with shared.connect() as connection:
        for _ in range(5):
            connection.sendall(GET_WEATHER)
            assert received(connection).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_request_may_arrive_byte_by_byte(shared: Upstream) -> None:
    with shared.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in GET_WEATHER:
            connection.sendall(bytes([byte]))
        assert received(connection).endswith(shared.get("/weather/Oslo")[1])


def test_two_requests_without_delay_in_one_packet_are_answered_in_turn(shared: Upstream) -> None:
    with shared.connect() as connection:
        connection.sendall(GET_WEATHER + b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
        answers = received(connection, 2)
        assert answers.index(b" 200 OK") < answers.index(b" 404 Not Found")


@pytest.mark.parametrize(
    "garbage",
    [b"\x16\x03\x01\x02\x00\x01\xfc\x03", b"HELLO\r\n\r\n", b"GET /users/" + b"9" * 5000 + b" HTTP/1.1\r\n\r\n"],
)
def test_garbage_closes_only_its_own_connection(shared: Upstream, garbage: bytes) -> None:
    with shared.connect() as good, shared.connect() as bad:
        good.sendall(GET_WEATHER[:10])
        bad.sendall(garbage)
        assert received(bad) == b""
        good.sendall(GET_WEATHER[10:])
        assert received(good).startswith(b"HTTP/1.1 200")


def test_a_client_that_leaves_before_its_answer_does_not_affect_others(start: StartsUpstream) -> None:
    upstream = start("--delay=orders=0.1")
    for _ in range(3):
        with upstream.connect() as connection:
            connection.sendall(b"GET /orders HTTP/1.1\r\nHost: x\r\n\r\n")
    assert upstream.get("/orders")[0] == 200
    _, ledger = upstream.control("GET", "/ledger")
    assert 1 <= ledger[""]["routes"]["orders"]["hits"] <= 4


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_upstream_with_0_even_with_connections_open(start: StartsUpstream, number: int) -> None:
    upstream = start()
    with upstream.connect() as idle, upstream.connect() as waiting:
        waiting.sendall(b"GET /users/1 HTTP/1.1\r\nHost: x\r\n\r\n")
        upstream.process.send_signal(number)
        assert upstream.process.wait(5) == 0
        assert idle.recv(1) == b""
    assert upstream.process.stderr is not None
    assert upstream.process.stderr.read() == b""


def test_the_peak_counts_calls_in_flight_but_no_longer_those_that_were_given_up(start: StartsUpstream) -> None:
    upstream = start("--delay=weather=60", "--delay=users=0.5")
    for number in (1, 2):
        callers = [upstream.connect() for _ in range(6)]
        for caller in callers[:3]:
            caller.sendall(GET_WEATHER)
        for caller in callers[3:]:
            caller.sendall(GET_WEATHER.replace(b"weather/Oslo", b"users/1"))
        until_hit(upstream, 6 * number)
        for caller in callers[:3]:
            caller.close()
        for caller in callers[3:]:
            received(caller)
            caller.close()
    assert upstream.control("GET", "/ledger")[1][""]["peak_in_flight"] == 6


def until_hit(upstream: Upstream, hits: int) -> None:
    """Returns once so many requests have arrived."""
    end_s = time.monotonic() + 20
    found = 0
    while found < hits:
        assert time.monotonic() < end_s, "they never came"
        _, ledger = upstream.control("GET", "/ledger")
        found = sum(route["hits"] for traffic in ledger.values() for route in traffic["routes"].values())
