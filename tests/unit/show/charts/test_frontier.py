from collections.abc import Sequence

import numpy as np
import pytest

from bench.model.cell import Cell
from bench.model.config import Plan
from bench.show.charts import frontier
from bench.show.charts.frame import Chart
from bench.show.charts.style import styled
from tests.unit.builders import Shape, cell, plan
from tests.unit.show.charts.drawings import assert_legible, gids, labels, words, xs, ys
from tests.unit.show.charts.readings import LATE, LOST, crowd, reading, rows_of

THREE = plan({"lean": Shape(1), "quick": Shape(1), "neither": Shape(1)}, {"weather": (10, 100)}, rounds=1)
FIGURES = {"lean": (500.0, 40_000_000), "quick": (900.0, 80_000_000), "neither": (400.0, 60_000_000)}
"""Throughput with 100 users, and memory."""


def cells() -> list[Cell]:
    return [
        cell(stack, users, throughput_rps=throughput * users / 100, pss_bytes=pss_bytes)
        for stack, (throughput, pss_bytes) in FIGURES.items()
        for users in (10, 100)
    ]


def chart(planned: Plan, made: Sequence[Cell]) -> Chart:
    found = reading(planned, made)
    with styled():
        drawn = frontier.chart(found, rows_of(found))
    assert drawn is not None
    return drawn


def test_each_stack_stands_at_its_best_load_and_the_line_goes_by_those_that_none_beats() -> None:
    (axes,) = chart(THREE, cells()).figure.axes
    for stack, (throughput, pss_bytes) in FIGURES.items():
        found = xs(axes, f"mean:{stack}"), ys(axes, f"mean:{stack}")
        np.testing.assert_allclose(found, [[pss_bytes / 1e6], [throughput]])
        assert gids(axes).count(f"mean:{stack}") == 1
    # It goes on to the edge: with more memory the last has no less throughput.
    np.testing.assert_allclose(xs(axes, "frontier"), [40, 80, axes.get_xlim()[1]])
    np.testing.assert_allclose(ys(axes, "frontier"), [500, 900, 900])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("memory (PSS), MB", "throughput, requests/s")


def test_points_have_the_names_of_their_stacks_and_the_better_corner_is_marked() -> None:
    (axes,) = chart(THREE, cells()).figure.axes
    assert sorted(labels(axes)) == ["lean", "neither", "quick"]
    (corner,) = (text for text in axes.texts if text.get_gid() == "better")
    assert corner.get_text() == "\u2196 better"
    assert (corner.get_ha(), corner.get_va(), corner.xy) == ("left", "top", (0.0, 1.0))  # type: ignore[attr-defined]


def test_stacks_that_lie_on_one_another_are_told_by_the_legend() -> None:
    made = [cell(stack, 100, throughput_rps=500.0, pss_bytes=50_000_000) for stack in ("lean", "quick")]
    (axes,) = chart(THREE, made).figure.axes
    assert labels(axes) == []


def test_the_finding_has_the_figures_of_both_sides_of_the_line() -> None:
    assert chart(THREE, cells()).finding == (
        "On the frontier for weather (means): quick (900/s in 80.0 MB, 100 users) and lean (500/s in 40.0 MB, 100 "
        "users). Below it: neither (400/s in 60.0 MB, 100 users)."
    )


def test_a_stack_whose_memory_is_unreliable_is_crossed_out_and_off_the_line() -> None:
    made = [*(one for one in cells() if one.stack != "neither"), cell("neither", 100, problems=(LOST,))]
    drawn = chart(THREE, made)
    (axes,) = drawn.figure.axes
    assert gids(axes).count("void:neither") >= 2
    assert "mean:neither" not in gids(axes)
    assert "crossed out, because unreliable: neither on weather with 100 users (upstream calls)." in words(drawn.figure)
    assert "neither" not in drawn.finding


def test_an_unreliable_latency_does_not_matter() -> None:
    made = [cell("lean", users, problems=(LATE,)) for users in (10, 100)]
    drawn = chart(THREE, made)
    assert "unreliable" not in words(drawn.figure)
    assert drawn.finding == "On the frontier for weather (means): lean (100/s in 50.0 MB, 10 users)."


def test_without_a_reliable_figure_or_a_closed_load_there_is_no_chart() -> None:
    nothing = reading(THREE, [cell("lean", problems=(LOST,))])
    assert frontier.chart(nothing, rows_of(nothing)) is None
    rates = crowd(2, closed=(), rounds=1)
    assert frontier.chart(rates, rows_of(rates)) is None


@pytest.mark.parametrize("count", [1, 2, 8])
def test_no_text_is_cut_off_or_runs_into_another(count: int) -> None:
    found = crowd(count)
    with styled():
        drawn = frontier.chart(found, rows_of(found))
    assert drawn is not None
    assert_legible(drawn.figure)
