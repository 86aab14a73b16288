from dataclasses import replace

import pytest

from bench.judge.cell.metrics import UNPAIRED
from bench.judge.gate.thresholds import Gate
from bench.judge.gate.verdict import EXIT_CODES, Change, Finding, Judgement, Side, Verdict, Word, overall, unused
from tests.unit.sessions import CLOSED


def finding(word: Word, *, control: bool = False, excess: float = 0.0, change: Change | None = None) -> Finding:
    return Finding(
        "a", "weather", CLOSED, UNPAIRED["cpu"], word, 0.01, 0.07, excess=excess, change=change, control=control
    )


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        (["passed", "passed"], "no regression"),
        (["passed", "improved"], "improved"),
        (["improved", "inconclusive"], "inconclusive"),
        (["inconclusive", "not comparable"], "not comparable"),
        (["not comparable", "regressed", "inconclusive", "improved"], "regressed"),
    ],
)
def test_the_gravest_finding_is_the_verdict(words: list[Word], verdict: Verdict) -> None:
    found = [finding(word) for word in words]
    assert overall(found)[0] == overall(found[::-1])[0] == verdict


@pytest.mark.parametrize("moved", ["regressed", "improved"])
def test_a_control_that_moved_makes_the_verdict_inconclusive_whatever_else_was_found(moved: Word) -> None:
    control = finding(moved, control=True)
    assert overall([finding("regressed"), control]) == ("inconclusive", (control,), True)


@pytest.mark.parametrize("word", ["inconclusive", "passed"])
def test_a_control_that_did_not_move_changes_nothing(word: Word) -> None:
    assert overall([finding("passed"), finding(word, control=True)]) == ("no regression", (), False)


def test_a_family_without_a_gated_stack_never_passes() -> None:
    assert overall([]) == ("inconclusive", (), False)
    assert overall([finding("passed", control=True)]) == ("inconclusive", (), False)


def test_the_deciding_findings_stand_with_the_gravest_first() -> None:
    small, large, none = (
        finding("regressed", excess=2.0, change=Change(0.02, 0.015, 0.025)),
        finding("regressed", excess=9.0, change=Change(0.09, 0.08, 0.1)),
        finding("regressed"),
    )
    assert overall([small, finding("improved"), large, none])[1] == (none, large, small)


def test_failed_requests_that_regressed_stand_before_everything_that_they_explain() -> None:
    errors = replace(
        finding("regressed", excess=20.0, change=Change(0.02, 0.015, 0.025)),
        metric=UNPAIRED["errors"],
        base=0.0,
        head=0.02,
    )
    slower, missing = finding("regressed", excess=99.0, change=Change(0.9, 0.8, 1.0)), finding("regressed")
    assert overall([slower, missing, errors])[1] == (errors, missing, slower)
    unclear, unknown = replace(errors, verdict="inconclusive"), replace(errors, change=None, excess=0.0)
    other = finding("inconclusive", excess=99.0, change=Change(0.9, -0.8, 1.0))
    assert overall([unclear, other])[1] == (other, unclear)
    assert overall([missing, unknown])[1] == (missing, unknown)


def test_each_verdict_has_its_exit_code() -> None:
    side = Side("run", None, None)
    assert {
        verdict: Judgement(verdict, (), "round", side, side, Gate(), 0.05).exit_code for verdict in EXIT_CODES
    } == {"regressed": 1, "not comparable": 3, "inconclusive": 4, "improved": 0, "no regression": 0}  # fmt: skip


def test_a_threshold_for_a_metric_that_is_not_gated_is_noted() -> None:
    assert unused(Gate(fail_on={"cpu": 0.1}), [finding("passed")]) == ()
    assert unused(Gate(fail_on={"cpu": 0.1, "p95": 0.1}), [finding("passed")]) == (
        "A threshold is given for p95, which is not gated here.",
    )
