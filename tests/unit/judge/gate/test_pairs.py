import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.judge.cell.metrics import PAIRED
from bench.judge.gate.evidence import paired
from bench.judge.gate.pairs import CHANGES
from bench.judge.gate.thresholds import Gate
from bench.model.run import Gated
from tests.unit.judge.gate.made_up import CPU, FLASK, OK, first, repeated, sliced
from tests.unit.sessions import CLOSED, OPEN, measurement

THROUGHPUT, THROUGHPUT_MEAN, CPU_MEAN, TAIL, TAIL_MEAN = (
    Gated(FLASK, "weather", CLOSED, name) for name in ("throughput", "throughput_mean", "cpu_mean", "tail", "tail_mean")
)
FIGURES = {"throughput": "throughput_rps", "cpu": "server_s_per_request", "p95": "p95_s"}
TWELVE = [0.001] * 12


@pytest.mark.parametrize("metric", FIGURES)
def test_a_ratio_is_the_median_over_pairs_and_not_the_ratio_of_two_medians(metric: str) -> None:
    base, head = (sliced(**{FIGURES[metric]: values}) for values in ([1.0, 2.0, 9.0], [2.0, 10.0, 9.0]))
    assert CHANGES[metric](base, head) == pytest.approx(2.0)  # of 2, 5 and 1; the medians are 2 and 9


def test_the_share_of_slow_requests_is_compared_by_the_median_difference_of_the_pairs() -> None:
    base, head = sliced(slow_share=[0.0, 0.5, 0.1]), sliced(slow_share=[0.02, 0.6, 0.1])
    assert CHANGES["tail"](base, head) == pytest.approx(0.02)


def test_a_drift_that_both_sides_have_in_common_does_not_show() -> None:
    base, head = sliced(server_s_per_request=[1.0, 2.0, 4.0]), sliced(server_s_per_request=[1.1, 2.2, 4.4])
    assert CHANGES["cpu"](base, head) == pytest.approx(1.1)


@pytest.mark.parametrize("metric", FIGURES)
def test_a_pair_counts_only_where_both_sides_have_the_figure(metric: str) -> None:
    base, head = (
        sliced(**{FIGURES[metric]: values}) for values in ([1.0, None, 1.0, 1.0, None], [None, 9.0, 3.0, 3.0, None])
    )
    assert CHANGES[metric](base, head) == pytest.approx(3.0)


@pytest.mark.parametrize("figure", ["p95_s", "slow_share"])
def test_without_a_pair_that_has_the_figure_on_both_sides_there_is_no_change(figure: str) -> None:
    metric = {"p95_s": "p95", "slow_share": "tail"}[figure]
    base, head = sliced(**{figure: [0.1, None]}), sliced(**{figure: [None, 0.1]})
    assert CHANGES[metric](base, head) is None
    found = first(repeated(Gated(FLASK, "weather", OPEN, metric), base, head))
    assert found.because == (
        "there is nothing to compare; left out: 10 of 10 restarts (first: no pair of slices could be compared)"
    )


def test_a_restart_without_slices_on_either_side_is_compared_by_its_figures() -> None:
    base, head = sliced(), replace(sliced(), cpu=measurement(replace(OK, cpu=OK.cpu * 2)).cpu)
    assert (base.slices, head.slices) == ((), ())
    found = first(repeated(CPU, base, head))
    assert found.change is not None
    assert found.change.mean == pytest.approx(1.0)
    one_sided = first(repeated(CPU, base, sliced(server_s_per_request=[0.1])))
    assert one_sided.change is None


def test_a_side_that_has_one_slice_more_has_a_pair_fewer() -> None:
    base, head = sliced(server_s_per_request=[1.0, 1.0, 1.0]), sliced(server_s_per_request=[2.0, 2.0])
    assert CHANGES["cpu"](base, head) == pytest.approx(2.0)


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=12), st.floats(0.1, 10.0))
def test_swapping_the_sides_inverts_the_ratio(values: list[float], factor: float) -> None:
    base, head = sliced(p95_s=values), sliced(p95_s=[value * factor for value in reversed(values)])
    here, there = CHANGES["p95"](base, head), CHANGES["p95"](head, base)
    assert here is not None
    assert there == pytest.approx(1 / here)


@pytest.mark.parametrize(("nothing", "change"), [(2, 1.0), (3, 0.0), (5, 0.0)])
def test_a_head_without_throughput_in_most_slices_has_none(nothing: int, change: float) -> None:
    base, head = sliced(throughput_rps=[800.0] * 5), sliced(throughput_rps=[0.0] * nothing + [800.0] * (5 - nothing))
    assert CHANGES["throughput"](base, head) == pytest.approx(change)
    assert CHANGES["throughput"](head, base) == (pytest.approx(change) if change else math.inf)


def test_pairs_in_which_neither_side_has_throughput_say_nothing() -> None:
    both = [0.0, 0.0, 0.0, 800.0]
    assert CHANGES["throughput"](sliced(throughput_rps=both), sliced(throughput_rps=both)) == pytest.approx(1.0)
    none = sliced(throughput_rps=[0.0] * 4)
    assert CHANGES["throughput"](none, none) is None


def test_what_befalls_five_of_twelve_slices_shows_in_the_mean_and_not_in_the_median() -> None:
    base, head = sliced(server_s_per_request=TWELVE), sliced(server_s_per_request=[0.0015] * 5 + [0.001] * 7)
    assert first(repeated(CPU, base, head)).verdict == "passed"
    found = first(repeated(CPU_MEAN, base, head))
    assert found.verdict == "regressed"
    assert found.change is not None
    assert found.change.mean == pytest.approx(0.5 * 5 / 12)
    assert found.base == pytest.approx(0.001)
    assert found.head == pytest.approx(0.001 * (1 + 0.5 * 5 / 12))


def test_a_head_that_serves_nothing_in_five_of_twelve_slices_regressed_by_its_mean_throughput() -> None:
    base, head = sliced(throughput_rps=[800.0] * 12), sliced(throughput_rps=[0.0] * 5 + [800.0] * 7)
    assert first(repeated(THROUGHPUT, base, head)).verdict == "passed"
    assert first(repeated(THROUGHPUT_MEAN, base, head)).verdict == "regressed"


def test_two_per_cent_of_slow_requests_are_a_regression_of_the_tail() -> None:
    base, head = sliced(slow_share=[0.0] * 12), sliced(slow_share=[0.02] * 12)
    found = first(repeated(TAIL, base, head))
    assert found.verdict == "regressed"
    assert found.change is not None
    assert found.change.mean == pytest.approx(0.02)
    assert first(repeated(TAIL, head, base)).verdict == "improved"


def test_slow_requests_in_few_slices_show_in_the_mean_of_the_tail_only() -> None:
    base, head = sliced(slow_share=[0.0] * 12), sliced(slow_share=[0.1, *[0.0] * 11])
    assert first(repeated(TAIL, base, head)).verdict == "passed"
    assert first(repeated(TAIL_MEAN, base, head)).verdict == "regressed"


def test_the_evidence_of_a_pair_is_the_value_of_base_and_that_changed_as_its_slices_show() -> None:
    run = repeated(CPU, sliced(server_s_per_request=[1.0, 2.0, 3.0]), sliced(server_s_per_request=[2.0, 4.0, 6.0]), 2)
    found = paired(PAIRED["cpu"], run.cells)
    assert [*map(list, found.values)] == [pytest.approx([0.0011] * 2), pytest.approx([0.0022] * 2)]
    told = paired(PAIRED["cpu_mean"], run.cells)
    assert [*map(list, told.values)] == [pytest.approx([2.0] * 2), pytest.approx([4.0] * 2)]


def test_memory_and_failed_requests_are_compared_over_the_whole_restart() -> None:
    assert set(CHANGES) == {"throughput", "cpu", "p95", "tail"}
    memory = Gated(FLASK, "weather", CLOSED, "memory")
    base, head = sliced(server_s_per_request=[1.0]), sliced(server_s_per_request=[2.0])
    assert first(repeated(memory, base, head), Gate(fail_on={"memory": 0.0})).change is not None
    assert first(repeated(memory, base, head)).verdict == "passed"
