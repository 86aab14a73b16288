import math
from dataclasses import replace
from typing import Any

import pytest

from bench.judge.gate.paired import judge_paired
from bench.judge.gate.thresholds import Gate
from bench.model.cell import Cell, Measurement, Problem
from bench.model.run import Gated
from tests.unit.judge.gate.made_up import BEHIND, CPU, FAILING, FLASK, LATE, OK, first, pairs, repeated, sliced
from tests.unit.sessions import CLOSED, OPEN, ab_run

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
        ([(SLOW, OK)], OK, "passed"),
        ([(SLOW, OK), (OK, SLOW)], OK, "passed"),
        ([(SLOW, OK), (OK, SLOW)], WORSE, "regressed"),
        ([(SLOW, OK), (OK, SLOW), (OK, SLOW)], OK, "inconclusive"),
        ([(SLOW, SLOW)] * 6, OK, "passed"),
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
    assert (
        never.because == f"there is nothing to compare; left out: 10 of 10 restarts (first: in base, {BEHIND.detail})"
    )


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


def test_a_head_whose_slices_mostly_have_no_throughput_regressed() -> None:
    gated = Gated(FLASK, "weather", CLOSED, "throughput")
    base, head = sliced(throughput_rps=[845.0] * 5), sliced(throughput_rps=[0.0] * 3 + [845.0] * 2)
    found = first(repeated(gated, base, replace(head, throughput_rps=0.0)))
    assert (found.verdict, found.because) == (
        "regressed",
        "head could not be measured in 10 of 10 restarts (first: throughput was 0), through its own fault; "
        "base could in all of them",
    )


@pytest.mark.parametrize("outcome", ["degraded", "failed"])
def test_a_head_that_was_not_ok_where_base_always_was_regressed_in_errors(outcome: Any) -> None:
    gated = Gated(FLASK, "weather", OPEN, "errors")
    bad = replace(OK, errors=0.02, outcome=outcome, problems=(FAILING,))
    found = first(pairs(gated, [(OK, OK)] * 9 + [(OK, bad)]))
    assert found.verdict == "regressed"
    assert found.because == f"head was not ok in 1 of 10 restarts ({outcome}: {FAILING.detail}); base always was"
    both = first(pairs(gated, [(OK, OK)] * 8 + [(OK, bad), (bad, OK)]))
    assert both.verdict != "regressed"


def test_a_head_that_was_not_ok_far_more_often_than_base_regressed_in_errors_too() -> None:
    gated = Gated(FLASK, "weather", OPEN, "errors")
    bad = replace(OK, errors=0.02, outcome="degraded", problems=(FAILING,))
    found = first(pairs(gated, [(bad, OK)] + [(OK, bad)] * 9))
    assert found.verdict == "regressed"
    assert found.because == (
        f"head was not ok in 9 of 10 restarts (first: degraded: {FAILING.detail}); "
        f"base was not in 1 of 10 restarts (degraded: {FAILING.detail})"
    )
    assert first(pairs(gated, [(bad, OK)] * 3 + [(OK, bad)] * 7)).verdict != "regressed"


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
    assert (found.verdict, found.rounds) == ("passed", (9, 9))
    assert found.left_out == f"1 of 10 restarts (in head, CPU per request was {value:g})"
