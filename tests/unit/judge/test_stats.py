import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.judge.stats import estimate

FIGURES = st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=12)


def test_three_rounds_reach_2_484_standard_deviations_to_each_side() -> None:
    found = estimate([math.exp(1.0), math.exp(2.0), math.exp(3.0)])
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    # The logarithms 1, 2, 3 have mean 2 and standard deviation 1; t(0.975, 2) / sqrt(3) = 4.303 / 1.732.
    assert math.log(found.mean) == pytest.approx(2.0)
    assert math.log(found.high) - 2 == pytest.approx(2.484, abs=5e-4)
    assert 2 - math.log(found.low) == pytest.approx(2.484, abs=5e-4)


def test_a_single_round_has_no_interval() -> None:
    found = estimate([845.0])
    assert found is not None
    assert (found.mean, found.low, found.high) == (845.0, None, None)


@pytest.mark.parametrize("values", [[], [0.0], [1.0, 0.0, 2.0], [-1.0]])
def test_there_is_no_geometric_mean_of_nothing_or_of_a_zero(values: list[float]) -> None:
    assert estimate(values) is None


@given(FIGURES)
def test_the_mean_lies_in_its_interval_and_among_the_values(values: list[float]) -> None:
    found = estimate(values)
    assert found is not None
    assert min(values) * (1 - 1e-9) <= found.mean <= max(values) * (1 + 1e-9)
    if found.low is not None and found.high is not None:
        assert 0 <= found.low <= found.mean <= found.high
    assert found.values == tuple(values)


@given(st.lists(st.floats(1e-1, 1e3), min_size=2, max_size=12), st.floats(1e-2, 1e2))
def test_the_interval_scales_with_the_figures(values: list[float], factor: float) -> None:
    one, scaled = estimate(values), estimate([value * factor for value in values])
    assert one is not None
    assert scaled is not None
    assert one.low is not None
    assert scaled.low == pytest.approx(one.low * factor, rel=1e-6)
    assert scaled.mean == pytest.approx(one.mean * factor, rel=1e-6)
