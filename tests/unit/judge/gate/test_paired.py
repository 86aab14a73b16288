from dataclasses import replace

import pytest

from bench.judge.gate.paired import judge_paired
from bench.judge.gate.thresholds import Gate
from bench.judge.gate.verdict import Judgement
from bench.model.run import Gated, Run
from tests.unit.builders import run_of
from tests.unit.judge.gate.made_up import CPU, FASTAPI, FLASK, first, ratios, repeated, sliced
from tests.unit.sessions import CLOSED, STACKS, Recipe, session


def planned(run: Run, *looks: int) -> Run:
    """The same session, but it was to be judged after so many restarts."""
    assert run.ab is not None
    return replace(run, ab=replace(run.ab, looks=looks))


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
    assert len(slower.findings) == 18
    assert len(shown) == 2 * 2 * (9 - 3) - (18 - 2 * 2)  # without the means, of which two are gated in each stack


def test_a_session_that_ended_early_says_so() -> None:
    said = "The session ended early: 4 of 12 restarts were recorded."
    assert said in judge_paired(planned(ratios([0.0] * 4), 8, 10, 12), Gate()).notes
    assert said not in judge_paired(ratios([0.0] * 4), Gate()).notes


SLOWER, SAME = [0.3] * 10, [0.0] * 10


@pytest.mark.parametrize(
    ("changes", "looks", "verdict", "decided"),
    [
        (SLOWER + SAME, (10, 13, 16, 20), "regressed", 10),
        (SAME + SLOWER, (10, 13, 16, 20), "no regression", 10),
        (SAME + SLOWER, (20,), "regressed", 20),
        ([0.0, 0.1] * 5 + SLOWER, (10, 20), "regressed", 20),
        ([0.3, -0.3] * 10, (10, 13, 16, 20), "inconclusive", None),
    ],
)
def test_the_first_look_that_decides_stands_whatever_later_restarts_say(
    changes: list[float], looks: tuple[int, ...], verdict: str, decided: int | None
) -> None:
    found = judge_paired(ratios(changes, looks=looks), Gate())
    assert (found.verdict, found.decided, found.looks) == (verdict, decided, looks)
    assert found.findings[0].rounds == (decided or 20,) * 2


def test_between_two_looks_nothing_is_judged() -> None:
    found = judge_paired(ratios([0.0, 0.1] * 5 + [0.1] * 10, looks=(10, 20)), Gate())
    assert found.decided == 20
    early = judge_paired(ratios([0.0, 0.1] * 5 + [0.1] * 8, looks=(10, 20)), Gate())
    assert (early.decided, early.findings[0].rounds) == (18, (18, 18))  # it ended early, and that is its end


def test_each_look_of_several_has_a_share_of_alpha() -> None:
    run = ratios([0.3] * 10, others=4)
    for looks, alpha in (((10,), 0.05), ((10, 20), 0.025), ((10, 13, 16, 20), 0.0125)):
        assert judge_paired(planned(run, *looks), Gate()).alpha == pytest.approx(alpha)
    six = ratios([0.3] * 6, others=1)  # 2 / 64 = 0.031
    words = [judge_paired(planned(six, *looks), Gate()).verdict for looks in ((6,), (6, 20))]
    assert words == ["regressed", "inconclusive"]


def test_a_session_of_before_has_one_look_at_its_end() -> None:
    found = judge_paired(planned(ratios([0.3] * 10)), Gate())
    assert (found.verdict, found.alpha, found.looks, found.decided) == ("regressed", 0.05, (), 10)


def test_code_that_did_not_change_passes_without_a_figure() -> None:
    run = ratios([])
    assert run.ab is not None
    found = judge_paired(replace(run, ab=replace(run.ab, unchanged=True), notes=("a note",)), Gate(alpha=0.01))
    assert (found.verdict, found.exit_code, found.unchanged) == ("no regression", 0, True)
    assert (found.findings, found.ungated, found.notes, found.alpha) == ((), (), ("a note",), 0.01)
    assert judge_paired(run, Gate()).exit_code == 4


def test_a_note_says_how_much_other_programs_took_and_how_many_slices_are_left_out() -> None:
    base, head = sliced(disturbed=[0.0, 0.1, None, 0.12]), sliced(disturbed=[0.02, 0.3, 0.0, 0.0])
    assert judge_paired(repeated(CPU, base, head), Gate()).notes == (
        "The hypervisor and other programs took 7.71 % of the server's cores on average. "
        "20 of 70 slices, in which it was more than 10.0 %, are left out.",
    )
    unknown = sliced(disturbed=[None, None])
    assert judge_paired(repeated(CPU, unknown, unknown), Gate()).notes == ()


def test_only_the_restarts_up_to_the_look_that_decided_count_in_the_notes() -> None:
    run = ratios([0.0] * 20, looks=(10, 20))
    assert "0 of 80 slices" in " ".join(judge_paired(run, Gate()).notes)


def test_an_ordinary_run_is_refused() -> None:
    with pytest.raises(ValueError, match="is not an A/B"):
        judge_paired(run_of(session().config), Gate())
