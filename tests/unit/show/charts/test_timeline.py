from dataclasses import replace

import numpy as np
import pytest

from bench.judge.cell.timeline import Timeline
from bench.model.cell import Problem
from bench.show.charts import timeline
from bench.show.charts.frame import Chart
from bench.show.charts.style import styled
from tests.unit.builders import Shape, cell, plan
from tests.unit.show.charts.drawings import assert_legible, gids, words, xs, ys
from tests.unit.show.charts.readings import LATE, LONG, LOST, crowd, reading, second_by_second

ONE = plan({"a": Shape(1), "b": Shape(1)}, {"weather": (10,)}, rounds=2)


def chart(line: Timeline, problems: tuple[Problem, ...] = (), stack: str = "a") -> Chart:
    """The chart of the second of two cells."""
    found = reading(ONE, [cell("b"), cell(stack, number=2, problems=problems)])
    with styled():
        drawn = timeline.chart(replace(found, timelines={1: line}, timed=1))
    assert drawn is not None
    return drawn


def test_all_panels_share_the_seconds() -> None:
    panels = chart(second_by_second()).figure.axes
    throughput, p95, failures, cores, memory = panels
    middles = [second + 0.5 for second in range(8)]
    np.testing.assert_allclose(xs(throughput, "line:throughput"), middles)
    np.testing.assert_allclose(ys(throughput, "line:throughput"), [10, 800, 900, 910, 905, 890, 900, 0])
    np.testing.assert_allclose(ys(p95, "line:P95 at saturation"), [900, 200, 110, 120, 130, 110, 120, np.nan])
    np.testing.assert_allclose(ys(failures, "line:failures"), [0, 0, 0, 5, 0, 0, 0, 0])
    np.testing.assert_allclose(ys(cores, "line:CPU cores in use"), [0.2, 0.9, 0.98, 0.99, 0.98, 0.97, 0.98, np.nan])
    np.testing.assert_allclose(ys(memory, "line:memory"), [40, 41, 42, 42, 43, 43, 43, np.nan])
    assert {axes.get_xlim() for axes in panels} == {(0, 8)}
    assert [axes.get_xlabel() for axes in panels] == [""] * 4 + ["seconds since the load began"]
    assert [axes.get_ylabel() for axes in panels] == ["requests/s", "ms", "requests/s", "cores", "MB"]


def test_failures_have_a_panel_only_where_there_are_any() -> None:
    drawn = chart(replace(second_by_second(), failed_rps=(0.0,) * 8)).figure
    assert [axes.get_title(loc="left") for axes in drawn.axes] == [
        "Throughput",
        "P95 latency at saturation",
        "CPU used by the server",
        "Memory (PSS)",
    ]
    assert "no request failed" in words(drawn)
    assert "no request failed" not in words(chart(second_by_second()).figure)


def test_the_warm_up_is_shaded_and_the_window_marked() -> None:
    drawn = chart(second_by_second())
    for axes in drawn.figure.axes:
        (shade,) = (patch for patch in axes.patches if patch.get_gid() == "warm-up")
        assert shade.get_extents().width > 0
        ends = [float(np.asarray(found.get_xdata())[0]) for found in axes.lines if found.get_gid() == "window"]
        assert ends == [2.0, 8.0]
    assert "Between the dashed lines: the window, from 2.00 s to 8.00 s." in words(drawn.figure)


def test_the_title_names_the_cell_and_the_finding_has_the_least_and_the_most_of_the_window() -> None:
    drawn = chart(second_by_second())
    assert drawn.title == "Second by second: a on weather, 10 users (closed-loop), round 2"
    assert drawn.title in words(drawn.figure)
    assert drawn.finding == (
        "a on weather, 10 users (closed-loop), round 2: per second of the window, throughput between 0/s and 910/s, "
        "P95 at saturation between 110 ms and 130 ms, failures between 0/s and 5.00/s, CPU cores in use between "
        "0.970 and 0.990 and memory between 42.0 MB and 43.0 MB."
    )


def test_an_unreliable_figure_is_crossed_out_with_its_reason() -> None:
    drawn = chart(second_by_second(), (LATE,))
    throughput, p95, *_ = drawn.figure.axes
    assert "line:throughput" in gids(throughput)
    (void,) = (found for found in p95.lines if found.get_gid() == "void:P95 at saturation")
    assert (void.get_marker(), void.get_linestyle()) == ("x", "--")
    assert "Crossed out, because unreliable: P95 latency at saturation: off by 6 ms." in words(drawn.figure)
    assert drawn.finding.endswith("Unreliable: P95 at saturation.")
    lost = chart(second_by_second(), (LOST,)).finding
    assert lost.endswith(
        "no whole second of the window is reliable. Unreliable: throughput, P95 at saturation, failures, CPU cores in "
        "use and memory."
    )


def test_a_track_without_a_value_says_so() -> None:
    bare = replace(second_by_second(), memory_bytes=(None,) * 8)
    assert [text.get_text() for text in chart(bare).figure.axes[-1].texts] == ["no reliable value"]


def test_a_run_without_a_time_line_has_no_chart() -> None:
    found = reading(ONE, [cell("a")])
    assert timeline.chart(found) is None
    empty = Timeline((), (), (), (), (), (), 0.1, 0.9)
    assert timeline.chart(replace(found, timelines={0: empty}, timed=0)) is None


@pytest.mark.parametrize("count", [1, 8])
def test_no_text_is_cut_off_or_runs_into_another(count: int) -> None:
    found = crowd(count, problems=(replace(LATE, detail=LONG),))
    with styled():
        drawn = timeline.chart(found)
    assert drawn is not None
    assert_legible(drawn.figure)


def test_longer_bins_are_told() -> None:
    drawn = chart(
        replace(
            second_by_second(),
            start_s=tuple(10.0 * place for place in range(8)),
            bin_s=10.0,
            window_start_s=20.0,
            window_end_s=80.0,
        )
    )
    np.testing.assert_allclose(xs(drawn.figure.axes[0], "line:throughput"), [10.0 * place + 5 for place in range(8)])
    assert "a point for every 10 seconds" in words(drawn.figure)
    assert "per 10 seconds of the window, throughput between 0/s and 910/s" in drawn.finding
