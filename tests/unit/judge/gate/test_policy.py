import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.judge.cell import metrics
from bench.judge.gate.policy import PAIRED, UNPAIRED, Policy
from bench.model.cell import Limit, Measurement
from bench.model.config import Load
from tests.unit.builders import cell, changed
from tests.unit.sessions import CLOSED, OPEN


def limited(*limits: Limit | None) -> list[Measurement]:
    """Measurements with these limits; None: without a bottleneck."""
    cells = (cell(limit=limit) if limit is not None else changed(cell(), bottleneck=None) for limit in limits)
    return [one.measurement for one in cells]


@pytest.mark.parametrize(
    ("policy", "load", "limits", "gated"),
    [
        (PAIRED, CLOSED, ["server cpu"], ("throughput", "throughput_mean", "tail", "tail_mean", "memory", "errors")),
        (PAIRED, CLOSED, ["slots"], ("cpu", "cpu_mean", "tail", "tail_mean", "memory", "errors")),
        (PAIRED, OPEN, ["server cpu"], ("p95", "tail", "errors")),
        (PAIRED, OPEN, ["slots"], ("p95", "tail", "errors")),
        (UNPAIRED, CLOSED, ["server cpu"], ("throughput", "memory", "errors")),
        (UNPAIRED, CLOSED, ["slots"], ("cpu", "memory", "errors")),
        (UNPAIRED, OPEN, ["server cpu"], ("throughput", "p95", "memory", "errors")),
        (UNPAIRED, OPEN, ["slots"], ("cpu", "p95", "memory", "errors")),
    ],
)
def test_each_policy_gates_its_metrics_under_each_load(
    policy: Policy, load: Load, limits: list[Limit], gated: tuple[str, ...]
) -> None:
    assert policy.gated(load, limited(*limits)) == gated


@pytest.mark.parametrize(
    ("limits", "cost"),
    [
        (["server cpu", "server cpu", "slots"], "throughput"),
        (["server cpu", "slots"], "cpu"),
        (["server cpu", None, None], "throughput"),
        ([None], "cpu"),
        ([], "cpu"),
    ],
)
def test_throughput_is_gated_where_the_servers_cpu_limits_most_measurements_that_have_a_bottleneck(
    limits: list[Limit | None], cost: str
) -> None:
    for policy in (PAIRED, UNPAIRED):
        assert policy.gated(CLOSED, limited(*limits))[0] == cost


@pytest.mark.parametrize("policy", [PAIRED, UNPAIRED])
def test_all_that_a_policy_gates_or_adds_context_to_is_one_of_its_metrics(policy: Policy) -> None:
    named = {
        name
        for load in (CLOSED, OPEN)
        for limit in ("server cpu", "slots")
        for name in policy.gated(load, limited(limit))
    }
    assert named == set(policy.metrics)
    assert set(policy.context) <= set(policy.metrics)


def test_paired_memory_is_anonymous_memory_and_unpaired_memory_is_not() -> None:
    one = cell(pss_bytes=50_000_000).measurement
    assert (PAIRED.metrics, UNPAIRED.metrics) == (metrics.PAIRED, metrics.UNPAIRED)
    assert UNPAIRED.metrics["memory"].value(one) == 50_000_000
    assert PAIRED.metrics["memory"].value(one) != 50_000_000


@pytest.mark.parametrize(
    ("members", "alpha", "restarts"),
    [
        (10, 0.05, 8),
        (5, 0.05, 7),
        (3, 0.05, 6),
        (1, 0.05, 5),
        (1, 0.5, 1),
        (1, 0.03125, 5),
        (2, 0.03125, 6),
        (10, 0.01, 10),
    ],
)
def test_so_many_restarts_are_the_fewest_that_can_show_anything(members: int, alpha: float, restarts: int) -> None:
    assert PAIRED.least_rounds(members, alpha) == restarts


@given(st.integers(1, 100), st.floats(0.001, 0.5))
def test_with_the_fewest_restarts_the_least_p_is_small_enough_and_with_one_fewer_it_is_not(
    members: int, alpha: float
) -> None:
    restarts = PAIRED.least_rounds(members, alpha)
    assert restarts is not None
    assert members * 2.0**-restarts <= alpha * (1 + 1e-12)
    assert members * 2.0 ** -(restarts - 1) > alpha * (1 - 1e-12)


@pytest.mark.parametrize(("tests", "alpha", "rounds"), [(1, 0.05, 3), (3, 0.05, 4), (20, 0.05, 6), (1, 1e-9, 17)])
def test_two_runs_need_so_many_rounds_each_to_show_anything(tests: int, alpha: float, rounds: int) -> None:
    # C(6, 3) = 20, C(8, 4) = 70 >= 60, C(12, 6) = 924 >= 400 > C(10, 5), C(34, 17) > 10^9 > C(32, 16).
    assert UNPAIRED.least_rounds(tests, alpha) == rounds


def test_an_alpha_that_no_number_of_rounds_can_reach_has_no_least_number() -> None:
    # A sign-flip test gives 24 signs at most, so its p is never below 6e-8.
    assert PAIRED.least_rounds(1, 1e-9) is None
