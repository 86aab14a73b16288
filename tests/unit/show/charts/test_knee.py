from collections.abc import Sequence

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.model.cell import Cell
from bench.model.config import Plan
from bench.show.charts import knee
from bench.show.charts.frame import Chart
from bench.show.charts.style import styled
from tests.unit.builders import Shape, cell, plan
from tests.unit.show.charts.drawings import assert_legible, gids, labels, line, words, xs, ys
from tests.unit.show.charts.readings import LATE, LOST, crowd, reading, rows_of

TWO = plan({"a": Shape(1), "b": Shape(1)}, {"weather": (10, 100, 500)})
BENT = {10: (95.0, 0.105), 100: (900.0, 0.11), 500: (1000.0, 0.5)}
"""Throughput and P95 by users: the knee is at 100."""


def cells(stack: str = "a", factor: float = 1.0, rounds: int = 1) -> list[Cell]:
    return [
        cell(stack, users, number, throughput_rps=throughput * factor, p95_s=p95_s * number)
        for users, (throughput, p95_s) in BENT.items()
        for number in range(1, rounds + 1)
    ]


def chart(planned: Plan, made: Sequence[Cell]) -> Chart:
    found = reading(planned, made)
    with styled():
        drawn = knee.chart(found, rows_of(found))
    assert drawn is not None
    return drawn


def panel(planned: Plan, made: Sequence[Cell]) -> Axes:
    (axes,) = chart(planned, made).figure.axes
    return axes


def test_a_line_runs_by_rising_users_through_throughput_and_p95() -> None:
    axes = panel(TWO, cells())
    np.testing.assert_allclose(xs(axes, "line:a"), [95, 900, 1000])
    np.testing.assert_allclose(ys(axes, "line:a"), [105, 110, 500])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("throughput, requests/s", "P95 at saturation, ms")
    assert gids(axes).count("mean:a") == 3
    assert "line:b" not in gids(axes)


def test_the_knee_is_ringed_and_each_point_has_its_users_beside_it() -> None:
    axes = panel(TWO, cells())
    assert xs(axes, "ring:a") == [900.0]
    assert ys(axes, "ring:a") == pytest.approx([110.0])
    assert line(axes, "ring:a").get_markerfacecolor() == "none"
    assert sorted(labels(axes)) == ["10", "100", "500"]


def test_rounds_are_dots_and_intervals_bars_both_ways() -> None:
    made = [cell("a", users, n, throughput_rps=users * n, p95_s=n / 10) for users in (10, 100) for n in (1, 2, 4)]
    figure = chart(TWO, made).figure
    (axes,) = figure.axes
    np.testing.assert_allclose(xs(axes, "rounds:a"), [10, 20, 40])
    np.testing.assert_allclose(ys(axes, "rounds:a"), [100, 200, 400])
    across, up = (found for found in axes.lines[:2] if found.get_gid() == "interval:a")
    np.testing.assert_allclose(np.asarray(across.get_ydata()), [200, 200])
    np.testing.assert_allclose(np.asarray(up.get_xdata()), [20, 20])
    assert "dots: rounds" in words(figure)


def test_an_unreliable_load_is_off_the_line_crossed_out_and_named() -> None:
    made = [
        cell("a", users, throughput_rps=throughput, p95_s=p95_s, problems=(LATE,) if users == 100 else ())
        for users, (throughput, p95_s) in BENT.items()
    ]
    drawn = chart(TWO, made)
    (axes,) = drawn.figure.axes
    assert np.isnan(ys(axes, "line:a")).tolist() == [False, True, False]
    assert gids(axes).count("void:a") == 2
    assert xs(axes, "void:a") == [900.0]
    assert ys(axes, "void:a") == pytest.approx([110.0])
    assert not any(gid.startswith("ring:") for gid in gids(axes))
    assert "crossed out, because unreliable: a on weather with 100 users (upstream late)." in words(drawn.figure)
    assert drawn.finding.startswith("No stack has a knee within its loads")


def test_axes_are_logarithmic_where_stacks_are_twenty_times_apart() -> None:
    axes = panel(TWO, [*cells("a"), *cells("b", 0.01)])
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "linear")
    assert axes.get_xlabel() == "throughput, requests/s (log scale)"
    assert axes.get_xlim()[0] < 0.95


def test_the_finding_says_where_the_knees_are() -> None:
    assert chart(TWO, [*cells("a"), *cells("b", 2.0)]).finding == (
        "The knee on weather, where throughput / P95 is greatest, is at 100 users for b (1800/s, P95 110 ms) and "
        "100 users for a (900/s, P95 110 ms). Beyond it P95 grows by a larger factor than throughput."
    )


def test_a_scenario_of_a_single_load_has_no_panel() -> None:
    planned = plan({"a": Shape(1)}, {"weather": (10, 100, 500), "health": (10,)}, rounds=1)
    figure = chart(planned, [*cells(), cell("a", scenario="health")]).figure
    assert [axes.get_label() for axes in figure.axes] == ["weather"]
    assert "No line, because there is only one load: health." in words(figure)
    single = reading(planned, [cell("a", scenario="health")])
    with styled():
        assert knee.chart(single, rows_of(single)) is None


def test_where_nothing_is_reliable_the_panel_and_the_finding_say_so() -> None:
    made = [cell("a", users, problems=(LOST,)) for users in (10, 100)]
    drawn = chart(TWO, made)
    assert [text.get_text() for text in drawn.figure.axes[0].texts] == ["no reliable value"]
    assert drawn.finding == "No closed-loop load of this run has both a reliable throughput and a reliable P95."


@pytest.mark.parametrize("count", [1, 2, 8])
def test_no_text_is_cut_off_or_runs_into_another(count: int) -> None:
    assert_legible(drawn_of(count))


def drawn_of(count: int) -> Figure:
    found = crowd(count)
    with styled():
        drawn = knee.chart(found, rows_of(found))
    assert drawn is not None
    return drawn.figure
