"""The verdict on one window."""

import math

import pytest

from bench.judge.capacity.grid import Ask
from bench.judge.capacity.steps import most_late
from bench.model.config import Objective, Sought
from tests.unit.judge.capacity.simulated import Machine, Serve, slots


def always(took_s: float, status: int = 200, every: int = 1) -> Serve:
    """Every `every`-th answer takes `took_s` and ends with `status`; all others take 10 ms and are right."""
    return lambda arrivals, _: [
        (at_s + took_s, status) if number % every == 0 else (at_s + 0.01, 200) for number, at_s in enumerate(arrivals)
    ]


@pytest.mark.parametrize("requests", [1, 19, 20, 21, 39, 40, 100, 101, 1000, 1234])
@pytest.mark.parametrize(("percentile", "share"), [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)])
def test_so_many_may_be_late_that_the_percentile_is_within_the_limit(
    requests: int, percentile: str, share: float
) -> None:
    allowed = most_late(Objective(percentile, 0.2), requests)  # type: ignore[arg-type]
    place = math.ceil(share * requests)  # of the nearest rank, from 1
    assert requests - allowed >= place
    assert requests - allowed - 1 < place


@pytest.mark.parametrize(
    ("took_s", "every", "verdict"),
    [(0.19, 1, "held"), (0.21, 1, "exceeded"), (0.5, 25, "held"), (0.5, 15, "exceeded")],
)
def test_the_percentile_decides(took_s: float, every: int, verdict: str) -> None:
    step = Machine(always(took_s, every=every)).window(Ask(200.0, 2.0, "settle"))
    assert step.verdict == verdict


@pytest.mark.parametrize(("every", "verdict"), [(150, "held"), (60, "exceeded")])
def test_more_than_one_failed_request_in_a_hundred_exceeds_it(every: int, verdict: str) -> None:
    step = Machine(always(0.01, status=-500, every=every)).window(Ask(600.0, 2.0, "settle"))
    assert step.verdict == verdict


def test_a_failed_request_is_no_fast_one() -> None:
    sought = Sought(Objective("p50", 0.2), "poisson", 500)
    step = Machine(always(0.01, status=-500), sought).window(Ask(200.0, 2.0, "settle"))
    assert step.verdict == "exceeded"


def test_a_window_that_ended_early_is_judged_by_what_was_planned() -> None:
    step = Machine(slots(4, lambda _: 0.1)).window(Ask(100.0, 2.0, "settle"))
    assert step.verdict == "exceeded"
    assert not step.whole
    assert step.end_s - step.start_s < 1.0
    assert step.requests.ok < 100


def test_a_late_load_generator_leaves_it_open_only_where_the_objective_was_exceeded() -> None:
    late = Machine(always(0.19), late_s=lambda _: 0.03)
    assert late.window(Ask(200.0, 2.0, "settle")).verdict == "not known"
    assert Machine(always(0.1), late_s=lambda _: 0.03).window(Ask(200.0, 2.0, "settle")).verdict == "held"
    assert Machine(always(0.25), late_s=lambda _: 0.008).window(Ask(200.0, 2.0, "settle")).verdict == "exceeded"


def test_what_it_cost() -> None:
    step = Machine(always(0.1), s_per_request=0.002).window(Ask(200.0, 2.0, "settle"))
    assert step.server_s_per_request == pytest.approx(0.002, rel=0.01)
    assert step.server_cores == pytest.approx(0.002 * step.throughput_rps, rel=0.01)
    assert step.memory_bytes == 50_000_000
