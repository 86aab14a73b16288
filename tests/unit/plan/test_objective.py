"""Objectives as people write them."""

from dataclasses import replace

import pytest

from bench.model.config import Objective
from bench.plan.objective import default_objective, objective
from tests.unit.builders import SYNC, plan


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("p95:200ms", Objective("p95", 0.2)),
        ("P99:1.5s", Objective("p99", 1.5)),
        (" p50:50ms ", Objective("p50", 0.05)),
    ],
)
def test_a_percentile_and_its_limit(text: str, found: Objective) -> None:
    assert objective(text) == found


@pytest.mark.parametrize(
    "text", ["", "p95", "200ms", "p90:200ms", "p95:200", "p95:0ms", "p95:-1s", "p95:9999s", "p95:1e3ms"]
)
def test_anything_else_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="write p50, p95 or p99, a colon and a time, such as p95:200ms"):
        objective(text)


@pytest.mark.parametrize(("hold_s", "limit_s"), [(0.0, 0.1), (0.02, 0.12), (0.1, 0.2), (0.65, 1.3)])
def test_the_default_is_twice_what_a_request_waits_for_and_100_ms_more_at_least(hold_s: float, limit_s: float) -> None:
    scenario = replace(plan({"one": SYNC}, {"weather": (10,)}).scenarios["weather"], hold_s=hold_s)
    found = default_objective(scenario)
    assert (found.percentile, found.failures) == ("p95", 0.01)
    assert found.limit_s == pytest.approx(limit_s)
