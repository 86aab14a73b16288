"""Where a short series steps."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.judge.history.steps import DRAWS, DRIFT, LEAST_VALUES, detectable, drifting, enough, likeliest

NOISE = [0.3, -0.2, 0.1, -0.4, 0.2, -0.1, 0.0, 0.35, -0.3, 0.15, -0.05, 0.25]


def stepped(place: int, size: float) -> list[float]:
    return [value + (size if number >= place else 0.0) for number, value in enumerate(NOISE)]


@pytest.mark.parametrize("place", [2, 5, 6, 10])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_large_step_is_found_where_it_is(place: int, sign: int) -> None:
    found = likeliest(stepped(place, 3.0 * sign))
    assert found is not None
    assert found.place == place
    assert found.p < 0.01


def test_noise_is_no_step() -> None:
    found = likeliest(NOISE)
    assert found is not None
    assert found.p > 0.2


def test_a_single_outlier_is_no_step_wherever_it_is() -> None:
    for place in range(len(NOISE)):
        found = likeliest([value + (5.0 if number == place else 0.0) for number, value in enumerate(NOISE)])
        assert found is not None
        assert found.p > 0.05


@given(st.floats(-1e3, 1e3), st.sampled_from((LEAST_VALUES, 8, 20)))
def test_equal_values_are_no_step(value: float, count: int) -> None:
    found = likeliest([value] * count)
    assert found is not None
    assert found.p == 1.0


@given(st.lists(st.floats(-5, 5), min_size=LEAST_VALUES, max_size=12), st.floats(0.1, 10), st.floats(-5, 5))
def test_neither_the_unit_nor_the_order_of_time_matters(values: list[float], factor: float, shift: float) -> None:
    one, other = likeliest(values), likeliest([shift - factor * value for value in reversed(values)])
    assert one is not None
    assert other is not None
    if np.ptp(values) > 1e-3:
        assert one.p == pytest.approx(other.p, abs=2 / DRAWS)


def test_a_step_without_noise_has_the_least_p() -> None:
    found = likeliest([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])
    assert found is not None
    assert (found.place, found.p) == (3, 1 / (DRAWS + 1))


def test_too_few_values_show_nothing_nor_does_a_place_near_an_end() -> None:
    assert likeliest([1.0, 1.0, 2.0, 2.0]) is None
    assert likeliest(NOISE, 1) is None
    assert likeliest(NOISE, 11) is None
    assert not enough(4)
    assert enough(5)
    assert enough(5, 2)
    assert not enough(5, 4)


def test_a_place_that_is_known_takes_less_than_the_likeliest_of_all() -> None:
    known, likely = likeliest(stepped(6, 0.5), 6), likeliest(stepped(6, 0.5))
    assert known is not None
    assert likely is not None
    assert (known.place, likely.place) == (6, 6)
    assert known.p < likely.p


@pytest.mark.parametrize("count", [8, 20])
def test_about_half_of_the_steps_that_are_called_detectable_are_found(count: int) -> None:
    series = drifting(np.random.default_rng(1), 400, count, 0.0)
    series[:, count // 2 :] += detectable(1.0, count, 0.01)
    found = [likeliest(list(values)) for values in series]
    assert 0.4 < np.mean([one is not None and one.p <= 0.01 for one in found]) < 0.7


def test_nothing_is_detectable_in_too_few_values_or_at_too_small_a_level() -> None:
    assert math.isinf(detectable(1.0, 4, 0.01))
    assert math.isinf(detectable(1.0, 20, 0.1 / DRAWS))
    assert math.isfinite(detectable(1.0, 20, 1.5 / DRAWS))


def test_drifting_values_have_the_variance_and_the_correlation_that_they_should() -> None:
    values = drifting(np.random.default_rng(1), 4000, 10, DRIFT)
    assert values.std() == pytest.approx(1.0, abs=0.02)
    assert float(np.mean(values[:, :-1] * values[:, 1:])) == pytest.approx(DRIFT, abs=0.03)
