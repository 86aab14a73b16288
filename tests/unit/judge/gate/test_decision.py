import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bench.judge.gate.paired import judge_paired
from bench.judge.gate.thresholds import Gate
from bench.model.cell import Cell
from bench.model.run import Gated, Run
from tests.unit.judge.gate.made_up import FLASK, LATE, OK, USUAL, first, pairs, ratios
from tests.unit.sessions import CLOSED, OPEN, ab_cell, ab_run

THOUSANDTHS = st.integers(-150, 150).map(lambda number: number / 1000)
CHANGES = st.lists(THOUSANDTHS, min_size=5, max_size=12)
"""Log-ratios of head and base, one a restart."""


def swapped(run: Run) -> Run:
    return replace(run, cells=tuple(replace(cell, measurements=cell.measurements[::-1]) for cell in run.cells))


def test_a_change_has_the_mean_the_interval_and_the_p_of_a_calculation_by_hand() -> None:
    changes = [0.08, 0.09, 0.10, 0.11, 0.12, 0.08, 0.09, 0.10, 0.11, 0.12]
    found = first(ratios(changes))
    assert found.verdict == "regressed"
    assert found.base == pytest.approx(0.0011)
    assert found.head == pytest.approx(0.0011 * math.exp(0.1))
    # All ten are worse, so p is 2^-10, times the five tests of the family.
    assert found.p == pytest.approx(5 / 1024)
    # The standard deviation is sqrt(2 * (4 + 1 + 0 + 1 + 4) / 9) hundredths; Student's t(0.975, 9) = 2.262.
    reach = 2.262157 * 0.01 * math.sqrt(20 / 9) / math.sqrt(10)
    assert found.change is not None
    assert found.change.mean == pytest.approx(math.expm1(0.1))
    assert found.change.low == pytest.approx(math.expm1(0.1 - reach), rel=1e-6)
    assert found.change.high == pytest.approx(math.expm1(0.1 + reach), rel=1e-6)
    assert found.rounds == (10, 10)


@pytest.mark.parametrize(
    ("metric", "change", "verdict"),
    [
        ("cpu", 0.05, "regressed"),
        ("cpu", -0.05, "improved"),
        ("throughput", -0.05, "regressed"),
        ("throughput", 0.05, "improved"),
        ("p95", 0.05, "regressed"),
        ("p95", 0.02, "passed"),
        ("memory", 0.015, "regressed"),
        ("memory", 0.009, "passed"),
        ("cpu", 0.019, "passed"),
        ("cpu", -0.019, "passed"),
    ],
)
def test_each_metric_has_its_own_direction_and_threshold(metric: str, change: float, verdict: str) -> None:
    jitter = [0.0001 * (-1) ** number for number in range(10)]
    assert first(ratios([change + more for more in jitter], metric=metric)).verdict == verdict


def test_an_interval_that_reaches_into_the_threshold_is_inconclusive_however_small_its_p() -> None:
    found = first(ratios([0.005, 0.005, 0.005, 0.1, 0.2] * 2))
    assert found.p is not None
    assert found.p < 0.01
    assert found.verdict == "inconclusive"


def test_an_interval_beyond_the_threshold_is_inconclusive_if_its_p_is_too_large_for_the_family() -> None:
    changes = [0.10, 0.11, 0.12, 0.10, 0.11, 0.12, 0.10, 0.11]
    assert first(ratios(changes, others=11)).verdict == "regressed"  # 12 / 256 = 0.047
    found = first(ratios(changes, others=12))  # 13 / 256 = 0.051
    assert found.verdict == "inconclusive"
    assert found.because == "8 restarts are too few: a family of 13 tests needs at least 9 at alpha 0.05"


@pytest.mark.parametrize("restarts", [1, 2, 4])
def test_fewer_restarts_than_the_family_needs_show_nothing_and_the_finding_says_how_many_it_needs(
    restarts: int,
) -> None:
    for change in (0.0, 0.5, -0.5):
        found = first(ratios([change] * restarts, others=9))
        assert found.verdict == "inconclusive"
        assert "too few: a family of 10 tests needs at least 8 at" in found.because
        assert found.needed is not None
        assert found.needed >= 8
        assert found.detectable is None


@pytest.mark.parametrize("restarts", [5, 7])
def test_restarts_that_are_too_few_for_the_family_may_be_enough_to_pass(restarts: int) -> None:
    words = [first(ratios([change] * restarts, others=9)).verdict for change in (0.0, -0.5, 0.5)]
    assert words == ["passed", "passed", "inconclusive"]


def test_alpha_is_the_users() -> None:
    changes = [0.10, 0.11, 0.12, 0.10, 0.11, 0.12]
    assert first(ratios(changes, others=0), Gate(alpha=0.02)).verdict == "regressed"  # 1 / 64 = 0.016
    assert first(ratios(changes, others=0), Gate(alpha=0.01)).verdict == "inconclusive"


def test_noise_and_thresholds_of_metrics_are_the_users() -> None:
    run = ratios([0.05, 0.051, 0.049] * 4)
    assert [
        first(run, gate).verdict
        for gate in (Gate(), Gate(noise=0.2), Gate(noise=0.2, fail_on={"cpu": 0.02}), Gate(fail_on={"cpu": 0.1}))
    ] == ["regressed", "passed", "regressed", "passed"]


LITTLE = [0.0005 * (-1) ** number for number in range(20)]
"""Noise."""


def test_a_change_beyond_the_threshold_that_is_not_yet_shown_does_not_pass_though_it_is_below_the_tolerance() -> None:
    changes = [0.04 + noise for noise in LITTLE]
    early = first(ratios(changes[:8], others=17, looks=(8, 10, 12)))  # 18 / 256 is more than a third of 5 %
    assert early.verdict == "inconclusive"
    assert early.at_most is not None
    assert early.at_most < early.tolerance
    assert first(ratios(changes[:12], others=17, looks=(8, 10, 12))).verdict == "regressed"
    assert first(ratios([0.015 + noise for noise in LITTLE[:8]], others=17, looks=(8, 10, 12))).verdict == "passed"


@pytest.mark.parametrize(
    ("metric", "tolerance"), [("cpu", 0.07), ("throughput", 0.07), ("p95", 0.07), ("memory", 0.02)]
)
@pytest.mark.parametrize("restarts", [10, 20])
def test_a_change_of_exactly_the_tolerance_does_not_pass(metric: str, tolerance: float, restarts: int) -> None:
    way = -1 if metric == "throughput" else 1
    gate = Gate(fail_on={metric: tolerance})  # no threshold below it, which would not let it pass either
    words = [
        first(
            ratios([way * (share * math.log1p(tolerance) + noise) for noise in LITTLE[:restarts]], metric=metric), gate
        )
        for share in (0.9, 1.0, 1.1)
    ]
    assert [one.verdict for one in words] == ["passed", "inconclusive", "regressed"]
    assert words[0].at_most == pytest.approx(0.9 * tolerance, abs=0.004)


def test_a_bound_on_the_change_for_the_worse_holds_with_ninety_five_per_cent() -> None:
    changes = [0.01, 0.02, 0.03, 0.04, 0.05] * 2
    found = first(ratios(changes))
    deviation = 0.01 * math.sqrt(20 / 9)
    assert found.at_most == pytest.approx(math.expm1(0.03 + stats.t.isf(0.05, 9) * deviation / math.sqrt(10)), rel=1e-6)
    fall = first(ratios([-change for change in changes], metric="throughput"))
    assert fall.at_most == pytest.approx(found.at_most)
    assert first(ratios([0.03])).at_most is None


@pytest.mark.parametrize(
    ("beyond", "words"),
    [(0.03, ["passed", "passed", "inconclusive"]), (0.04, ["passed", "inconclusive", "inconclusive"])],
)
def test_each_look_of_several_has_less_to_pass_by(beyond: float, words: list[str]) -> None:
    # Four of ten restarts are beyond the tolerance: p is 0.0215 and 0.0449. The shares are 5, 3 and 1.8 %.
    changes = [math.log1p(0.07) + more for more in [-0.1] * 6 + [beyond] * 4]
    gate = Gate(fail_on={"cpu": 0.07})
    assert [first(ratios(changes, looks=looks), gate).verdict for looks in ((10,), (10, 13), (10, 13, 16, 20))] == words


def test_more_restarts_than_a_sign_flip_test_gives_signs_to_are_judged_too() -> None:
    found = first(ratios([0.05 + 0.0001 * (number % 5) for number in range(40)]))
    assert found.verdict == "regressed"
    assert found.p == pytest.approx(5 / 2**24)


def test_an_inconclusive_finding_says_how_many_restarts_would_settle_it_and_which_change_would_have_been_found() -> (
    None
):
    jitter = [0.2 * (-1) ** number for number in range(10)]
    found = first(ratios([0.005 + more for more in jitter]))
    assert found.verdict == "inconclusive"
    assert found.needed is not None
    deviation = 0.2 * math.sqrt(10 / 9)
    # To pass: so many that the mean lies below the tolerance by the two errors, of 5 % and of 5 %.
    roughly = ((1.645 + 1.645) * deviation / (math.log1p(0.07) - 0.005)) ** 2
    assert found.needed == pytest.approx(roughly, rel=0.1)
    assert found.detectable is not None
    level = 0.05 / 5
    least = math.expm1(math.log1p(0.02) + (stats.t.isf(level, 9) + stats.norm.isf(0.05)) * deviation / math.sqrt(10))
    assert found.detectable == pytest.approx(least, rel=0.1)


def test_an_apparent_change_says_how_many_restarts_would_show_it_in_a_family_of_that_size() -> None:
    strict = Gate(fail_on={"cpu": 0.01})
    few, many = (
        first(ratios([0.016 + 0.012 * (-1) ** number for number in range(10)], others=others), strict).needed
        for others in (1, 15)
    )
    assert few is not None
    assert many is not None
    deviation, margin = 0.012 * math.sqrt(10 / 9), 0.016 - math.log1p(0.01)
    # To be found beyond the noise: by the two errors, of 2.5 % (or the family's share of alpha) and of 5 %.
    assert few == pytest.approx(((1.96 + 1.645) * deviation / margin) ** 2, rel=0.15)
    assert many == pytest.approx(((stats.norm.isf(0.05 / 16) + 1.645) * deviation / margin) ** 2, rel=0.15)


def test_a_metric_with_too_few_restarts_shows_nothing_even_if_all_others_are_settled() -> None:
    worse = replace(OK, cpu=OK.cpu * 2, p95=OK.p95 * 2)
    late = replace(worse, problems=(LATE,))
    cells = [ab_cell(FLASK, CLOSED, number, OK, worse if number < 6 else late) for number in range(1, 11)]
    family = [Gated(FLASK, "weather", CLOSED, "p95"), *[Gated(FLASK, "weather", CLOSED, "cpu")] * 4]
    p95, *cpu = judge_paired(ab_run(cells, family=family), USUAL).findings
    assert {one.verdict for one in cpu} == {"regressed"}
    assert p95.p == pytest.approx(1 / 32)
    assert (p95.verdict, p95.rounds) == ("inconclusive", (5, 5))


def test_an_alpha_that_no_number_of_restarts_can_reach_is_reported() -> None:
    found = first(ratios([0.0] * 40), Gate(alpha=1e-9))
    assert found.verdict == "inconclusive"
    assert "needs more than 1000 at alpha" in found.because
    assert found.needed is None


def test_the_detectable_change_of_throughput_is_a_fall() -> None:
    found = first(ratios([0.01 * (-1) ** number for number in range(10)], metric="throughput"))
    assert found.detectable is not None
    assert -0.1 < found.detectable < -0.01


@settings(max_examples=30)
@given(CHANGES, st.sampled_from(["cpu", "throughput", "p95", "memory"]))
def test_swapping_base_and_head_mirrors_what_changed(changes: list[float], metric: str) -> None:
    run = ratios(changes, metric=metric)
    here, there = first(run), first(swapped(run))
    # Only a change for the worse is held to the tolerance, so what is no change may pass one way and not the other.
    mirrored = {"regressed": "improved", "improved": "regressed"}
    for one, other in ((here, there), (there, here)):
        assert one.verdict not in mirrored or other.verdict == mirrored[one.verdict]
    assert [there.base, there.head, there.p] == pytest.approx([here.head, here.base, here.p])


@settings(max_examples=30)
@given(CHANGES, st.integers(-20, 20), st.sampled_from(["cpu", "throughput", "p95"]))
def test_the_unit_of_a_metric_does_not_matter(changes: list[float], doublings: int, metric: str) -> None:
    def scaled(cell: Cell) -> Cell:
        sides = []
        for own in cell.measurements:
            assert own.cpu is not None
            assert own.latency_s is not None
            assert own.throughput_rps is not None
            cost = own.cpu.server_s_per_request
            assert cost is not None
            sides.append(
                replace(
                    own,
                    cpu=replace(own.cpu, server_s_per_request=cost * 2.0**doublings),
                    latency_s=replace(own.latency_s, p95=own.latency_s.p95 * 2.0**doublings),
                    throughput_rps=own.throughput_rps * 2.0**doublings,
                    slices=tuple(
                        replace(
                            one,
                            server_s_per_request=cost * 2.0**doublings,
                            p95_s=own.latency_s.p95 * 2.0**doublings,
                            throughput_rps=own.throughput_rps * 2.0**doublings,
                        )
                        for one in own.slices
                    ),
                )
            )
        return replace(cell, measurements=tuple(sides))

    run = ratios(changes, metric=metric)
    here, there = first(run), first(replace(run, cells=tuple(map(scaled, run.cells))))
    assert (here.verdict, here.p) == (there.verdict, there.p)
    assert here.change is not None
    assert there.change is not None
    assert there.change.mean == pytest.approx(here.change.mean, abs=1e-9)


@settings(max_examples=30)
@given(CHANGES, st.integers(0, 200).map(lambda number: number / 1000))
def test_a_regression_stays_one_if_head_gets_even_worse(changes: list[float], worse: float) -> None:
    here, there = (first(ratios([change + more for change in changes])).verdict for more in (0.0, worse))
    if here == "regressed":
        assert there == "regressed"
    if there == "improved":
        assert here == "improved"
    if there == "passed":
        assert here in {"improved", "passed"}


def test_no_failed_request_on_either_side_passes_with_an_interval_of_no_width() -> None:
    found = first(pairs(Gated(FLASK, "weather", OPEN, "errors"), [(OK, OK)] * 8))
    assert found.verdict == "passed"
    assert found.change is not None
    assert (found.change.mean, found.change.low, found.change.high, found.p) == (0.0, 0.0, 0.0, 1.0)


def test_failed_requests_are_compared_by_the_difference_of_their_shares() -> None:
    gated, some = Gated(FLASK, "weather", OPEN, "errors"), replace(OK, errors=0.005)
    found = first(pairs(gated, [(OK, some)] * 8))
    assert found.verdict == "regressed"
    assert found.change is not None
    assert found.change.mean == pytest.approx(0.005)
    assert first(pairs(gated, [(some, OK)] * 8)).verdict == "improved"
    assert first(pairs(gated, [(OK, some)] * 8), Gate(noise=0.5)).verdict == "regressed"
    assert first(pairs(gated, [(OK, some)] * 8), Gate(fail_on={"errors": 0.01})).verdict == "passed"
