from collections.abc import Sequence

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bench.judge.cell.metrics import BY_NAME
from bench.judge.stacks.rows import rows
from bench.model.cell import Cell, Problem
from bench.model.config import Open, Plan
from bench.show.charts.against_load import draw
from bench.show.charts.style import styled
from tests.unit.builders import FASTAPI, SYNC, Shape, cell, plan, run_of
from tests.unit.show.charts.drawings import gids, line, words, xs, ys

LATE = Problem("upstream late", "off by 6 ms", ("latency",))


def chart(planned: Plan, cells: Sequence[Cell], metric: str = "throughput") -> Figure:
    with styled():
        return draw(run_of(planned, tuple(cells)), rows(cells, planned), BY_NAME[metric])


TWO = plan({"a": Shape(1), "b": Shape(1)}, {"weather": (10, 100, 500)})


def test_a_line_runs_through_the_means_and_dots_are_the_rounds() -> None:
    cells = [cell("a", users, n, throughput_rps=users * n) for users in (10, 100, 500) for n in (1, 2, 4)]
    (axes,) = chart(TWO, cells).axes
    np.testing.assert_allclose(ys(axes, "line:a"), [20.0, 200.0, 1000.0])
    np.testing.assert_allclose(xs(axes, "line:a"), [10, 100, 500])
    np.testing.assert_allclose(ys(axes, "rounds:a"), [10, 20, 40])
    low, high = ys(axes, "interval:a")
    # The logarithms of 10, 20, 40 have standard deviation log 2; its interval reaches 2.484 of them.
    assert (low, high) == pytest.approx((20 / 2**2.484, 20 * 2**2.484), rel=1e-3)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["10", "100", "500"]
    assert axes.get_ylim()[0] == 0


def test_stacks_stand_beside_one_another_near_their_users() -> None:
    cells = [cell(name, users, throughput_rps=100.0) for name in "ab" for users in (10, 100, 500)]
    (axes,) = chart(TWO, cells).axes
    first, second = (np.array(xs(axes, f"line:{name}")) for name in "ab")
    assert (first < second).all()
    np.testing.assert_allclose(np.sqrt(first * second), [10, 100, 500])
    assert (second / first < 1.15).all()


def test_one_load_makes_a_bar_for_each_stack() -> None:
    planned = plan({"a": Shape(1), "b": Shape(1)}, {"weather": (10,)}, rounds=1)
    (axes,) = chart(planned, [cell("a", throughput_rps=50.0), cell("b", throughput_rps=80.0)]).axes
    heights = {str(bar.get_gid()): bar.get_height() for bar in axes.patches}  # type: ignore[attr-defined]
    assert heights == {"bar:a": 50.0, "bar:b": 80.0}
    assert [text.get_text() for text in axes.texts] == ["50.0", "80.0"]
    assert axes.get_xlabel() == "10 users"


def test_an_unreliable_figure_is_off_the_line_struck_and_named_with_its_reason() -> None:
    cells = [cell("a", users, problems=(LATE,) if users == 100 else ()) for users in (10, 100, 500)]
    figure = chart(TWO, cells, "p95")
    (axes,) = figure.axes
    assert np.isnan(ys(axes, "line:a")).tolist() == [False, True, False]
    hollow, cross = (found for found in axes.lines if found.get_gid() == "void:a")
    assert hollow.get_markerfacecolor() == "white"
    assert cross.get_marker() == "x"
    assert np.asarray(hollow.get_ydata()).tolist() == np.asarray(cross.get_ydata()).tolist() == [100.0]
    assert gids(axes).count("mean:a") == 2
    assert "crossed out, because unreliable: a on weather with 100 users (upstream late)." in words(figure)
    assert "Left out" not in words(figure)
    assert "unreliable" not in words(chart(TWO, cells))


def test_an_unreliable_figure_far_from_the_others_is_left_out_and_does_not_stretch_the_axis() -> None:
    cells = [
        cell("a", users, p95_s=9.0 if users == 100 else 0.1, problems=(LATE,) if users == 100 else ())
        for users in (10, 100)
    ]
    figure = chart(TWO, cells, "p95")
    (axes,) = figure.axes
    assert axes.get_ylim()[1] < 200
    assert "void:a" not in gids(axes)
    assert "Left out, because unreliable: a on weather with 100 users (upstream late)." in words(figure)


def test_a_figure_that_rests_on_some_rounds_is_drawn_whole_and_the_others_named() -> None:
    cells = [cell("a", users, n, problems=(LATE,) if n == 2 else ()) for users in (10, 100) for n in (1, 2, 3)]
    figure = chart(TWO, cells, "p95")
    assert "void:a" not in gids(figure.axes[0])
    assert "because unreliable: a on weather with 10 and 100 users (upstream late in 1 of 3 rounds)." in words(figure)


def test_an_unreliable_bar_is_a_hatched_outline_without_fill() -> None:
    planned = plan({"a": Shape(1), "b": Shape(1)}, {"weather": (10,)}, rounds=1)
    (axes,) = chart(planned, [cell("a", p95_s=0.15, problems=(LATE,)), cell("b")], "p95").axes
    assert "bar:a" not in gids(axes)
    (outline,) = (patch for patch in axes.patches if patch.get_gid() == "void:a")
    assert isinstance(outline, Rectangle)
    assert (outline.get_fill(), bool(outline.get_hatch()), outline.get_height()) == (False, True, 150.0)
    assert [text.get_text() for text in axes.texts] == ["100"]


def test_an_unreliable_bar_without_a_figure_or_far_above_the_others_has_only_a_word() -> None:
    planned = plan({"a": Shape(1), "b": Shape(1)}, {"weather": (10,)}, rounds=1)
    (axes,) = chart(planned, [cell("a", p95_s=9.0, problems=(LATE,)), cell("b")], "p95").axes
    assert "void:a" not in gids(axes)
    assert axes.get_ylim()[1] < 200
    (other,) = chart(planned, [cell("a", throughput_rps=0.0), cell("b")]).axes
    assert "void:a" not in gids(other)
    for one in (axes, other):
        assert {text.get_text() for text in one.texts} == {"n/a", "100"}


def test_a_panel_without_a_figure_says_so() -> None:
    figure = chart(TWO, [])
    assert [text.get_text() for text in figure.axes[0].texts] == ["no reliable value"]


def test_a_slot_limit_goes_on_beyond_the_last_load_of_its_stack() -> None:
    planned = plan({"sync": SYNC, "loop": FASTAPI}, {"weather": (10, 100, 500)}, max_users={"sync": 100}, rounds=1)
    cells = [cell("sync", users, throughput_rps=190.0) for users in (10, 100)]
    cells += [cell("loop", users, throughput_rps=900.0) for users in (10, 100, 500)]
    figure = chart(planned, cells)
    (axes,) = figure.axes
    assert ys(axes, "slots:sync") == pytest.approx([200.0, 200.0])
    assert xs(axes, "slots:sync")[1] > 500
    assert line(axes, "slots:sync").get_color() == line(axes, "line:sync").get_color()
    assert "Dashed" in words(figure)
    assert "slots:sync" not in gids(chart(planned, cells, "p95").axes[0])


def test_a_slot_limit_beyond_the_axis_does_not_stretch_it() -> None:
    planned = plan({"a": Shape(1, slots=1000)}, {"weather": (10, 100)}, rounds=1)
    figure = chart(planned, [cell("a", users, throughput_rps=100.0) for users in (10, 100)])
    assert "slots:a" not in gids(figure.axes[0])
    assert figure.axes[0].get_ylim()[1] < 200
    assert "Dashed" not in words(figure)


@pytest.mark.parametrize(("ratio", "scale"), [(19.0, "linear"), (20.0, "log"), (21.0, "log")])
def test_the_axis_is_logarithmic_from_twenty_times_on(ratio: float, scale: str) -> None:
    cells = [cell("a", 10, throughput_rps=10.0), cell("b", 10, throughput_rps=10.0 * ratio)]
    planned = plan({"a": Shape(1), "b": Shape(1)}, {"weather": (10,)}, rounds=1)
    (axes,) = chart(planned, cells).axes
    assert axes.get_yscale() == scale
    # On a log axis the length of a bar would say nothing.
    assert any(gid.startswith("bar:") for gid in gids(axes)) is (scale == "linear")


def test_ticks_of_a_log_axis_are_plain_numbers() -> None:
    cells = [cell("a", 10, p95_s=0.05), cell("b", 10, p95_s=5.0)]
    figure = chart(TWO, cells, "p95")
    with styled():
        figure.canvas.draw()
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["0.05", "0.1", "0.2", "0.5", "1", "2", "5"]


def test_an_interval_far_wider_than_the_data_does_not_flatten_it() -> None:
    cells = [cell("a", users, n, throughput_rps=100.0 * n) for users in (10, 100) for n in (1, 3)]
    figure = chart(plan({"a": Shape(1)}, {"weather": (10, 100)}, rounds=2), cells)
    assert figure.axes[0].get_ylim()[1] < 900
    assert "too wide to show in full" in words(figure)


BOTH = plan({"a": Shape(1)}, {"weather": (10, 100), "health": (10, 100)}, rates={"weather": (50.0, 300.0)}, rounds=1)
RATES = [load for load in BOTH.profile.loads["weather"] if isinstance(load, Open)]
CLOSED = [cell("a", users, scenario=name) for name in ("weather", "health") for users in (10, 100)]
OPEN = [cell("a", load=load, throughput_rps=load.rate_rps) for load in RATES]


@pytest.mark.parametrize(
    ("metric", "title", "scenarios", "axis", "loads"),
    [
        ("throughput", "Throughput against users", ["weather", "health"], "users", [10, 100]),
        ("memory", "Memory (PSS) against users", ["weather", "health"], "users", [10, 100]),
        ("p95", "P95 latency against offered rate", ["weather"], "requests/s offered", [50, 300]),
    ],
)
def test_a_chart_shows_one_load_model(
    metric: str, title: str, scenarios: list[str], axis: str, loads: list[float]
) -> None:
    figure = chart(BOTH, [*CLOSED, *OPEN], metric)
    assert figure.texts[0].get_text() == title
    assert [axes.get_label() for axes in figure.axes] == scenarios
    for axes in figure.axes:
        assert axes.get_xlabel() == axis
        np.testing.assert_allclose(xs(axes, "line:a"), loads)
    assert ("Not measured under open-loop loads: health." in words(figure)) is (metric == "p95")


def test_a_run_of_one_load_model_has_it_on_every_chart() -> None:
    assert chart(BOTH, CLOSED, "p95").texts[0].get_text() == "P95 latency at saturation against users"
    figure = chart(BOTH, OPEN)
    assert figure.texts[0].get_text() == "Achieved rate against offered rate"
    assert [axes.get_label() for axes in figure.axes] == ["weather"]
    assert chart(BOTH, OPEN[:1], "memory").axes[0].get_xlabel() == "50/s offered"
