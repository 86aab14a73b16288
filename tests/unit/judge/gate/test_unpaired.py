import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.judge.gate.comparable import Difference
from bench.judge.gate.thresholds import Gate
from bench.judge.gate.unpaired import judge_unpaired
from bench.judge.gate.verdict import Finding, Judgement
from bench.model.cell import Cell, Limit, Measurement, Problem
from bench.model.config import Load
from bench.model.run import Run
from tests.unit.builders import run_of
from tests.unit.judge.gate.made_up import BEHIND, FAILING, FASTAPI, FLASK, LATE, OK, USUAL
from tests.unit.sessions import CLOSED, OPEN, Figures, cell_of, ordinary

CONFIG = ordinary(rounds=1).config
CALLS = Problem("upstream calls", "the upstream counted 9 calls, not 10", ("throughput", "latency", "memory", "cpu"))
SATURATED = Problem("load side saturated", "generator and upstream kept a core 99 % busy", ("latency", "throughput"))

LOGS = st.lists(st.integers(-100, 100).map(lambda number: number / 1000), min_size=1, max_size=8)
"""Logarithms of a figure, one a round."""


def run(figures: Sequence[Figures], load: Load = CLOSED, *, stack: str = FLASK, limit: Limit = "nothing") -> Run:
    cells = [cell_of(stack, load, number, one, limit=limit) for number, one in enumerate(figures, 1)]
    return run_of(CONFIG, tuple(cells))


def cpu(logs: Sequence[float]) -> Run:
    return run([replace(OK, cpu=OK.cpu * math.exp(log)) for log in logs])


def judged(base: Run, head: Run, gate: Gate = USUAL) -> dict[str, Finding]:
    """The findings by metric, of runs of one place."""
    return {one.metric.name: one for one in judge_unpaired(base, head, gate).findings}


def test_a_change_has_the_mean_the_interval_and_the_p_of_a_calculation_by_hand() -> None:
    base, head = [0.0, 0.01, 0.02, 0.03, 0.04], [0.10, 0.11, 0.12, 0.13, 0.14]
    found = judged(cpu(base), cpu(head))["cpu"]
    assert found.verdict == "regressed"
    # Every round of head above every one of base: one of C(10, 5) ways, times the three tests of the family.
    assert found.p == pytest.approx(3 / math.comb(10, 5))
    # Both variances are 0.00025, so the standard error is 0.01, with 8 degrees of freedom: t(0.975, 8) = 2.306.
    assert found.change is not None
    assert found.change.mean == pytest.approx(math.expm1(0.1))
    assert found.change.low == pytest.approx(math.expm1(0.1 - 0.02306), rel=1e-3)
    assert found.change.high == pytest.approx(math.expm1(0.1 + 0.02306), rel=1e-3)
    assert found.rounds == (5, 5)


def test_three_rounds_are_too_few_for_a_change_but_may_pass() -> None:
    few = judged(cpu([0.0, 0.001, 0.002]), cpu([0.5, 0.501, 0.502]))["cpu"]
    assert few.verdict == "inconclusive"
    assert few.because == "3 rounds are too few: a family of 3 tests needs at least 4 at alpha 0.05"
    assert few.needed == 4
    equal = judged(cpu([0.0, 0.001, 0.002]), cpu([0.001, 0.002, 0.003]))["cpu"]
    assert (equal.verdict, equal.because) == ("passed", "")


def test_different_numbers_of_rounds_are_both_named() -> None:
    few = judged(cpu([0.0, 0.1]), cpu([0.0, 0.1, 0.2]))["cpu"]
    assert few.because.startswith("2 rounds of base and 3 of head are too few")


def test_a_single_round_has_no_interval_and_no_verdict() -> None:
    one = judged(cpu([0.0]), cpu([0.0]))["cpu"]
    assert (one.verdict, one.needed, one.detectable) == ("inconclusive", 4, None)
    assert one.change is not None
    assert (one.change.mean, one.change.low, one.change.high) == (0.0, None, None)


def test_an_inconclusive_finding_says_how_many_rounds_of_each_run_would_settle_it() -> None:
    noisy = [0.0, 0.01, 0.02, 0.03, 0.04, 0.05]
    found = judged(cpu(noisy), cpu(noisy))["cpu"]
    assert (found.verdict, found.because) == ("inconclusive", "")
    assert found.needed is not None
    deviation = 0.01 * math.sqrt(17.5 / 5)
    assert found.needed == pytest.approx(2 * ((1.96 + 1.645) * deviation / math.log1p(0.01)) ** 2, rel=0.1)
    assert found.detectable is not None
    assert found.detectable > 0.05


@pytest.mark.parametrize(
    ("limits", "load", "gated"),
    [
        (["nothing"] * 3, CLOSED, {"cpu", "memory", "errors"}),
        (["slots"] * 3, OPEN, {"cpu", "p95", "memory", "errors"}),
        (["server cpu"] * 3, CLOSED, {"throughput", "memory", "errors"}),
        (["server cpu", "server cpu", "nothing"], OPEN, {"throughput", "p95", "memory", "errors"}),
        (["server cpu", "nothing"], CLOSED, {"cpu", "memory", "errors"}),
    ],
)
def test_throughput_or_cpu_is_gated_and_p95_under_an_open_load(
    limits: list[Limit], load: Load, gated: set[str]
) -> None:
    cells = [cell_of(FLASK, load, number, OK, limit=limit) for number, limit in enumerate(limits, 1)]
    judgement = judge_unpaired(run_of(CONFIG, tuple(cells)), run([OK] * 3, load), USUAL)
    assert {one.metric.name for one in judgement.findings} == gated
    others = {one.metric.name: one.verdict for one in judgement.ungated}
    assert others == dict.fromkeys({"throughput", "cpu", "p95", "memory", "errors"} - gated, "not gated")


def test_memory_is_pss_and_p95_less_upstream_is_shown_beside_p95() -> None:
    found = judged(run([OK] * 5, OPEN), run([OK] * 5, OPEN))
    assert found["memory"].base == pytest.approx(OK.memory * 1.6)
    assert found["memory"].beside == ()
    (beside,) = found["p95"].beside
    assert [beside.base, beside.head] == pytest.approx([OK.p95 - 0.02] * 2)


def test_runs_with_different_settings_are_not_comparable_whatever_their_figures() -> None:
    base, head = cpu([0.0] * 6), cpu([0.5] * 6)
    judgement = judge_unpaired(base, replace(head, seed=99), USUAL)
    assert (judgement.verdict, judgement.exit_code) == ("not comparable", 3)
    assert judgement.differences == (Difference("seed", "7", "99"),)
    assert judgement.findings == judgement.ungated == ()


def test_what_only_base_measured_is_not_comparable() -> None:
    base = ordinary()
    ended = replace(base, cells=tuple(cell for cell in base.cells if cell.stack != FASTAPI))
    judgement = judge_unpaired(base, ended, USUAL)
    assert judgement.exit_code == 3
    missing = [one for one in judgement.findings if one.verdict == "not comparable"]
    assert {one.stack for one in missing} == {FASTAPI}
    assert {one.because for one in missing} == {"head planned it but recorded no round of it"}
    fewer = replace(base.config, profile=replace(base.config.profile, stacks=(FLASK,)))
    unplanned = judge_unpaired(base, replace(ended, config=fewer), USUAL)
    assert unplanned.deciding[0].because == "head did not plan it"


def test_a_regression_elsewhere_outweighs_what_is_missing() -> None:
    base, head = ordinary(), ordinary(seed=2, effects={(FLASK, "cpu"): 1.5})
    head = replace(head, cells=tuple(cell for cell in head.cells if cell.stack != FASTAPI))
    assert judge_unpaired(base, head, USUAL).exit_code == 1


def test_what_only_head_measured_is_mentioned_but_not_compared() -> None:
    base = replace(ordinary(), notes=("odd",))
    old = replace(base, cells=tuple(cell for cell in base.cells if cell.stack != FASTAPI))
    judgement = judge_unpaired(old, base, USUAL)
    assert {one.stack for one in (*judgement.findings, *judgement.ungated)} == {FLASK}
    assert judgement.notes == (
        "Base: odd",
        "Head: odd",
        "Only head measured this, so it is not compared: fastapi-aiohttp, weather, 100 users.",
        "Only head measured this, so it is not compared: fastapi-aiohttp, weather, 600/s.",
    )


def test_rounds_that_the_harness_spoilt_are_left_out() -> None:
    late = replace(OK, p95=9.0, problems=(LATE,))
    found = judged(run([*[OK] * 5, late], OPEN), run([late, late, *[OK] * 4], OPEN))["p95"]
    assert (found.verdict, found.rounds) == ("passed", (5, 4))
    assert found.left_out == f"1 of 6 rounds of base ({LATE.detail}); 2 of 6 rounds of head (first: {LATE.detail})"


@pytest.mark.parametrize(
    ("head", "regressed"),
    [
        (replace(OK, problems=(BEHIND,)), {"p95"}),
        (replace(OK, problems=(CALLS,), outcome="invalid"), {"cpu", "p95", "memory", "errors"}),
        (replace(OK, problems=(FAILING,), errors=0.02, outcome="degraded"), {"cpu", "p95", "errors"}),
        (replace(OK, problems=(SATURATED,), outcome="invalid"), set()),
    ],
)
def test_a_metric_that_head_spoils_in_most_rounds_regressed_and_one_that_the_harness_spoils_did_not(
    head: Figures, regressed: set[str]
) -> None:
    found = judged(run([OK] * 6, OPEN), run([*[OK] * 2, *[head] * 4], OPEN))
    assert {name for name, one in found.items() if one.verdict == "regressed"} == regressed
    once = judged(run([OK] * 6, OPEN), run([*[OK] * 5, head], OPEN))
    assert {name for name, one in once.items() if one.verdict in {"inconclusive", "regressed"}} >= regressed


def test_a_head_whose_every_round_the_harness_spoilt_is_inconclusive() -> None:
    spoilt = replace(OK, problems=(SATURATED,), outcome="invalid")
    judgement = judge_unpaired(run([OK] * 6, OPEN), run([spoilt] * 6, OPEN), USUAL)
    assert judgement.exit_code == 4
    assert judgement.deciding[0].because.startswith(
        "there is nothing to compare; left out: 6 of 6 rounds of head (first: generator and upstream"
    )


def failed(number: int) -> Cell:
    detail = "start server: the server did not become ready in 30 s"
    return Cell(FLASK, "weather", CLOSED, number, 0, (Measurement("failed", (Problem("failed", detail),)),))


def test_a_head_that_failed_in_every_round_is_inconclusive_and_in_some_cannot_pass() -> None:
    base = run([OK] * 6)
    none = judge_unpaired(base, replace(base, cells=tuple(map(failed, range(1, 7)))), USUAL)
    assert none.exit_code == 4
    assert "did not become ready" in none.deciding[0].because
    some = judge_unpaired(base, replace(base, cells=(*base.cells, failed(7))), USUAL)
    assert some.exit_code == 4
    assert some.deciding[0].because == (
        "1 of 7 rounds of head failed (start server: the server did not become ready in 30 s), so head cannot pass"
    )
    other = judge_unpaired(replace(base, cells=(*base.cells, failed(7))), base, USUAL)
    assert other.exit_code == 0


def test_without_a_single_cell_nothing_is_shown() -> None:
    assert judge_unpaired(run([]), run([]), USUAL).exit_code == 4


def test_runs_of_one_commit_show_no_regression_and_a_slowdown_is_found() -> None:
    assert judge_unpaired(ordinary(), ordinary(seed=2), Gate(noise=0.05)).verdict == "no regression"
    slower = judge_unpaired(ordinary(), ordinary(seed=2, effects={(FLASK, "cpu"): 1.2}), USUAL)
    assert slower.exit_code == 1
    assert {(one.stack, one.metric.name) for one in slower.deciding} == {(FLASK, "cpu")}
    assert slower.controls == ()


def only(base: Run, head: Run) -> Judgement:
    return judge_unpaired(base, head, Gate(alpha=0.2))


@settings(max_examples=30)
@given(LOGS, LOGS)
def test_swapping_base_and_head_mirrors_the_verdict(base: list[float], head: list[float]) -> None:
    here, there = (only(cpu(base), cpu(head)).findings[0], only(cpu(head), cpu(base)).findings[0])
    mirrored = {"regressed": "improved", "improved": "regressed"}
    assert there.verdict == mirrored.get(here.verdict, here.verdict)
    assert there.needed == here.needed


@settings(max_examples=30)
@given(LOGS, LOGS, st.integers(0, 100).map(lambda number: number / 1000))
def test_a_regression_stays_one_if_head_gets_even_worse(base: list[float], head: list[float], worse: float) -> None:
    here = only(cpu(base), cpu(head)).findings[0]
    there = only(cpu(base), cpu([log + worse for log in head])).findings[0]
    if here.verdict == "regressed":
        assert there.verdict == "regressed"


def planned(run: Run, rounds: int) -> Run:
    return replace(run, config=replace(run.config, profile=replace(run.config.profile, rounds=rounds)))


def test_a_head_that_dropped_five_of_its_nine_rounds_cannot_pass() -> None:
    whole = planned(run([OK] * 9), 9)
    assert judge_unpaired(whole, whole, USUAL).exit_code == 0
    ended = replace(whole, cells=whole.cells[:4])
    judgement = judge_unpaired(whole, ended, USUAL)
    assert judgement.exit_code == 4
    assert {one.because for one in judgement.findings} == {
        "5 of 9 rounds of head were not recorded, so head cannot pass"
    }
    assert judge_unpaired(ended, whole, USUAL).deciding[0].because == (
        "5 of 9 rounds of base were not recorded, so head cannot pass"
    )


def test_rounds_that_are_missing_do_not_hide_a_regression() -> None:
    base = planned(cpu([0.0, 0.001, 0.002, 0.003, 0.004, 0.005]), 6)
    head = planned(cpu([0.5, 0.501, 0.502, 0.503]), 6)
    assert judge_unpaired(base, head, USUAL).exit_code == 1


def test_another_number_of_rounds_and_another_lock_file_are_told() -> None:
    base, head = planned(run([OK] * 6), 6), replace(planned(run([OK] * 5), 5), lock_sha256="cd" * 32)
    judgement = judge_unpaired(base, head, USUAL)
    assert judgement.exit_code == 0
    assert judgement.notes == (
        "Base and head differ in rounds: 6 in base and 5 in head.",
        "Base and head differ in lock_sha256: abababababab in base and cdcdcdcdcdcd in head.",
    )
