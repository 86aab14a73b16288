"""What a plan asks of the machine."""

from dataclasses import replace

import pytest

from bench.model.run import Selftest
from bench.plan.demand import Demand, demand, refusal, unproven
from tests.unit.builders import FLASK, HOLD_S, plan

FOUND = Selftest("", ((), ()), 30_000.0, 1000.0, 0.001, 500, 5000.0, 0.002, 0.0, 0.001, 20_000, 0.0, 0.0, ())


def test_a_plan_asks_for_its_highest_rate_its_most_users_and_twice_the_calls_that_may_come() -> None:
    mixed = plan({"flask": FLASK}, {"weather": (10, 100), "other": (50,)}, rates={"weather": (300.0, 100.0)})
    assert demand(mixed) == Demand(300.0, 100, 2 * 100 / HOLD_S)


def test_three_calls_a_request_count_three_times_and_none_not_at_all() -> None:
    one = plan({"flask": FLASK}, {"weather": (10,)})
    scenario = one.scenarios["weather"]
    call = scenario.upstream["weather"]
    thrice = replace(one, scenarios={"weather": replace(scenario, upstream={"weather": replace(call, calls=3)})})
    assert demand(thrice).upstream_rps == 3 * demand(one).upstream_rps
    without = replace(one, scenarios={"weather": replace(scenario, upstream={}, hold_s=0.0)})
    assert demand(without) == Demand(0.0, 10, 0.0)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Demand(1000.0, 500, 99_999.0), None),
        (
            Demand(1000.1, 500, 0.0),
            "this machine cannot send 1000.1/s on schedule: the selftest succeeded up to 1000/s",
        ),
        (Demand(0.0, 501, 0.0), "this machine cannot keep 501 users busy: the selftest succeeded up to 500 users"),
    ],
)
def test_what_is_beyond_the_selftest_is_refused(asked: Demand, words: str | None) -> None:
    assert refusal(asked, FOUND) == words


def test_where_nothing_is_sound_the_refusal_says_so() -> None:
    nothing = replace(FOUND, open_rps=0.0, users=0, upstream_rps=0.0)
    assert "the selftest failed at every rate tried" in str(refusal(Demand(10.0, 0, 0.0), nothing))
    assert "the selftest failed at every number tried" in str(refusal(Demand(0.0, 10, 0.0), nothing))
    assert "the mock upstream failed its check at every rate tried" in str(unproven(Demand(0.0, 10, 1.0), nothing))


def test_an_upstream_that_was_not_proven_to_twice_the_rate_is_said_not_refused() -> None:
    assert unproven(Demand(0.0, 10, 5000.0), FOUND) is None
    said = unproven(Demand(0.0, 10, 5001.0), FOUND)
    assert said is not None
    assert "passed its check up to 5000/s" in said
    assert refusal(Demand(0.0, 10, 5001.0), FOUND) is None
