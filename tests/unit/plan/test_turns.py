from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench.model.config import Timing
from bench.plan.turns import Pace, SlicePlan
from bench.plan.turns import slices as planned_slices
from loadtests.engine.plan import SlicePlan as Handed

P50S = st.floats(0.0, 5.0)
LEAST = st.floats(0.05, 5.0)
WINDOWS = st.floats(0.1, 120.0)
WARMUPS = st.floats(0.0, 20.0)
SEEDS = st.text("0123456789/", max_size=8)


def slices(p50_s: float, least_s: float, window_s: float, warmup_s: float, seed: str) -> tuple[SlicePlan, ...]:
    return planned_slices(Pace(p50_s, least_s), Timing(warmup_s, window_s, window_limit_s=window_s), seed)


def pairs(planned: Sequence[SlicePlan]) -> list[tuple[SlicePlan, SlicePlan]]:
    return list(zip(planned[::2], planned[1::2], strict=True))


def counted(planned: Sequence[SlicePlan]) -> list[tuple[SlicePlan, SlicePlan]]:
    """The pairs after the warm-up."""
    return pairs(planned)[1:]


def firsts(planned: Sequence[SlicePlan]) -> Counter[int]:
    """How often each server comes first in a pair that counts."""
    return Counter(first.measurement for first, _ in counted(planned))


@pytest.mark.parametrize(
    ("p50_s", "length_s", "dropped_s", "number"),
    [
        pytest.param(0.0, 1.0, 0.0, 12, id="the least"),
        pytest.param(0.02, 1.0, 0.04, 12, id="still the least"),
        pytest.param(0.1, 1.0, 0.2, 12, id="just the least"),
        pytest.param(0.2, 2.0, 0.4, 6, id="ten medians"),
        pytest.param(0.5, 5.0, 1.0, 2, id="few of them"),
    ],
)
def test_a_slice_lasts_ten_median_latencies_or_the_least_and_its_first_two_latencies_do_not_count(
    p50_s: float, length_s: float, dropped_s: float, number: int
) -> None:
    found = counted(slices(p50_s, 1.0, window_s=12.0, warmup_s=1.0, seed="1"))
    assert len(found) == number
    assert {(one.length_s, one.dropped_s) for pair in found for one in pair} == {(length_s, dropped_s)}


@pytest.mark.parametrize(
    ("p50_s", "warmup_s", "length_s"), [(0.1, 3.0, 3.0), (0.1, 0.5, 1.0), (0.2, 1.5, 2.0), (0.2, 2.5, 2.5)]
)
def test_both_servers_warm_up_for_the_warm_up_or_a_slice_whichever_is_longer_and_none_of_it_counts(
    p50_s: float, warmup_s: float, length_s: float
) -> None:
    warming = slices(p50_s, 1.0, window_s=6.0, warmup_s=warmup_s, seed="1")[:2]
    assert {one.measurement for one in warming} == {0, 1}
    assert {(one.length_s, one.dropped_s) for one in warming} == {(length_s, length_s)}


@pytest.mark.parametrize(("window_s", "number"), [(0.5, 1), (1.4, 1), (1.6, 2), (6.0, 6), (20.6, 21)])
def test_each_server_gets_about_the_window_in_all(window_s: float, number: int) -> None:
    assert len(counted(slices(0.05, 1.0, window_s, warmup_s=1.0, seed="1"))) == number


def test_slices_may_be_shorter_or_longer_than_a_second() -> None:
    assert {one.length_s for one in slices(0.01, 0.25, 6.0, 0.0, "1")} == {0.25}
    assert len(counted(slices(0.01, 0.25, 6.0, 0.0, "1"))) == 24
    assert len(counted(slices(0.01, 3.0, 6.0, 0.0, "1"))) == 2


def test_there_is_one_pair_even_where_answers_take_longer_than_the_window() -> None:
    found = slices(3.8, 1.0, window_s=6.0, warmup_s=2.0, seed="1")
    assert [(one.length_s, one.dropped_s) for one in found] == [(38.0, 38.0)] * 2 + [(38.0, 7.6)] * 2


def test_which_server_warms_up_first_and_which_is_first_in_an_odd_pair_is_random() -> None:
    tried = [slices(0.1, 1.0, window_s=5.0, warmup_s=1.0, seed=f"7/{number}") for number in range(200)]
    assert 70 <= sum(one[0].measurement for one in tried) <= 130
    oftener = [firsts(one).most_common(1)[0] for one in tried]
    assert {times for _, times in oftener} == {3}
    assert 70 <= sum(server for server, _ in oftener) <= 130


def test_the_order_of_a_session_is_shuffled_and_differs_between_restarts() -> None:
    orders = {
        tuple(first.measurement for first, _ in counted(slices(0.1, 1.0, 6.0, 1.0, seed=f"7/{number}")))
        for number in range(200)
    }
    assert len(orders) == 20  # every order with each server first in three of six pairs


@given(P50S, LEAST, WINDOWS, WARMUPS, SEEDS)
@example(0.1, 1.0, 1.5, 1.0, "1")
@example(0.1, 1.0, 2.5, 1.0, "1")
def test_each_server_is_first_in_half_of_the_pairs_and_has_as_many_slices_as_the_other(
    p50_s: float, least_s: float, window_s: float, warmup_s: float, seed: str
) -> None:
    planned = slices(p50_s, least_s, window_s, warmup_s, seed)
    assert len(planned) % 2 == 0
    assert len(planned) >= 4
    assert all({one.measurement for one in pair} == {0, 1} for pair in pairs(planned))
    found = firsts(planned)
    assert abs(found[0] - found[1]) == len(counted(planned)) % 2


@given(P50S, LEAST, WINDOWS, WARMUPS, SEEDS)
def test_only_the_warm_up_is_left_out_and_the_slices_add_up_to_the_window_within_half_a_slice(
    p50_s: float, least_s: float, window_s: float, warmup_s: float, seed: str
) -> None:
    warming, *rest = pairs(slices(p50_s, least_s, window_s, warmup_s, seed))
    assert all(one.dropped_s == one.length_s >= warmup_s for one in warming)
    assert all(0 <= one.dropped_s < one.length_s for pair in rest for one in pair)
    length_s = rest[0][0].length_s
    assert len({(one.length_s, one.dropped_s) for pair in rest for one in pair}) == 1
    assert len(rest) == 1 or abs(len(rest) * length_s - window_s) <= length_s / 2 + 1e-9


@given(P50S, LEAST, WINDOWS, WARMUPS, SEEDS)
def test_the_same_seed_has_the_same_order(
    p50_s: float, least_s: float, window_s: float, warmup_s: float, seed: str
) -> None:
    assert slices(p50_s, least_s, window_s, warmup_s, seed) == slices(p50_s, least_s, window_s, warmup_s, seed)


def test_a_slice_is_what_the_load_generator_understands() -> None:
    one = SlicePlan(measurement=1, length_s=2.0, dropped_s=0.5)
    assert astuple(Handed(measurement=1, length_s=2.0, dropped_s=0.5)) == astuple(one)
    assert Handed.__dataclass_fields__.keys() == SlicePlan.__dataclass_fields__.keys()
