"""Parallel calls overlap, sequential calls do not, and a slow request does not block the others."""

import threading
import time
from contextlib import ExitStack
from urllib.parse import quote

import pytest

from .client import Connection, Request
from .servers import KINDS, THREADS, Server
from .upstream import PREFIX, SLOW_S, SLOW_USER, UNHURRIED_CITY, FaultyUpstream

LONGEST_S, ALL_S = max(SLOW_S.values()), sum(SLOW_S.values())


def took_s(connection: Connection, target: str) -> float:
    start = time.perf_counter()
    assert connection.ask(Request("GET", target)).status == 200
    return time.perf_counter() - start


@pytest.mark.parametrize("kind", KINDS)
def test_parallel_calls_overlap_and_sequential_ones_do_not(
    kind: str, connections: dict[str, Connection], upstream: FaultyUpstream
) -> None:
    def ask(strategy: str) -> tuple[float, int]:
        upstream.most_in_flight.pop(SLOW_USER, None)
        upstream.targets.clear()
        elapsed_s = took_s(connections[kind], f"/aggregated-data/{SLOW_USER}?strategy={strategy}")
        return elapsed_s, upstream.most_in_flight[SLOW_USER]

    parallel_s, parallel_most = ask("parallel")
    assert parallel_most == 3
    sequential_s, sequential_most = ask("sequential")
    assert sequential_most == 1
    assert upstream.targets == [
        f"{PREFIX}/users/{SLOW_USER}",
        f"{PREFIX}/orders?user_id={SLOW_USER}",
        f"{PREFIX}/reviews?user_id={SLOW_USER}",
    ]
    assert sequential_s >= ALL_S
    assert LONGEST_S <= parallel_s < 0.8 * sequential_s


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", [f"/weather?city={UNHURRIED_CITY}", "/process?delay_ms=100"])
def test_requests_that_wait_do_not_block_one_another(kind: str, target: str, servers: dict[str, Server]) -> None:
    with ExitStack() as stack:
        opened = [stack.enter_context(Connection(servers[kind].port)) for _ in range(THREADS)]
        start = time.perf_counter()
        for connection in opened:
            connection.send(Request("GET", target))
        assert {connection.receive().status for connection in opened} == {200}
        assert time.perf_counter() - start < 0.1 * THREADS / 2


@pytest.mark.parametrize("kind", KINDS)
def test_work_in_another_process_blocks_no_request(kind: str, servers: dict[str, Server]) -> None:
    with Connection(servers[kind].port) as busy, Connection(servers[kind].port) as other:
        assert busy.ask(Request("GET", "/compute?n=1&offload=process")).status == 200  # starts the process
        answered = threading.Event()

        def wait() -> None:
            busy.receive()
            answered.set()

        busy.send(Request("GET", "/compute?n=1000000&offload=process"))
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert other.ask(Request("GET", "/health")).status == 200
        overtook = not answered.is_set()
        waiting.join()
        assert overtook


@pytest.mark.parametrize("kind", KINDS)
def test_connections_to_the_upstream_are_reused(
    kind: str, servers: dict[str, Server], upstream: FaultyUpstream
) -> None:
    rounds = 4
    with ExitStack() as stack:
        opened = [stack.enter_context(Connection(servers[kind].port)) for _ in range(THREADS)]
        before = upstream.connections
        for _ in range(rounds):
            for connection in opened:
                connection.send(Request("GET", f"/weather?city={UNHURRIED_CITY}"))
            assert {connection.receive().status for connection in opened} == {200}
    assert upstream.connections - before <= THREADS


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("city", "segment"),
    [
        (".", "%2E"),
        ("..", "%2E%2E"),
        ("São Paulo", "S%C3%A3o%20Paulo"),
        ("L'Aquila", "L%27Aquila"),
        ("St. Ives", "St%2E%20Ives"),
    ],
)
def test_a_city_reaches_the_upstream_as_one_segment(
    kind: str, city: str, segment: str, connections: dict[str, Connection], upstream: FaultyUpstream
) -> None:
    upstream.targets.clear()
    assert connections[kind].ask(Request("GET", f"/weather?city={quote(city)}")).status == 200
    assert upstream.targets == [f"{PREFIX}/weather/{segment}"]


@pytest.mark.parametrize("kind", KINDS)
def test_head_does_the_same_work_as_get(
    kind: str, connections: dict[str, Connection], upstream: FaultyUpstream
) -> None:
    upstream.targets.clear()
    assert connections[kind].ask(Request("HEAD", "/aggregated-data/3")).status == 200
    assert len(upstream.targets) == 3
