"""Counted instructions in the verdict of an A/B: they find what time cannot, and never make it pass."""

from dataclasses import replace

import pytest

from bench.judge.gate.counted import of_counts
from bench.judge.gate.paired import judge_paired
from bench.judge.gate.thresholds import Gate
from bench.judge.gate.verdict import Judgement
from bench.model.instructions import Counted, CountedPair
from tests.unit.judge.gate.made_up import FASTAPI, FLASK
from tests.unit.sessions import Recipe, session

BASE = Counted(FLASK, "health", 1, 100, 40_000_000)


def pair(change: float, *others: float, stack: str = FLASK, users: int = 1) -> CountedPair:
    """A change in the first layout of memory, and in others."""
    base = replace(BASE, stack=stack, users=users)
    heads = [replace(base, instructions=round(base.instructions * (1 + each))) for each in (change, *others)]
    return CountedPair(base, heads[0], tuple((base, head) for head in heads[1:]))


def verdict(recipe: Recipe, *pairs: CountedPair, gate: Gate | None = None) -> Judgement:
    run = session(recipe)
    assert run.ab is not None
    return judge_paired(replace(run, ab=replace(run.ab, instructions=pairs)), gate or Gate())


def test_a_count_regresses_what_time_passes() -> None:
    found = verdict(Recipe(), pair(0.0), pair(0.02))
    assert (found.verdict, found.exit_code) == ("regressed", 1)
    (one,) = found.deciding
    assert (one.metric.name, one.base, one.head, one.threshold) == ("instructions", 400_000, 408_000, 0.01)
    assert [each.verdict for each in found.counted] == ["passed", "regressed"]
    assert found.family == len(verdict(Recipe()).findings)


def test_counts_that_did_not_change_leave_the_verdict_as_it_is() -> None:
    slower, few = Recipe(effects={(FLASK, "cpu"): 1.2}), Recipe(restarts=4)
    for recipe in (Recipe(), slower, few):
        without, counted = verdict(recipe), verdict(recipe, pair(0.001))
        assert (counted.verdict, counted.deciding) == (without.verdict, without.deciding)
    assert verdict(few, pair(0.001)).verdict == "inconclusive"


def test_the_largest_regression_stands_first_whether_of_time_or_of_counts() -> None:
    found = verdict(Recipe(effects={(FLASK, "cpu"): 1.2}), pair(0.5))
    assert {one.metric.name for one in found.deciding} > {"instructions", "cpu"}
    assert found.deciding[0].metric.name == "instructions"


def test_a_control_that_moved_hides_no_count() -> None:
    drift = Recipe(effects={(FASTAPI, "p95"): 1.2})
    assert verdict(drift, pair(0.0)).moved
    found = verdict(drift, pair(0.02))
    assert (found.verdict, found.moved) == ("regressed", False)


def test_a_count_of_the_control_decides_nothing() -> None:
    assert verdict(Recipe(), pair(0.02, stack=FASTAPI)).verdict == "no regression"


@pytest.mark.parametrize(
    ("change", "users", "fail_on", "word"),
    [
        (0.02, 50, {}, "passed"),
        (0.04, 50, {}, "regressed"),
        (-0.02, 1, {}, "improved"),
        (0.02, 1, {"instructions": 0.05}, "passed"),
        (0.0, 1, {"instructions": 0.0}, "passed"),
    ],
)
def test_the_gate_is_that_of_instructions_or_the_one_asked_for(
    change: float, users: int, fail_on: dict[str, float], word: str
) -> None:
    (one,) = of_counts([pair(change, users=users)], Gate(fail_on=fail_on), ())
    assert one.verdict == word


def test_a_threshold_for_every_ratio_counts_for_instructions_too() -> None:
    words = [next(iter(of_counts([pair(0.02)], gate, ()))).verdict for gate in (Gate(), Gate(noise=0.05))]
    assert words == ["regressed", "passed"]
    named = Gate(noise=0.05, fail_on={"instructions": 0.01})
    assert next(iter(of_counts([pair(0.02)], named, ()))).verdict == "regressed"


def test_of_several_layouts_the_median_counts_and_is_told() -> None:
    (one,) = of_counts([pair(0.015, 0.002, 0.004)], Gate(), ())
    assert (one.verdict, one.because) == ("passed", "the median of 3 layouts of memory: +1.50 %, +0.20 %, +0.40 %")


def test_a_threshold_for_counts_that_nobody_made_is_noted() -> None:
    found = verdict(Recipe(), gate=Gate(fail_on={"instructions": 0.02}))
    assert "A threshold is given for instructions, which is not gated here." in found.notes
    found = verdict(Recipe(), pair(0.0), gate=Gate(fail_on={"instructions": 0.02}))
    assert not any("not gated" in note for note in found.notes)
