from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.judge.cell.metrics import BY_NAME
from bench.judge.stacks.ratios import Agreement, Direction, Ratio, direction, headline, held_against, ratios, reproduced
from bench.judge.stats.intervals import Estimate, estimate
from bench.model.cell import Cell, CellKey, Problem
from bench.model.config import Arrivals, Closed, Load, Open
from tests.unit.builders import FASTAPI, FLASK, SYNC, broken, cell, changed, failed, plan, save

SHAPES = {"flask": FLASK, "loop": FASTAPI, "sync": SYNC}
PLAN = plan(SHAPES, {"weather": (10,)})  # compares loop with flask
TEN = Closed(users=10)


def rounds(stack: str, figures: Sequence[float | None], problems: tuple[Problem, ...] = ()) -> list[Cell]:
    """A cell a round with this throughput; None: that round failed."""
    return [
        failed(CellKey(stack, "weather", Closed(users=10), number, 0))
        if rps is None
        else cell(stack, number=number, throughput_rps=rps, problems=problems)
        for number, rps in enumerate(figures, 1)
    ]


def ratio_of(found: Sequence[Ratio], stack: str, metric: str = "throughput") -> Ratio:
    return next(one for one in found if (one.stack, one.metric) == (stack, metric))


def test_ratios_are_taken_within_each_round_so_that_a_slow_round_cancels_out() -> None:
    found = ratios([*rounds("flask", [100.0, 10.0, 50.0]), *rounds("loop", [200.0, 20.0, 100.0])], PLAN)
    one = ratio_of(found, "loop")
    assert (one.scenario, one.load, one.against) == ("weather", Closed(users=10), "flask")
    assert one.estimate.values == (2.0, 2.0, 2.0)
    assert one.estimate.low == pytest.approx(2.0)
    assert one.estimate.high == pytest.approx(2.0)
    assert one.direction == "higher"


@pytest.mark.parametrize(
    ("loop", "flask", "reconnected"),
    [(1.0, 0.0, "loop"), (0.01, 0.9, "flask"), (1.0, 1.0, None), (0.0, 0.01, None), (1.0, None, None)],
)
def test_a_stack_that_was_sent_each_request_over_a_new_connection_is_named_where_the_other_was_not(
    loop: float | None, flask: float | None, reconnected: str | None
) -> None:
    cells = [changed(cell("loop"), connections=loop), changed(cell("flask"), connections=flask)]
    assert ratio_of(ratios(cells, PLAN), "loop").reconnected == reconnected


def test_rounds_are_matched_by_their_number_and_not_by_their_order() -> None:
    cells = [*rounds("flask", [100.0, 10.0, 50.0]), *reversed(rounds("loop", [300.0, 20.0, 50.0]))]
    assert ratio_of(ratios(cells, PLAN), "loop").estimate.values == (3.0, 2.0, 1.0)


def test_a_round_in_which_either_figure_is_unreliable_or_missing_is_left_out() -> None:
    idle = Problem("users idle", "half of them", ("latency", "throughput"))
    flask = [*rounds("flask", [100.0, 100.0]), cell("flask", number=3, throughput_rps=100.0, problems=(idle,))]
    loop = [cell("loop", number=1, throughput_rps=900.0, problems=(idle,)), *rounds("loop", [1.0, 200.0, 900.0])[1:]]
    found = ratios([*flask, *loop], PLAN)
    assert ratio_of(found, "loop").estimate.values == (2.0,)
    assert ratio_of(found, "loop").direction == "unclear"
    assert len(ratio_of(found, "loop", "memory").estimate.values) == 3


def test_a_failed_round_has_no_ratio() -> None:
    found = ratios([*rounds("flask", [100.0, None]), *rounds("loop", [150.0, 150.0])], PLAN)
    assert ratio_of(found, "loop").estimate.values == (1.5,)


def test_there_is_no_ratio_where_nothing_was_served_in_a_round() -> None:
    found = ratios([*rounds("flask", [100.0, 0.0]), *rounds("loop", [150.0, 150.0])], PLAN)
    assert [one.metric for one in found if one.stack == "loop" and one.metric == "throughput"] == []


def test_there_is_no_ratio_of_a_figure_that_no_round_has_of_both_stacks() -> None:
    found = ratios([*rounds("flask", [100.0, None]), *rounds("loop", [None, 150.0])], PLAN)
    assert found == ()


def test_every_stack_is_compared_with_the_second_of_the_headline_and_the_headline_comes_first() -> None:
    found = ratios([one for name in SHAPES for one in rounds(name, [1.0])], PLAN)
    assert {one.against for one in found} == {"flask"}
    assert list(dict.fromkeys(one.stack for one in found)) == ["loop", "sync"]
    assert [one.metric for one in found if one.stack == "loop"] == list(BY_NAME)
    assert headline(found, PLAN) == tuple(one for one in found if one.stack == "loop")


def test_a_plan_that_compares_nothing_has_no_ratios() -> None:
    alone = plan({"flask": FLASK}, {"weather": (10,)})
    assert ratios(rounds("flask", [1.0, 2.0]), alone) == ()
    assert headline((), alone) == ()


def test_a_closed_loop_and_an_open_loop_load_are_never_compared() -> None:
    planned = plan({"flask": FLASK, "loop": FASTAPI}, {"weather": (10,)}, rates={"weather": (10.0,)})
    steady = Open(rate_rps=10.0, arrivals="fixed", max_in_flight=500)
    assert ratios([cell("flask", 10), cell("loop", load=steady)], planned) == ()
    found = ratios([cell("flask", load=steady), cell("loop", load=steady), cell("loop", 10)], planned)
    assert {one.load for one in found} == {steady}


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (1.031, 1.2, "higher"),
        (1.03, 1.2, "unclear"),  # beyond the threshold, not at it
        (1.0, 1.2, "unclear"),
        (0.98, 1.02, "same"),
        (1 / 1.03, 1.03, "same"),
        (0.970, 1.02, "unclear"),
        (0.98, 1.031, "unclear"),
        (0.8, 1 / 1.03, "unclear"),
        (0.8, 0.970, "lower"),
        (0.5, 2.0, "unclear"),
        (None, None, "unclear"),
    ],
)
def test_a_ratio_has_a_direction_where_its_whole_interval_clears_the_noise(
    low: float | None, high: float | None, wanted: Direction
) -> None:
    assert direction(Estimate(1.0, low, high, ()), 0.03) == wanted


MIRROR: dict[Direction, Direction] = {"higher": "lower", "lower": "higher", "same": "same", "unclear": "unclear"}
FIGURES = st.lists(st.tuples(st.floats(1, 1e3), st.floats(1, 1e3)), min_size=1, max_size=6)


def mirrored(found: Estimate) -> Estimate:
    if found.low is None or found.high is None:
        return found
    return Estimate(1 / found.mean, 1 / found.high, 1 / found.low, ())


@given(FIGURES)
def test_the_ratio_of_a_to_b_is_the_inverse_of_b_to_a(figures: list[tuple[float, float]]) -> None:
    names = plan({"a": FLASK, "b": FLASK}, {"weather": (10,)}, rounds=len(figures))
    cells = [*rounds("a", [one for one, _ in figures]), *rounds("b", [other for _, other in figures])]

    def over(first: str, second: str) -> Estimate:
        turned = replace(names, profile=replace(names.profile, compare=(first, second)))
        return ratio_of(ratios(cells, turned), first).estimate

    there, back = over("a", "b"), over("b", "a")
    assert there.mean == pytest.approx(1 / back.mean)
    assert there.values == pytest.approx([1 / value for value in back.values])
    if len(figures) > 1:
        assert back.low is not None
        assert back.high is not None
        assert there.low == pytest.approx(1 / back.high)
        assert there.high == pytest.approx(1 / back.low)


@given(st.lists(st.floats(0.5, 2.0), min_size=1, max_size=6), st.sampled_from([0.01, 0.03, 0.2]))
def test_the_direction_of_the_inverse_is_mirrored(quotients: list[float], noise: float) -> None:
    found = estimate(quotients)
    assert found is not None
    # Exactly at the threshold rounding decides.
    edges = (1 + noise, 1 / (1 + noise))
    if not any(bound == pytest.approx(edge) for bound in (found.low, found.high) for edge in edges if bound):
        assert direction(mirrored(found), noise) == MIRROR[direction(found, noise)]


def run_with(values: Sequence[float], load: Load = TEN) -> tuple[Ratio, ...]:
    found = estimate(values)
    assert found is not None
    return (Ratio("weather", load, "loop", "flask", "throughput", found, direction(found, 0.01)),)


@pytest.mark.parametrize(
    ("here", "there", "agreement"),
    [
        ([2.0, 2.02, 1.98], [2.1, 2.12, 2.08], "yes"),
        ([2.0, 2.02, 1.98], [4.0, 4.02, 3.98], "no"),
        ([4.0, 4.02, 3.98], [2.0, 2.02, 1.98], "no"),
        ([2.0, 2.02, 1.98], [2.4, 2.42, 2.38], "unclear"),  # the limit lies in the interval
        ([2.0, 3.0, 1.5], [2.0, 2.02, 1.98], "unclear"),  # too few rounds
        ([2.0], [2.0, 2.02, 1.98], "unclear"),  # a single round says nothing
        ([2.0, 2.02], [5.0], "unclear"),
    ],
)
def test_a_ratio_is_reproduced_where_it_lies_within_a_fifth_of_the_reference_runs(
    here: list[float], there: list[float], agreement: Agreement
) -> None:
    (found,) = reproduced(run_with(here), run_with(there))
    assert found.agreement == agreement
    assert (found.here, found.there) == (run_with(here)[0], run_with(there)[0])
    assert found.quotient.mean == pytest.approx(found.here.estimate.mean / found.there.estimate.mean)


def test_only_ratios_that_both_runs_have_can_be_reproduced() -> None:
    values = [2.0, 2.02, 1.98]
    steady = Open(rate_rps=10.0, arrivals="fixed", max_in_flight=500)
    assert reproduced(run_with(values), run_with(values, Closed(users=100))) == ()
    assert reproduced(run_with(values, steady), run_with(values, replace(steady, arrivals="poisson"))) == ()
    assert reproduced(run_with(values, steady), run_with(values, replace(steady, rate_rps=10.5))) == ()
    assert reproduced(run_with(values), ()) == ()
    other = replace(run_with(values)[0], metric="memory")
    assert len(reproduced((*run_with(values), other), run_with(values))) == 1


@pytest.mark.parametrize("arrivals", ["fixed", "poisson"])
def test_runs_with_different_limits_of_requests_in_flight_reproduce_each_other(arrivals: Arrivals) -> None:
    steady = Open(rate_rps=10.0, arrivals=arrivals, max_in_flight=500)
    here, there = run_with([2.0, 2.02, 1.98], steady), run_with([2.1, 2.12, 2.08], replace(steady, max_in_flight=1000))
    (found,) = reproduced(here, there)
    assert (found.here, found.there, found.agreement) == (*here, *there, "yes")


@given(
    *(st.lists(st.integers(50, 300).map(lambda value: value / 100), min_size=2, max_size=5) for _ in range(2)),
)
def test_it_makes_no_difference_which_of_two_runs_is_the_reference(here: list[float], there: list[float]) -> None:
    if len(set(here)) == 1 or len(set(there)) == 1:
        return
    (one,), (other,) = (
        reproduced(run_with(here), run_with(there)),
        reproduced(run_with(there), run_with(here)),
    )
    edges = (1.2, 1 / 1.2)
    if not any(bound == pytest.approx(edge) for bound in (one.quotient.low, one.quotient.high) for edge in edges):
        assert one.agreement == other.agreement


@pytest.mark.parametrize(("name", "rounds"), [("falling behind", 0), ("generator stalled", 2)])
def test_there_is_no_ratio_where_the_service_itself_made_a_round_unreliable(name: str, rounds: int) -> None:
    planned = plan({"a": FLASK, "b": FASTAPI}, {"weather": (10,)})
    problem = Problem(name, "so it was", ("latency",))
    cells = [
        cell(stack, number=number, problems=(problem,) if (stack, number) == ("b", 2) else ())
        for stack in "ab"
        for number in (1, 2, 3)
    ]
    found = {one.metric: len(one.estimate.values) for one in ratios(cells, planned)}
    assert found.get("p95", 0) == rounds
    assert found["throughput"] == 3


@pytest.mark.parametrize("stack", ["loop", "flask"])
def test_of_a_stack_that_failed_there_is_a_ratio_of_throughput_alone_and_it_says_what_failed(stack: str) -> None:
    cells = [
        broken(one, ok=3, errors={"status 503": 97}) if (one.stack, one.round) == (stack, 2) else one
        for one in (*rounds("flask", [100.0] * 3), *rounds("loop", [50.0] * 3), *rounds("sync", [50.0] * 3))
    ]
    found = [one for one in ratios(cells, PLAN) if stack in {one.stack, one.against}]
    assert {one.metric for one in found} == {"throughput"}
    for one in found:
        assert len(one.estimate.values) == 3
        (failed,) = one.failures
        assert (failed.stack, failed.asked, failed.failed) == (stack, 300, 97)
    others = [one for one in ratios(cells, PLAN) if stack not in {one.stack, one.against}]
    assert all(one.failures == () for one in others)
    assert len(others) in {0, len(BY_NAME)}


def test_of_an_invalid_stack_that_also_failed_there_is_no_ratio_of_memory_either() -> None:
    idle = Problem("users unanswered", "half of them", ("latency",))
    spoilt = broken(rounds("loop", [50.0])[0], ok=3, errors={"status 503": 97}, problems=(idle,))
    old = changed(spoilt, problems=tuple(replace(one, voids=()) for one in spoilt.measurement.problems))
    for one in (spoilt, old):
        assert {each.metric for each in ratios([*rounds("flask", [100.0]), one], PLAN)} == {"throughput"}


def test_of_a_stack_that_died_in_a_round_there_is_a_ratio_of_throughput_alone() -> None:
    found = ratios([*rounds("flask", [100.0, 100.0]), *rounds("loop", [150.0, None])], PLAN)
    assert [(one.metric, one.estimate.values) for one in found] == [("throughput", (1.5,))]


def test_runs_are_compared_by_the_stacks_and_scenarios_that_both_have(tmp_path: Path) -> None:
    one, other = (save(tmp_path / name, PLAN, SHAPES) for name in ("one", "other"))
    found = held_against(one, other)
    assert len(found) == len(ratios(one.cells, PLAN)) > 0
    assert {reproduction.agreement for reproduction in found} == {"yes"}


@pytest.mark.parametrize(
    ("table", "name", "change", "alike"),
    [
        ("stacks", "flask", {"threads": 7}, False),
        ("scenarios", "weather", {"hold_s": 9.0}, False),
        ("stacks", "flask", {"title": "another"}, True),
        ("scenarios", "weather", {"title": "another"}, True),
    ],
)
def test_a_stack_or_scenario_that_differs_between_the_runs_is_not_compared(
    tmp_path: Path, table: str, name: str, change: dict[str, Any], alike: bool
) -> None:
    run = save(tmp_path / "run", PLAN, SHAPES)
    tables = getattr(PLAN, table)
    changed: dict[str, Any] = {table: {**tables, name: replace(tables[name], **change)}}
    assert bool(held_against(replace(run, config=replace(PLAN, **changed)), run)) is alike


def test_a_plan_of_a_thousand_million_rounds_takes_no_longer_than_the_rounds_that_were_recorded() -> None:
    many = plan(SHAPES, {"weather": (10,)}, rounds=10**9)
    cells = [*rounds("flask", [100.0, 10.0]), *rounds("loop", [200.0, 20.0])]
    assert ratio_of(ratios(cells, many), "loop").estimate.values == (2.0, 2.0)
