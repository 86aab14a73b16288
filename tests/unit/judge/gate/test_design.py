import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bench.judge.gate.design import Design, MannWhitney, SignFlip

DESIGNS: list[Design] = [SignFlip(), MannWhitney()]
SAME_LENGTH = st.integers(2, 8).flatmap(
    lambda count: st.tuples(*(st.lists(st.integers(-50, 50).map(float), min_size=count, max_size=count),) * 2)
)


def test_pairs_are_compared_by_their_differences() -> None:
    # Differences 1, 2, 3: one of eight signings adds up to 6; t(0.975, 2) / sqrt(3) = 2.48414.
    head, base = [11.0, 22.0, 33.0], [10.0, 20.0, 30.0]
    assert SignFlip().p(head, base) == 1 / 8
    assert SignFlip().interval(head, base) == pytest.approx((2.0, 2 - 2.48414, 2 + 2.48414), abs=1e-5)
    assert SignFlip().deviation(head, base) == pytest.approx(1.0)


def test_unpaired_rounds_are_compared_by_their_ranks_and_means() -> None:
    # Of C(5, 2) = 10 choices one has the two highest ranks. Variances of the means: 1/3 and 8/2 = 4.
    head, base = [14.0, 10.0], [1.0, 2.0, 3.0]
    assert MannWhitney().p(head, base) == pytest.approx(1 / 10)
    mean, low, high = MannWhitney().interval(head, base)
    assert mean == pytest.approx(10.0)
    # Welch's degrees of freedom: (13/3)^2 / ((1/3)^2 / 2 + 4^2) = 18.7778 / 16.0556 = 1.16955.
    around = math.sqrt(13 / 3) * float(stats.t.ppf(0.975, 1.16955))
    assert (low, high) == pytest.approx((10.0 - around, 10.0 + around), rel=1e-5)
    # Squares 2 and 8, with 3 degrees of freedom.
    assert MannWhitney().deviation(head, base) == pytest.approx(math.sqrt(10 / 3))


def test_the_order_of_the_rounds_matters_in_pairs_only() -> None:
    head, base = [1.1, 2.1, 3.1], [1.0, 2.0, 3.0]
    assert SignFlip().p(head, base) < SignFlip().p(head, base[::-1])
    assert SignFlip().deviation(head, base) < SignFlip().deviation(head, base[::-1])
    assert MannWhitney().p(head, base) == MannWhitney().p(head, base[::-1])
    assert MannWhitney().interval(head, base) == MannWhitney().interval(head, base[::-1])


def test_pairs_need_as_many_values_on_both_sides() -> None:
    for compare in (SignFlip().p, SignFlip().interval):
        with pytest.raises(ValueError, match="shorter"):
            compare([1.0, 2.0], [1.0])


@pytest.mark.parametrize("design", DESIGNS)
def test_a_single_round_has_neither_deviation_nor_interval(design: Design) -> None:
    assert math.isnan(design.deviation([2.0], [1.0]))
    assert design.interval([2.0], [1.0]) == (1.0, -math.inf, math.inf)


def test_one_round_against_two_has_the_deviation_of_the_two() -> None:
    assert MannWhitney().deviation([5.0], [1.0, 3.0]) == pytest.approx(math.sqrt(2))


def test_values_whose_exponential_is_no_float_have_an_interval() -> None:
    for design in DESIGNS:
        mean, low, high = design.interval([900.0, 901.0], [-900.0, -899.0])
        assert mean == 1800.0
        assert low <= mean <= high < math.inf


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("count", [2, 5, 9])
def test_the_least_p_is_that_of_a_head_that_is_always_larger(design: Design, count: int) -> None:
    head, base = [100.0 + number for number in range(count)], [float(number) for number in range(count)]
    assert design.p(head, base) == design.least_p(count, count)
    assert design.p(base, head) == 1.0


@pytest.mark.parametrize("design", DESIGNS)
@given(values=SAME_LENGTH)
def test_swapping_the_sides_mirrors_the_interval(design: Design, values: tuple[list[float], list[float]]) -> None:
    mean, low, high = design.interval(*values)
    assert design.interval(*values[::-1]) == pytest.approx((-mean, -high, -low), abs=1e-9)
    assert design.deviation(*values) == pytest.approx(design.deviation(*values[::-1]))


@pytest.mark.parametrize("design", DESIGNS)
def test_with_as_many_rounds_as_are_needed_the_margin_is_detectable_and_with_one_fewer_it_is_not(
    design: Design,
) -> None:
    count = design.needed(0.02, 0.01, 0.005, 2)
    assert count is not None
    assert design.detectable(0.02, count, count, 0.005, 0.0) <= 0.01
    assert design.detectable(0.02, count - 1, count - 1, 0.005, 0.0) > 0.01
    assert design.needed(0.02, 0.01, 0.005, count + 3) == count + 3
    assert design.detectable(0.02, count, count, 0.005, 0.1) == pytest.approx(
        0.1 + design.detectable(0.02, count, count, 0.005, 0.0)
    )
