import math
from dataclasses import replace

import numpy as np
import pytest

from bench.model import loads
from bench.model.config import Closed, Load, Open, UpstreamCall
from tests.unit.builders import FASTAPI, FLASK, plan

FIXED = Open(rate_rps=100.0, arrivals="fixed", max_in_flight=50)
POISSON = replace(FIXED, arrivals="poisson")
PLAN = plan({"a": FLASK, "b": FASTAPI}, {"weather": (10, 40)}, rates={"weather": (100.0,)})


@pytest.mark.parametrize(
    ("load", "name"),
    [
        (Closed(users=1), "1 user"),
        (Closed(users=10), "10 users"),
        (FIXED, "100/s"),
        (replace(FIXED, rate_rps=0.5), "0.5/s"),
        (POISSON, "100/s (Poisson)"),
    ],
)
def test_a_load_is_called_by_its_users_or_by_its_rate(load: Load, name: str) -> None:
    assert loads.load_name(load) == name


def test_the_amount_of_a_load_is_its_users_or_its_rate() -> None:
    assert loads.amount(Closed(users=10)) == 10.0
    assert loads.amount(POISSON) == 100.0


def test_an_open_load_keeps_rate_times_holding_time_under_way_and_a_closed_one_its_users() -> None:
    scenario = replace(PLAN.scenarios["weather"], hold_s=0.3)
    for stack in PLAN.stacks.values():
        assert loads.expected_in_flight(FIXED, scenario, stack) == pytest.approx(30.0)
        assert loads.expected_in_flight(Closed(users=7), scenario, stack) == 7.0


@pytest.mark.parametrize(("slots", "under_way"), [(None, 25.0), (26, 25.0), (25, 25.0), (24, 50.0), (4, 50.0)])
@pytest.mark.parametrize("load", [FIXED, POISSON])
def test_an_open_load_beyond_the_slots_of_the_stack_keeps_as_many_under_way_as_may_be(
    load: Open, slots: int | None, under_way: float
) -> None:
    scenario, stack = replace(PLAN.scenarios["weather"], hold_s=0.25), replace(PLAN.stacks["a"], slots=slots)
    assert loads.expected_in_flight(load, scenario, stack) == under_way
    assert loads.expected_in_flight(Closed(users=40), scenario, stack) == 40.0


def test_upstream_waits_are_the_sum_of_the_mean_delays() -> None:
    calls = {"users": UpstreamCall(2, 0.1), "orders": UpstreamCall(1, 0.05, 0.5)}
    assert loads.upstream_waits_s(calls) == pytest.approx(2 * 0.1 + 0.05 * math.exp(0.125))
    assert loads.upstream_waits_s({}) == 0.0
    drawn = 0.05 * np.random.default_rng(1).lognormal(0, 0.5, 400_000)
    assert loads.upstream_waits_s({"orders": calls["orders"]}) == pytest.approx(drawn.mean(), rel=0.01)


def test_the_most_in_flight_is_the_highest_closed_load_or_the_limit_of_an_open_one() -> None:
    assert loads.most_in_flight(PLAN.profile) == 500
    assert loads.most_in_flight(replace(PLAN.profile, loads={"x": (Closed(users=9),), "y": (FIXED,)})) == 50
    assert loads.most_in_flight(replace(PLAN.profile, loads={"x": (Closed(users=9), Closed(users=90))})) == 90


@pytest.mark.parametrize(
    ("load", "within"),
    [
        (Closed(users=39), True),
        (Closed(users=40), True),
        (Closed(users=41), False),
        (replace(FIXED, rate_rps=99.9), True),
        (FIXED, True),
        (replace(FIXED, rate_rps=100.1), False),
    ],
)
def test_a_stack_is_given_loads_up_to_its_own_limit_and_others_all(load: Load, within: bool) -> None:
    profile = replace(PLAN.profile, max_users={"a": 40}, max_rate_rps={"a": 100.0})
    assert loads.within(profile, "a", load) is within
    assert loads.within(profile, "b", load)


def test_a_limit_of_users_keeps_no_stack_from_a_rate_nor_the_other_way_round() -> None:
    assert loads.within(replace(PLAN.profile, max_users={"a": 1}), "a", FIXED)
    assert loads.within(replace(PLAN.profile, max_rate_rps={"a": 1.0}), "a", Closed(users=1000))
