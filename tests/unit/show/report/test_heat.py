import math

import pytest

from bench.judge.cell.metrics import ERRORS, MEMORY, P95, THROUGHPUT
from bench.show.report.heat import LEAST, tints


def test_the_best_is_strongest_the_worst_has_none_and_equal_ratios_are_equal_steps() -> None:
    assert tints(THROUGHPUT, [1.0, 10.0, 100.0]) == pytest.approx((0.0, 0.5, 1.0))
    assert tints(P95, [1.0, 10.0, 100.0]) == pytest.approx((1.0, 0.5, 0.0))


def test_what_is_missing_has_no_tint_and_is_no_end_of_the_scale() -> None:
    assert tints(P95, [None, 1.0, 4.0]) == (None, 1.0, 0.0)
    assert tints(P95, [None]) == (None,)
    assert tints(P95, []) == ()


def test_values_that_differ_by_no_more_than_noise_have_no_tint() -> None:
    assert tints(MEMORY, [100.0, 100.9]) == (None, None)
    assert tints(MEMORY, [100.0, 102.0]) != (None, None)
    assert tints(ERRORS, [0.0, 0.0009]) == (None, None)


def test_a_small_difference_looks_small() -> None:
    assert tints(MEMORY, [100.0, 105.0]) == pytest.approx((1.0, 1 - math.log(1.05) / LEAST))


def test_where_a_value_is_0_equal_differences_are_equal_steps() -> None:
    assert tints(ERRORS, [0.0, 0.25, 1.0]) == (1.0, 0.75, 0.0)
