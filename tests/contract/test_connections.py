"""What a call leaves behind: nothing of it reaches another caller, and no call is sent twice."""

import threading
import time
from urllib.parse import quote

import pytest

from .cases import FAILED, problem, weather
from .client import Connection, Request
from .servers import KINDS, THREADS, Server
from .test_contract import ask_all
from .upstream import (
    CLOSED_CITY,
    CLOSED_IDLE_CITY,
    GARBAGE_CITY,
    PREFIX,
    RESET_CITY,
    RESET_IDLE_CITY,
    FaultyUpstream,
    late,
    mixed_city,
    mixed_temp_c,
    spoiling,
)

LATER_S = 0.1
"""Longer than the upstream waits before it sends what is no part of an answer, or ends a connection."""


def ask_weather(connections: dict[str, Connection], city: str) -> dict[str, object]:
    """The answer of each server; all work concurrently."""
    answers = ask_all(connections, Request("GET", f"/weather?city={quote(city)}"))
    return {name: answer.parsed for name, answer in answers.items()}


def last_on_its_connections(upstream: FaultyUpstream, city: str) -> list[bool]:
    """For each connection that was asked for the city: whether it was asked for nothing afterwards."""
    target = f"{PREFIX}/weather/{quote(city)}"
    return [target not in served[:-1] for served in upstream.served if target in served]


@pytest.mark.parametrize("city", [*spoiling(), *late()])
def test_a_connection_with_more_on_it_than_an_answer_is_not_used_again(
    city: str, connections: dict[str, Connection], upstream: FaultyUpstream
) -> None:
    for _ in range(2):
        assert ask_weather(connections, city) == dict.fromkeys(KINDS, weather(city))
        time.sleep(LATER_S if city in late() else 0)
        assert ask_weather(connections, "Paris") == dict.fromkeys(KINDS, weather("Paris"))
    last = last_on_its_connections(upstream, city)
    assert all(last)
    assert len(last) >= 2 * len(KINDS)


def test_a_connection_with_garbage_after_an_answer_is_not_used_again(
    connections: dict[str, Connection], upstream: FaultyUpstream
) -> None:
    for _ in range(2):
        ask_weather(connections, GARBAGE_CITY)
        assert ask_weather(connections, "Paris") == dict.fromkeys(KINDS, weather("Paris"))
    assert all(last_on_its_connections(upstream, GARBAGE_CITY))


@pytest.mark.parametrize("kind", KINDS)
def test_no_caller_gets_the_answer_of_another(kind: str, servers: dict[str, Server]) -> None:
    wrong: list[object] = []

    def ask(first: int) -> None:
        with Connection(servers[kind].port) as connection:
            for number in range(first, 400, THREADS):
                city = mixed_city(number)
                answer = connection.ask(Request("GET", f"/weather?city={quote(city)}")).parsed
                if answer != {"city": city, "temp_c": mixed_temp_c(number)}:
                    wrong.append(answer)

    callers = [threading.Thread(target=ask, args=(first,)) for first in range(THREADS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert wrong == []


def test_cookies_of_the_upstream_are_not_sent_back(
    connections: dict[str, Connection], upstream: FaultyUpstream
) -> None:
    for city in ("sets a cookie", "sets a strange cookie"):
        assert ask_weather(connections, city) == dict.fromkeys(KINDS, weather(city))
        upstream.heads.clear()
        assert ask_weather(connections, "Paris") == dict.fromkeys(KINDS, weather("Paris"))
        assert [head for head in upstream.heads if b"cookie" in head.lower()] == []
        assert len(upstream.heads) == len(KINDS)


@pytest.mark.parametrize("city", [RESET_CITY, CLOSED_CITY])
def test_a_call_whose_kept_connection_is_lost_is_a_502_and_is_not_sent_again(
    city: str, connections: dict[str, Connection], upstream: FaultyUpstream
) -> None:
    ask_weather(connections, "Paris")
    upstream.targets.clear()
    assert ask_weather(connections, city) == dict.fromkeys(KINDS, problem(502, FAILED))
    assert upstream.targets == [f"{PREFIX}/weather/{quote(city)}"] * len(KINDS)


@pytest.mark.parametrize("city", [RESET_IDLE_CITY, CLOSED_IDLE_CITY])
def test_a_connection_that_was_lost_while_idle_is_not_used(
    city: str, connections: dict[str, Connection], upstream: FaultyUpstream
) -> None:
    assert ask_weather(connections, city) == dict.fromkeys(KINDS, weather(city))
    time.sleep(LATER_S)
    upstream.targets.clear()
    assert ask_weather(connections, "Paris") == dict.fromkeys(KINDS, weather("Paris"))
    assert upstream.targets == [f"{PREFIX}/weather/Paris"] * len(KINDS)
