import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bench.judge.gate.paired import judge_paired
from bench.judge.gate.thresholds import Gate
from bench.judge.gate.verdict import Finding, Judgement
from bench.model.cell import Cell, Measurement, Problem
from bench.model.run import Gated, Run
from tests.unit.builders import run_of
from tests.unit.sessions import CLOSED, OPEN, STACKS, Figures, Recipe, ab_cell, ab_run, measurement, session

FLASK, FASTAPI = STACKS
CPU = Gated(FLASK, "weather", CLOSED, "cpu")
LATE = Problem("generator late", "requests were sent 9.00 ms after their time at P99", ("latency",))
BEHIND = Problem("falling behind", "of 900 requests that arrived 90 were added to the queue", ("latency",))
FAILING = Problem("service errors", "2.00 % of the requests failed: 200 x status 500", ("latency", "cpu"))
OK = Figures()
USUAL = Gate()

THOUSANDTHS = st.integers(-150, 150).map(lambda number: number / 1000)
CHANGES = st.lists(THOUSANDTHS, min_size=5, max_size=12)
"""Log-ratios of head and base, one a restart."""


def ratios(changes: Sequence[float], *, metric: str = "cpu", others: int = 4) -> Run:
    """A session whose first gated metric changes like this, and whose others do not change."""
    cells = [
        ab_cell(FLASK, CLOSED, number, OK, replace(OK, **{metric: getattr(OK, metric) * math.exp(change)}))
        for number, change in enumerate(changes, 1)
    ]
    family = [Gated(FLASK, "weather", CLOSED, metric)] + [Gated(FLASK, "weather", CLOSED, "memory")] * others
    return ab_run(cells, restarts=len(changes), family=family)


def pairs(gated: Gated, twins: Sequence[tuple[Figures, Figures]], **more: Any) -> Run:
    """A session of these twins with a family of one."""
    cells = [ab_cell(gated.stack, gated.load, number, *both) for number, both in enumerate(twins, 1)]
    return ab_run([*cells, *more.pop("cells", ())], family=[gated], restarts=len(twins), **more)


def first(run: Run, gate: Gate = USUAL) -> Finding:
    return judge_paired(run, gate).findings[0]


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
        ("p95", 0.02, "equivalent"),
        ("memory", 0.02, "regressed"),
        ("cpu", 0.009, "equivalent"),
        ("cpu", -0.009, "equivalent"),
    ],
)
def test_each_metric_has_its_own_direction_and_threshold(metric: str, change: float, verdict: str) -> None:
    jitter = [0.0001 * (-1) ** number for number in range(10)]
    assert first(ratios([change + more for more in jitter], metric=metric)).verdict == verdict


def test_an_interval_that_reaches_into_the_threshold_is_inconclusive_however_small_its_p() -> None:
    found = first(ratios([0.006, 0.007, 0.012, 0.02, 0.03, 0.03, 0.02, 0.012, 0.007, 0.006]))
    assert found.p is not None
    assert found.p < 0.01
    assert found.verdict == "inconclusive"


def test_an_interval_beyond_the_threshold_is_inconclusive_if_its_p_is_too_large_for_the_family() -> None:
    changes = [0.10, 0.11, 0.12, 0.10, 0.11, 0.12, 0.10, 0.11]
    assert first(ratios(changes, others=11)).verdict == "regressed"  # 12 / 256 = 0.047
    found = first(ratios(changes, others=12))  # 13 / 256 = 0.051
    assert found.verdict == "inconclusive"
    assert found.because == "8 restarts are too few: a family of 13 tests needs at least 9 at alpha 0.05"


@pytest.mark.parametrize("restarts", [1, 2, 5, 7])
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


def test_alpha_is_the_users() -> None:
    changes = [0.10, 0.11, 0.12, 0.10, 0.11, 0.12]
    assert first(ratios(changes, others=0), Gate(alpha=0.02)).verdict == "regressed"  # 1 / 64 = 0.016
    assert first(ratios(changes, others=0), Gate(alpha=0.01)).verdict == "inconclusive"


def test_noise_and_thresholds_of_metrics_are_the_users() -> None:
    run = ratios([0.05, 0.051, 0.049] * 4)
    assert [
        first(run, gate).verdict
        for gate in (Gate(), Gate(noise=0.2), Gate(noise=0.2, fail_on={"cpu": 0.02}), Gate(fail_on={"cpu": 0.1}))
    ] == ["regressed", "equivalent", "regressed", "equivalent"]


def test_more_restarts_than_a_sign_flip_test_gives_signs_to_are_judged_too() -> None:
    found = first(ratios([0.05 + 0.0001 * (number % 5) for number in range(40)]))
    assert found.verdict == "regressed"
    assert found.p == pytest.approx(5 / 2**24)


def test_an_inconclusive_finding_says_how_many_restarts_would_settle_it_and_which_change_would_have_been_found() -> (
    None
):
    jitter = [0.01 * (-1) ** number for number in range(10)]
    found = first(ratios([0.005 + more for more in jitter]), Gate(noise=0.01))
    assert found.verdict == "inconclusive"
    assert found.needed is not None
    deviation = 0.01 * math.sqrt(10 / 9)
    # To be shown equivalent: so many that the mean lies inside the noise by the two errors, of 2.5 % and of 5 %.
    roughly = ((1.96 + 1.645) * deviation / (math.log1p(0.01) - 0.005)) ** 2
    assert found.needed == pytest.approx(roughly, rel=0.1)
    assert found.detectable is not None
    level = 0.05 / 5
    least = math.expm1(math.log1p(0.01) + (stats.t.isf(level, 9) + stats.norm.isf(0.05)) * deviation / math.sqrt(10))
    assert found.detectable == pytest.approx(least, rel=0.1)


def test_an_apparent_change_says_how_many_restarts_would_show_it_in_a_family_of_that_size() -> None:
    few, many = (
        first(ratios([0.016 + 0.012 * (-1) ** number for number in range(10)], others=others), Gate(noise=0.01)).needed
        for others in (1, 15)
    )
    assert few is not None
    assert many is not None
    deviation, margin = 0.012 * math.sqrt(10 / 9), 0.016 - math.log1p(0.01)
    # To be found beyond the noise: by the two errors, of 2.5 % (or the family's share of alpha) and of 5 %.
    assert few == pytest.approx(((1.96 + 1.645) * deviation / margin) ** 2, rel=0.15)
    assert many == pytest.approx(((stats.norm.isf(0.05 / 16) + 1.645) * deviation / margin) ** 2, rel=0.15)


def test_a_metric_with_too_few_restarts_shows_nothing_even_if_all_others_are_settled() -> None:
    late = replace(OK, p95=OK.p95 * 2, problems=(LATE,))
    worse = replace(OK, cpu=OK.cpu * 2, p95=OK.p95 * 2)
    cells = [ab_cell(FLASK, CLOSED, number, OK, worse if number < 6 else late) for number in range(1, 11)]
    cells = [
        replace(cell, measurements=(cell.measurements[0], replace(cell.measurements[1], cpu=measurement(worse).cpu)))
        for cell in cells
    ]
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
def test_swapping_base_and_head_mirrors_the_verdict(changes: list[float], metric: str) -> None:
    run = ratios(changes, metric=metric)
    here, there = first(run), first(swapped(run))
    mirrored = {"regressed": "improved", "improved": "regressed"}
    assert there.verdict == mirrored.get(here.verdict, here.verdict)
    assert (there.base, there.head) == (here.head, here.base)
    assert (there.p, there.needed) == (here.p, here.needed)


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
    words = ["improved", "equivalent", "inconclusive", "regressed"]
    here, there = (first(ratios([change + more for change in changes])).verdict for more in (0.0, worse))
    if here == "regressed":
        assert there == "regressed"
    if there == "improved":
        assert words.index(here) == 0


def test_no_failed_request_on_either_side_is_equivalent_with_an_interval_of_no_width() -> None:
    found = first(pairs(Gated(FLASK, "weather", OPEN, "errors"), [(OK, OK)] * 8))
    assert found.verdict == "equivalent"
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
    assert first(pairs(gated, [(OK, some)] * 8), Gate(fail_on={"errors": 0.01})).verdict == "equivalent"


P95 = Gated(FLASK, "weather", OPEN, "p95")
WORSE = replace(OK, p95=OK.p95 * 1.2)


def test_restarts_that_the_harness_spoilt_are_left_out_on_both_sides() -> None:
    spoilt = replace(WORSE, p95=99.0, problems=(LATE,))
    found = first(pairs(P95, [(OK, WORSE)] * 8 + [(OK, spoilt), (spoilt, WORSE)]))
    assert found.verdict == "regressed"
    assert found.rounds == (8, 8)
    assert found.change is not None
    assert found.change.mean == pytest.approx(0.2)
    assert found.left_out == f"2 of 10 restarts (first: in head, {LATE.detail})"


def test_with_too_few_restarts_left_nothing_is_shown() -> None:
    spoilt = replace(WORSE, problems=(LATE,))
    found = first(pairs(P95, [(OK, WORSE)] * 4 + [(OK, spoilt)] * 6))
    assert found.verdict == "inconclusive"
    assert "4 restarts are too few: a family of 1 test needs at least 5" in found.because
    none = first(pairs(P95, [(OK, spoilt)] * 10))
    assert (none.verdict, none.change, none.rounds) == ("inconclusive", None, (0, 0))
    assert none.because == f"there is nothing to compare; left out: 10 of 10 restarts (first: in head, {LATE.detail})"


def test_a_metric_that_head_alone_spoils_in_most_restarts_regressed_however_good_the_others_are() -> None:
    better, behind = replace(OK, p95=OK.p95 * 0.5), replace(OK, problems=(BEHIND,))
    found = first(pairs(P95, [(OK, better)] * 4 + [(OK, behind)] * 6))
    assert found.verdict == "regressed"
    assert found.because == (
        f"head could not be measured in 6 of 10 restarts (first: {BEHIND.detail}), through its own fault; "
        "base could in all of them"
    )
    assert found.change is None


@pytest.mark.parametrize(("spoilt", "first_of"), [(1, ""), (5, "first: ")])
def test_a_metric_that_head_alone_spoils_in_few_restarts_may_be_chance_but_cannot_pass(
    spoilt: int, first_of: str
) -> None:
    better, behind = replace(OK, p95=OK.p95 * 0.5), replace(OK, problems=(BEHIND,))
    found = first(pairs(P95, [(OK, better)] * (20 - spoilt) + [(OK, behind)] * spoilt))
    assert found.verdict == "inconclusive"
    assert found.because == (
        f"head could not be measured in {spoilt} of 20 restarts ({first_of}{BEHIND.detail}), through its own fault, "
        "so head cannot pass"
    )


SLOW = replace(OK, problems=(BEHIND,))


@pytest.mark.parametrize(
    ("odd", "rest", "verdict"),
    [
        ([(SLOW, OK)], OK, "equivalent"),
        ([(SLOW, OK), (OK, SLOW)], OK, "equivalent"),
        ([(SLOW, OK), (OK, SLOW)], WORSE, "regressed"),
        ([(SLOW, OK), (OK, SLOW), (OK, SLOW)], OK, "inconclusive"),
        ([(SLOW, SLOW)] * 6, OK, "equivalent"),
        ([(SLOW, SLOW)] * 6, WORSE, "regressed"),
    ],
)
def test_what_happens_to_base_as_often_as_to_head_decides_nothing(odd: list[Any], rest: Any, verdict: str) -> None:
    found = first(pairs(P95, [(OK, rest)] * (16 - len(odd)) + odd))
    assert found.verdict == verdict
    assert found.rounds == (16 - len(odd),) * 2
    assert found.left_out.startswith(f"{len(odd)} of 16 restarts")


def test_with_a_base_that_spoils_half_of_the_restarts_there_is_too_little_to_compare() -> None:
    alone = first(pairs(P95, [(OK, WORSE)] * 10 + [(SLOW, OK)] * 10))
    assert alone.verdict == "inconclusive"
    assert alone.because == (
        f"base could not be measured in 10 of 20 restarts (first: {BEHIND.detail}), through its own fault, "
        "so there is too little to compare head with"
    )
    both = first(pairs(P95, [(OK, WORSE)] * 8 + [(SLOW, OK)] * 9 + [(OK, SLOW)]))
    assert both.verdict == "inconclusive"
    assert both.because == (
        f"base could not be measured in 9 of 18 restarts (first: {BEHIND.detail}) "
        f"and head in 1 of 18 restarts ({BEHIND.detail}), each through its own fault"
    )
    never = first(pairs(P95, [(SLOW, SLOW)] * 10))
    assert never.verdict == "inconclusive"
    assert never.because == f"there is nothing to compare; left out: 10 of 10 restarts (first: in base, {BEHIND.detail})"


def test_a_head_that_spoils_most_restarts_regressed_though_base_spoilt_one() -> None:
    found = first(pairs(P95, [(SLOW, OK)] + [(OK, SLOW)] * 11))
    assert found.verdict == "regressed"
    assert found.because == (
        f"head could not be measured in 11 of 12 restarts (first: {BEHIND.detail}), through its own fault; "
        f"base could not in 1 of 12 restarts ({BEHIND.detail})"
    )


def test_the_reason_is_the_services_own_problem_and_not_the_harnesss() -> None:
    found = first(pairs(P95, [(OK, replace(OK, problems=(LATE, BEHIND)))] * 10))
    assert found.verdict == "regressed"
    assert BEHIND.detail in found.because
    assert LATE.detail not in found.because


def test_a_head_that_serves_nothing_regressed_in_throughput() -> None:
    gated = Gated(FLASK, "weather", CLOSED, "throughput")
    nothing = replace(OK, throughput=0.0)
    assert first(pairs(gated, [(OK, OK)] * 4 + [(OK, nothing)] * 6)).verdict == "regressed"
    assert first(pairs(gated, [(OK, OK)] * 9 + [(OK, nothing)])).verdict == "inconclusive"
    assert first(pairs(gated, [(OK, OK)] * 5 + [(nothing, OK)] * 5)).verdict == "inconclusive"


@pytest.mark.parametrize("outcome", ["degraded", "failed"])
def test_a_head_that_was_not_ok_where_base_always_was_regressed_in_errors(outcome: Any) -> None:
    gated = Gated(FLASK, "weather", OPEN, "errors")
    bad = replace(OK, errors=0.02, outcome=outcome, problems=(FAILING,))
    found = first(pairs(gated, [(OK, OK)] * 9 + [(OK, bad)]))
    assert found.verdict == "regressed"
    assert found.because == f"head was not ok in 1 of 10 restarts ({outcome}: {FAILING.detail}); base always was"
    both = first(pairs(gated, [(OK, OK)] * 8 + [(OK, bad), (bad, OK)]))
    assert both.verdict != "regressed"


def failed(stack: str, number: int, detail: str = "start servers: head did not become ready in 30 s") -> Cell:
    return Cell(stack, "weather", CLOSED, number, 0, (Measurement("failed", (Problem("failed", detail),)),) * 2)


def test_a_head_that_never_became_ready_is_inconclusive_and_says_why() -> None:
    run = ab_run([failed(FLASK, number) for number in range(1, 11)], family=[CPU])
    judgement = judge_paired(run, Gate())
    (found,) = judgement.findings
    assert judgement.exit_code == 4
    assert found.because == (
        "there is nothing to compare; left out: 10 of 10 restarts "
        "(first: start servers: head did not become ready in 30 s)"
    )


def test_a_cell_of_the_family_that_was_never_recorded_is_inconclusive() -> None:
    judgement = judge_paired(ab_run([], family=[CPU]), Gate())
    assert judgement.exit_code == 4
    assert judgement.findings[0].because == "there is nothing to compare: nothing was recorded"


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "inconclusive"), (0.5, "inconclusive"), (1.5, "regressed")])
def test_with_failed_restarts_head_may_regress_but_cannot_pass(factor: float, verdict: str) -> None:
    other = replace(OK, cpu=OK.cpu * factor)
    found = first(pairs(CPU, [(OK, other)] * 10, cells=[failed(FLASK, 11)]))
    assert found.verdict == verdict
    assert found.left_out == "1 of 11 restarts (start servers: head did not become ready in 30 s)"
    if verdict == "inconclusive":
        assert found.because == (
            "1 of 11 restarts failed (start servers: head did not become ready in 30 s), so head cannot pass"
        )


@pytest.mark.parametrize("value", [math.nan, math.inf, 0.0, -1.0])
def test_a_value_without_a_ratio_is_left_out(value: float) -> None:
    found = first(pairs(CPU, [(OK, OK)] * 9 + [(OK, replace(OK, cpu=value))]))
    assert (found.verdict, found.rounds) == ("equivalent", (9, 9))
    assert found.left_out == f"1 of 10 restarts (in head, CPU per request was {value:g})"


def verdict(recipe: Recipe) -> Judgement:
    return judge_paired(session(recipe), Gate())


def test_a_stack_whose_code_is_the_same_on_both_sides_is_the_control() -> None:
    slower = verdict(Recipe(effects={(FLASK, "cpu"): 1.2}))
    assert (slower.verdict, slower.exit_code, slower.controls) == ("regressed", 1, (FASTAPI,))
    assert {one.stack for one in slower.findings if one.control} == {FASTAPI}
    assert not slower.identical


@pytest.mark.parametrize("factor", [1.2, 0.8])
def test_a_control_that_moved_makes_the_session_inconclusive(factor: float) -> None:
    moved = verdict(Recipe(effects={(FASTAPI, "p95"): factor, (FLASK, "cpu"): 1.2}))
    assert (moved.verdict, moved.exit_code, moved.moved) == ("inconclusive", 4, True)
    assert [(one.stack, one.metric.name) for one in moved.deciding] == [(FASTAPI, "p95")]


def test_if_no_code_differs_no_stack_is_a_control_and_all_are_gated() -> None:
    same = verdict(Recipe(touched=(), effects={(FASTAPI, "p95"): 1.2}))
    assert (same.verdict, same.identical, same.controls) == ("regressed", True, ())
    assert verdict(Recipe(touched=())).verdict == "no regression"


def test_if_all_code_differs_no_stack_is_a_control() -> None:
    both = verdict(Recipe(touched=STACKS, effects={(FASTAPI, "p95"): 1.2}))
    assert (both.verdict, both.identical, both.controls) == ("regressed", False, ())


def test_another_lock_file_touches_every_stack() -> None:
    run = session(Recipe(effects={(FASTAPI, "p95"): 1.2}))
    assert run.ab is not None
    locked = replace(run, ab=replace(run.ab, head=replace(run.ab.head, lock_sha256="cd" * 32)))
    assert (judge_paired(locked, Gate()).controls, judge_paired(locked, Gate()).exit_code) == ((), 1)


def test_a_stack_whose_code_is_not_known_is_not_a_control() -> None:
    run = session(Recipe(touched=()))
    assert run.ab is not None
    unknown = replace(run.ab, base=replace(run.ab.base, code={}), head=replace(run.ab.head, code={}))
    judgement = judge_paired(replace(run, ab=unknown), Gate())
    assert (judgement.controls, judgement.identical) == ((), False)


def test_the_family_counts_members_that_could_not_be_tested() -> None:
    changes = [0.05, 0.051, 0.049] * 4
    absent = [Gated(FASTAPI, "weather", CLOSED, name) for name in ("cpu", "memory", "errors")]
    run = ratios(changes, others=0)
    assert run.ab is not None
    larger = replace(run, ab=replace(run.ab, family=(CPU, *absent)))
    assert [first(one).p for one in (run, larger)] == [pytest.approx(1 / 4096), pytest.approx(4 / 4096)]


def test_p95_less_upstream_is_shown_beside_p95_and_pss_beside_memory() -> None:
    judgement = judge_paired(session(), Gate())
    found = {(one.stack, one.metric.name): one.beside for one in judgement.findings}
    (beside,) = found[FLASK, "p95"]
    assert (beside.title, beside.unit) == ("P95 less upstream", "s")
    p95 = next(one for one in judgement.findings if one.metric.name == "p95")
    assert p95.base is not None
    assert beside.base == pytest.approx(p95.base - 0.02, rel=0.02)
    (pss,) = found[FLASK, "memory"]
    assert (pss.title, pss.unit) == ("PSS", "bytes")
    assert [pss.base, pss.head] == pytest.approx([34e6 * 1.6] * 2, rel=0.01)
    assert found[FLASK, "cpu"] == ()


def test_metrics_outside_the_family_are_shown_and_decide_nothing() -> None:
    slower = verdict(Recipe(effects={(FLASK, "throughput"): 0.5}, touched=(FLASK,)))
    assert slower.verdict == "no regression"
    shown = {(one.stack, one.load.model, one.metric.name): one for one in slower.ungated}
    throughput = shown[FLASK, "closed", "throughput"]
    assert (throughput.verdict, throughput.p) == ("not gated", None)
    assert throughput.change is not None
    assert throughput.change.mean == pytest.approx(-0.5, abs=0.01)
    assert len(slower.findings) == 10
    assert len(shown) == 2 * 2 * 5 - 10


def test_a_session_that_ended_early_says_so() -> None:
    run = ratios([0.0] * 9)
    longer = replace(run, config=replace(run.config, profile=replace(run.config.profile, rounds=12)))
    assert judge_paired(longer, Gate()).notes == ("The session ended early: 9 of 12 restarts were recorded.",)


def test_an_ordinary_run_is_refused() -> None:
    with pytest.raises(ValueError, match="is not an A/B"):
        judge_paired(run_of(session().config), Gate())
