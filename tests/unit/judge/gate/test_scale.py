import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.judge.cell.metrics import UNPAIRED, Metric
from bench.judge.gate.scale import change, distance, mean, plain, scaled, undistance
from bench.judge.gate.verdict import Change

METRICS = st.sampled_from(list(UNPAIRED.values()))


def test_larger_on_the_scale_is_worse_for_every_metric() -> None:
    assert scaled(UNPAIRED["throughput"], 200.0) < scaled(UNPAIRED["throughput"], 100.0)
    assert scaled(UNPAIRED["p95"], 0.2) > scaled(UNPAIRED["p95"], 0.1)
    assert scaled(UNPAIRED["errors"], 0.2) == 0.2


@given(METRICS, st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_a_difference_on_the_scale_reads_as_the_change_from_base_to_head(
    metric: Metric, base: float, head: float
) -> None:
    told = plain(metric, scaled(metric, head) - scaled(metric, base))
    wanted = head / base - 1 if metric.compared_by == "ratio" else head - base
    assert told == pytest.approx(wanted, rel=1e-9, abs=1e-9)


@given(METRICS, st.floats(0, 10))
def test_a_threshold_is_as_far_in_both_directions(metric: Metric, threshold: float) -> None:
    there, back = (plain(metric, way * distance(metric, threshold)) for way in (1, -1))
    assert there is not None
    assert back is not None
    if metric.compared_by == "ratio":
        assert (1 + there) * (1 + back) == pytest.approx(1.0)
        assert max(there, back) == pytest.approx(threshold)
    else:
        assert (there, back) == (threshold, -threshold)


@given(METRICS, st.floats(0, 10))
def test_a_distance_on_the_scale_reads_as_the_threshold_that_it_was(metric: Metric, threshold: float) -> None:
    assert undistance(metric, distance(metric, threshold)) == pytest.approx(threshold)


@pytest.mark.parametrize("worse", [math.inf, -math.inf, math.nan])
def test_a_distance_that_is_not_finite_reads_as_none(worse: float) -> None:
    assert undistance(UNPAIRED["cpu"], worse) is undistance(UNPAIRED["errors"], worse) is None
    assert undistance(UNPAIRED["cpu"], 1e6) is not None


def test_the_mean_is_geometric_except_for_shares() -> None:
    assert mean(UNPAIRED["throughput"], [100.0, 400.0]) == pytest.approx(200.0)
    assert mean(UNPAIRED["cpu"], [0.001, 0.004]) == pytest.approx(0.002)
    assert mean(UNPAIRED["errors"], [0.0, 0.5]) == 0.25


@pytest.mark.parametrize("worse", [math.inf, -math.inf, math.nan, 1e6, -1e6])
def test_a_change_beyond_all_floats_is_none(worse: float) -> None:
    assert plain(UNPAIRED["cpu"], worse) is plain(UNPAIRED["throughput"], worse) is None


def test_a_change_has_its_low_end_first_whichever_way_is_better() -> None:
    worse = change(UNPAIRED["throughput"], math.log(2), math.log(1.6), math.log(2.5))
    assert worse is not None
    assert [worse.mean, worse.low, worse.high] == pytest.approx([-0.5, -0.6, -0.375])
    assert change(UNPAIRED["errors"], 0.1, -math.inf, math.inf) == Change(0.1, None, None)
