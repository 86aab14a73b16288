from dataclasses import replace

from bench.judge.stats.rounds import over_rounds
from tests.unit.builders import Shape, plan

PLAN = plan({"flask": Shape(1), "fast": Shape(1)}, {"weather": (10,)})


def test_a_service_that_ran_already_has_no_interval_because_its_rounds_are_no_restarts() -> None:
    there = replace(PLAN.stacks["fast"], url="http://127.0.0.1:1", argv=())
    attached = replace(PLAN, stacks={**PLAN.stacks, "fast": there})
    started, mixed = over_rounds([1.0, 1.1], PLAN, "flask", "fast"), over_rounds([1.0, 1.1], attached, "flask", "fast")
    assert started is not None
    assert mixed is not None
    assert started.low is not None
    assert (mixed.low, mixed.high) == (None, None)
    assert mixed.mean == started.mean
    assert over_rounds([], PLAN, "flask") is None
