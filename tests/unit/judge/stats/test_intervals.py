import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.judge.stats.intervals import estimate, mean_interval, quotient, welch_interval

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


def test_unpaired_rounds_have_welchs_interval_of_their_logarithms() -> None:
    found = quotient([math.exp(2.0), math.exp(3.0), math.exp(4.0)], [1.0, math.exp(1.0)])
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    # Means 3 and 0.5, variances of the means 1/3 and 0.5/2 = 1/4: the standard error is sqrt(7/12) = 0.76376, and
    # Welch's degrees of freedom (7/12)^2 / ((1/3)^2 / 2 + (1/4)^2 / 1) = 0.340278 / 0.118056 = 2.88235.
    # Student's t(0.975) there is 3.2572: between 4.3027 of 2 and 3.1824 of 3.
    assert math.log(found.mean) == pytest.approx(2.5)
    assert math.log(found.high) - 2.5 == pytest.approx(0.76376 * 3.2572, abs=1e-3)
    assert 2.5 - math.log(found.low) == pytest.approx(0.76376 * 3.2572, abs=1e-3)
    assert found.values == (found.mean,)


def test_welchs_interval_of_alike_sides_is_students_with_the_degrees_of_both() -> None:
    found = quotient([math.exp(2.0), math.exp(3.0), math.exp(4.0)], [math.exp(1.0), math.exp(2.0), math.exp(3.0)])
    assert found is not None
    assert found.high is not None
    # Standard error sqrt(1/3 + 1/3) = 0.81650; t(0.975, 4) = 2.77645.
    assert math.log(found.high) - 1.0 == pytest.approx(0.81650 * 2.77645, abs=1e-4)


@pytest.mark.parametrize(("over", "under"), [([2.0], [1.0]), ([2.0], [1.0, 1.1]), ([2.0, 2.1], [1.0])])
def test_a_quotient_with_a_single_round_has_no_interval(over: list[float], under: list[float]) -> None:
    found = quotient(over, under)
    assert found is not None
    assert (found.low, found.high) == (None, None)


@pytest.mark.parametrize(("over", "under"), [([], [1.0]), ([1.0], []), ([1.0, 0.0], [1.0]), ([1.0], [-1.0, 1.0])])
def test_there_is_no_quotient_of_nothing_or_of_a_zero(over: list[float], under: list[float]) -> None:
    assert quotient(over, under) is None


def test_rounds_without_any_spread_have_a_quotient_with_an_interval_of_no_width() -> None:
    found = quotient([3.0, 3.0, 3.0], [2.0, 2.0])
    assert found is not None
    assert found.mean == pytest.approx(1.5)
    assert found.low == found.mean == found.high


@pytest.mark.parametrize("under", [[5.0, 5.0, 5.0], [5.0, 5.000000000000001, 5.0]])
def test_a_side_with_next_to_no_spread_adds_none_to_the_interval(under: list[float]) -> None:
    found, alone = quotient([4.0, 5.0, 6.0], under), estimate([4.0, 5.0, 6.0])
    assert found is not None
    assert alone is not None
    assert alone.low is not None
    assert found.low == pytest.approx(alone.low / 5)


SIDES = st.lists(st.integers(1, 1000).map(float), min_size=2, max_size=8).filter(lambda values: len(set(values)) > 1)


@given(SIDES, SIDES)
def test_the_quotient_the_other_way_round_is_the_inverse(one: list[float], other: list[float]) -> None:
    found, inverse = quotient(one, other), quotient(other, one)
    assert found is not None
    assert inverse is not None
    assert found.low is not None
    assert found.high is not None
    assert inverse.low == pytest.approx(1 / found.high, rel=1e-6)
    assert inverse.high == pytest.approx(1 / found.low, rel=1e-6)
    assert inverse.mean == pytest.approx(1 / found.mean, rel=1e-9)
    assert found.low <= found.mean <= found.high


@given(SIDES, SIDES, st.floats(0.01, 100))
def test_a_faster_machine_changes_both_sides_and_not_their_quotient(
    one: list[float], other: list[float], speed: float
) -> None:
    found = quotient(one, other)
    faster = quotient([value * speed for value in one], [value * speed for value in other])
    assert found is not None
    assert faster is not None
    assert faster.mean == pytest.approx(found.mean, rel=1e-6)
    assert faster.low == pytest.approx(found.low, rel=1e-6)


def test_plain_differences_have_students_interval_of_their_mean() -> None:
    # Mean 2, standard deviation 1; t(0.975, 2) / sqrt(3) = 4.30265 / 1.73205.
    assert mean_interval([1.0, 2.0, 3.0]) == pytest.approx((2.0, 2 - 2.48414, 2 + 2.48414), abs=1e-5)
    # Mean 0.5, variance 5/3 over 4 values; t(0.975, 3) = 3.18245 times 0.645497.
    assert mean_interval([-1.0, 0.0, 1.0, 2.0]) == pytest.approx((0.5, 0.5 - 2.05426, 0.5 + 2.05426), abs=1e-5)


def test_the_interval_of_a_single_difference_is_infinite() -> None:
    assert mean_interval([0.3]) == (0.3, -math.inf, math.inf)


def test_there_is_no_mean_of_no_differences() -> None:
    with pytest.raises(ValueError, match="no differences"):
        mean_interval([])


def test_the_difference_of_two_means_has_welchs_interval() -> None:
    # As in the quotient above: standard error 0.76376, 2.88235 degrees of freedom, Student's t(0.975) = 3.2572.
    assert welch_interval([2.0, 3.0, 4.0], [0.0, 1.0]) == pytest.approx(
        (2.5, 2.5 - 0.76376 * 3.2572, 2.5 + 0.76376 * 3.2572), abs=1e-3
    )


@pytest.mark.parametrize(("over", "under"), [([2.0], [1.0]), ([2.0], [1.0, 1.0]), ([2.0, 2.0], [1.0])])
def test_welchs_interval_of_a_single_value_is_infinite(over: list[float], under: list[float]) -> None:
    assert welch_interval(over, under) == (1.0, -math.inf, math.inf)


@pytest.mark.parametrize(("over", "under"), [([], [1.0]), ([1.0, 2.0], []), ([], [])])
def test_there_is_no_difference_of_means_without_values(over: list[float], under: list[float]) -> None:
    with pytest.raises(ValueError, match="without values on both sides"):
        welch_interval(over, under)


@given(SIDES, SIDES)
def test_the_quotient_is_welchs_interval_of_the_logarithms(over: list[float], under: list[float]) -> None:
    found = quotient(over, under)
    ends = welch_interval([math.log(value) for value in over], [math.log(value) for value in under])
    assert found is not None
    assert (found.mean, found.low, found.high) == tuple(math.exp(end) for end in ends)


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=12))
def test_the_estimate_of_figures_is_the_interval_of_their_logarithms(differences: list[float]) -> None:
    found = estimate([math.exp(difference) for difference in differences])
    assert found is not None
    assert (found.mean, found.low, found.high) == pytest.approx(
        tuple(math.exp(end) for end in mean_interval(differences)), rel=1e-9
    )


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=12))
def test_differences_of_the_other_sign_have_the_mirrored_interval(differences: list[float]) -> None:
    mean, low, high = mean_interval(differences)
    assert mean_interval([-difference for difference in differences]) == (-mean, -high, -low)
    assert low <= mean <= high


SESSIONS = 4000
CHANGE = 0.05


@pytest.mark.parametrize("rounds", range(5, 13))
def test_one_session_in_twenty_misses_the_true_change(rounds: int) -> None:
    random = np.random.default_rng(rounds)
    sessions = random.normal(CHANGE, 0.1, size=(SESSIONS, rounds)).tolist()
    missed = missed_low = 0
    for session in sessions:
        _, low, high = mean_interval(session)
        missed += not low <= CHANGE <= high
        missed_low += high < CHANGE
    assert 0.03 <= missed / SESSIONS <= 0.07
    assert 0.015 <= missed_low / SESSIONS <= 0.035


@pytest.mark.parametrize("rounds", range(5, 13))
def test_one_session_in_twenty_misses_the_true_ratio(rounds: int) -> None:
    random = np.random.default_rng(100 + rounds)
    missed = 0
    for session in random.lognormal(CHANGE, 0.1, size=(SESSIONS, rounds)).tolist():
        found = estimate(session)
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        missed += not found.low <= math.exp(CHANGE) <= found.high
    assert 0.03 <= missed / SESSIONS <= 0.07
