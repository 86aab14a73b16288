from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.judge.cell import figures
from bench.judge.cell.figures import DROPPED, TIMEOUT, UNSENT
from bench.judge.cell.percentiles import Curve, curve, joined
from bench.judge.stats.intervals import estimate
from bench.model.cell import Window
from bench.model.samples import Samples

WINDOW = Window(warmup_s=0.0, start_s=0.0, end_s=10.0)
TIMEOUT_S = 30.0
ON_THE_GRID = {10.0: "p90", 100.0: "p99"}


def took(latencies_s: Sequence[float], status: int | Sequence[int] = 200) -> Samples:
    """Requests with these latencies, all scheduled as the window begins, at 0."""
    count = len(latencies_s)
    return Samples(
        scheduled_s=np.zeros(count),
        sent_s=np.zeros(count),
        done_s=np.array(latencies_s, dtype=np.float64),
        status=np.broadcast_to(np.array(status), count),
    )


def found(samples: Samples) -> Curve:
    one = curve(samples, WINDOW, TIMEOUT_S)
    assert one is not None
    return one


def noisy(count: int, seed: int) -> Samples:
    """`count` requests with lognormal latencies: some failed, some were scheduled outside the window."""
    random = np.random.default_rng(seed)
    raw = took(random.lognormal(-3, 1, count).tolist(), random.choice([200, 200, 200, TIMEOUT, UNSENT], count).tolist())
    due_s = random.uniform(-1, 11, count)
    return replace(raw, scheduled_s=due_s, sent_s=due_s, done_s=due_s + raw.done_s)


def test_a_curve_has_twelve_places_for_each_factor_of_ten_and_nearest_ranks_there() -> None:
    one = found(took([float(number) for number in range(1, 1001)]))
    assert len(one.tails) == len(one.latency_s) == 25
    at = dict(zip(one.tails, one.latency_s, strict=True))
    assert (one.tails[0], one.tails[12], one.tails[24]) == (1.0, 10.0, 100.0)
    assert (at[1.0], at[10.0], at[100.0]) == (1.0, 900.0, 990.0)
    # A quarter of a factor of ten: p = 1 - 1 / 1.77828 = 0.43766, which is the 438th of 1000.
    assert one.tails[3] == pytest.approx(1.77828, rel=1e-5)
    assert one.latency_s[3] == 438.0


@pytest.mark.parametrize(
    ("count", "places"),
    # 10 ** (1/12) = 1.2115 and 10 ** (3/12) = 1.7783: beyond them lie 10 of 13 and 10 of 18 requests.
    [(1, 1), (9, 1), (12, 1), (13, 2), (17, 3), (18, 4), (99, 12), (100, 13), (999, 24), (1000, 25), (10_000, 37)],
)
def test_a_curve_ends_where_fewer_than_ten_requests_lie_beyond_and_begins_in_any_case(count: int, places: int) -> None:
    assert len(found(took([0.5] * count)).tails) == places


def test_a_single_request_is_a_curve_of_one_place() -> None:
    assert found(took([0.25])) == Curve((1.0,), (0.25,))


def test_there_is_no_curve_where_the_generator_sent_no_request_of_the_window() -> None:
    assert curve(Samples(), WINDOW, TIMEOUT_S) is None
    assert curve(took([0.1, 0.2], UNSENT), WINDOW, TIMEOUT_S) is None
    assert curve(took([0.1, 0.2]), Window(0.0, 5.0, 10.0), TIMEOUT_S) is None


def test_failed_and_dropped_requests_count_at_the_timeout() -> None:
    status = [200] * 60 + [TIMEOUT] * 20 + [DROPPED] * 20
    one = found(took([1.0] * 60 + [31.0] * 20 + [0.0] * 20, status))
    at = dict(zip(one.tails, one.latency_s, strict=True))
    assert at[1.0] == 1.0
    assert at[10.0] == 31.0  # the 90th of 100: after 60 of 1 s come 20 of 30 s
    assert TIMEOUT_S in one.latency_s


@given(st.integers(100, 4000), st.integers(0, 1000))
def test_a_curve_agrees_with_the_percentiles_of_the_table(count: int, seed: int) -> None:
    raw = noisy(count, seed)
    table, one = figures.latency_s(raw, WINDOW, TIMEOUT_S), curve(raw, WINDOW, TIMEOUT_S)
    assert table is not None
    assert one is not None
    for tail, latency_s in zip(one.tails, one.latency_s, strict=True):
        if tail in ON_THE_GRID:
            assert latency_s == getattr(table, ON_THE_GRID[tail])
        assert latency_s <= table.max
    assert (100.0 in one.tails) is (len(figures.latencies_s(raw, WINDOW, TIMEOUT_S)) >= 1000)


@given(st.integers(1, 2000), st.integers(0, 1000))
def test_a_curve_rises_and_does_not_depend_on_the_order_of_the_requests(count: int, seed: int) -> None:
    raw = noisy(count, seed)
    order = np.random.default_rng(seed).permutation(count)
    names = ("scheduled_s", "sent_s", "done_s", "status")
    shuffled = replace(raw, **{name: getattr(raw, name)[order] for name in names})
    one = curve(raw, WINDOW, TIMEOUT_S)
    assert curve(shuffled, WINDOW, TIMEOUT_S) == one
    if one is not None:
        assert list(one.tails) == sorted(one.tails)
        assert list(one.latency_s) == sorted(one.latency_s)


def test_rounds_are_joined_by_their_geometric_mean_at_the_places_that_all_of_them_have() -> None:
    one, other = Curve((1.0, 10.0, 100.0), (1.0, 4.0, 50.0)), Curve((1.0, 10.0), (4.0, 9.0))
    both = joined([one, other])
    assert both is not None
    assert both.tails == (1.0, 10.0)
    assert both.latency_s == pytest.approx((2.0, 6.0))


def test_no_rounds_have_no_joined_curve_and_a_latency_of_zero_stays_zero() -> None:
    assert joined([]) is None
    both = joined([Curve((1.0,), (0.0,)), Curve((1.0,), (4.0,))])
    assert both == Curve((1.0,), (0.0,))


@given(st.lists(st.lists(st.floats(1e-4, 1e3), min_size=3, max_size=3), min_size=1, max_size=6))
def test_joined_rounds_are_the_estimate_of_each_place(rounds: list[list[float]]) -> None:
    both = joined([Curve((1.0, 2.0, 4.0), tuple(sorted(latencies_s))) for latencies_s in rounds])
    assert both is not None
    for place, mean_s in enumerate(both.latency_s):
        found_there = estimate([sorted(latencies_s)[place] for latencies_s in rounds])
        assert found_there is not None
        assert mean_s == pytest.approx(found_there.mean)
