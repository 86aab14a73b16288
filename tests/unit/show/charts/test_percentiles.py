from collections.abc import Sequence

import numpy as np
import pytest

from bench.judge.cell.percentiles import Curve
from bench.model.cell import Cell, Problem
from bench.model.config import Closed, Open, Plan
from bench.show.charts import percentiles
from bench.show.charts.frame import Chart
from bench.show.charts.style import marks, styled
from tests.unit.builders import Shape, cell, changed, plan
from tests.unit.show.charts.drawings import assert_legible, gids, labels, line, words, xs, ys
from tests.unit.show.charts.readings import LATE, TAILS, crowd, curve, reading, rows_of

RATE = Open(rate_rps=50.0, arrivals="fixed", max_in_flight=500)
TWO = plan({"a": Shape(1), "b": Shape(1)}, {"weather": (10, 100)}, rates={"weather": (50.0,)}, rounds=2)
SLOW = Problem("falling behind", "more came than went", ("latency",))


def chart(planned: Plan, cells: Sequence[Cell], curves: Sequence[Curve | None]) -> Chart:
    """The chart of these cells, each with its curve or none."""
    known = {order: one for order, one in enumerate(curves) if one is not None}
    found = reading(planned, cells, known)
    with styled():
        drawn = percentiles.chart(found, rows_of(found))
    assert drawn is not None
    return drawn


def rounds(stack: str = "a", problems: tuple[Problem, ...] = ()) -> list[Cell]:
    return [cell(stack, 100, number, problems=problems) for number in (1, 2)]


def test_a_thin_line_is_a_round_and_the_thick_one_the_geometric_mean_of_them() -> None:
    (axes,) = chart(TWO, rounds(), [curve(0.1), curve(0.4, 25)]).figure.axes
    thin = [found for found in axes.lines if found.get_gid() == "round:a"]
    thick = line(axes, "line:a")
    assert [len(np.asarray(found.get_xdata())) for found in thin] == [37, 25]
    np.testing.assert_allclose(xs(axes, "line:a"), TAILS[:25])
    np.testing.assert_allclose(ys(axes, "line:a")[0], 0.2)
    assert thick.get_linewidth() > 2 * thin[0].get_linewidth()
    assert thick.get_marker() == marks(TWO)["a"].marker


def test_the_axis_is_that_of_the_tail_with_ticks_at_the_percentiles() -> None:
    (axes,) = chart(TWO, rounds()[:1], [curve(0.1)]).figure.axes
    assert axes.get_xscale() == "log"
    assert list(axes.get_xticks()) == [2, 10, 100, 1000]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["50 %", "90 %", "99 %", "99.9 %"]
    assert axes.get_xlim()[0] == 1
    # A single round is that of all rounds.
    assert "round:a" not in gids(axes)


def test_the_latency_axis_is_logarithmic_where_the_slowest_take_twenty_times_as_long() -> None:
    steep = Curve(TAILS, tuple(0.1 * 30 ** (step / 36) for step in range(37)))
    (axes,) = chart(TWO, rounds()[:1], [steep]).figure.axes
    assert (axes.get_yscale(), axes.get_ylabel()) == ("log", "latency, s (log scale)")
    (axes,) = chart(TWO, rounds()[:1], [curve(0.05)]).figure.axes
    assert (axes.get_yscale(), axes.get_ylabel()) == ("linear", "latency, ms")
    assert axes.get_ylim()[0] == 0


def test_there_is_a_panel_for_each_load_model_with_a_curve() -> None:
    cells = [*rounds(), cell("a", load=RATE)]
    figure = chart(TWO, cells, [curve(0.1), curve(0.1), curve(0.1)]).figure
    titles = [axes.get_title(loc="left").replace("\n", " ") for axes in figure.axes]
    title = "GET /weather: one upstream call of 20 ms"
    assert titles == [f"{title}, 100 users (closed-loop)", f"{title}, 50/s (open-loop)"]


def test_a_stack_whose_latency_is_unreliable_has_no_line_and_is_named() -> None:
    drawn = chart(TWO, [*rounds(), *rounds("b", problems=(LATE,))], [curve(0.1)] * 4)
    (axes,) = drawn.figure.axes
    assert not any(gid.endswith(":b") for gid in gids(axes))
    assert "Left out, because unreliable: b on weather with 100 users (upstream late)." in words(drawn.figure)
    assert "b " not in drawn.finding


def test_an_unreliable_round_is_left_out_alone_unless_the_stack_itself_spoilt_it() -> None:
    first, second = rounds()
    late = chart(TWO, [changed(first, problems=(LATE,)), second], [curve(0.1), curve(0.4)])
    np.testing.assert_allclose(ys(late.figure.axes[0], "line:a")[0], 0.4)
    assert "because unreliable: a on weather with 100 users (upstream late in 1 of 2 rounds)." in words(late.figure)
    behind = chart(TWO, [changed(first, problems=(SLOW,)), second], [curve(0.1), curve(0.4)])
    assert [text.get_text() for text in behind.figure.axes[0].texts] == ["no reliable value"]
    assert behind.finding == "This run has no reliable latency at its highest load."


def test_a_stack_that_was_not_given_the_load_is_named() -> None:
    cells = [*rounds(), cell("b", 10)]
    assert cells[-1].load == Closed(users=10)
    drawn = chart(TWO, cells, [curve(0.1), curve(0.1), None])
    assert "Not measured with 100 users on weather: b." in words(drawn.figure)


def test_curves_that_end_apart_have_the_names_of_their_stacks() -> None:
    drawn = chart(TWO, [*rounds()[:1], *rounds("b")[:1]], [curve(0.1, 20), curve(0.05, 20)])
    assert sorted(labels(drawn.figure.axes[0])) == ["a", "b"]
    drawn = chart(TWO, [*rounds()[:1], *rounds("b")[:1]], [curve(0.1, 20), curve(0.1001, 20)])
    assert labels(drawn.figure.axes[0]) == []


def test_the_finding_speaks_of_the_open_load_and_the_highest_percentile_that_all_stacks_have() -> None:
    cells = [*rounds(), cell("a", load=RATE), cell("b", load=RATE)]
    drawn = chart(TWO, cells, [curve(0.1), curve(0.1), curve(0.1), curve(0.05, 25)])
    assert drawn.finding == (
        "P99 on weather at 50/s (open-loop), geometric means of the rounds: b 317 ms and a 635 ms."
    )
    few = chart(TWO, rounds(), [curve(0.1, 5)] * 2)
    assert few.finding == (
        "Latency percentiles on weather with 100 users (closed-loop): too few requests for P90 of each stack."
    )


@pytest.mark.parametrize("count", [1, 2, 8])
def test_no_text_is_cut_off_or_runs_into_another(count: int) -> None:
    found = crowd(count)
    with styled():
        drawn = percentiles.chart(found, rows_of(found))
    assert drawn is not None
    assert_legible(drawn.figure)
