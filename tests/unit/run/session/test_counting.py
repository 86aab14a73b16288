"""Counting, with a caller that counts nothing: what is counted, how often, and what is refused."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench.errors import BenchError
from bench.model.config import Open, Plan, Stack
from bench.model.instructions import Counted
from bench.plan.config import DEFAULT_CONFIG, load_config, make_plan
from bench.run.host.signals import StopRequest
from bench.run.session import counting as session
from bench.run.session.counting import Case, amounts, cases, counting, refuse
from bench.run.session.instructions import count
from bench.run.testbed.inprocess import Answer, Calls, Code, InPlace

CONFIG = load_config([DEFAULT_CONFIG])
REQUEST = {"method": "GET", "target": "/", "headers": [], "body": ""}


def plan(**chosen: Any) -> Plan:
    return make_plan(CONFIG, "instructions", **chosen)


@dataclass
class FakeCaller:
    """Counts a million instructions for each request, and more for each user."""

    folder: Path
    upstream_url: str
    users: int
    cpus: Sequence[int]
    stop: StopRequest

    def answers(self, _side: str, _code: Code, _stack: Stack, calls: Calls) -> list[Answer]:
        return [Answer(200, b"ok")] * len(calls.requests)

    def counted(self, side: str, _code: Code, _stack: Stack, calls: Calls) -> int:
        assert side in {"base", "head"}
        return calls.times * (1_000_000 + calls.users)


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Nothing is really called; what is put in here is said of the answers."""
    said: list[str] = []

    @contextmanager
    def upstream(scenario: Any, *_: Any) -> Iterator[Any]:
        assert {call.median_s for call in scenario.upstream.values()} <= {0.0}
        yield SimpleNamespace(url="http://127.0.0.1:9")

    monkeypatch.setattr(session, "valgrind", lambda: "/usr/bin/valgrind")
    monkeypatch.setattr(session, "running_upstream", upstream)
    monkeypatch.setattr(session, "requests_of", lambda scenarios, _: dict.fromkeys(scenarios, REQUEST))
    monkeypatch.setattr(session, "wrong_ones", lambda _, given, __: [said[0] if said else "" for _ in given])
    monkeypatch.setattr(session, "Caller", FakeCaller)
    return said


def test_every_stack_is_counted_under_every_scenario_in_the_order_of_the_plan(wrong: list[str]) -> None:
    assert wrong == []
    told: list[str] = []
    chosen = plan(stacks=["flask-gthread", "fastapi-aiohttp"], scenarios=["weather", "health"])
    counts = count(chosen, (0, 1), StopRequest(), told.append)
    assert counts.revision is None
    assert [(one.stack, one.scenario, one.users, one.requests) for one in counts.counted] == [
        ("flask-gthread", "weather", 1, 60),
        ("flask-gthread", "health", 1, 60),
        ("fastapi-aiohttp", "weather", 1, 60),
        ("fastapi-aiohttp", "weather", 50, 100),
        ("fastapi-aiohttp", "health", 1, 60),
    ]
    assert counts.counted[3].per_request == 1_000_050
    assert told[0] == "1 of 5: fastapi-aiohttp, weather, 50 users: 1.00 million instructions per request"
    assert len(told) == 5


def counted(chosen: Plan, told: list[str]) -> list[Counted]:
    with counting(chosen, {"base": InPlace(), "head": InPlace()}, (), StopRequest(), told.append) as made:
        return made.count([case for side in ("base", "head") for case in cases(chosen, side)])


def test_counts_come_in_the_order_of_the_cases_and_tell_whose_they_are(wrong: list[str]) -> None:
    assert wrong == []
    told: list[str] = []
    base, head = counted(plan(stacks=["flask-gthread"], scenarios=["health"]), told)
    assert base == head
    assert [line[-6:] for line in told] == ["(base)", "(head)"]


def test_a_wrong_answer_is_an_error_that_names_stack_scenario_and_side(wrong: list[str]) -> None:
    wrong.append("status 502 where right is status 200")
    said = r"flask-gthread answers health wrongly \(base\): status 502 where right is status 200; it sent ok"
    with pytest.raises(BenchError, match=said):
        counted(plan(stacks=["flask-gthread"], scenarios=["health"]), [])


def test_more_requests_than_users_and_fewer_where_the_service_waits() -> None:
    scenarios = plan().scenarios
    assert amounts(scenarios["weather"], 1) == (30, 60)
    assert amounts(scenarios["weather"], 50) == (50, 100)
    assert amounts(scenarios["aggregated_parallel"], 1) == (30, 60)  # the upstream answers at once
    assert amounts(scenarios["process"], 1) == (30, 30)
    assert amounts(replace(scenarios["process"], hold_s=2.0), 1) == (10, 10)


def test_a_wsgi_stack_is_counted_with_one_request_at_a_time_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "valgrind", lambda: "/usr/bin/valgrind")
    assert {case.users for case in cases(plan(stacks=["flask-gthread"]), "head")} == {1}
    assert Case("head", "fastapi-httpx", "weather", 50) in cases(plan(), "head")
    refuse(plan())
    refuse(plan(users=[1, 50]))
    with pytest.raises(BenchError, match=r"flask-gthread is WSGI, which one thread calls, .* --users 1 too"):
        refuse(plan(users=[50]))


def test_an_arrival_rate_is_refused() -> None:
    chosen = plan(stacks=["fastapi-httpx"], scenarios=["health"])
    rate = {"health": (Open(rate_rps=10.0, arrivals="fixed", max_in_flight=9),)}
    with pytest.raises(BenchError, match="a number of users, not at 10/s"):
        list(cases(replace(chosen, profile=replace(chosen.profile, loads=rate)), "head"))
