from dataclasses import replace

import pytest

from bench.judge.gate.paired import judge_paired
from bench.judge.gate.thresholds import Gate
from bench.judge.stacks.rows import rows
from bench.model.cell import Problem
from bench.show.export.figures import CAPACITY, Figures, LeftOut, Place, Reported, of_run, of_sides
from tests.unit.sessions import CLOSED, STACKS, ab_cell, ab_run, session
from tests.unit.sessions import Figures as Made

from .made_up import BEHIND, LATE, of_cells, three, with_searches

WHERE = Place("flask", "weather", "10 users (closed-loop)")


def one(figures: Figures, name: str, place: Place = WHERE) -> Reported | None:
    found = [each for each in figures.reported if each.measure.name == name and each.place == place]
    return found[0] if found else None


def left_out(figures: Figures, name: str) -> list[LeftOut]:
    return [each for each in figures.left_out if each.measure.name == name]


def test_the_figures_are_those_of_the_report_as_they_are_called_there() -> None:
    run = of_cells(*three("flask"))
    figures = of_run(run)
    (row,) = rows(run.cells, run.config)
    assert {each.measure.name: each.found for each in figures.reported} == row.estimates
    p95 = one(figures, "p95")
    assert p95 is not None
    assert (p95.measure.title, p95.measure.unit, p95.measure.better) == ("P95 at saturation", "s", "lower")
    assert p95.found.values == (0.1, 0.2, 0.3)
    assert p95.windows_s == (1.0, 1.0, 1.0)
    assert figures.left_out == ()


def test_a_round_that_is_not_reliable_is_told_of_and_has_no_part() -> None:
    figures = of_run(of_cells(*three("flask", None, LATE)))
    found = one(figures, "p95")
    assert found is not None
    assert found.found.values == (0.1, 0.3)
    assert len(found.windows_s) == 2
    (told,) = left_out(figures, "p95")
    assert (told.partly, told.why) == (True, "upstream late: off by 6 ms (1 of 3 rounds)")
    assert left_out(figures, "throughput") == []


def test_a_figure_that_the_service_itself_spoilt_once_is_left_out() -> None:
    figures = of_run(of_cells(*three("flask", None, BEHIND)))
    assert one(figures, "p95") is None
    assert one(figures, "throughput") is not None
    (told,) = left_out(figures, "p95")
    assert told.partly is False
    assert told.why.startswith("falling behind: ")


def test_a_capacity_is_there_and_a_lower_bound_is_none() -> None:
    figures = of_run(with_searches(of_cells()))
    found = one(figures, "capacity", Place("flask", "weather", "P95 within 200 ms (Poisson)"))
    assert found is not None
    assert found.found.values == (500.0, 520.0, 510.0)
    assert found.found.low is not None
    (told,) = left_out(figures, "capacity")
    assert told == LeftOut(
        Place("fastapi", "weather", "P95 within 200 ms (Poisson)"),
        CAPACITY,
        "only a lower bound was found: it was the most",
    )


def test_rounds_without_a_capacity_are_told_of() -> None:
    run = with_searches(of_cells())
    flask = list(run.searches[:3])
    flask[1] = replace(flask[1], rate_rps=None, ending="not known", why="other programs")
    figures = of_run(replace(run, searches=tuple(flask)))
    (told,) = figures.left_out
    assert (told.partly, told.why) == (True, "other programs (1 of 3 rounds)")
    none = [replace(each, rate_rps=None, ending="never", why="even at 1/s") for each in flask]
    figures = of_run(replace(run, searches=tuple(none)))
    assert figures.reported == ()
    assert [(each.partly, each.why) for each in figures.left_out] == [(False, "even at 1/s")]


def test_the_sides_of_an_ab_have_the_means_of_its_verdict() -> None:
    run = session()
    judgement = judge_paired(run, Gate())
    sides = of_sides(run)
    assert len(sides[0].reported) == len(sides[1].reported) == 2 * 2 * 6
    for finding in (*judgement.findings, *judgement.ungated):
        if finding.metric.compared_by == "ratio":
            for figures, wanted in zip(sides, (finding.base, finding.head), strict=True):
                (found,) = (
                    each
                    for each in figures.reported
                    if (each.place.stack, each.measure.name) == (finding.stack, finding.metric.name)
                    and ("open" in each.place.load) == (finding.load.model == "open")
                )
                assert found.found.mean == wanted
                assert (found.found.low, found.found.high) == (None, None)
                assert len(found.found.values) == len(found.windows_s) == 10


def test_a_restart_counts_on_both_sides_or_on_none() -> None:
    late = Made(problems=(LATE,))
    cells = [ab_cell(STACKS[0], CLOSED, number, Made(), late if number == 2 else Made()) for number in (1, 2, 3, 4)]
    for figures in of_sides(ab_run(cells)):
        found = one(figures, "p95", Place(STACKS[0], "weather", "100 users (closed-loop)"))
        assert found is not None
        assert len(found.found.values) == len(found.windows_s) == 3
        (told,) = left_out(figures, "p95")
        assert (told.partly, told.why) == (True, "1 of 4 restarts (in head, off by 6 ms)")


@pytest.mark.parametrize("problem", [BEHIND, Problem("service errors", "30 % failed", ("latency", "cpu"))])
def test_a_figure_that_base_spoilt_in_half_of_the_restarts_is_left_out_as_in_the_verdict(problem: Problem) -> None:
    bad = Made(problems=(problem,))
    cells = [ab_cell(STACKS[0], CLOSED, number, bad if number < 3 else Made(), Made()) for number in (1, 2, 3, 4)]
    for figures in of_sides(ab_run(cells)):
        (told,) = left_out(figures, "p95")
        assert told.partly is False
        assert told.why.startswith("base could not be measured in 2 of 4 restarts")
        assert one(figures, "p95", Place(STACKS[0], "weather", "100 users (closed-loop)")) is None
